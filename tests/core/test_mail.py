"""Letters over a real SMTP socket, and into the folder."""

import datetime
import email
import ipaddress
import re
import ssl
from email.policy import default as policy

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from jinja2 import UndefinedError, meta

from marketplace.core import clock, db, jobs, mail, outbox
from marketplace.core.money import Money
from marketplace.core.tables import Outbox

pytestmark = pytest.mark.usefixtures("tables")

ENGLISH = """Subject: You won {{ title }}

Hello {{ name }},
it is yours for {{ price | money }}.

{{ button("Pay now", link) }}
"""
CHINESE = """Subject: 您拍得了 {{ title }}

{{ name }}，您好！成交价 {{ price | money }}。

{{ button("立即付款", link) }}
"""
CONTEXT = {"title": "A clock", "name": "Ann", "price": Money(123450, "USD"), "link": "https://shop.example/pay?a=1&b=2"}


class Mailbox:
    def __init__(self):
        self.got = []
        self.refuse = {}

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.got.append((envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=policy)))
        return "250 OK"


class Served(Controller):
    def __init__(self, handler, **options):
        self.options = options
        super().__init__(handler, hostname="127.0.0.1", port=0)

    def factory(self):
        return SMTP(self.handler, **self.options)

    def _trigger_server(self):  # the stock one asks for port 0 itself; any answer of the real socket will do
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture
def templates(tmp_path, monkeypatch):
    folder = tmp_path / "demo" / "mail"
    folder.mkdir(parents=True)
    (folder / "won.en.txt").write_text(ENGLISH, "utf-8")
    (folder / "won.zh.txt").write_text(CHINESE, "utf-8")
    monkeypatch.setattr(mail, "PACKAGE", tmp_path)
    mail._load.cache_clear()
    yield folder
    mail._load.cache_clear()


@pytest.fixture
def inbox(configure):
    box = Mailbox()
    server = Served(box)
    server.start()
    configure(smtp_host="127.0.0.1", smtp_port=server.port, smtp_tls="none", mail_from="Shop <no-reply@shop.example>")
    yield box
    server.stop()


@pytest.fixture(autouse=True)
def inline():
    outbox.use_job_pusher(jobs.run_inline)


async def send(**over):
    async with db.transaction():
        await mail.send(**({"template": "demo/won", "to": "ann@example.com", "language": "en", **CONTEXT} | over))


def part(message, kind):
    return message.get_body((kind,)).get_content()


async def test_a_letter_arrives_with_text_and_html(inbox, templates):
    await send()
    assert inbox.got == []
    await outbox.drain()
    [(to, message)] = inbox.got
    assert to == ["ann@example.com"]
    assert message["Subject"] == "You won A clock"
    assert message["From"] == "Shop <no-reply@shop.example>"
    assert message["Message-ID"].endswith("@shop.example>")
    text, html = part(message, "plain"), part(message, "html")
    assert "Hello Ann,\nit is yours for $1,234.50." in text.replace("\r\n", "\n")
    assert "Pay now: https://shop.example/pay?a=1&b=2" in text
    assert 'href="https://shop.example/pay?a=1&amp;b=2"' in html and html.count("<p ") == 3
    assert await Outbox.count() == 0


@pytest.mark.parametrize(
    ("language", "subject"),
    [("zh", "您拍得了 A clock"), ("zh-CN", "您拍得了 A clock"), ("fr", "You won A clock"), (None, "You won A clock")],
)
async def test_a_letter_is_written_in_the_readers_language(inbox, templates, language, subject):
    await send(language=language)
    await outbox.drain()
    [(_, message)] = inbox.got
    assert message["Subject"] == subject
    assert message["Content-Language"] == ("zh" if "您" in subject else "en")


async def test_a_rolled_back_letter_is_never_sent(inbox, templates):
    with pytest.raises(RuntimeError):
        async with db.transaction():
            await mail.send("demo/won", to="ann@example.com", **CONTEXT)
            raise RuntimeError
    await outbox.drain()
    assert inbox.got == []


async def test_what_waits_to_be_sent_cannot_be_read_in_the_database(templates):
    await send(link="https://shop.example/reset?token=SECRETTOKEN")
    [row] = await Outbox.select(Outbox.body)
    assert "SECRETTOKEN" not in row["body"] and "ann@example.com" not in row["body"]


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r", "\x00", "\u2028", "\x85", "\x0b"])
async def test_a_line_break_in_a_value_makes_no_header(inbox, templates, break_):
    await send(title=f"x{break_}Bcc: eve@example.com{break_}{break_}<b>body</b>")
    await outbox.drain()
    [(to, message)] = inbox.got
    assert to == ["ann@example.com"] and message["Bcc"] is None
    assert message["Subject"] == "You won x Bcc: eve@example.com <b>body</b>"


@pytest.mark.parametrize(
    "address",
    [
        "ann@example.com\r\nBcc: eve@example.com", "ann@example.com, eve@example.com", "Ann <ann@example.com>",
        "ann@example.com;eve@example.com", "ann", "@example.com", "ann@", "", "ann @example.com", "ann@exa mple.com",
        '"a b"@example.com', "ann@example.com\n", "<ann@example.com>", "ann@example.com>", "ann(x)@example.com",
    ],
)  # fmt: skip
async def test_only_one_plain_address_is_written_to(inbox, templates, address):
    with pytest.raises(mail.BadAddress):
        await send(to=address)
    await outbox.drain()
    assert inbox.got == []


async def test_values_are_escaped_in_the_html_part_only(inbox, templates):
    await send(name="<script>alert(1)</script>")
    await outbox.drain()
    [(_, message)] = inbox.got
    assert "<script>" not in part(message, "html") and "&lt;script&gt;" in part(message, "html")
    assert "<script>" in part(message, "plain")


async def test_a_button_leads_to_a_web_address_only(templates):
    with pytest.raises(ValueError, match="http"):
        await send(link="javascript:alert(1)")


async def test_a_missing_value_or_template_fails_the_caller(templates):
    async with db.transaction():
        with pytest.raises(UndefinedError):
            await mail.send("demo/won", to="ann@example.com", title="x")
        with pytest.raises(FileNotFoundError):
            await mail.send("demo/lost", to="ann@example.com")
        with pytest.raises(ValueError, match="no template name"):
            await mail.send("../demo/won", to="ann@example.com")


async def test_a_mailbox_that_does_not_exist_is_not_tried_again(inbox, templates):
    inbox.refuse["ann@example.com"] = "550 no such user"
    await send()
    await outbox.drain()
    assert inbox.got == [] and await Outbox.count() == 0


async def test_a_server_that_is_busy_is_tried_again_with_the_same_message_id(inbox, templates):
    inbox.refuse["ann@example.com"] = "451 later"
    await send()
    await outbox.drain()
    assert inbox.got == [] and await Outbox.count() == 1
    inbox.refuse.clear()
    await Outbox.update({Outbox.due_at: clock.now()}, force=True)
    await outbox.drain()
    assert len(inbox.got) == 1 and await Outbox.count() == 0


async def test_a_server_that_is_away_loses_nothing(configure, templates):
    configure(smtp_host="127.0.0.1", smtp_port=1, smtp_tls="none")
    await send()
    await outbox.drain()
    [row] = await Outbox.select(Outbox.attempts)
    assert row["attempts"] == 1


async def test_a_letter_nobody_took_for_days_is_given_up(inbox, templates, monkeypatch):
    await send()
    later = clock.now() + datetime.timedelta(days=4)
    monkeypatch.setattr(clock, "now", lambda: later)
    await outbox.drain()
    assert inbox.got == [] and await Outbox.count() == 0


async def test_without_a_server_letters_lie_in_a_folder(configure, templates, tmp_path):
    configure(home=tmp_path, smtp_host="")
    await send(title="../../etc/passwd")
    await outbox.drain()
    [file] = (tmp_path / "mail").iterdir()
    assert re.fullmatch(r"[0-9a-f]{32}\.eml", file.name)
    message = email.message_from_bytes(file.read_bytes(), policy=policy)
    assert message["To"] == "ann@example.com" and "passwd" in message["Subject"]


@pytest.fixture
def certificate(tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail test")])
    now = clock.now()
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), False)
        .add_extension(x509.KeyUsage(True, False, False, False, False, True, False, False, False), True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    certificate, private = tmp_path / "cert.pem", tmp_path / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)
    return certificate, context


@pytest.mark.parametrize("trusted", [True, False])
async def test_starttls_and_sign_in_with_a_server_whose_certificate_is_checked(
    configure, templates, certificate, monkeypatch, trusted
):
    file, context = certificate
    box, seen = Mailbox(), []

    def authenticate(server, session, envelope, mechanism, data):
        seen.append((data.login, data.password))
        return AuthResult(success=True)

    server = Served(box, tls_context=context, require_starttls=True, auth_required=True, authenticator=authenticate)
    server.start()
    try:
        configure(smtp_host="127.0.0.1", smtp_port=server.port, smtp_user="shop", smtp_password="pw")
        if trusted:
            monkeypatch.setenv("SSL_CERT_FILE", str(file))
        await send()
        await outbox.drain()
    finally:
        server.stop()
    assert len(box.got) == (1 if trusted else 0)
    assert seen == ([(b"shop", b"pw")] if trusted else [])


def test_every_template_stands_in_both_languages_and_asks_for_the_same_values():
    for name in mail.templates():
        domain, _, stem = name.partition("/")
        asked = []
        for language in ("en", "zh"):
            mail._load(name, language)
            source = (mail.PACKAGE / domain / "mail" / f"{stem}.{language}.txt").read_text("utf-8")
            environment = mail._environment(language, html=False)
            asked.append(meta.find_undeclared_variables(environment.parse(source)) - {"button"})
        assert asked[0] == asked[1], name
