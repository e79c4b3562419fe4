"""WeChat Pay's API: requests that we sign, answers believed only if WeChat Pay has signed them."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import msgspec
import structlog
from msgspec import Struct

from marketplace.core import clock
from marketplace.core.errors import DomainError
from marketplace.payments.providers import http
from marketplace.payments.providers.base import ProviderRefused, ProviderUnknown
from marketplace.payments.providers.wechat.signing import Merchant, PlatformKeys

log = structlog.get_logger(__name__)

T = TypeVar("T")

BAD_REQUESTS: Final = frozenset(
    {"PARAM_ERROR", "SIGN_ERROR", "APPID_MCHID_NOT_MATCH", "MCH_NOT_EXISTS", "NO_AUTH", "OPENID_MISMATCH"}
)
"""What says that the request is wrong, or that we may not make it; the rest is about the state of things."""
ITS_FAULT: Final = frozenset(
    {"SYSTEM_ERROR", "SYSTEMERROR", "BANK_ERROR", "FREQUENCY_LIMITED", "RATELIMIT_EXCEEDED", ""}
)


class Said(Struct, frozen=True):
    code: str = ""
    message: str = ""


class Nothing(Struct, frozen=True):
    """An answer without a body."""


class BusinessFailed(ProviderRefused):
    """WeChat Pay understood, and the state of things forbids it: `reason` is its code."""

    def __init__(self, reason: str, said: str, status: int) -> None:
        super().__init__(reason=reason, said=said)
        self.reason, self.said, self.not_there = reason, said, status == 404


class Api:
    """Signs with our key, verifies with WeChat Pay's."""

    def __init__(self, base: str, merchant: Merchant, platform: PlatformKeys) -> None:
        self._base, self.merchant, self.platform = base, merchant, platform

    async def ask(
        self, method: str, target: str, answer: type[T], content: Mapping[str, Any] | None = None, **headers: str
    ) -> T:
        """Raises BusinessFailed, ProviderRefused, or ProviderUnknown, also where the answer is not WeChat Pay's."""
        body = b"" if content is None else msgspec.json.encode(content)
        response = await http.call(
            method, f"{self._base}{target}", content=body or None,
            headers={
                "authorization": self.merchant.authorization(method, target, body, clock.now()),
                "accept": "application/json",
                "user-agent": "marketplace",
                **({"content-type": "application/json"} if body else {}),
                **headers,
            },
        )  # fmt: skip
        if self.platform.signed_at(response.headers, response.content, clock.now()) is None:
            log.error("payments.answer_not_signed", provider="wechat", target=target, status=response.status_code)
            raise ProviderUnknown
        try:
            if response.status_code < 300:
                return msgspec.json.decode(response.content or b"{}", type=answer)
            said = msgspec.json.decode(response.content, type=Said)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            log.error("payments.answer_unreadable", provider="wechat", target=target, error=str(error))
            raise ProviderUnknown from error
        raise _refusal(target, response.status_code, said)


def _refusal(target: str, status: int, said: Said) -> DomainError:
    log.warning("payments.refused", provider="wechat", target=target, status=status, reason=said.code)
    if said.code in ITS_FAULT:
        return ProviderUnknown()
    if said.code in BAD_REQUESTS or status == 401:
        return ProviderRefused(reason=said.code, said=said.message)
    return BusinessFailed(said.code, said.message, status)
