"""Alipay's RSA2: `name=value` pairs, sorted and joined, and the bytes of an answer as they came."""

from collections.abc import Mapping
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from marketplace.payments.providers import keys

SIGN_TYPE: Final = "RSA2"


def to_sign(parameters: Mapping[str, str]) -> bytes:
    """What the signature of a request is over: all that has a value."""
    return "&".join(f"{name}={value}" for name, value in sorted(parameters.items()) if value).encode()


def to_verify(notice: Mapping[str, str]) -> bytes:
    """What the signature of a notice is over: all but the signature and its kind."""
    return "&".join(f"{k}={v}" for k, v in sorted(notice.items()) if k not in ("sign", "sign_type")).encode()


def signed_part(body: bytes, method: str, key: RSAPublicKey) -> bytes | None:
    """The JSON of the answer to `method`, or of the error in its place; None unless Alipay has signed exactly these bytes."""
    try:
        parts = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        signature = msgspec.json.decode(parts["sign"], type=str)
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError):
        return None
    part = parts.get(method.replace(".", "_") + "_response") or parts.get("error_response")
    if part is None:
        return None
    content = bytes(part)
    # Its servers have signed texts with slashes before they were escaped; its own client looks for both.
    if any(keys.verifies(key, signature, said) for said in (content, content.replace(b"\\/", b"/"))):
        return content
    return None
