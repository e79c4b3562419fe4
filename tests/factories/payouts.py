"""Users with earnings, somewhere to send them, and payouts."""

from typing import Any
from uuid import UUID

from marketplace.core import db, outbox
from marketplace.core.ids import uuid7
from marketplace.core.jobs import run_inline
from marketplace.core.money import Money
from marketplace.ledger.chart import Account
from marketplace.ledger.service.posting import post
from marketplace.ledger.states import AccountKind
from marketplace.payments.service import payouts
from marketplace.payments.states import PayoutSource
from marketplace.payments.tables import PayoutMethod, ReconciliationBreak, ReconciliationRun
from tests.factories.accounts import a_user
from tests.factories.ledger import a_transfer, balance_of, escrow_of


def cleared_of(user_id: UUID, currency: str = "USD") -> Account:
    return Account(AccountKind.SELLER_AVAILABLE, currency, user_id)


def debt_of(user_id: UUID, currency: str = "USD") -> Account:
    return Account(AccountKind.SELLER_NEGATIVE, currency, user_id)


def pending_of(user_id: UUID, currency: str = "USD") -> Account:
    return Account(AccountKind.SELLER_PENDING, currency, user_id)


def transit(currency: str = "USD") -> Account:
    return Account(AccountKind.PAYOUT_IN_TRANSIT, currency, provider="sandbox")


def bank(currency: str = "USD") -> Account:
    return Account(AccountKind.BANK, currency)


async def pay_in(account: Account, minor: int, reason: str = "deposit") -> None:
    clearing = Account(AccountKind.PROVIDER_CLEARING, account.currency, provider="sandbox")
    await post(a_transfer((clearing, account, minor), reason=reason))


async def owe(user_id: UUID, minor: int, currency: str = "USD") -> None:
    """Make the user owe us, as a refund does that nothing of theirs was left to pay for."""
    await post(a_transfer((debt_of(user_id, currency), escrow_of(currency=currency), minor), reason="refund"))


async def a_method(user_id: UUID, destination: str = "acct_ok", **over: Any) -> UUID:
    values = {
        "id": uuid7(), "user": user_id, "provider": "sandbox", "label": "My bank", "destination": destination,
        "is_default": True,
    }  # fmt: skip
    await PayoutMethod.update({PayoutMethod.is_default: False}).where(PayoutMethod.user == user_id)
    method = PayoutMethod(**(values | over))
    await method.save()
    return method.id


async def an_earner(minor: int = 10_000, destination: str = "acct_ok", currency: str = "USD") -> UUID:
    """A user with so much that has cleared, and a payout method."""
    user = await a_user()
    await pay_in(cleared_of(user.id, currency), minor, reason="clear")
    await a_method(user.id, destination)
    return user.id


async def a_payout(user_id: UUID, minor: int | None = None, **over: Any) -> UUID:
    """Requested, of cleared earnings."""
    values: dict[str, Any] = {"user_id": user_id, "source": PayoutSource.EARNINGS, "currency": "USD", "minor": minor}
    return await payouts.request(payouts.Wanted(**(values | over)))


async def work_off() -> None:
    """Everything that has been asked for: listeners and jobs."""
    outbox.use_job_pusher(run_inline)
    try:
        await outbox.drain()
    finally:
        outbox.use_job_pusher(None)


async def status_of(payout_id: UUID) -> str:
    status: str = await db.fetch_val("SELECT status FROM payouts WHERE id = $1", payout_id)
    return status


async def path_of(payout_id: UUID) -> list[str]:
    rows = await db.fetch("SELECT to_status FROM payment_history WHERE subject_id = $1 ORDER BY id", payout_id)
    return [row["to_status"] for row in rows]


async def where_it_is(user_id: UUID, currency: str = "USD") -> tuple[int, int, int]:
    """(cleared earnings, in transit, paid out)."""
    return (
        await balance_of(cleared_of(user_id, currency)),
        await balance_of(transit(currency)),
        await balance_of(bank(currency)),
    )


async def a_break() -> UUID:
    """An open reconciliation break."""
    run = ReconciliationRun(id=uuid7())
    await run.save()
    found = ReconciliationBreak(id=uuid7(), first_run=run.id, last_run=run.id, fingerprint=str(uuid7()), rule="a test")
    await found.save()
    return found.id


async def check_now() -> int:
    """Ask about everything that is on its way, as if it were time."""
    await db.execute("UPDATE payouts SET check_at = now() WHERE check_at IS NOT NULL")
    return await payouts.check_due()


def usd(minor: int) -> Money:
    return Money(minor, "USD")
