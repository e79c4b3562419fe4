"""Alipay, by its open API: pages and QR codes to pay at, refunds, and transfers to Alipay accounts. Yuan only."""

from functools import lru_cache

from marketplace.core.config import ConfigError, Settings, settings, variable
from marketplace.payments.providers import keys, offer
from marketplace.payments.providers.alipay import certificates
from marketplace.payments.providers.alipay.gateway import Gateway
from marketplace.payments.providers.alipay.provider import Alipay

GATEWAY = "https://openapi.alipay.com/gateway.do"


def make() -> Alipay | None:
    """Alipay as it is configured, or None. Raises ConfigError where only a part of it is."""
    config = settings()
    return _made(config) if config.alipay_app_id else None


@lru_cache(maxsize=1)
def _made(config: Settings) -> Alipay:
    for needed in ("alipay_private_key", "alipay_public_key"):
        if not getattr(config, needed):
            raise ConfigError(f"{variable(needed)} is not set, but {variable('alipay_app_id')} is")
    return Alipay(
        Gateway(
            address=config.alipay_gateway or GATEWAY,
            app_id=config.alipay_app_id,
            key=keys.private_key(config.alipay_private_key, "alipay_private_key"),
            alipay_key=keys.public_key(config.alipay_public_key, "alipay_public_key"),
            certificates=certificates.named(config.alipay_app_certificate, config.alipay_root_certificate),
        )
    )


offer("alipay", make)
