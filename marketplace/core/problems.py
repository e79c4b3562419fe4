"""Every error becomes the one refusal shape: DomainError, Litestar's own, a database that is away, and bugs."""

import re
from http import HTTPStatus
from typing import Any, Final

import asyncpg
import structlog
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException
from litestar.exceptions import ValidationException as LitestarValidationError
from redis.exceptions import RedisError

from marketplace.core.db import RETRYABLE, unavailable
from marketplace.core.envelope import Refusal
from marketplace.core.errors import Conflict, DomainError, Unavailable, ValidationFailed
from marketplace.core.forms import form_error, is_unreadable_form
from marketplace.core.idempotency import RETRY_FLAG

log = structlog.get_logger(__name__)

CODES = {
    400: "validation_error", 401: "not_authenticated", 403: "permission_denied", 404: "not_found",
    405: "method_not_allowed", 406: "not_acceptable", 413: "payload_too_large", 415: "unsupported_media_type",
    429: "rate_limited",
}  # fmt: skip


MISSING: Final = re.compile(r"Missing required (?:query|header|cookie) parameter '(?P<name>[^']+)'")
"""How Litestar says that a parameter is not there: it names it in words only."""


def domain_error(_: Request[Any, Any, Any], error: DomainError) -> Response[Refusal]:
    refusal = Refusal(message=error.message, code=error.code, errors=error.fields, details=error.details)
    return Response(refusal, status_code=error.status_code, headers=error.headers, media_type=MediaType.JSON)


def http_error(_: Request[Any, Any, Any], error: HTTPException) -> Response[Refusal]:
    fields: dict[str, list[str]] = {}
    if isinstance(error, LitestarValidationError) and isinstance(error.extra, list):
        for item in error.extra:
            name, said = form_error(str(item.get("key", "non_field_errors")), str(item.get("message", "")))
            fields.setdefault(name, []).append(said)
    if not fields and (missing := MISSING.match(error.detail or "")) is not None:
        fields[missing["name"]] = ["This field is required."]
    code = CODES.get(error.status_code, "error")
    message = "The request is not valid." if fields else error.detail or HTTPStatus(error.status_code).phrase
    return Response(
        Refusal(message=message, code=code, errors=fields),
        status_code=error.status_code,
        headers=error.headers or {},
        media_type=MediaType.JSON,
    )


def any_error(request: Request[Any, Any, Any], error: Exception) -> Response[Refusal]:
    path = request.scope["path"]
    away = unavailable(error)
    if away is not None or isinstance(error, RedisError):
        log.warning("server.away", error=repr(error), path=path)
        return domain_error(request, away or Unavailable(headers={"Retry-After": "2"}))
    if isinstance(error, RETRYABLE):
        log.warning("transaction.collided", error=repr(error), path=path)
        request.scope["state"][RETRY_FLAG] = True
        return domain_error(request, Unavailable(headers={"Retry-After": "1"}))
    if isinstance(error, asyncpg.DataError):
        log.error("request.unstorable", path=path, exc_info=error)
        return domain_error(
            request, ValidationFailed("A value in the request cannot be stored: it is too large or malformed.")
        )
    if isinstance(error, TAKEN):
        log.error("request.collided", path=path, exc_info=error)
        return domain_error(request, Conflict("That collides with something that is already there."))
    if is_unreadable_form(error):
        return domain_error(request, ValidationFailed.of("non_field_errors", "A part of the form is no readable text."))
    log.error("request.crashed", path=path, exc_info=error)
    return Response(
        Refusal(message="Something went wrong on our side. It has been logged.", code="internal_error"),
        status_code=500,
        media_type=MediaType.JSON,
    )


TAKEN = (asyncpg.UniqueViolationError, asyncpg.ExclusionViolationError, asyncpg.ForeignKeyViolationError)
"""Constraints that decided a race no service had a word for: a conflict, but worth a look at the log."""

HANDLERS: dict[Any, Any] = {DomainError: domain_error, HTTPException: http_error, Exception: any_error}
