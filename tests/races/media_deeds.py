"""What the processes of the races of files do. Each takes and returns JSON."""

import asyncio
import sys
from typing import Any
from uuid import UUID

from marketplace.core import storage
from marketplace.core.errors import DomainError
from marketplace.core.ids import uuid7
from marketplace.media.purposes import SHOWCASE, Purpose, declare
from marketplace.media.service import attachments, processing, uploads

PARCEL = declare(Purpose("race_parcel", sizes=(50, 100), accepts=SHOWCASE, ahead=True, most=10))


async def name_it(job: dict[str, Any]) -> list[str]:
    """Attach one file to so many new subjects at once. The subjects that got it."""

    async def one() -> str:
        subject = uuid7()
        try:
            await attachments.attach([UUID(job["file"])], PARCEL, subject, owner_id=UUID(job["owner"]))
        except DomainError as refusal:
            return refusal.code
        return str(subject)

    return list(await asyncio.gather(*(one() for _ in range(job["times"]))))


async def name_or_take_back(job: dict[str, Any]) -> list[str]:
    """Attach each file, or take each back. What became of each, as this process was told."""
    said = []
    for file in job["files"]:
        try:
            if job["take_back"]:
                await uploads.take_back(UUID(file), owner_id=UUID(job["owner"]))
            else:
                await attachments.attach([UUID(file)], PARCEL, uuid7(), owner_id=UUID(job["owner"]))
            said.append("done")
        except DomainError as refusal:
            said.append(refusal.code)
    return said


async def work_on_it(job: dict[str, Any]) -> None:
    await processing.process(UUID(job["file"]))


async def work_until_told_of(job: dict[str, Any]) -> None:
    """Work on a file, and wait to be killed when the rendition `hang_at` is in place."""
    put = storage.put

    async def put_and_hang(key: str, data: Any) -> None:
        await put(key, data)
        if f"/{job['hang_at']}." in key:
            sys.stdout.write('"hanging"\n')
            sys.stdout.flush()
            await asyncio.sleep(600)

    storage.put = put_and_hang
    await processing.process(UUID(job["file"]))
