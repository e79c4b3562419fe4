"""The certificates that PayPal signs its webhooks with, fetched once from where a webhook says, if that is PayPal's."""

from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from msgspec import Struct

from marketplace.payments.providers import http
from marketplace.payments.providers.base import BadSignature

PATH: Final = "/v1/notifications/certs/"
LOCAL: Final = frozenset(["127.0.0.1", "::1", "localhost"])
MOST: Final = 16
SMALLEST_KEY: Final = 2048


class Certificate(Struct, frozen=True):
    key: RSAPublicKey
    since: datetime
    until: datetime


_known: dict[str, Certificate] = {}


async def key(url: str, base: str, now: datetime) -> RSAPublicKey:
    """The key of a certificate that is valid now. Raises BadSignature, or ProviderUnknown where PayPal does not answer."""
    if not is_paypals(url, base):
        raise BadSignature
    certificate = _known.get(url)
    if certificate is None:
        certificate = await _fetched(url)
        if len(_known) >= MOST:
            _known.pop(next(iter(_known)))
        _known[url] = certificate
    if not certificate.since <= now <= certificate.until:
        raise BadSignature
    return certificate.key


def is_paypals(url: str, base: str) -> bool:
    """Over TLS from PayPal's own hosts or from the API's; in the clear only where the API is a server of this machine."""
    try:
        there, api = urlsplit(url), urlsplit(base)
        here, ours = (there.scheme, there.hostname or "", there.port), (api.scheme, api.hostname or "", api.port)
    except ValueError:
        return False
    if not there.path.startswith(PATH) or ".." in there.path or "@" in there.netloc:
        return False
    if here == ours:
        return there.scheme == "https" or (there.scheme == "http" and here[1] in LOCAL)
    return there.scheme == "https" and there.port in (None, 443) and here[1].endswith(".paypal.com")


async def _fetched(url: str) -> Certificate:
    answer = await http.call("GET", url)
    if answer.status_code != 200:
        raise BadSignature
    try:
        read = x509.load_pem_x509_certificates(answer.content)[0]  # the signer's comes first, then who vouches for it
    except ValueError:
        raise BadSignature from None
    public = read.public_key()
    if not isinstance(public, RSAPublicKey) or public.key_size < SMALLEST_KEY:
        raise BadSignature
    return Certificate(public, read.not_valid_before_utc, read.not_valid_after_utc)
