"""Calls to PayPal's API: with a token that is asked for when the last one ends, and refusals in its own words."""

import time
from collections.abc import Sequence
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import msgspec
import structlog
from msgspec import Struct, field

from marketplace.payments.providers import http
from marketplace.payments.providers.base import ProviderRefused, ProviderUnknown

log = structlog.get_logger(__name__)

API: Final = "https://api-m.paypal.com"
EARLY: Final = 60.0
"""Seconds before its end at which a token counts as ended."""

T = TypeVar("T")

_tokens: dict[tuple[str, str, str], tuple[str, float]] = {}
"""Of an API and an account: the token, and until when on the monotonic clock it is good."""


class Detail(Struct):
    issue: str = ""
    description: str = ""


class Link(Struct):
    href: str = ""
    rel: str = ""


class Refused(ProviderRefused):
    """PayPal's refusal; `issue` is its short name for the reason, `links` where it says to look."""

    issue: str = ""
    links: Sequence[Link] = ()


class NotThere(Refused):
    """PayPal has nothing of that name."""


class _Refusal(Struct):
    """An error of PayPal's; its token endpoint has words of its own, and payouts an older shape."""

    name: str = ""
    message: str = ""
    error_description: str = ""
    details: list[Detail] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)


class _Token(Struct):
    access_token: str
    expires_in: float


class Client:
    def __init__(self, client_id: str, secret: str, base: str) -> None:
        self._client_id, self._secret = client_id, secret
        self.base = base.rstrip("/") or API

    async def get(self, kind: type[T], path: str) -> T:
        return await self._call(kind, "GET", path, None, "")

    async def post(self, kind: type[T], path: str, body: dict[str, Any], *, request_id: str = "") -> T:
        """`request_id` makes it safe to repeat: PayPal then gives the first answer again."""
        return await self._call(kind, "POST", path, body, request_id)

    async def _call(self, kind: type[T], method: str, path: str, body: dict[str, Any] | None, request_id: str) -> T:
        content = None if body is None else msgspec.json.encode(body)
        for last in (False, True):
            headers = {"Authorization": f"Bearer {await self._token()}", "Accept": "application/json"}
            if content is not None:
                headers |= {"Content-Type": "application/json", "Prefer": "return=representation"}
            if request_id:
                headers["PayPal-Request-Id"] = request_id
            answer = await http.call(method, self.base + path, headers=headers, content=content)
            if answer.status_code != 401 or last:
                break
            _tokens.pop(self._account, None)  # taken back before its time
        if answer.status_code >= 400:
            raise self._refusal(answer.status_code, answer.content)
        try:
            return msgspec.json.decode(answer.content, type=kind)
        except msgspec.MsgspecError as error:
            log.error("payments.paypal_answer_unread", path=path, error=str(error))
            raise ProviderUnknown from error

    @property
    def _account(self) -> tuple[str, str, str]:
        return self.base, self._client_id, self._secret

    async def _token(self) -> str:
        token, ends = _tokens.get(self._account, ("", 0.0))
        if time.monotonic() < ends - EARLY:
            return token
        asked = time.monotonic()
        answer = await http.call(
            "POST", f"{self.base}/v1/oauth2/token", auth=(self._client_id, self._secret),
            headers={"Content-Type": "application/x-www-form-urlencoded"}, content=b"grant_type=client_credentials",
        )  # fmt: skip
        if answer.status_code >= 400:
            raise self._refusal(401, answer.content)
        try:
            given = msgspec.json.decode(answer.content, type=_Token)
        except msgspec.MsgspecError as error:
            raise ProviderUnknown from error
        _tokens[self._account] = given.access_token, asked + given.expires_in
        return given.access_token

    def _refusal(self, status: int, content: bytes) -> Exception:
        try:
            said = msgspec.json.decode(content, type=_Refusal)
        except msgspec.MsgspecError:
            said = _Refusal()
        detail = said.details[0] if said.details else Detail()
        issue = detail.issue if detail.issue.isupper() else said.name
        if status == 401:
            # For whoever runs this to mend: no payment, refund or payout fails because a secret was just being replaced.
            log.error("payments.paypal_credentials_refused", host=urlsplit(self.base).hostname)
            return ProviderUnknown()
        if status == 409 or issue == "PREVIOUS_REQUEST_IN_PROGRESS":
            return ProviderUnknown()
        kind = NotThere if status == 404 else Refused
        refusal = kind(reason=detail.description or said.message or "PayPal gave no reason.", provider_code=issue)
        refusal.issue = issue
        refusal.links = said.links
        return refusal
