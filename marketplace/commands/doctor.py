"""`doctor`: what is configured, reachable, migrated, and what must not be so in production."""

import asyncio
import os
import platform
import sys
from argparse import Namespace
from collections.abc import Awaitable
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

from marketplace.commands.checks import CONNECT_SECONDS, CheckFailed, look_at_database, look_at_redis, where
from marketplace.core import embedded, scanning, storage
from marketplace.core.config import ROOT, ConfigError, Settings, read, unknown, unsafe, variable

T = TypeVar("T")
SHOWN_PACKAGES = ("litestar", "uvicorn", "piccolo", "asyncpg", "msgspec", "redis", "saq")
SECRETS = ("secret", "password", "key", "token")


def run(_: Namespace) -> int:
    """Exit 1 when something is broken: wrong settings, a server out of reach, migrations not run, or unsafe in production."""
    config = read(os.environ)
    findings = Findings()
    findings.say("Python", f"{platform.python_version()} at {sys.executable}")
    findings.say("Packages", ", ".join(f"{name} {version(name)}" for name in SHOWN_PACKAGES))
    findings.say("Project", str(ROOT))
    _settings(findings, config)
    asyncio.run(_servers(findings, config))
    asyncio.run(_outside(findings, config))
    _safety(findings, config)
    print("\nBroken." if findings.broken else "\nNothing is broken.")
    return 1 if findings.broken else 0


class Findings:
    """What was found, printed as it is found."""

    def __init__(self) -> None:
        self.broken = False

    def say(self, about: str, what: str) -> None:
        print(f"  {about:<14}{what}", flush=True)

    def breaks(self, about: str, what: str) -> None:
        self.broken = True
        print(f"! {about:<14}{what}", flush=True)


def _settings(findings: Findings, config: Settings) -> None:
    changed = [name for name in Settings.__struct_fields__ if os.environ.get(variable(name))]
    findings.say("Environment", config.env)
    for name in changed:
        findings.say("Setting", f"{variable(name)}={_harmless(name, getattr(config, name))}")
    for name in unknown(os.environ):
        findings.breaks("Setting", f"{name} is no setting; is it misspelt?")
    home = Path(config.home)
    existing = next(folder for folder in (home, *home.parents) if folder.exists())
    if os.access(existing, os.W_OK):
        findings.say("Data", str(home))
    else:
        findings.breaks("Data", f"{home} cannot be written to by this user; set MARKETPLACE_HOME")


def _harmless(name: str, value: object) -> str:
    if name.endswith("_url") and "@" in str(value):
        return where(str(value))
    return "(set)" if any(word in name for word in SECRETS) else str(value)


async def _servers(findings: Findings, config: Settings) -> None:
    place = embedded.locate(Path(config.home))
    database_url, redis_url = config.database_url, config.redis_url
    if not database_url and place.postgres_socket.exists():
        database_url = place.database_url
    if not redis_url and place.valkey_socket.exists():
        redis_url = place.redis_url
    if not redis_url:
        findings.say("Redis", f"embedded Valkey, not running now; its data: {place.home / 'valkey'}")
    elif found := await _tried(findings, "Redis", look_at_redis(redis_url)):
        findings.say("Redis", f"{found.kind} {found.version} at {where(redis_url)}")
        if found.eviction.startswith("allkeys"):
            findings.breaks("Redis", f"maxmemory-policy is {found.eviction}: queued jobs may vanish; set volatile-lru")
    if not database_url:
        findings.say("PostgreSQL", f"embedded, not running now; its data: {place.cluster}")
    elif seen := await _tried(findings, "PostgreSQL", look_at_database(database_url)):
        findings.say("PostgreSQL", f"{seen.version} at {where(database_url)}")
        if seen.is_superuser:
            findings.say(
                "PostgreSQL", "unsafe in production: our user is a superuser, whom no rule of the database stops"
            )
        await _migrations(findings, database_url)


async def _outside(findings: Findings, config: Settings) -> None:
    """Where files and mail go."""
    home = Path(config.home)
    if not config.s3_bucket:
        findings.say("Files", str(home / "media"))
    elif await storage.ready(config):
        findings.say("Files", f"bucket {config.s3_bucket} at {config.s3_endpoint or config.s3_region}")
    else:
        findings.breaks("Files", f"bucket {config.s3_bucket} cannot be reached; see the MARKETPLACE_S3_* settings")
    if not config.clamav:
        findings.say("Uploads", "not scanned for viruses; MARKETPLACE_CLAMAV names a clamd")
    elif await scanning.answers(config.clamav):
        findings.say("Uploads", f"scanned by clamd at {config.clamav}")
    else:
        findings.breaks("Uploads", f"no clamd answers at {config.clamav}: files wait until one does")
    if not config.smtp_host:
        findings.say("Mail", f"written to {home / 'mail'}")
    elif await _listens(config.smtp_host, config.smtp_port):
        findings.say("Mail", f"sent by {config.smtp_host}:{config.smtp_port}")
    else:
        findings.breaks(
            "Mail", f"nothing listens at {config.smtp_host}:{config.smtp_port}; is MARKETPLACE_SMTP_HOST right?"
        )


async def _listens(host: str, port: int) -> bool:
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def _tried(findings: Findings, about: str, look: Awaitable[T]) -> T | None:
    try:
        return await look
    except (CheckFailed, ConfigError) as error:
        findings.breaks(about, str(error))
        return None


async def _migrations(findings: Findings, database_url: str) -> None:
    from marketplace.core import migrations

    missing = await migrations.pending(database_url)
    if missing:
        findings.breaks("Migrations", f"{len(missing)} have not run; run `migrate`")
    else:
        findings.say("Migrations", "all have run")
    if newer := await migrations.unknown(database_url):
        findings.say("Migrations", f"{len(newer)} more have run than this code knows: the database is ahead of it")


def _safety(findings: Findings, config: Settings) -> None:
    tell = findings.breaks if config.env == "production" else findings.say
    for problem in unsafe(config):
        tell("Production", f"would refuse: {problem}")
    if not unsafe(config):
        findings.say("Production", "settings are safe")
    if "*" in config.trusted_proxies:
        findings.say("Production", "MARKETPLACE_TRUSTED_PROXIES=* lets every client choose its address")
