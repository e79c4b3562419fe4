"""Chargebacks: a payer's bank takes money back, and the order is frozen until it is won or lost. RULES: Money.

What was taken counts as refunded from then on, so that no more than was paid ever goes back.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from marketplace.core import db
from marketplace.core.money import Money, split
from marketplace.ledger.chart import Account
from marketplace.ledger.schemas import Move, Transfer
from marketplace.ledger.service.locking import lock_available, one_row
from marketplace.ledger.service.posting import post, post_many
from marketplace.ledger.states import AccountKind
from marketplace.orders import accounts, rules
from marketplace.orders.fulfilment import CancelledBy, LockedOrder
from marketplace.orders.locking import lock_checkout
from marketplace.orders.parts import CHECKOUTS, Part, count_refunded
from marketplace.orders.service.closing import close, may_close
from marketplace.orders.service.freezing import freeze_locked, unfreeze_locked
from marketplace.orders.service.moving import change
from marketplace.orders.service.sources import Purse, Taken
from marketplace.orders.states import Phase

FROZEN_BY: Final = "chargeback"
TAKEN: Final = """
SELECT a.kind, sum(-e.amount_minor)::bigint AS minor
FROM ledger_transfers t JOIN ledger_entries e ON e.transfer = t.id JOIN ledger_accounts a ON a.id = e.account
WHERE t.key = $1 AND e.amount_minor < 0 GROUP BY a.kind
"""
OTHERS: Final = f"""
SELECT count(*) > 1 FROM chargebacks c JOIN payments p ON p.id = c.payment
WHERE p.purpose = 'checkout' AND p.subject IN {CHECKOUTS.format("$1")} AND c.status = 'open'
"""


class Keys(Struct, frozen=True):
    """The ledger's keys of one chargeback and one order: what counts as refunded, what came on top, and their way back."""

    key: str
    order_id: UUID

    @property
    def taken(self) -> str:
        return f"{self.key}:taken:{self.order_id}"

    @property
    def beyond(self) -> str:
        return f"{self.key}:beyond:{self.order_id}"

    @property
    def any_taken(self) -> tuple[str, str]:
        return self.taken, self.beyond

    @property
    def back(self) -> str:
        return f"{self.key}:back:{self.order_id}"


async def take_back(checkout_id: UUID, key: str, reason: str, amount: Money, to: Account) -> None:
    """From the paid orders of the checkout in proportion to what is left of each; what has been refunded before is owed by
    the sellers. Once for each key.
    """
    async with db.transaction():
        checkout = await lock_checkout(checkout_id)
        orders = [order for order in checkout.orders if checkout.paid_minor(order)]
        if not orders or await _posted(Keys(key, order.id).any_taken for order in orders):
            return
        left = [checkout.left_minor(order) for order in orders]
        counted = _over(min(amount.minor, sum(left)), left)
        beyond = _over(amount.minor - sum(counted), [checkout.paid_minor(order) for order in orders])
        purse = await Purse.open(orders, to, beyond_escrow=True)
        with_commission = await rules.REFUND_RETURNS_COMMISSION.value()
        taken: list[tuple[str, Taken]] = []
        for order, minor, more in zip(orders, counted, beyond, strict=True):
            keys = Keys(key, order.id)
            taken.append((keys.taken, purse.take(order, minor, with_commission=with_commission)))
            taken.append((keys.beyond, purse.take_from_seller(order, more)))
        await post_many(
            [
                Transfer(key=name, reason=reason, order_id=one.order.id, moves=one.moves(purse.to[to]))
                for name, one in taken if one.minor
            ]
        )  # fmt: skip
        for _, one in taken[::2]:
            if one.minor:
                await _count(one, checkout.parts.get(one.order.id))


def _over(minor: int, weights: Sequence[int]) -> list[int]:
    return split(minor, weights) if minor else [0] * len(weights)


async def _posted(names: Iterable[Sequence[str]]) -> bool:
    posted: bool = await db.fetch_val(
        "SELECT EXISTS (SELECT FROM ledger_transfers WHERE key = ANY($1::text[]))",
        [one for some in names for one in some],
    )
    return posted


async def _count(taken: Taken, part: Part | None) -> None:
    order = taken.order
    changed = await change(
        order, None, f"The payer's bank took back {Money(taken.minor, order.currency)}",
        refunded_minor=order.refunded_minor + taken.minor, refunded_held_minor=order.refunded_held_minor + taken.held,
    )  # fmt: skip
    if part is not None:
        await count_refunded(part.id, taken.minor)
    if order.phase is not Phase.CANCELLED and not order.frozen:
        await freeze_locked(changed, FROZEN_BY, None, "chargeback")


async def give_back(checkout_id: UUID, key: str, reason: str, source: Account) -> None:
    """The chargeback was won: everything goes back to where it was; what the seller had to give, first into what they owe
    by now. Once for each key.
    """
    async with db.transaction():
        checkout = await lock_checkout(checkout_id)
        orders = [order for order in checkout.orders if await _posted([Keys(key, order.id).any_taken])]
        if not orders or await _posted([[Keys(key, order.id).back] for order in orders]):
            return
        source, fee, tax = (
            one_row(one) for one in (source, accounts.fee(source.currency), accounts.tax(source.currency))
        )
        own = {
            account for order in orders
            for account in (accounts.escrow(order), accounts.pending(order), accounts.available(order), accounts.debt(order))
        }  # fmt: skip
        free = await lock_available([*{source, fee, tax, *own}])
        transfers, counted = [], []
        for order in orders:
            keys = Keys(key, order.id)
            main, beyond = await _taken(keys.taken), await _taken(keys.beyond)
            counted.append((order, sum(main.values()), main[AccountKind.ESCROW]))
            debt, sellers = accounts.debt(order), main + beyond
            earned = sellers[AccountKind.SELLER_AVAILABLE] + sellers[AccountKind.SELLER_NEGATIVE]
            owed = min(earned, -free.get(debt, 0))
            free[debt] = free.get(debt, 0) + owed
            parts = (
                (accounts.escrow(order), main[AccountKind.ESCROW]), (fee, main[AccountKind.PLATFORM_FEE]),
                (tax, main[AccountKind.TAX_PAYABLE]), (accounts.pending(order), sellers[AccountKind.SELLER_PENDING]),
                (debt, owed), (accounts.available(order), earned - owed),
            )  # fmt: skip
            moves = [Move(source, to, Money(minor, source.currency)) for to, minor in parts if minor]
            transfers.append(Transfer(key=keys.back, reason=reason, order_id=order.id, moves=moves))
        await post_many(transfers)
        for order, minor, held in counted:
            changed = await change(
                order, None, "The chargeback was won",
                refunded_minor=order.refunded_minor - minor, refunded_held_minor=order.refunded_held_minor - held,
            )  # fmt: skip
            if order.id in checkout.parts:
                await count_refunded(checkout.parts[order.id].id, -minor)
            await _thaw(changed, "The chargeback was won")


async def _taken(key: str) -> Counter[str]:
    """By the kind of account it was taken from."""
    return Counter({row["kind"]: row["minor"] for row in await db.fetch(TAKEN, key)})


async def lost(checkout_id: UUID, key: str) -> None:
    """What was taken stays taken. An open order of which nothing is left is over. Safe to repeat."""
    async with db.transaction():
        for order in (await lock_checkout(checkout_id)).orders:
            if order.frozen_by == FROZEN_BY and await _posted([Keys(key, order.id).any_taken]):
                thawed = await _thaw(order, "The chargeback was lost")
                if (
                    thawed.phase is Phase.OPEN
                    and not thawed.refundable_minor
                    and not thawed.frozen
                    and may_close(thawed)
                ):
                    await close(thawed, CancelledBy.STAFF, None, "The payer's bank took the money back")


async def _thaw(order: LockedOrder, reason: str) -> LockedOrder:
    """Unless something else froze it, or another chargeback is open."""
    if order.frozen_by != FROZEN_BY or await db.fetch_val(OTHERS, order.id):
        return order
    return await unfreeze_locked(order, None, reason)


async def refund_failed(refund_id: UUID, amount: Money, source: Account) -> None:
    """What the provider could not give back goes to the buyer's wallet: it is theirs, and the order may be over. Safe to
    repeat, and locks nothing but the ledger's accounts.
    """
    async with db.transaction():
        row = await db.fetch_row(
            "SELECT o.id, o.buyer FROM refunds r JOIN orders o ON o.id = r.order_id WHERE r.id = $1", refund_id
        )
        assert row is not None, "the refund is one of an order"
        wallet = Account(AccountKind.WALLET_AVAILABLE, amount.currency, row["buyer"])
        key = f"refund:{refund_id}:wallet"
        await post(
            Transfer(key=key, reason="refund_to_wallet", order_id=row["id"], moves=[Move(source, wallet, amount)])
        )
