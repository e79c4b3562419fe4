"""RSA keys as settings give them, and signatures with them: SHA-256, PKCS #1 v1.5, in base64."""

import base64
import binascii
from functools import lru_cache
from pathlib import Path
from typing import Final, NoReturn

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from marketplace.core.config import ConfigError, variable

LEAST_BITS: Final = 2048
HOW: Final = padding.PKCS1v15()
CERTIFICATE: Final = b"-----BEGIN CERTIFICATE-----"


@lru_cache(maxsize=16)
def private_key(text: str, setting: str) -> RSAPrivateKey:
    """`text` is PEM, base64 of DER, or a file that holds either. Raises ConfigError that names the setting."""
    content = contents(text, setting)
    try:
        if content.startswith(b"-----"):
            key = serialization.load_pem_private_key(content, None)
        else:
            key = serialization.load_der_private_key(base64.b64decode(content, validate=True), None)
    except (ValueError, TypeError) as error:
        _wrong(setting, "is no RSA private key", error)
    if not isinstance(key, RSAPrivateKey) or key.key_size < LEAST_BITS:
        _wrong(setting, f"is no RSA key of {LEAST_BITS} bits or more")
    return key


@lru_cache(maxsize=16)
def public_key(text: str, setting: str) -> RSAPublicKey:
    """Likewise; a certificate gives the key that is in it."""
    content = contents(text, setting)
    try:
        if content.startswith(CERTIFICATE):
            key = x509.load_pem_x509_certificate(content).public_key()
        elif content.startswith(b"-----"):
            key = serialization.load_pem_public_key(content)  # type: ignore[assignment]
        else:
            key = serialization.load_der_public_key(base64.b64decode(content, validate=True))  # type: ignore[assignment]
    except (ValueError, TypeError) as error:
        _wrong(setting, "is no RSA public key", error)
    if not isinstance(key, RSAPublicKey) or key.key_size < LEAST_BITS:
        _wrong(setting, f"is no RSA key of {LEAST_BITS} bits or more")
    return key


def contents(text: str, setting: str) -> bytes:
    """What a setting holds itself, or what is in the file that it names."""
    text = text.strip().replace("\\n", "\n")  # environment files have one line a variable
    if text.startswith("-----"):
        return text.encode()
    try:
        if len(text) < 1024 and Path(text).is_file():
            return Path(text).read_bytes().strip()
    except OSError as error:
        _wrong(setting, "names a file that cannot be read", error)
    return "".join(text.split()).encode()


def sign(key: RSAPrivateKey, content: bytes) -> str:
    return base64.b64encode(key.sign(content, HOW, hashes.SHA256())).decode()


def verifies(key: RSAPublicKey, signature: str, content: bytes) -> bool:
    try:
        key.verify(base64.b64decode(signature, validate=True), content, HOW, hashes.SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _wrong(setting: str, what: str, error: Exception | None = None) -> NoReturn:
    raise ConfigError(f"{variable(setting)} {what}") from error
