"""The log: one line an event on standard error, JSON in production and readable in development.

`log.info("payout.sent", payout_id=...)`: an event is a name and fields, never a sentence made of values. What is bound with
`structlog.contextvars` (the request's id) stands on every line.
"""

import logging
import sys
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import structlog
from msgspec import Struct, structs
from structlog.typing import Processor, WrappedLogger

from marketplace.core.config import settings

QUIET = ("httpx", "httpcore", "asyncio", "saq", "stripe", "uvicorn.access")
"""Libraries of which only warnings are worth a line."""

_encoder = msgspec.json.Encoder(enc_hook=str)


class _Err:
    """Standard error as it is at the moment of writing: tests and supervisors replace it."""

    def msg(self, message: str) -> None:
        sys.stderr.write(f"{message}\n")  # one write, so that lines of several processes do not mix

    log = debug = info = warning = warn = error = critical = exception = fatal = failure = msg


def _logger(*_: Any) -> WrappedLogger:
    return _Err()


def _json(_: WrappedLogger, __: str, event: structlog.typing.EventDict) -> str:
    return _encoder.encode(event).decode()


class RequestLine(Struct, kw_only=True):
    """The one event that every request pays for; in JSON it is written without going through the chain of processors."""

    at: datetime
    event: str = "request"
    level: str = "info"
    method: str
    path: str
    status: int
    ms: float
    bytes: int
    request_id: str
    user: UUID | None = None
    cached: bool = False


_direct = False
_shown = True


def request(line: RequestLine) -> None:
    if not _shown:
        return
    if _direct:
        sys.stderr.write(f"{_encoder.encode(line).decode()}\n")
    else:
        fields = {
            name: value for name, value in structs.asdict(line).items() if value is not None and value is not False
        }
        del fields["at"], fields["level"]
        structlog.get_logger("marketplace.request").info(fields.pop("event"), **fields)


def configure() -> None:
    """Set up structlog and route the standard library's logging through it. May be called again."""
    global _direct, _shown
    config = settings()
    level = getattr(logging, config.log_level.upper())
    as_json = config.log_format == "json" or (config.log_format == "auto" and config.env == "production")
    _direct, _shown = as_json, level <= logging.INFO
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    shown: list[Processor] = (
        [structlog.processors.format_exc_info, _json]
        if as_json
        # A plain traceback: the renderer's own prints local variables, and with them tokens and passwords.
        else [
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        ]
    )
    structlog.configure(
        processors=[*shared, *shown],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_logger,
        cache_logger_on_first_use=as_json,
    )
    handler = logging.StreamHandler(_Stream())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *shown],
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
        )
    )
    root = logging.getLogger()
    root.handlers = [other for other in root.handlers if not isinstance(other, logging.StreamHandler)] + [handler]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


class _Stream:
    def write(self, text: str) -> None:
        sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()
