"""Settings: typed, from the environment only, each listed in the README."""

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

ROOT = Path(__file__).resolve().parents[2]
DEV_SECRET = "development-only-secret-never-use-in-production"  # noqa: S105 - refused in production


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Field `secret_key` is read from `MARKETPLACE_SECRET_KEY`, and so on; DATABASE_URL and REDIS_URL have no prefix."""

    env: Annotated[Literal["development", "production"], Meta(description="`production` refuses unsafe settings.")] = (
        "development"
    )
    database_url: Annotated[str, Meta(description="PostgreSQL 15 or newer; empty starts the embedded one.")] = ""
    redis_url: Annotated[str, Meta(description="Redis 7 or Valkey; empty starts the embedded one.")] = ""
    home: Annotated[str, Meta(description="Where the embedded servers, uploads and development mail lie.")] = str(
        ROOT / ".data"
    )
    secret_key: Annotated[str, Meta(description="Signs tokens and links; 32 characters or more.")] = DEV_SECRET
    public_url: Annotated[str, Meta(description="The address people reach the service at; used in mail and links.")] = (
        "http://127.0.0.1:8000"
    )
    db_pool_min: Annotated[int, Meta(ge=0, description="Open database connections a process keeps.")] = 2
    db_pool_max: Annotated[int, Meta(ge=1, description="Most database connections a process opens.")] = 10
    db_statement_timeout_ms: Annotated[int, Meta(ge=0, description="A statement that takes longer is cancelled.")] = (
        15_000
    )
    worker_in_process: Annotated[bool, Meta(description="Run relay, timers and jobs inside the app process.")] = True
    smtp_host: Annotated[str, Meta(description="Mail server; empty writes mail to `<home>/mail` instead.")] = ""
    smtp_port: Annotated[int, Meta(ge=1, le=65535, description="Port of the mail server.")] = 587
    smtp_user: Annotated[str, Meta(description="Account at the mail server; empty sends without signing in.")] = ""
    smtp_password: Annotated[str, Meta(description="Its password.")] = ""
    smtp_tls: Annotated[
        Literal["none", "starttls", "tls"], Meta(description="How the way to the mail server is encrypted.")
    ] = "starttls"
    mail_from: Annotated[str, Meta(description="The sender of our mail.")] = "Marketplace <no-reply@localhost>"


PREFIX = "MARKETPLACE_"
UNPREFIXED = {"DATABASE_URL": "database_url", "REDIS_URL": "redis_url"}


class ConfigError(Exception):
    """A setting is wrong or unsafe; the message names it and says what would be right."""


def variable(field: str) -> str:
    """The environment variable a field is read from."""
    return next((name for name, f in UNPREFIXED.items() if f == field), PREFIX + field.upper())


def read(environ: Mapping[str, str]) -> Settings:
    """Settings from an environment. Raises ConfigError naming the variable."""
    raw = {f: environ[variable(f)] for f in Settings.__struct_fields__ if environ.get(variable(f), "") != ""}
    try:
        return msgspec.convert(raw, Settings, strict=False)
    except msgspec.ValidationError as error:
        field = str(error).rpartition("$.")[2].rstrip("`") if "$." in str(error) else ""
        raise ConfigError(f"{variable(field) if field else 'settings'}: {str(error).partition(' - at')[0]}") from None


@cache
def settings() -> Settings:
    return read(os.environ)
