"""Which providers there are, by configuration: MARKETPLACE_SOCIAL_PROVIDERS, a JSON object of name and settings.

{"google": {"kind": "oidc", "issuer": "https://accounts.google.com", "client_id": "...", "client_secret": "...",
            "trust_email": true},
 "wechat": {"kind": "wechat", "client_id": "wx...", "client_secret": "..."},
 "qq": {"kind": "qq", "client_id": "...", "client_secret": "..."}}
"""

import re
from functools import lru_cache
from typing import TypeAlias

import msgspec
from msgspec import Struct

from marketplace.accounts.social.base import Provider, UnknownProvider
from marketplace.accounts.social.chinese import QQ, WeChat
from marketplace.accounts.social.oidc import OpenIdConnect
from marketplace.core.config import ConfigError, settings

VARIABLE = "MARKETPLACE_SOCIAL_PROVIDERS"
_NAME = re.compile(r"[a-z0-9-]{1,40}")


class OidcSettings(Struct, tag_field="kind", tag="oidc", forbid_unknown_fields=True, kw_only=True):
    issuer: str
    client_id: str
    client_secret: str = ""
    scope: str = "openid email profile"
    trust_email: bool = False


class WeChatSettings(Struct, tag_field="kind", tag="wechat", forbid_unknown_fields=True, kw_only=True):
    client_id: str
    client_secret: str
    authorize_url: str = "https://open.weixin.qq.com/connect/qrconnect"
    api_url: str = "https://api.weixin.qq.com"


class QQSettings(Struct, tag_field="kind", tag="qq", forbid_unknown_fields=True, kw_only=True):
    client_id: str
    client_secret: str
    authorize_url: str = "https://graph.qq.com/oauth2.0/authorize"
    api_url: str = "https://graph.qq.com"


ProviderSettings: TypeAlias = OidcSettings | WeChatSettings | QQSettings


def providers() -> dict[str, Provider]:
    """The configured providers by name."""
    return _built(settings().social_providers)


def get_provider(name: str) -> Provider:
    """Raises UnknownProvider."""
    try:
        return providers()[name]
    except KeyError:
        raise UnknownProvider(known=sorted(providers())) from None


@lru_cache(maxsize=8)
def _built(text: str) -> dict[str, Provider]:
    """Raises ConfigError naming what is wrong."""
    if not text.strip():
        return {}
    try:
        wanted = msgspec.json.decode(text, type=dict[str, ProviderSettings])
    except msgspec.DecodeError as error:
        raise ConfigError(f"{VARIABLE}: {error}") from None
    for name in wanted:
        if not _NAME.fullmatch(name):
            raise ConfigError(f"{VARIABLE}: {name!r} is no name: lower case letters, digits and -")
    return {name: _provider(name, one) for name, one in wanted.items()}


def _provider(name: str, wanted: ProviderSettings) -> Provider:
    given = msgspec.structs.asdict(wanted)
    match wanted:
        case OidcSettings():
            return OpenIdConnect(name, **given)
        case WeChatSettings():
            return WeChat(name, **given)
        case QQSettings():
            return QQ(name, **given)
