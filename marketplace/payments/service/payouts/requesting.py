"""Asking for a payout: the money is out of the account the moment the request stands."""

from typing import Any
from uuid import UUID

from msgspec import Struct

from marketplace.accounts.queries.owners import lock_owner
from marketplace.core import clock, db, outbox
from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.ledger.chart import Account
from marketplace.ledger.errors import InsufficientFunds
from marketplace.ledger.schemas import Move as Posted
from marketplace.ledger.schemas import Transfer
from marketplace.ledger.service.locking import lock_available, one_row
from marketplace.ledger.service.posting import post_many
from marketplace.ledger.states import AccountKind
from marketplace.payments import history, providers, rules
from marketplace.payments.errors import (
    BelowMinimum,
    MethodCooling,
    NoPayoutMethod,
    NothingToPayOut,
    PayoutMethodNotFound,
)
from marketplace.payments.events import PayoutRequested
from marketplace.payments.history import Step
from marketplace.payments.queries.payout_methods import Method, find_method
from marketplace.payments.service import pausing
from marketplace.payments.service.payouts.moving import source_account, transit_account
from marketplace.payments.states import PAYOUT, PayoutSource, PayoutStatus


class Wanted(Struct, frozen=True, kw_only=True):
    """`minor` None is everything there is; `method_id` None the default method."""

    user_id: UUID
    source: PayoutSource
    currency: str
    minor: int | None = None
    method_id: UUID | None = None


async def request(wanted: Wanted) -> UUID:
    """Take the money and have it sent, or put before a second person.

    What the user owes us is settled first, from the same account. Raises NothingToPayOut, InsufficientFunds, BelowMinimum,
    NoPayoutMethod, PayoutMethodNotFound, MethodCooling, PayoutsPaused, or ValidationFailed for what the method cannot do.
    """
    return await db.retrying(lambda: _request(wanted))


async def _request(wanted: Wanted) -> UUID:
    async with db.transaction():
        await lock_owner(wanted.user_id)
        await pausing.check()
        method = await _usable_method(wanted)
        payout_id = uuid7()
        amount = await _reserve(payout_id, wanted, method)
        needs_approval = await _needs_approval(wanted.user_id, amount)
        status = PayoutStatus.AWAITING_APPROVAL if needs_approval else PayoutStatus.REQUESTED
        await db.execute(
            'INSERT INTO payouts (id, "user", source, method, provider, amount_minor, currency, status, needs_approval, '
            "reference, failure_code, failure_message, attempts, created_at, updated_at) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', '', '', 0, $10, $10)",
            payout_id, wanted.user_id, wanted.source, method.id, method.provider, amount.minor, amount.currency, status,
            needs_approval, clock.now(),
        )  # fmt: skip
        await _note(payout_id, wanted.user_id, needs_approval)
        await outbox.emit(
            PayoutRequested(
                payout_id=payout_id, user_id=wanted.user_id, amount=amount.minor, currency=amount.currency,
                needs_approval=needs_approval,
            )
        )  # fmt: skip
    return payout_id


async def _usable_method(wanted: Wanted) -> Method:
    method = await find_method(wanted.user_id, wanted.method_id)
    if method is None:
        raise PayoutMethodNotFound if wanted.method_id else NoPayoutMethod
    provider = providers.available().get(method.provider)
    if provider is None or not provider.pays_out:
        raise ValidationFailed.of("payout_method_id", f"{method.provider} pays nothing out at present: choose another.")
    if provider.currencies is not None and wanted.currency not in provider.currencies:
        raise ValidationFailed.of("currency", f"{method.provider} pays out no {wanted.currency}.")
    usable_at = method.created_at + await rules.cooling()
    if usable_at > clock.now():
        raise MethodCooling(usable_at=usable_at.isoformat())
    return method


async def _reserve(payout_id: UUID, wanted: Wanted, method: Method) -> Money:
    """Settle what is owed, put the rest in transit, and say how much that is."""
    currency = wanted.currency
    source = source_account(wanted.user_id, wanted.source, currency)
    debt = Account(AccountKind.SELLER_NEGATIVE, currency, wanted.user_id)
    transit = one_row(transit_account(method.provider, currency))
    free = await lock_available([source, debt, transit])
    settled = min(free[source], -free[debt])
    amount = await _allowed(wanted, free[source] - settled, -free[debt])
    transfers = []
    if settled:
        way = Posted(source, debt, Money(settled, currency))
        transfers.append(
            Transfer(key=f"payout:{payout_id}:debt", reason="debt_settled", moves=[way], payout_id=payout_id)
        )
    way = Posted(source, transit, amount)
    transfers.append(
        Transfer(
            key=f"payout:{payout_id}:reserve", reason="payout", moves=[way], actor=wanted.user_id, payout_id=payout_id
        )
    )
    await post_many(transfers)
    return amount


async def _allowed(wanted: Wanted, free: int, owed: int) -> Money:
    """How much goes out of `free`. Raises what refuses it."""
    currency = wanted.currency
    details: dict[str, Any] = {
        "available": Money(free, currency).text, "owed": Money(owed, currency).text, "currency": currency,
    }  # fmt: skip
    if free <= 0:
        raise NothingToPayOut(**details)
    amount = Money(free if wanted.minor is None else wanted.minor, currency)
    if amount.minor > free:
        raise InsufficientFunds(**details)
    least = (await rules.PAYOUT_LEAST.value()).get(currency, 1)
    if amount.minor < least and amount.minor < free:
        minimum = Money(least, currency)
        message = f"The smallest payout is {minimum}."
        raise BelowMinimum(message, fields={"amount": [message]}, minimum=minimum.text, currency=currency)
    return amount


async def _needs_approval(user_id: UUID, amount: Money) -> bool:
    threshold = (await rules.APPROVAL.value()).get(amount.currency)
    if threshold is None:
        return True
    lately = await db.fetch_val(
        'SELECT coalesce(sum(amount_minor), 0)::bigint FROM payouts WHERE "user" = $1 AND currency = $2 AND created_at > $3 '
        "AND status IN ('requested', 'awaiting_approval', 'processing', 'paid')",
        user_id, amount.currency, clock.now() - rules.APPROVAL_WINDOW,
    )  # fmt: skip
    return bool(lately + amount.minor > threshold)


async def _note(payout_id: UUID, user_id: UUID, needs_approval: bool) -> None:
    requested, waiting = PayoutStatus.REQUESTED, PayoutStatus.AWAITING_APPROVAL
    steps = [Step(subject="payout", subject_id=payout_id, after=requested, actor=user_id)]
    if needs_approval:
        PAYOUT.check(requested, waiting)
        why = "It waits for the approval of a second person."
        steps.append(Step(subject="payout", subject_id=payout_id, before=requested, after=waiting, reason=why))
    await history.write(steps)
