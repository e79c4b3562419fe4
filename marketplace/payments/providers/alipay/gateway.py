"""Alipay's gateway: one address for every method; what comes back is believed only if Alipay has signed it."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from msgspec import Struct

from marketplace.core import clock
from marketplace.core.errors import DomainError
from marketplace.payments.providers import http, keys
from marketplace.payments.providers.alipay import signing
from marketplace.payments.providers.base import ProviderRefused, ProviderUnknown

log = structlog.get_logger(__name__)

T = TypeVar("T")

ITS_TIME: Final = ZoneInfo("Asia/Shanghai")
TIME_FORMAT: Final = "%Y-%m-%d %H:%M:%S"
DONE: Final = frozenset({"10000", "10003"})
"""10003: taken, and the payer has still something to do."""
BUSINESS_FAILED: Final = "40004"
ITS_FAULT: Final = "20000"


class Code(Struct, frozen=True):
    code: str = ""
    msg: str = ""
    sub_code: str = ""
    sub_msg: str = ""

    @property
    def is_unknown(self) -> bool:
        """Alipay does not know itself what became of it."""
        return self.code in ("", ITS_FAULT) or self.sub_code.upper().endswith(("SYSTEM_ERROR", "UNKNOW-ERROR"))


class BusinessFailed(ProviderRefused):
    """Alipay understood, and the state of things forbids it: `reason` is its `sub_code`."""

    def __init__(self, reason: str, said: str) -> None:
        super().__init__(reason=reason, said=said)
        self.reason, self.said = reason, said


class Gateway:
    """Signs with our key, verifies with Alipay's. `certificates` names those that belong to the keys, where there are any."""

    def __init__(
        self, address: str, app_id: str, key: RSAPrivateKey, alipay_key: RSAPublicKey,
        certificates: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.address, self.app_id, self._key, self.alipay_key = address, app_id, key, alipay_key
        self._certificates = certificates or {}

    def page(self, method: str, content: Mapping[str, Any], **common: str) -> str:
        """The address of a page of Alipay's, signed by us: the payer's browser makes the request."""
        return f"{self.address}?{urlencode(self._signed(method, content, common))}"

    async def ask(self, method: str, content: Mapping[str, Any], answer: type[T], **common: str) -> T:
        """Raises BusinessFailed, ProviderRefused, or ProviderUnknown, also where the answer is not Alipay's."""
        parameters = self._signed(method, content, common)
        body = urlencode({"biz_content": parameters.pop("biz_content")}).encode()
        response = await http.call(
            "POST", f"{self.address}?{urlencode(parameters)}", content=body,
            headers={"content-type": "application/x-www-form-urlencoded;charset=utf-8"},
        )  # fmt: skip
        part = signing.signed_part(response.content, method, self.alipay_key)
        if part is None:
            log.error("payments.answer_not_signed", provider="alipay", method=method, said=response.text[:500])
            raise ProviderUnknown
        try:
            code = msgspec.json.decode(part, type=Code)
            if code.code in DONE:
                return msgspec.json.decode(part, type=answer)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            log.error("payments.answer_unreadable", provider="alipay", method=method, error=str(error))
            raise ProviderUnknown from error
        raise _refusal(method, code)

    def _signed(self, method: str, content: Mapping[str, Any], common: Mapping[str, str]) -> dict[str, str]:
        parameters = {
            "app_id": self.app_id,
            "method": method,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": signing.SIGN_TYPE,
            "timestamp": clock.now().astimezone(ITS_TIME).strftime(TIME_FORMAT),
            "version": "1.0",
            "biz_content": msgspec.json.encode({k: v for k, v in content.items() if v != ""}).decode(),
            **{name: value for name, value in common.items() if value},
            **self._certificates,
        }
        return parameters | {"sign": keys.sign(self._key, signing.to_sign(parameters))}


def _refusal(method: str, code: Code) -> DomainError:
    log.warning("payments.refused", provider="alipay", method=method, code=code.code, reason=code.sub_code)
    if code.is_unknown:
        return ProviderUnknown()
    if code.code == BUSINESS_FAILED:
        return BusinessFailed(code.sub_code, code.sub_msg or code.msg)
    return ProviderRefused(reason=code.sub_code or code.code, said=code.sub_msg or code.msg)
