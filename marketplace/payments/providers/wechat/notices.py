"""WeChat Pay's notices: signed as its answers are, and what they say is sealed with the key that only it and we know."""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from marketplace.payments.providers.base import BadSignature, Notice, Outcome, ProviderUnknown
from marketplace.payments.providers.wechat import words
from marketplace.payments.providers.wechat.signing import PlatformKeys

ALGORITHM: Final = "AEAD_AES_256_GCM"


class Sealed(Struct, frozen=True):
    algorithm: str
    ciphertext: str
    nonce: str
    associated_data: str = ""


class Envelope(Struct, frozen=True):
    id: str
    event_type: str
    create_time: datetime
    resource: Sealed


class Recipient(Struct, frozen=True):
    """Whom a notice names: `mch_id` in those of transfers."""

    mchid: str = ""
    mch_id: str = ""
    appid: str = ""


class Reader:
    """Reads the notices for one merchant and app."""

    def __init__(self, platform: PlatformKeys, mch_id: str, app_id: str, key: bytes) -> None:
        self._platform, self._mch_id, self._app_id, self._key = platform, mch_id, app_id, AESGCM(key)

    def read(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """Raises BadSignature also where it is for another merchant, or sealed with another key."""
        if self._platform.signed_at(headers, body, now) is None:
            raise BadSignature
        try:
            envelope = msgspec.json.decode(body, type=Envelope)
            content = self._opened(envelope.resource)
            to = msgspec.json.decode(content, type=Recipient)
            if (to.mchid or to.mch_id) != self._mch_id or to.appid not in ("", self._app_id):
                raise BadSignature
            outcome = _outcome(envelope.event_type, content)
        except (
            msgspec.MsgspecError,
            UnicodeDecodeError,
            InvalidTag,
            binascii.Error,
            ValueError,
            ProviderUnknown,
        ) as error:
            raise BadSignature("This notice says nothing that we understand.") from error
        return Notice(event_id=envelope.id, type=envelope.event_type, created_at=envelope.create_time, outcome=outcome)

    def _opened(self, sealed: Sealed) -> bytes:
        if sealed.algorithm != ALGORITHM:
            raise BadSignature
        ciphertext = base64.b64decode(sealed.ciphertext, validate=True)
        return self._key.decrypt(sealed.nonce.encode(), ciphertext, sealed.associated_data.encode())


def _outcome(event_type: str, content: bytes) -> Outcome | None:
    match event_type.split(".")[0]:
        case "TRANSACTION":
            trade = msgspec.json.decode(content, type=words.Trade)
            payment_id = words.our_id(trade.out_trade_no)
            return words.charge_outcome(trade, payment_id) if payment_id else None
        case "REFUND":
            refund = msgspec.json.decode(content, type=words.Refund)
            refund_id = words.our_id(refund.out_refund_no)
            return words.refund_outcome(refund, refund_id) if refund_id else None
        case "MCHTRANSFER":
            bill = msgspec.json.decode(content, type=words.Bill)
            payout_id = words.our_id(bill.out_bill_no)
            return words.payout_outcome(bill, payout_id, words.money(bill.transfer_amount)) if payout_id else None
    return None
