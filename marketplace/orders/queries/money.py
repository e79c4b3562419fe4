"""Every posting of an order, told to a party of it in words: never somebody else's account."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

import msgspec

from marketplace.core import db
from marketplace.core.money import to_text
from marketplace.ledger.queries import get_postings
from marketplace.ledger.schemas import Line, Posting
from marketplace.ledger.states import AccountKind, TransferStatus
from marketplace.orders.errors import OrderNotFound
from marketplace.orders.schemas.money import MoneyLine, MoneyStep, OrderMoney, OrderPartOut
from marketplace.orders.schemas.orders import OrderRole

K = AccountKind
NAMES: Final = {
    "escrow": "This order's escrow",
    "wallet": "The buyer's wallet",
    "provider": "The payment provider",
    "refund": "On its way back through the payment provider",
    "dispute": "Held while the payer's bank decides",
    "seller": "The seller, with fees and taxes",
    "seller_pending": "The seller: not cleared yet",
    "seller_available": "The seller: to be taken out",
    "seller_debt": "The seller: owed to the platform",
    "commission": "The platform's commission",
    "tax": "Tax to be passed on",
    "other": "Elsewhere",
}
TO_THE_SELLER: Final = {
    K.ESCROW: "escrow", K.WALLET_AVAILABLE: "wallet", K.WALLET_HELD: "wallet", K.PROVIDER_CLEARING: "provider",
    K.REFUND_CLEARING: "refund", K.DISPUTE_HOLD: "dispute", K.SELLER_PENDING: "seller_pending",
    K.SELLER_AVAILABLE: "seller_available", K.SELLER_NEGATIVE: "seller_debt", K.PLATFORM_FEE: "commission",
    K.TAX_PAYABLE: "tax",
}  # fmt: skip
TO_THE_BUYER: Final = TO_THE_SELLER | dict.fromkeys(
    (K.SELLER_PENDING, K.SELLER_AVAILABLE, K.SELLER_NEGATIVE, K.PLATFORM_FEE, K.TAX_PAYABLE), "seller"
)
"""What the platform takes of it is between it and the seller."""

SAID: Final = {
    "capture": "Paid into escrow.",
    "payment": "Paid into escrow from the wallet.",
    "release": "Released from escrow.",
    "clear": "Cleared: the seller may take it out.",
    "refund": "Refunded.",
    "refund_settle": "The refund has reached the payer.",
    "refund_returned": "The payer's bank sent the refund back.",
    "refund_to_wallet": "The refund could not be sent, and is in the buyer's wallet.",
    "chargeback": "The payer's bank demands it back.",
    "chargeback_won": "The demand was turned down: it is back.",
    "chargeback_lost": "The payer's bank took it back.",
}


ORDER: Final = """
SELECT o.number, o.currency, o.buyer, (SELECT coalesce(json_agg(json_build_object('position', x.position, 'title', x.title,
    'amount', money_text(x.amount_minor, o.currency), 'refunded', money_text(x.refunded_minor, o.currency),
    'status', CASE WHEN x.paid_at IS NOT NULL THEN 'paid' WHEN o.phase IN ('completed', 'cancelled') THEN 'void'
      WHEN x.due_at IS NOT NULL THEN 'due' ELSE 'planned' END,
    'checkout_id', CASE WHEN o.buyer = $2 THEN x.checkout END, 'due_at', x.due_at, 'paid_at', x.paid_at) ORDER BY x.position), '[]')
  FROM order_parts x WHERE o.in_parts AND x."order" = o.id)::text AS parts
FROM orders o WHERE o.id = $1 AND $2 IN (o.buyer, o.seller)
"""


async def get_money(order_id: UUID, viewer_id: UUID) -> OrderMoney:
    """Of an order that the viewer buys or sells. Raises OrderNotFound."""
    row = await db.fetch_row(ORDER, order_id, viewer_id)
    if row is None:
        raise OrderNotFound
    role, currency = OrderRole.BUYER if row["buyer"] == viewer_id else OrderRole.SELLER, row["currency"]
    names = TO_THE_BUYER if role is OrderRole.BUYER else TO_THE_SELLER
    escrow, steps = 0, []
    for posting in await get_postings("order_id", order_id):
        if posting.status is not TransferStatus.POSTED:
            continue
        escrow += sum(line.amount.minor for line in posting.lines if line.kind is K.ESCROW and line.owner == order_id)
        lines = _lines(posting.lines, names, currency)
        if lines:
            steps.append(_step(posting, lines, to_text(escrow, currency)))
    return OrderMoney(
        order_id=order_id, order_number=row["number"], role=role, currency=currency,
        escrow_balance=to_text(escrow, currency), parts=msgspec.json.decode(row["parts"], type=list[OrderPartOut]),
        postings=steps,
    )  # fmt: skip


def _lines(lines: Iterable[Line], names: dict[AccountKind, str], currency: str) -> list[MoneyLine]:
    """One line an account as the viewer knows it; what only moves within one of them is nothing to them."""
    sums: dict[str, int] = {}
    for line in lines:
        account = names.get(line.kind, "other")
        sums[account] = sums.get(account, 0) + line.amount.minor
    return [
        MoneyLine(account=account, name=NAMES[account], amount=to_text(minor, currency))
        for account, minor in sums.items() if minor
    ]  # fmt: skip


def _step(posting: Posting, lines: list[MoneyLine], escrow: str) -> MoneyStep:
    said = SAID.get(posting.reason) or posting.reason.replace("_", " ").capitalize() + "."
    return MoneyStep(
        id=posting.id, what=posting.reason, description=said, lines=lines, escrow_balance=escrow,
        happened_at=posting.event_at, recorded_at=posting.created_at,
    )  # fmt: skip
