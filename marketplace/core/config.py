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
    host: Annotated[str, Meta(description="The address to listen on; `--host` wins.")] = "127.0.0.1"
    port: Annotated[
        int, Meta(ge=0, le=65535, description="The port to listen on; 0 takes a free one; `--port` wins.")
    ] = 8000
    workers: Annotated[int, Meta(ge=1, le=256, description="App processes that share the port; `--workers` wins.")] = 1
    trusted_proxies: Annotated[
        str, Meta(description="Addresses or networks, with commas, whose X-Forwarded-For and -Proto are believed.")
    ] = "127.0.0.1"
    drain_seconds: Annotated[
        int, Meta(ge=1, le=600, description="How long requests in flight may take to finish when the service stops.")
    ] = 10
    secret_key: Annotated[
        str, Meta(min_length=32, description="Signs tokens and links; 32 characters or more, from a random source.")
    ] = DEV_SECRET
    secret_key_previous: Annotated[
        str, Meta(description="The key before this one; still read while it is set, never written with.")
    ] = ""
    social_providers: Annotated[
        str, Meta(description="Social login: a JSON object of provider name and settings, see `accounts/social`.")
    ] = ""
    social_redirect_uris: Annotated[
        str, Meta(description="Where providers may send people back to, with commas; empty is our own page.")
    ] = ""
    public_url: Annotated[
        str,
        Meta(
            pattern=r"^https?://[^/\s]+$",
            description="The address people reach the service at; used in mail and links.",
        ),
    ] = "http://127.0.0.1:8000"
    db_pool_min: Annotated[int, Meta(ge=0, description="Open database connections a process keeps.")] = 2
    db_pool_max: Annotated[int, Meta(ge=1, description="Most database connections a process opens.")] = 10
    db_statement_timeout_ms: Annotated[int, Meta(ge=0, description="A statement that takes longer is cancelled.")] = (
        15_000
    )
    allowed_origins: Annotated[
        str, Meta(description="Pages of other hosts that may call us, as `https://host`, with commas.")
    ] = ""
    sockets_per_account: Annotated[int, Meta(ge=1, description="Open sockets of one account, in each process.")] = 20
    sockets_per_address: Annotated[int, Meta(ge=1, description="Open anonymous sockets of one address, likewise.")] = (
        100
    )
    rate_limits: Annotated[
        str, Meta(description="Limits other than the defaults: `login=5/15m,api=100/m,uploads=off`; `*=off` for none.")
    ] = ""
    allowed_hosts: Annotated[
        str, Meta(description="Host names the service answers to: `shop.example,*.shop.example`; empty for any.")
    ] = ""
    max_body_bytes: Annotated[int, Meta(ge=1024, description="The largest request body, uploads aside.")] = 1_048_576
    max_upload_bytes: Annotated[int, Meta(ge=1024, description="The largest body of a route that takes files.")] = (
        134_217_728
    )
    admin_second_factor: Annotated[
        Literal["auto", "required", "optional"],
        Meta(
            description="Whether staff must use an authenticator app to act as staff; `auto` requires it in production."
        ),
    ] = "auto"
    metrics_token: Annotated[
        str, Meta(description="`/metrics` asks for it as a bearer token; without one, production does not serve it.")
    ] = ""
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="The least that is logged.")
    ] = "info"
    log_format: Annotated[
        Literal["auto", "json", "console"], Meta(description="`auto` is json in production, console otherwise.")
    ] = "auto"
    worker_in_process: Annotated[bool, Meta(description="Run relay, timers and jobs inside the app process.")] = True
    smtp_host: Annotated[str, Meta(description="Mail server; empty writes mail to `<home>/mail` instead.")] = ""
    smtp_port: Annotated[int, Meta(ge=1, le=65535, description="Port of the mail server.")] = 587
    smtp_user: Annotated[str, Meta(description="Account at the mail server; empty sends without signing in.")] = ""
    smtp_password: Annotated[str, Meta(description="Its password.")] = ""
    smtp_tls: Annotated[
        Literal["none", "starttls", "tls"], Meta(description="How the way to the mail server is encrypted.")
    ] = "starttls"
    mail_from: Annotated[str, Meta(description="The sender of our mail.")] = "Marketplace <no-reply@localhost>"
    s3_bucket: Annotated[str, Meta(description="Bucket for files; empty keeps them in `<home>/media`.")] = ""
    s3_endpoint: Annotated[str, Meta(description="Address of an S3-compatible store other than Amazon's.")] = ""
    s3_region: Annotated[str, Meta(description="Region of the bucket.")] = "us-east-1"
    s3_access_key: Annotated[str, Meta(description="Access key; empty uses what the machine's role grants.")] = ""
    s3_secret_key: Annotated[str, Meta(description="Secret of the access key.")] = ""
    s3_path_style: Annotated[bool, Meta(description="Bucket in the path (most stores) or in the host name.")] = True
    media_url: Annotated[str, Meta(description="Address public files are served at, if not by us: a CDN.")] = ""
    max_file_bytes: Annotated[int, Meta(ge=1024, description="The largest single file a person may upload.")] = (
        10 * 1024 * 1024
    )
    file_limits: Annotated[
        str,
        Meta(
            pattern=r"^(\s*[a-z][a-z0-9_]*\s*=\s*[0-9]+(\.[0-9]+)?\s*(,|$))*$",
            description="Largest files of single uses in MB, if not the usual: `delivery=200,avatar=2`.",
        ),
    ] = ""
    loose_bytes: Annotated[
        int, Meta(ge=1024, description="Bytes one account may have uploaded ahead and not used yet.")
    ] = 1_073_741_824
    clamav: Annotated[str, Meta(description="clamd for uploads, `host:port` or `unix:/path`; empty scans nothing.")] = (
        ""
    )
    sandbox_payments: Annotated[
        Literal["auto", "on", "off"],
        Meta(description="The sandbox payment provider, which moves no real money; `auto` is off in production."),
    ] = "auto"
    payment_provider: Annotated[
        str, Meta(description="The provider used where a request names none; empty is the first that is configured.")
    ] = ""
    payout_provider: Annotated[
        str, Meta(description="The provider that pays out; empty is the first configured one that can.")
    ] = ""
    stripe_secret_key: Annotated[str, Meta(description="Stripe's secret key; empty offers no Stripe.")] = ""
    stripe_webhook_secrets: Annotated[
        str, Meta(description="Signing secrets of Stripe's webhooks, with commas; two while one is being replaced.")
    ] = ""
    stripe_api_base: Annotated[str, Meta(description="Where Stripe's API is, if not at its usual address.")] = ""
    paypal_client_id: Annotated[str, Meta(description="PayPal's client id; empty offers no PayPal.")] = ""
    paypal_client_secret: Annotated[str, Meta(description="Its secret.")] = ""
    paypal_webhook_id: Annotated[str, Meta(description="The webhook's id at PayPal, part of what it signs.")] = ""
    paypal_api_base: Annotated[
        str, Meta(description="PayPal's API: its live or its sandbox address, or a test server.")
    ] = ""
    alipay_app_id: Annotated[str, Meta(description="Alipay's app id; empty offers no Alipay.")] = ""
    alipay_private_key: Annotated[
        str, Meta(description="Our RSA key for Alipay: PEM, base64 of PKCS#8, or a file's path.")
    ] = ""
    alipay_public_key: Annotated[str, Meta(description="Alipay's public key or certificate, likewise.")] = ""
    alipay_app_certificate: Annotated[
        str,
        Meta(
            description="Our app's certificate, PEM or a file's path, if it signs with certificates; transfers need that."
        ),
    ] = ""
    alipay_root_certificate: Annotated[str, Meta(description="Alipay's root certificates, likewise.")] = ""
    alipay_gateway: Annotated[str, Meta(description="Alipay's gateway, if not at its usual address.")] = ""
    wechat_mch_id: Annotated[str, Meta(description="WeChat Pay's merchant id; empty offers no WeChat Pay.")] = ""
    wechat_app_id: Annotated[str, Meta(description="The app id bound to the merchant.")] = ""
    wechat_serial: Annotated[str, Meta(description="Serial number of our merchant certificate.")] = ""
    wechat_private_key: Annotated[str, Meta(description="Our RSA key for WeChat Pay: PEM or a file's path.")] = ""
    wechat_api_v3_key: Annotated[
        str, Meta(description="The 32 characters that WeChat Pay encrypts its notices with.")
    ] = ""
    wechat_platform_keys: Annotated[
        str,
        Meta(
            description="WeChat Pay's public keys: `serial=path or PEM`, with semicolons; two while one is being replaced."
        ),
    ] = ""
    wechat_api_base: Annotated[str, Meta(description="Where WeChat Pay's API is, if not at its usual address.")] = ""

    @property
    def staff_need_second_factor(self) -> bool:
        return self.admin_second_factor == "required" or (
            self.admin_second_factor == "auto" and self.env == "production"
        )

    @property
    def has_sandbox_payments(self) -> bool:
        return self.sandbox_payments == "on" or (self.sandbox_payments == "auto" and self.env != "production")


PREFIX = "MARKETPLACE_"
UNPREFIXED = {"DATABASE_URL": "database_url", "REDIS_URL": "redis_url"}
OTHER_VARIABLES = frozenset({"MARKETPLACE_ADMIN_PASSWORD", "MARKETPLACE_POSTGRES_BIN", "MARKETPLACE_VALKEY_BIN"})
"""Read where they are used: the new admin's password, and server programs to use instead of the bundled ones."""


class ConfigError(Exception):
    """A setting is wrong or unsafe; the message names it and says what would be right."""


def variable(field: str) -> str:
    """The environment variable a field is read from."""
    return next((name for name, f in UNPREFIXED.items() if f == field), PREFIX + field.upper())


def unknown(environ: Mapping[str, str]) -> list[str]:
    """Variables that look like settings and are none: most likely misspelt."""
    known = {variable(field) for field in Settings.__struct_fields__} | OTHER_VARIABLES
    return sorted(name for name in environ if name.startswith(PREFIX) and name not in known)


def read(environ: Mapping[str, str]) -> Settings:
    """Settings from an environment. Raises ConfigError naming the variable."""
    raw = {f: environ[variable(f)] for f in Settings.__struct_fields__ if environ.get(variable(f), "") != ""}
    if "home" in raw:
        raw["home"] = str(ROOT / raw["home"])  # wherever the command was given
    try:
        return msgspec.convert(raw, Settings, strict=False)
    except msgspec.ValidationError as error:
        field = str(error).rpartition("$.")[2].rstrip("`") if "$." in str(error) else ""
        raise ConfigError(f"{variable(field) if field else 'settings'}: {str(error).partition(' - at')[0]}") from None


def unsafe(config: Settings) -> list[str]:
    """Why these settings must not serve the public; empty when they may. One line each, naming the variable."""
    wrong = {
        "secret_key": config.secret_key == DEV_SECRET or len(set(config.secret_key)) < 10,
        "database_url": not config.database_url,
        "redis_url": not config.redis_url,
        "public_url": not config.public_url.startswith("https://"),
        "smtp_host": not config.smtp_host,
    }
    mend = {
        "secret_key": "is the development secret or easily guessed; set it to 32 or more random characters",
        "database_url": "is not set; the embedded PostgreSQL is for development",
        "redis_url": "is not set; the embedded Valkey is for development",
        "public_url": "does not begin with https://; tokens and cookies would travel in the clear",
        "smtp_host": "is not set; mail would be written to a folder instead of being sent",
    }
    return [f"{variable(field)} {mend[field]}" for field, is_wrong in wrong.items() if is_wrong]


@cache
def settings() -> Settings:
    """The process's settings. In production, raises ConfigError naming everything that is unsafe."""
    config = read(os.environ)
    if config.env == "production" and (problems := unsafe(config)):
        raise ConfigError("refusing to start in production: " + "; ".join(problems))
    return config
