"""Mail: written from templates in the reader's language, sent by a job after commit.

A template `accounts/verify_email` is two files beside its domain, `marketplace/accounts/mail/verify_email.en.txt` and
`verify_email.zh.txt`. The first line is `Subject: ...`, then comes an empty line and the text, in Jinja; a blank line
ends a paragraph. The HTML part is made from the same text, so the two never differ. At hand in a template, besides what
was passed: `{{ button("Confirm", url) }}`, `{{ amount | money }}` (a Money), `{{ instant | time }}` (UTC), `{{ public_url }}`.
"""

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid, parseaddr
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

import aiosmtplib
import msgspec
import structlog
from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup, escape
from msgspec import Struct

from marketplace.core import clock, db, i18n
from marketplace.core.config import ROOT, settings
from marketplace.core.ids import uuid7
from marketplace.core.jobs import job
from marketplace.core.seal import seal, unseal

log = structlog.get_logger(__name__)

PACKAGE: Final = ROOT / "marketplace"
LAYOUT: Final = PACKAGE / "core" / "templates" / "mail.html"
GIVE_UP_AFTER: Final = timedelta(days=3)
PURPOSE: Final = "mail"
FOOTER: Final = {
    "en": "You get this message because you have an account at {url}.",
    "zh": "您收到此邮件，是因为您在 {url} 拥有账户。",
}
_NAME = re.compile(r"[a-z_]+/[a-z0-9_]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")


class BadAddress(ValueError):
    """The address is not one plain `local@domain`."""


class Letter(Struct, frozen=True, kw_only=True):
    """A message ready to go. `message_id` stays the same when it is tried again, so a doubled delivery shows as one."""

    message_id: str
    template: str
    to: str
    subject: str
    text: str
    html: str
    language: str
    written_at: float


async def send(template: str, *, to: str, language: str | None = None, **context: Any) -> None:
    """Write the letter now and send it after commit. Belongs inside `transaction()`.

    `to` is one plain address; anything else raises BadAddress. A template that is missing, or that names something the
    context lacks, raises here, in the caller's transaction. What is kept until delivery is encrypted, for letters carry links.
    """
    assert db.in_transaction(), "send() belongs inside transaction()"
    letter = write(template, to=to, language=language, **context)
    await deliver.defer(sealed=seal(msgspec.json.encode(letter), PURPOSE))


def write(template: str, *, to: str, language: str | None = None, **context: Any) -> Letter:
    """The letter, without sending it."""
    chosen = i18n.language_of(language)
    subject, as_text, as_html = _load(template, chosen)
    values = {"public_url": settings().public_url.rstrip("/")} | context
    line = _CONTROL.sub(" ", subject.render(values)).strip()
    footer = i18n.pick(FOOTER, chosen).format(url=values["public_url"])
    text = as_text.render(values).strip()
    paragraphs = [_lines(part) for part in re.split(r"\n\s*\n", as_html.render(values).strip())]
    return Letter(
        message_id=make_msgid(idstring=uuid7().hex, domain=_sender_domain()),
        template=template,
        to=check_address(to),
        subject=line,
        text=f"{text}\n\n-- \n{footer}\n",
        html=_layout().render(subject=line, language=chosen, paragraphs=paragraphs, footer=footer),
        language=chosen,
        written_at=clock.now().timestamp(),
    )


def check_address(address: str) -> str:
    """The address, if it is one plain `local@domain` and nothing else: no name, no list, no line break."""
    try:
        parsed = Address(addr_spec=address)
    except (HeaderParseError, ValueError, IndexError):
        raise BadAddress("not an address") from None
    if parsed.addr_spec != address or not parsed.domain or re.search(r"[\s\x00-\x1f\x7f,;<>\"()]", address):
        raise BadAddress("not one plain address")
    return address


def _lines(part: str) -> Markup:
    return Markup("<br>\n").join(Markup(line) for line in part.split("\n"))  # noqa: S704 - rendered with escaping


@cache
def _load(name: str, language: str) -> tuple[Template, Template, Template]:
    """(subject, text, text with HTML escaping) of a template."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no template name; it looks like 'accounts/verify_email'")
    domain, _, stem = name.partition("/")
    source = (PACKAGE / domain / "mail" / f"{stem}.{language}.txt").read_text("utf-8")
    first, _, body = source.partition("\n")
    if not first.startswith("Subject: "):
        raise ValueError(f"{name}.{language}.txt: the first line must be 'Subject: ...'")
    plain, escaped = _environment(language, html=False), _environment(language, html=True)
    return (plain.from_string(first.removeprefix("Subject: ")), plain.from_string(body), escaped.from_string(body))


@cache
def _environment(language: str, *, html: bool) -> Environment:
    environment = Environment(autoescape=html, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # noqa: S701 - off for the text part only
    environment.filters["money"] = partial(i18n.say_money, language=language)
    environment.filters["time"] = partial(i18n.say_time, language=language)
    environment.globals["button"] = _html_button if html else _text_button
    return environment


@cache
def _layout() -> Template:
    return Environment(autoescape=True, undefined=StrictUndefined).from_string(LAYOUT.read_text("utf-8"))


def _web_address(url: str) -> str:
    if not url.startswith(("https://", "http://")):
        raise ValueError("a button leads to an http address")
    return url


def _text_button(label: str, url: str) -> str:
    return f"{label}: {_web_address(url)}"


def _html_button(label: str, url: str) -> Markup:
    style = (
        "display:inline-block;background:#4f46e5;color:#fff;padding:10px 20px;border-radius:6px;text-decoration:none"
    )
    return Markup('<a href="{url}" style="{style}">{label}</a><br><small>{url}</small>').format(
        url=_web_address(url), style=style, label=escape(label)
    )


def _sender_domain() -> str:
    return parseaddr(settings().mail_from)[1].rpartition("@")[2] or "localhost"


def to_message(letter: Letter) -> EmailMessage:
    """The letter as MIME. Line breaks can reach no header: the library refuses them, and `write` took them out."""
    message = EmailMessage(policy=SMTP)
    name, sender = parseaddr(settings().mail_from)
    message["From"] = Address(name, addr_spec=sender)
    message["To"] = Address(addr_spec=letter.to)
    message["Subject"] = letter.subject
    message["Message-ID"] = letter.message_id
    message["Date"] = format_datetime(clock.now())
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    message["Content-Language"] = letter.language  # last: making the alternative moves earlier Content- headers inside
    return message


@job(timeout=60, retries=8)
async def deliver(sealed: str) -> None:
    """Send one letter: by SMTP if a server is set, else into the mail folder."""
    letter = msgspec.json.decode(unseal(sealed, PURPOSE), type=Letter)
    if clock.now().timestamp() - letter.written_at > GIVE_UP_AFTER.total_seconds():
        log.error("mail.given_up", template=letter.template, message_id=letter.message_id)
        return
    message = to_message(letter)
    if settings().smtp_host:
        await _send_by_smtp(message, letter)
    else:
        path = folder() / f"{uuid7().hex}.eml"
        await asyncio.to_thread(_write_file, path, message.as_bytes)
        log.info("mail.written", template=letter.template, path=str(path))


async def _send_by_smtp(message: EmailMessage, letter: Letter) -> None:
    config = settings()
    try:
        await aiosmtplib.send(
            message,
            hostname=config.smtp_host,
            port=config.smtp_port,
            username=config.smtp_user or None,
            password=config.smtp_password or None,
            use_tls=config.smtp_tls == "tls",
            start_tls=config.smtp_tls == "starttls",
            timeout=20,
        )
    except aiosmtplib.SMTPRecipientsRefused as refused:
        if all(500 <= one.code < 600 for one in refused.recipients):
            # The mailbox does not exist: trying again would only harm the sender's standing.
            log.warning("mail.refused", template=letter.template, message_id=letter.message_id)
            return
        raise
    log.info("mail.sent", template=letter.template, message_id=letter.message_id)


def folder() -> Path:
    """Where letters go in development, one `.eml` file each, in the order they were written."""
    return Path(settings().home) / "mail"


def _write_file(path: Path, content: Callable[[], bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = path.with_suffix(".part")
    whole.write_bytes(content())
    whole.replace(path)


def templates() -> list[str]:
    """Every template there is, by name."""
    found = PACKAGE.glob("*/mail/*.txt")
    return sorted({f"{path.parent.parent.name}/{path.name.split('.')[0]}" for path in found})
