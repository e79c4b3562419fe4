"""A stall: something small to pay for, with what it holds in a schema of its own, and short ways to pay for it and to wait."""

from typing import Any
from uuid import UUID

from msgspec import Struct

from marketplace.core import db, jobs, outbox, timers
from marketplace.core.errors import NotFound
from marketplace.core.ids import uuid7
from marketplace.core.money import Money, split
from marketplace.ledger.chart import Account
from marketplace.ledger.schemas import Move, Transfer
from marketplace.ledger.service.posting import post
from marketplace.ledger.states import AccountKind
from marketplace.payments import payables
from marketplace.payments.payables import Due, Share
from marketplace.payments.queries.locking import get_payment
from marketplace.payments.service import paying, recovery, refunding
from tests.factories.accounts import a_user
from tests.factories.ledger import a_transfer, balance_of, wallet_of

PURPOSE = "stall"
STALLS = """
CREATE SCHEMA IF NOT EXISTS fair;
CREATE TABLE IF NOT EXISTS fair.stalls (id uuid PRIMARY KEY, payer uuid, keepers uuid[], minor bigint, currency text,
  open boolean, paid_by uuid, lost text DEFAULT '');
CREATE TABLE IF NOT EXISTS fair.taken (key text, keeper uuid, minor bigint, PRIMARY KEY (key, keeper))
"""


class Stall(Struct, frozen=True, kw_only=True):
    id: UUID
    payer: UUID
    keepers: list[UUID]
    minor: int
    currency: str
    open: bool
    paid_by: UUID | None
    lost: str

    def wallets(self) -> list[Account]:
        return [wallet_of(keeper, self.currency) for keeper in self.keepers]

    def parts(self, minor: int) -> list[int]:
        return split(minor, [1] * len(self.keepers))


async def get_stall(stall_id: UUID, more: str = "") -> Stall:
    row = await db.fetch_row(f"SELECT * FROM fair.stalls WHERE id = $1 {more}", stall_id)
    if row is None:
        raise NotFound
    return Stall(**dict(row))


class Stalls:
    """The payable: what is paid is shared by the stall's keepers, into their wallets."""

    purpose = PURPOSE

    async def lock(self, subject: UUID) -> Due:
        stall = await get_stall(subject, "FOR UPDATE")
        shares = [
            Share(wallet, Money(part, stall.currency))
            for wallet, part in zip(stall.wallets(), stall.parts(stall.minor), strict=True)
        ]
        return Due(
            payer=stall.payer, amount=Money(stall.minor, stall.currency), open=stall.open, description="A stall", shares=shares
        )  # fmt: skip

    async def paid(self, subject: UUID, payment_id: UUID) -> None:
        await db.execute("UPDATE fair.stalls SET open = false, paid_by = $2 WHERE id = $1", subject, payment_id)

    async def take_back(self, subject: UUID, *, key: str, reason: str, amount: Money, to: Account) -> None:
        stall = await get_stall(subject, "FOR UPDATE")
        moves = []
        for wallet, part in zip(stall.wallets(), stall.parts(amount.minor), strict=True):
            moves.append(Move(wallet, to, Money(part, amount.currency)))
            await db.execute("INSERT INTO fair.taken VALUES ($1, $2, $3)", key, wallet.owner, part)
        await post(Transfer(key=key, reason=reason, moves=moves))

    async def give_back(self, subject: UUID, *, key: str, reason: str, source: Account) -> None:
        await get_stall(subject, "FOR UPDATE")
        rows = await db.fetch("SELECT keeper, minor FROM fair.taken WHERE key = $1", key)
        moves = [
            Move(source, wallet_of(row["keeper"], source.currency), Money(row["minor"], source.currency)) for row in rows
        ]  # fmt: skip
        await post(Transfer(key=f"{key}:back", reason=reason, moves=moves))

    async def lost(self, subject: UUID, *, key: str) -> None:
        await db.execute("UPDATE fair.stalls SET lost = $2 WHERE id = $1", subject, key)

    async def refund_failed(self, subject: UUID, *, refund_id: UUID, amount: Money, source: Account) -> None:
        stall = await get_stall(subject)
        moves = [
            Move(source, wallet, Money(part, amount.currency))
            for wallet, part in zip(stall.wallets(), stall.parts(amount.minor), strict=True)
        ]
        await post(Transfer(key=f"stall:{refund_id}:failed", reason="refund_failed", moves=moves))


payables.register(Stalls())


async def a_stall(payer: UUID | None = None, minor: int = 2_500, currency: str = "USD", keepers: int = 1) -> Stall:
    """Something that `payer` is to pay for."""
    await db.execute(STALLS)
    stall_id = uuid7()
    await db.execute(
        "INSERT INTO fair.stalls (id, payer, keepers, minor, currency, open) VALUES ($1, $2, $3, $4, $5, true)",
        stall_id, payer or (await a_user()).id, [uuid7() for _ in range(keepers)], minor, currency,
    )  # fmt: skip
    return await get_stall(stall_id)


async def close_stall(stall: Stall) -> None:
    """Nothing is due for it any more."""
    await db.execute("UPDATE fair.stalls SET open = false WHERE id = $1", stall.id)


async def a_payment(stall: Stall, method: str = "pm_card_ok", **over: Any) -> UUID:
    """Begin to pay for a stall with the sandbox."""
    return await paying.start(stall.payer, PURPOSE, stall.id, "sandbox", method=method, **over)


async def a_paid_stall(minor: int = 2_500, **over: Any) -> tuple[Stall, UUID]:
    stall = await a_stall(minor=minor, **over)
    return stall, await a_payment(stall)


async def fill_wallet(owner: UUID, minor: int, currency: str = "USD") -> Account:
    wallet = wallet_of(owner, currency)
    clearing = Account(AccountKind.PROVIDER_CLEARING, currency, provider="sandbox")
    await post(a_transfer((clearing, wallet, minor), reason="deposit"))
    return wallet


async def a_refund(
    payment_id: UUID, minor: int, *, actor: UUID | None = None, order_id: UUID | None = None, reason: str = "Asked."
) -> UUID:  # fmt: skip
    """As an order would do it: the keepers give the money, and the payment's provider is asked to bring it."""
    refund_id = uuid7()
    seen = await get_payment(payment_id)
    async with db.transaction():
        stall = await get_stall(seen.subject, "FOR UPDATE")
        amount = Money(minor, stall.currency)
        payment = await refunding.lock_refundable(payment_id, amount)
        back = (
            wallet_of(payment.payer, amount.currency)
            if payment.provider == "wallet"
            else Account(AccountKind.REFUND_CLEARING, amount.currency, provider=payment.provider)
        )
        moves = [
            Move(wallet, back, Money(part, amount.currency))
            for wallet, part in zip(stall.wallets(), stall.parts(minor), strict=True)
        ]
        await post(Transfer(key=f"refund:{refund_id}:take", reason="refund", moves=moves, payment_id=payment_id))
        await refunding.record(
            payment_id, amount, refund_id=refund_id, order_id=order_id, reason=reason, actor=actor or stall.payer
        )  # fmt: skip
    return refund_id


DELIVERIES = "job:payments.providers.sandbox.webhooks.deliver"


async def work_off() -> None:
    """Run what is due: looks, listeners, jobs in this process. The sandbox's webhooks wait for `webhooks_of`."""
    outbox.use_job_pusher(jobs.run_inline)
    while True:
        await db.execute("DELETE FROM outbox WHERE handler = $1", DELIVERIES)
        if not await outbox.drain() + await timers.run_due():
            return


async def look_again() -> None:
    """Have everything asked for that waits to be."""
    await db.execute("UPDATE timers SET due_at = now() - interval '1 second' WHERE kind = $1", recovery.TIMER)
    await work_off()


async def standing(payment_id: UUID) -> tuple[str, bool]:
    """The status, and whether it is a surplus."""
    payment = await get_payment(payment_id)
    return payment.status.value, payment.surplus


async def history_of(paper_id: UUID) -> list[str]:
    rows = await db.fetch("SELECT to_status FROM payment_history WHERE subject_id = $1 ORDER BY id", paper_id)
    return [row["to_status"] for row in rows]


async def kept_by(stall: Stall) -> int:
    """What all its keepers have."""
    return sum([await balance_of(wallet) for wallet in stall.wallets()])


def clearing(
    kind: AccountKind = AccountKind.PROVIDER_CLEARING, provider: str = "sandbox", currency: str = "USD"
) -> Account:
    return Account(kind, currency, provider=provider)
