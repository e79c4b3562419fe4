"""The refusals that every domain shares. A domain's own refusals stand in its `errors.py`.

A refusal is an answer the caller can act on: `status_code` and `code` are API, the message is for people.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class DomainError(Exception):
    """A refusal the caller can act on.

    `fields` names the wrong inputs (`{"amount": ["Must be at least 51.00."]}`); `details` holds what would be right, as JSON types.
    """

    status_code: ClassVar[int] = 409
    code: ClassVar[str] = "conflict"
    default_message: ClassVar[str] = "That is not possible now."

    def __init__(
        self,
        message: str | None = None,
        *,
        fields: Mapping[str, list[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        **details: Any,
    ) -> None:
        self.message = message or self.default_message
        super().__init__(self.message)
        self.fields = dict(fields or {})
        self.headers = dict(headers or {})
        self.details = details


class ValidationFailed(DomainError):
    """400: the request itself is wrong."""

    status_code = 400
    code = "validation_error"
    default_message = "The request is not valid."

    @classmethod
    def of(cls, field: str, message: str) -> "ValidationFailed":
        return cls(message, fields={field: [message]})


class NotSignedIn(DomainError):
    status_code = 401
    code = "not_authenticated"
    default_message = "Sign in to do that."


class Forbidden(DomainError):
    status_code = 403
    code = "permission_denied"
    default_message = "You may not do that."


class NotFound(DomainError):
    status_code = 404
    code = "not_found"
    default_message = "There is no such thing, or you may not see it."


class Conflict(DomainError):
    status_code = 409
    code = "conflict"


class PayloadTooLarge(DomainError):
    status_code = 413
    code = "payload_too_large"
    default_message = "The body is too large."


class UnsupportedMedia(DomainError):
    status_code = 415
    code = "unsupported_media_type"
    default_message = "Send the body as application/json."


class Unprocessable(DomainError):
    """422: well-formed, but the rules of the business refuse it."""

    status_code = 422
    code = "unprocessable"


class RateLimited(DomainError):
    status_code = 429
    code = "rate_limited"
    default_message = "Too many requests. Wait a little, then try again."


class Unavailable(DomainError):
    """503: a server we need is away; the caller may try again, nothing happened."""

    status_code = 503
    code = "unavailable"
    default_message = "A part of the service is away for a moment. Nothing was changed; try again."
