"""Small secrets at rest: encrypted and authenticated under the service's key, one derived key a purpose."""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from marketplace.core.config import settings


class SealBroken(Exception):
    """What was sealed is damaged, was sealed for another purpose, or the key has changed."""


def derived_key(purpose: str) -> bytes:
    """32 bytes that only this purpose uses, so that a signature or a seal is good for nothing else."""
    return _derive(settings().secret_key, purpose)


def derived_keys(purpose: str) -> list[bytes]:
    """The purpose's key, then the one from before the service's key was changed: to read with, never to write."""
    config = settings()
    return [_derive(secret, purpose) for secret in (config.secret_key, config.secret_key_previous) if secret]


@lru_cache(maxsize=64)
def _derive(secret: str, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(secret.encode())


def seal(plain: bytes, purpose: str) -> str:
    """`plain` as URL-safe text that only `unseal` with the same purpose opens."""
    nonce = os.urandom(12)
    return urlsafe_b64encode(nonce + AESGCM(derived_key(purpose)).encrypt(nonce, plain, None)).decode()


def unseal(sealed: str, purpose: str) -> bytes:
    """What was sealed, under the current key or the one before. Raises SealBroken."""
    for key in derived_keys(purpose):
        try:
            raw = urlsafe_b64decode(sealed)
            return AESGCM(key).decrypt(raw[:12], raw[12:], None)
        except (InvalidTag, ValueError):
            continue
    raise SealBroken(f"a seal for {purpose!r} does not open")
