"""Alipay's notices: forms that it signs and sends again until it hears `success`."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl

import msgspec

from marketplace.payments.providers import keys
from marketplace.payments.providers.alipay import signing, words
from marketplace.payments.providers.alipay.gateway import ITS_TIME, TIME_FORMAT, Gateway
from marketplace.payments.providers.base import BadSignature, Notice, Outcome, ProviderUnknown

TOLERANCE: Final = timedelta(seconds=300)
MOST_FIELDS: Final = 200
TRANSFER_CHANGED: Final = "alipay.fund.trans.order.changed"


def verified(body: bytes, gateway: Gateway, now: datetime) -> Notice:
    """Raises BadSignature also where it is for another app, too old or from the future."""
    form = _form(body)
    if form.get("sign_type") != signing.SIGN_TYPE:
        raise BadSignature
    if not keys.verifies(gateway.alipay_key, form.get("sign", ""), signing.to_verify(form)):
        raise BadSignature
    sent_at = _sent_at(form)
    if abs(now - sent_at) > TOLERANCE or form.get("app_id") != gateway.app_id or not form.get("notify_id"):
        raise BadSignature
    try:
        type_, outcome = _read(form)
    except (ProviderUnknown, msgspec.MsgspecError) as error:
        raise BadSignature("This notice says nothing that we understand.") from error
    return Notice(event_id=form["notify_id"], type=type_, created_at=sent_at, outcome=outcome)


def _form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError as error:
        raise BadSignature from error
    form = dict(pairs)
    if len(form) != len(pairs):
        raise BadSignature
    return form


def _sent_at(form: Mapping[str, str]) -> datetime:
    """In UTC. Trades give it as the time in Shanghai, messages as milliseconds since 1970."""
    try:
        if "utc_timestamp" in form:
            return datetime.fromtimestamp(int(form["utc_timestamp"]) / 1000, UTC)
        return datetime.strptime(form["notify_time"], TIME_FORMAT).replace(tzinfo=ITS_TIME).astimezone(UTC)
    except (KeyError, ValueError, OverflowError, OSError) as error:
        raise BadSignature from error


def _read(form: Mapping[str, str]) -> tuple[str, Outcome | None]:
    if form.get("msg_method") == TRANSFER_CHANGED:
        sent = msgspec.json.decode(form.get("biz_content", ""), type=words.Sent)
        payout_id = words.our_id(sent.out_biz_no)
        outcome = words.payout_outcome(sent, payout_id, words.money(sent.trans_amount)) if payout_id else None
        return f"{TRANSFER_CHANGED}:{sent.status}", outcome
    if "trade_status" in form:
        trade = msgspec.convert(form, words.Trade)
        payment_id = words.our_id(trade.out_trade_no)
        return trade.trade_status, words.charge_outcome(trade, payment_id) if payment_id else None
    return form.get("msg_method") or form.get("notify_type", ""), None
