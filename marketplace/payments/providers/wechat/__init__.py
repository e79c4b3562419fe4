"""WeChat Pay, version 3 of its API: codes to scan, pages on a phone, refunds, and transfers to a balance. Yuan only."""

from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from marketplace.core.config import ConfigError, Settings, settings, variable
from marketplace.payments.providers import keys, offer
from marketplace.payments.providers.wechat.api import Api
from marketplace.payments.providers.wechat.provider import WeChatPay
from marketplace.payments.providers.wechat.signing import Merchant, PlatformKeys

BASE: Final = "https://api.mch.weixin.qq.com"
NEEDED: Final = (
    "wechat_app_id", "wechat_serial", "wechat_private_key", "wechat_api_v3_key", "wechat_platform_keys",
)  # fmt: skip


def make() -> WeChatPay | None:
    """WeChat Pay as it is configured, or None. Raises ConfigError where only a part of it is."""
    config = settings()
    return _made(config) if config.wechat_mch_id else None


@lru_cache(maxsize=1)
def _made(config: Settings) -> WeChatPay:
    for needed in NEEDED:
        if not getattr(config, needed):
            raise ConfigError(f"{variable(needed)} is not set, but {variable('wechat_mch_id')} is")
    if len(config.wechat_api_v3_key.encode()) != 32:
        raise ConfigError(f"{variable('wechat_api_v3_key')} is not 32 characters long")
    merchant = Merchant(
        config.wechat_mch_id, config.wechat_serial, keys.private_key(config.wechat_private_key, "wechat_private_key")
    )
    api = Api((config.wechat_api_base or BASE).rstrip("/"), merchant, PlatformKeys(_platform(config)))
    return WeChatPay(api, config.wechat_app_id, config.wechat_api_v3_key.encode())


def _platform(config: Settings) -> dict[str, RSAPublicKey]:
    found = {}
    for one in filter(None, map(str.strip, config.wechat_platform_keys.split(";"))):
        serial, is_there, key = one.partition("=")
        if not is_there or not serial.strip():
            raise ConfigError(f"{variable('wechat_platform_keys')} holds something that is not `serial=key`")
        found[serial.strip()] = keys.public_key(key, "wechat_platform_keys")
    return found


offer("wechat", make)
