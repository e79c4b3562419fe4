"""WECHATPAY2-SHA256-RSA2048: lines that end in a newline each, signed by us or by WeChat Pay."""

import base64
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from marketplace.payments.providers import keys

SCHEME: Final = "WECHATPAY2-SHA256-RSA2048"
TOLERANCE: Final = timedelta(seconds=300)
OAEP: Final = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303 - what it decrypts with


class Merchant:
    """Who we are to WeChat Pay; `serial` is that of our certificate."""

    def __init__(self, mch_id: str, serial: str, key: RSAPrivateKey) -> None:
        self.mch_id, self._serial, self._key = mch_id, serial, key

    def authorization(self, method: str, target: str, body: bytes, now: datetime) -> str:
        """The header for a request; `target` is its path and query."""
        nonce, timestamp = secrets.token_hex(16), str(int(now.timestamp()))
        content = f"{method}\n{target}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"
        parts = {
            "mchid": self.mch_id, "nonce_str": nonce, "signature": keys.sign(self._key, content), "timestamp": timestamp,
            "serial_no": self._serial,
        }  # fmt: skip
        return f"{SCHEME} " + ",".join(f'{name}="{value}"' for name, value in parts.items())


class PlatformKeys:
    """WeChat Pay's public keys by serial number: two while one is being replaced."""

    def __init__(self, known: Mapping[str, RSAPublicKey]) -> None:
        self._known = known

    def signed_at(self, headers: Mapping[str, str], body: bytes, now: datetime) -> datetime | None:
        """When WeChat Pay signed this, at most 300 s from `now`; None if it has not. `headers` have lower-case names."""
        key = self._known.get(headers.get("wechatpay-serial", ""))
        timestamp, nonce = headers.get("wechatpay-timestamp", ""), headers.get("wechatpay-nonce", "")
        if key is None or not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
            return None
        content = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
        if not keys.verifies(key, headers.get("wechatpay-signature", ""), content):
            return None
        signed_at = datetime.fromtimestamp(int(timestamp), UTC)
        return signed_at if abs(now - signed_at) <= TOLERANCE else None

    def seal(self, text: str) -> tuple[str, str]:
        """A name that only WeChat Pay may read, and the serial of the key it is sealed with: the last one given."""
        serial, key = list(self._known.items())[-1]
        return base64.b64encode(key.encrypt(text.encode(), OAEP)).decode(), serial
