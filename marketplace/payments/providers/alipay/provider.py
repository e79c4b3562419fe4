"""Alipay as a provider. Our ids are its `out_trade_no`, `out_request_no` and `out_biz_no`, so asking again is safe."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from marketplace.core import clock
from marketplace.core.money import Money
from marketplace.payments.providers.alipay import notices, words
from marketplace.payments.providers.alipay.gateway import ITS_TIME, TIME_FORMAT, BusinessFailed, Gateway
from marketplace.payments.providers.alipay.words import CURRENCY
from marketplace.payments.providers.base import (
    Charge,
    Notice,
    NotSupported,
    Outcome,
    ProviderRefused,
    ProviderUnknown,
    Repayment,
    Reply,
    State,
    Subject,
    Transfer,
)

OPEN_FOR: Final = timedelta(minutes=30)
"""How long a payer may begin to pay at an address or code of ours; a new one may be asked for."""
NOT_THERE: Final = frozenset({"ACQ.TRADE_NOT_EXIST", "ORDER_NOT_EXIST"})
DECIDED: Final = frozenset({"ACQ.TRADE_HAS_SUCCESS", "ACQ.TRADE_HAS_CLOSE", "ACQ.TRADE_HAS_FINISHED"})
NOT_TO_CLOSE: Final = frozenset(
    {"ACQ.TRADE_STATUS_ERROR", "ACQ.REASON_TRADE_STATUS_INVALID", "ACQ.REASON_ILLEGAL_STATUS"}
)
DIRECT: Final = {"product_code": "TRANS_ACCOUNT_NO_PWD", "biz_scene": "DIRECT_TRANSFER"}
SPECIAL: Final = re.compile(r"[/=&\s]+")
"""What Alipay does not take in a subject."""


class Alipay:
    name = "alipay"
    currencies: frozenset[str] | None = frozenset({CURRENCY})
    pays_out = True

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def create(self, charge: Charge) -> Outcome:
        """A page to open, or with the method `qr` a code to show. A page is an address we sign: Alipay hears of it from the payer."""
        _in_yuan(charge.amount)
        if charge.method in ("", "page"):
            return self._page(charge)
        if charge.method != "qr":
            raise ProviderRefused(f"Alipay has no method {charge.method!r}: page or qr.", reason="unknown_method")
        try:
            made = await self._gateway.ask(
                "alipay.trade.precreate", _order(charge), words.Precreated, notify_url=charge.notify_url
            )
        except BusinessFailed as failure:
            if failure.reason in DECIDED and (found := await self._trade(charge.payment_id)) is not None:
                return found
            raise
        return _asking(charge, made.qr_code, "qr")

    async def confirm(self, charge: Charge, reference: str) -> Outcome:
        """Alipay's payers confirm there: this looks whether they have, and shows the way again if not."""
        found = await self._trade(charge.payment_id)
        if found is None or found.state is State.REQUIRES_ACTION:
            return await self.create(charge)
        return found

    async def cancel(self, payment_id: UUID, reference: str) -> Outcome:
        """By closing, for Alipay's own cancelling gives money back unasked."""
        try:
            await self._gateway.ask("alipay.trade.close", {"out_trade_no": payment_id.hex}, words.Closed)
        except BusinessFailed as failure:
            if failure.reason not in NOT_TO_CLOSE | NOT_THERE:
                raise
        found = await self._trade(payment_id)
        if found is not None:
            return found
        # Nobody has opened the page. Its address may still be opened until it ends; a payment then is a late one.
        return Outcome(
            subject=Subject.CHARGE, our_id=payment_id, reference=payment_id.hex, state=State.CANCELLED,
            amount=Money(0, CURRENCY),
        )  # fmt: skip

    async def refund(self, repayment: Repayment) -> Outcome:
        _in_yuan(repayment.amount)
        content = {
            "out_trade_no": repayment.payment_id.hex,
            "out_request_no": repayment.refund_id.hex,
            "refund_amount": repayment.amount.text,
            "refund_reason": repayment.reason[:256],
        }
        try:
            made = await self._gateway.ask("alipay.trade.refund", content, words.Refunded)
        except BusinessFailed as failure:
            return await self._refund(repayment.payment_id, repayment.refund_id) or _refund(
                repayment.payment_id, repayment.refund_id, State.FAILED, repayment.amount,
                words.failure_code(failure.reason), failure.said,
            )  # fmt: skip
        if made.fund_change == "Y":
            return _refund(repayment.payment_id, repayment.refund_id, State.SUCCEEDED, repayment.amount)
        # It moved nothing this time: because it had before, or has yet to.
        found = await self._refund(repayment.payment_id, repayment.refund_id)
        return found or _refund(repayment.payment_id, repayment.refund_id, State.PROCESSING, repayment.amount)

    async def payout(self, transfer: Transfer) -> Outcome:
        """To an Alipay account: its user id (2088 and 12 digits), open id, or the e-mail or phone number it signs in with."""
        _in_yuan(transfer.amount)
        content = {
            "out_biz_no": transfer.payout_id.hex,
            "trans_amount": transfer.amount.text,
            "order_title": _subject(transfer.description) or "Payout",
            "payee_info": _payee(transfer),
            **DIRECT,
        }
        try:
            sent = await self._gateway.ask("alipay.fund.trans.uni.transfer", content, words.Sent)
        except BusinessFailed as failure:
            # That a repetition is refused does not mean that the first was.
            return await self._payout(transfer.payout_id) or Outcome(
                subject=Subject.PAYOUT, our_id=transfer.payout_id, reference=transfer.payout_id.hex, state=State.FAILED,
                amount=transfer.amount, failure_code=words.failure_code(failure.reason), failure_message=failure.said,
            )  # fmt: skip
        return words.payout_outcome(sent, transfer.payout_id, transfer.amount)

    async def verify_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Sequence[Notice]:
        return [notices.verified(body, self._gateway, now)]

    async def fetch(self, subject: Subject, our_id: UUID, reference: str = "") -> Outcome | None:
        """A refund is found by its reference, or by that of its charge: Alipay does not know refunds by themselves.

        Without either it is None, and what is safe is to ask for the refund again.
        """
        match subject:
            case Subject.CHARGE:
                return await self._trade(our_id)
            case Subject.PAYOUT:
                return await self._payout(our_id)
            case Subject.REFUND:
                payment_id = words.our_id(reference[:32])
                return await self._refund(payment_id, our_id) if payment_id else None
        raise NotSupported

    def reply(self) -> Reply:
        return Reply(b"success", "text/plain")

    def _page(self, charge: Charge) -> Outcome:
        content = _order(charge) | {"product_code": "FAST_INSTANT_TRADE_PAY"}
        address = self._gateway.page(
            "alipay.trade.page.pay", content, notify_url=charge.notify_url, return_url=charge.return_url
        )
        return _asking(charge, address, "redirect")

    async def _trade(self, payment_id: UUID) -> Outcome | None:
        try:
            found = await self._gateway.ask("alipay.trade.query", {"out_trade_no": payment_id.hex}, words.Trade)
        except BusinessFailed as failure:
            if failure.reason in NOT_THERE:
                return None
            raise
        _about(found.out_trade_no, payment_id)
        return words.charge_outcome(found, payment_id)

    async def _refund(self, payment_id: UUID, refund_id: UUID) -> Outcome | None:
        content = {"out_trade_no": payment_id.hex, "out_request_no": refund_id.hex}
        try:
            found = await self._gateway.ask("alipay.trade.fastpay.refund.query", content, words.RefundFound)
        except BusinessFailed as failure:
            if failure.reason in NOT_THERE:
                return None
            raise
        if not found.out_request_no:
            return None
        _about(found.out_request_no, refund_id)
        _about(found.out_trade_no, payment_id)
        state = State.SUCCEEDED if found.refund_status == "REFUND_SUCCESS" else State.PROCESSING
        return _refund(payment_id, refund_id, state, words.money(found.refund_amount))

    async def _payout(self, payout_id: UUID) -> Outcome | None:
        try:
            sent = await self._gateway.ask(
                "alipay.fund.trans.common.query", {"out_biz_no": payout_id.hex, **DIRECT}, words.Sent
            )
        except BusinessFailed as failure:
            if failure.reason in NOT_THERE:
                return None
            raise
        _about(sent.out_biz_no, payout_id)
        return words.payout_outcome(sent, payout_id, words.money(sent.trans_amount))


def _in_yuan(amount: Money) -> None:
    if amount.currency != CURRENCY:
        raise ProviderRefused(f"Alipay moves {CURRENCY} only.", reason="currency")


def _about(said: str, ours: UUID) -> None:
    """An answer about something else is none."""
    if said != ours.hex:
        raise ProviderUnknown


def _order(charge: Charge) -> dict[str, Any]:
    ends = (clock.now() + OPEN_FOR).astimezone(ITS_TIME).strftime(TIME_FORMAT)
    return {
        "out_trade_no": charge.payment_id.hex,
        "total_amount": charge.amount.text,
        "subject": _subject(charge.description) or "Payment",
        "time_expire": ends,
    }


def _subject(text: str) -> str:
    return SPECIAL.sub(" ", text).strip()[:128]


def _asking(charge: Charge, action_url: str, kind: str) -> Outcome:
    return Outcome(
        subject=Subject.CHARGE, our_id=charge.payment_id, reference=charge.payment_id.hex, state=State.REQUIRES_ACTION,
        amount=charge.amount, action_url=action_url, action_kind=kind,
    )  # fmt: skip


def _refund(
    payment_id: UUID, refund_id: UUID, state: State, amount: Money, failure_code: str = "", failure_message: str = ""
) -> Outcome:
    return Outcome(
        subject=Subject.REFUND, our_id=refund_id, reference=f"{payment_id.hex}/{refund_id.hex}", state=state, amount=amount,
        failure_code=failure_code, failure_message=failure_message,
    )  # fmt: skip


def _payee(transfer: Transfer) -> dict[str, str]:
    destination = transfer.destination
    if re.fullmatch(r"2088\d{12}", destination):
        kind = "ALIPAY_USER_ID"
    elif "@" in destination or re.fullmatch(r"[+\d-]{5,20}", destination):
        kind = "ALIPAY_LOGON_ID"
    else:
        kind = "ALIPAY_OPEN_ID"
    named = {"name": transfer.recipient_name} if transfer.recipient_name else {}
    return {"identity": destination, "identity_type": kind, **named}
