"""The log: one line an event on standard error, JSON in production and readable in development.

`log.info("payout.sent", payout_id=...)`: an event is a name and fields, never a sentence made of values. What is bound with
`structlog.contextvars` (the request's id) stands on every line.
"""

import logging
import sys
from typing import Any

import msgspec
import structlog
from structlog.typing import Processor, WrappedLogger

from marketplace.core.config import settings

QUIET = ("httpx", "httpcore", "asyncio", "saq", "uvicorn.access")
"""Libraries of which only warnings are worth a line."""

_encoder = msgspec.json.Encoder(enc_hook=str)


class _Err:
    """Standard error as it is at the moment of writing: tests and supervisors replace it."""

    def msg(self, message: str) -> None:
        sys.stderr.write(message + "\n")
        sys.stderr.flush()

    log = debug = info = warning = warn = error = critical = exception = fatal = failure = msg


def _logger(*_: Any) -> WrappedLogger:
    return _Err()


def _json(_: WrappedLogger, __: str, event: structlog.typing.EventDict) -> str:
    return _encoder.encode(event).decode()


def configure() -> None:
    """Set up structlog and route the standard library's logging through it. May be called again."""
    config = settings()
    level = getattr(logging, config.log_level.upper())
    as_json = config.log_format == "json" or (config.log_format == "auto" and config.env == "production")
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    shown: list[Processor] = (
        [structlog.processors.format_exc_info, _json]
        if as_json
        else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    structlog.configure(
        processors=[*shared, *shown],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_logger,
        cache_logger_on_first_use=config.env == "production",
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
