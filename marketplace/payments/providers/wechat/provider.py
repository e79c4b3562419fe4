"""WeChat Pay as a provider. Our ids are its `out_trade_no`, `out_refund_no` and `out_bill_no`, so asking again is safe."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from marketplace.core.money import Money
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
from marketplace.payments.providers.wechat import words
from marketplace.payments.providers.wechat.api import Api, BusinessFailed, Nothing
from marketplace.payments.providers.wechat.notices import Reader
from marketplace.payments.providers.wechat.words import CURRENCY

TRANSFERS: Final = "/v3/fund-app/mch-transfer/transfer-bills"
SCENE: Final = "1005"
SCENE_REPORT: Final = [
    {"info_type": "岗位类型", "info_content": "平台卖家"},
    {"info_type": "报酬说明", "info_content": "平台交易货款结算"},
]
"""Why we send money, in the words that WeChat Pay prescribes: pay for work (1005), to sellers, for what they sold."""
NAMED_FROM: Final = Money(30, CURRENCY)
"""Below 0.30 WeChat Pay refuses to be told the payee's name."""


class WeChatPay:
    name = "wechat"
    currencies: frozenset[str] | None = frozenset({CURRENCY})
    pays_out = True

    def __init__(self, api: Api, app_id: str, api_key: bytes) -> None:
        self._api, self._app_id, self._mch_id = api, app_id, api.merchant.mch_id
        self._reader = Reader(api.platform, self._mch_id, app_id, api_key)

    async def create(self, charge: Charge) -> Outcome:
        """A code to scan, or with the method `h5` a page that opens WeChat on the phone of `charge.payer_ip`."""
        _in_yuan(charge.amount)
        if charge.method not in ("", "native", "qr", "h5"):
            raise ProviderRefused(f"WeChat Pay has no method {charge.method!r}: native or h5.", reason="unknown_method")
        kind = "h5" if charge.method == "h5" else "native"
        if kind == "h5" and not charge.payer_ip:
            raise ProviderRefused("WeChat Pay wants the payer's address for h5.", reason="payer_ip")
        try:
            asked = await self._api.ask("POST", f"/v3/pay/transactions/{kind}", words.Asked, self._order(charge, kind))
        except BusinessFailed:
            # Most likely it is paid or closed: a number is good for one trade.
            found = await self._trade(charge.payment_id)
            if found is None or found.state is State.REQUIRES_ACTION:
                raise
            return found
        return Outcome(
            subject=Subject.CHARGE, our_id=charge.payment_id, reference=charge.payment_id.hex,
            state=State.REQUIRES_ACTION, amount=charge.amount, action_url=asked.code_url or asked.h5_url,
            action_kind="redirect" if kind == "h5" else "qr",
        )  # fmt: skip

    async def confirm(self, charge: Charge, reference: str) -> Outcome:
        """WeChat Pay's payers confirm there: this looks whether they have, and shows the way again if not."""
        found = await self._trade(charge.payment_id)
        if found is None or found.state is State.REQUIRES_ACTION:
            return await self.create(charge)
        return found

    async def cancel(self, payment_id: UUID, reference: str) -> Outcome:
        target = f"/v3/pay/transactions/out-trade-no/{payment_id.hex}/close"
        failed: BusinessFailed | None = None
        try:
            await self._api.ask("POST", target, Nothing, {"mchid": self._mch_id})
        except BusinessFailed as failure:
            failed = failure
        found = await self._trade(payment_id)
        if found is not None:
            if failed is not None and found.state is State.REQUIRES_ACTION:
                raise failed
            return found
        return Outcome(
            subject=Subject.CHARGE, our_id=payment_id, reference=payment_id.hex, state=State.CANCELLED,
            amount=Money(0, CURRENCY),
        )  # fmt: skip

    async def refund(self, repayment: Repayment) -> Outcome:
        _in_yuan(repayment.amount)
        content = {
            "out_trade_no": repayment.payment_id.hex,
            "out_refund_no": repayment.refund_id.hex,
            "amount": {
                "refund": repayment.amount.minor, "total": repayment.charged.minor, "currency": CURRENCY,
            },
            **({"reason": repayment.reason[:80]} if repayment.reason else {}),
        }  # fmt: skip
        try:
            made = await self._api.ask("POST", "/v3/refund/domestic/refunds", words.Refund, content)
        except BusinessFailed as failure:
            # That a repetition is refused does not mean that the first was.
            return await self._refund(repayment.refund_id) or Outcome(
                subject=Subject.REFUND, our_id=repayment.refund_id, reference="", state=State.FAILED,
                amount=repayment.amount, failure_code=words.failure_code(failure.reason), failure_message=failure.said,
            )  # fmt: skip
        _about(made.out_refund_no, repayment.refund_id)
        return words.refund_outcome(made, repayment.refund_id)

    async def payout(self, transfer: Transfer) -> Outcome:
        """To the balance of an `openid`. The payee agrees in WeChat within a day, or it comes back as failed."""
        _in_yuan(transfer.amount)
        content: dict[str, Any] = {
            "appid": self._app_id,
            "out_bill_no": transfer.payout_id.hex,
            "transfer_scene_id": SCENE,
            "openid": transfer.destination,
            "transfer_amount": transfer.amount.minor,
            "transfer_remark": transfer.description[:32] or "Payout",
            "transfer_scene_report_infos": SCENE_REPORT,
        }
        headers = {}
        if transfer.recipient_name and transfer.amount >= NAMED_FROM:
            content["user_name"], headers["wechatpay-serial"] = self._api.platform.seal(transfer.recipient_name)
        try:
            bill = await self._api.ask("POST", TRANSFERS, words.Bill, content, **headers)
        except BusinessFailed as failure:
            return await self._payout(transfer.payout_id) or Outcome(
                subject=Subject.PAYOUT, our_id=transfer.payout_id, reference="", state=State.FAILED,
                amount=transfer.amount, failure_code=words.failure_code(failure.reason), failure_message=failure.said,
            )  # fmt: skip
        _about(bill.out_bill_no, transfer.payout_id)
        return words.payout_outcome(bill, transfer.payout_id, transfer.amount)

    async def verify_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Sequence[Notice]:
        return [self._reader.read(headers, body, now)]

    async def fetch(self, subject: Subject, our_id: UUID, reference: str = "") -> Outcome | None:
        match subject:
            case Subject.CHARGE:
                return await self._trade(our_id)
            case Subject.REFUND:
                return await self._refund(our_id)
            case Subject.PAYOUT:
                return await self._payout(our_id)
        raise NotSupported

    def reply(self) -> Reply:
        return Reply('{"code":"SUCCESS","message":"成功"}'.encode())

    def _order(self, charge: Charge, kind: str) -> dict[str, Any]:
        """The same for the same charge: WeChat Pay refuses to hear something else about a number it knows."""
        return {
            "appid": self._app_id,
            "mchid": self._mch_id,
            "description": charge.description[:127] or "Payment",
            "out_trade_no": charge.payment_id.hex,
            "notify_url": charge.notify_url,
            "amount": {"total": charge.amount.minor, "currency": CURRENCY},
            **({"scene_info": _scene(charge.payer_ip)} if kind == "h5" else {}),
        }

    async def _trade(self, payment_id: UUID) -> Outcome | None:
        target = f"/v3/pay/transactions/out-trade-no/{payment_id.hex}?mchid={self._mch_id}"
        found = await self._found(target, words.Trade)
        if found is None:
            return None
        _about(found.out_trade_no, payment_id)
        if found.mchid != self._mch_id:
            raise ProviderUnknown
        return words.charge_outcome(found, payment_id)

    async def _refund(self, refund_id: UUID) -> Outcome | None:
        found = await self._found(f"/v3/refund/domestic/refunds/{refund_id.hex}", words.Refund)
        if found is None:
            return None
        _about(found.out_refund_no, refund_id)
        return words.refund_outcome(found, refund_id)

    async def _payout(self, payout_id: UUID) -> Outcome | None:
        found = await self._found(f"{TRANSFERS}/out-bill-no/{payout_id.hex}", words.Bill)
        if found is None:
            return None
        _about(found.out_bill_no, payout_id)
        return words.payout_outcome(found, payout_id, words.money(found.transfer_amount))

    async def _found(self, target: str, answer: type[words.Found]) -> words.Found | None:
        try:
            return await self._api.ask("GET", target, answer)
        except BusinessFailed as failure:
            if failure.not_there:
                return None
            raise


def _in_yuan(amount: Money) -> None:
    if amount.currency != CURRENCY:
        raise ProviderRefused(f"WeChat Pay moves {CURRENCY} only.", reason="currency")


def _about(said: str, ours: UUID) -> None:
    """An answer about something else is none."""
    if said != ours.hex:
        raise ProviderUnknown


def _scene(payer_ip: str) -> dict[str, Any]:
    return {"payer_client_ip": payer_ip, "h5_info": {"type": "Wap"}}
