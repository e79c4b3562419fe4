"""What is in the letters: everything due is relayed, then the mail folder is read."""

import email
import re
from email.policy import default as policy

from marketplace.core import jobs, mail, outbox


async def letters(to):
    """(subject, text) of every letter to this address, oldest first."""
    outbox.use_job_pusher(jobs.run_inline)
    await outbox.drain()
    found = [email.message_from_bytes(path.read_bytes(), policy=policy) for path in sorted(mail.folder().glob("*.eml"))]
    return [(m["Subject"], m.get_body(("plain",)).get_content()) for m in found if m["To"] == to]


async def token_to(to):
    """The token of the last letter to this address."""
    return re.search(r"\?token=(\S+)", (await letters(to))[-1][1])[1]
