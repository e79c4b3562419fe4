"""Escrow against a notebook: whatever is tried in whatever order, both agree on every amount and refusal."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from marketplace.core import db, invariants, platform
from marketplace.core.errors import DomainError
from marketplace.core.money import Money
from marketplace.ledger import invariants as ledger_invariants
from marketplace.ledger.states import AccountKind as K
from marketplace.orders import invariants as order_invariants
from marketplace.orders.fulfilment import CancelledBy
from marketplace.orders.locking import lock_order
from marketplace.orders.service import cancelling, completing, freezing, refunding, releasing, shipping
from marketplace.orders.service.placing import place
from marketplace.payments.providers.base import Outcome, State, Subject
from marketplace.payments.service.chargebacks import apply_dispute
from tests.factories import a_user
from tests.factories.orders import a_draft, a_line, minor_in, minor_of, pay, read
from tests.factories.payouts import a_method, a_payout

ORDERS = st.sampled_from(range(2))
PART = st.floats(0.01, 1)
EXAMPLES = int(os.environ.get("ESCROW_EXAMPLES", "12"))
TOTALS, TAXES, FEES = (10_007, 3_331), (911, 0), (910, 333)


def usd(minor: int) -> Money:
    return Money(minor, "USD")


class Page:
    """One order in the notebook. Amounts of what its seller has not cleared are kept by release."""

    def __init__(self, n: int) -> None:
        self.total, self.tax, self.fee = TOTALS[n], TAXES[n], FEES[n]
        self.status, self.frozen, self.was_paid = "pending", False, False
        self.released = self.from_escrow = self.returned = 0
        self.uncleared: dict[int, int] = {}
        self.pending = 0

    @property
    def paid(self) -> int:
        return self.total if self.was_paid else 0

    @property
    def held(self) -> int:
        return self.paid - self.released - self.from_escrow

    @property
    def left(self) -> int:
        return self.paid - self.from_escrow - self.returned

    def shares(self, minor: int) -> tuple[int, int, int]:
        """Seller's, fee, tax of the first `minor`: worked out from scratch, in fractions that are rounded down."""
        tax = self.tax * minor // self.total
        fee = self.fee * (minor - tax) // (self.total - self.tax)
        return minor - tax - fee, fee, tax

    def between(self, before: int, after: int) -> tuple[int, ...]:
        return tuple(b - a for a, b in zip(self.shares(before), self.shares(after), strict=True))


class Notebook:
    def __init__(self) -> None:
        self.pages = [Page(0), Page(1)]
        self.wallet = self.available = self.debt = self.fee = self.tax = self.hold = 0
        self.charge: list[dict[str, int]] | None = None

    def release(self, page: Page, minor: int) -> None:
        seller, fee, tax = page.between(page.released, page.released + minor)
        page.released += minor
        page.uncleared[page.released] = seller
        page.pending += seller
        self.fee += fee
        self.tax += tax

    def take(self, page: Page, minor: int) -> dict[str, int]:
        held = min(minor, page.held)
        rest = minor - held
        seller, fee, tax = page.between(page.returned, page.returned + rest)
        page.from_escrow += held
        page.returned += rest
        self.fee -= fee
        self.tax -= tax
        pending = min(seller, page.pending)
        page.pending -= pending
        available = min(seller - pending, self.available)
        self.available -= available
        self.debt += seller - pending - available
        return {
            "held": held, "rest": rest, "fee": fee, "tax": tax, "pending": pending, "earned": seller - pending,
        }  # fmt: skip

    def clear(self, page: Page, upto: int) -> None:
        minor = min(page.uncleared[upto], page.pending)
        if minor:
            del page.uncleared[upto]
        page.pending -= minor
        self.earn(minor)

    def earn(self, minor: int) -> None:
        paid = min(minor, self.debt)
        self.debt -= paid
        self.available += minor - paid


class Escrow(RuleBasedStateMachine):
    loop: asyncio.AbstractEventLoop

    def wait(self, deed: Awaitable[Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(_awaited(deed), self.loop).result(30)

    def agreed(self, deed: Awaitable[Any], expected: bool) -> bool:
        try:
            self.wait(deed)
        except DomainError as refusal:
            assert not expected, f"refused: {refusal.code}"
            return False
        assert expected, "should have been refused"
        return True

    @initialize()
    def open(self) -> None:
        self.buyer, self.seller = self.wait(a_user()).id, self.wait(a_user()).id
        self.book, self.counted = Notebook(), 0
        self.by_bank: set[Page] = set()
        self.wait(a_method(self.seller))
        self.holds = self.wait(_held_for_banks())
        self.fees, self.taxes = self.wait(minor_of(K.PLATFORM_FEE)), self.wait(minor_of(K.TAX_PAYABLE))
        drafts = [a_draft(self.seller, a_line(TOTALS[n] - TAXES[n], tax=TAXES[n])) for n in range(2)]
        placed = self.wait(place(self.buyer, drafts))
        self.checkout, self.orders = placed.checkout_id, [order.id for order in placed.orders]

    def both(self, n: int) -> tuple[Page, Any]:
        return self.book.pages[n], self.orders[n]

    @rule()
    @precondition(lambda self: any(page.status == "pending" for page in self.book.pages))
    def pay_it(self):
        self.payment = self.wait(pay(self.checkout, "wallet"))
        for page in self.book.pages:
            if page.status == "pending":
                page.status, page.was_paid = "processing", True

    @rule(n=ORDERS)
    def ship(self, n):
        page, order = self.both(n)
        if self.agreed(shipping.ship(order, self.seller, "DHL", "1"), page.status == "processing"):
            page.status = "shipped"

    @rule(n=ORDERS)
    def complete(self, n):
        page, order = self.both(n)
        held = page.held
        good = page.status in ("processing", "shipped") and not page.frozen
        if self.agreed(completing.complete(order, None, "received"), good):
            page.status = "delivered"
            if held:
                self.book.release(page, held)

    @rule(n=ORDERS, part=PART)
    def release_some(self, n, part):
        page, order = self.both(n)
        minor = max(1, round(page.total * part))
        good = not page.frozen and page.status not in ("pending", "cancelled") and minor <= page.held
        if self.agreed(_release(order, minor), good):
            self.book.release(page, minor)

    @rule(n=ORDERS, part=PART)
    def refund_some(self, n, part):
        page, order = self.both(n)
        minor = max(1, round(page.total * part))
        good = page.paid > 0 and not page.frozen and minor <= page.left
        if self.agreed(refunding.refund(order, usd(minor), None, "sorry"), good):
            self.give(page, minor)

    @rule(n=ORDERS)
    def refund_the_rest(self, n):
        page, order = self.both(n)
        left = page.left
        good = page.paid > 0 and not page.frozen and left > 0
        if self.agreed(refunding.refund(order, None, None, "sorry"), good):
            self.give(page, left)

    def give(self, page: Page, minor: int) -> None:
        self.book.take(page, minor)
        self.book.wallet += minor
        if not page.left:
            page.status = "cancelled" if page.status == "processing" else "returned"

    @rule(n=ORDERS)
    def cancel(self, n):
        page, order = self.both(n)
        good = page.status in ("pending", "processing") and not page.frozen
        if self.agreed(cancelling.cancel(order, CancelledBy.STAFF, None, "no"), good):
            page.status = "cancelled"
            if page.left:
                self.book.wallet += page.left
                self.book.take(page, page.left)

    @rule(n=ORDERS)
    def freeze(self, n):
        page, order = self.both(n)
        good = page.status in ("processing", "shipped") and not page.frozen and page.held > 0
        if self.agreed(freezing.freeze(order, "staff", None, "?"), good):
            page.frozen = True

    @rule(n=ORDERS)
    def unfreeze(self, n):
        page, order = self.both(n)
        if self.agreed(freezing.unfreeze(order, None, "!"), page.frozen and self.book.charge is None):
            page.frozen = False

    @rule(n=ORDERS, part=st.floats(0, 1), wrong=st.sampled_from((0, 0, 0, 1)))
    def resolve(self, n, part, wrong):
        page, order = self.both(n)
        buyers = round(page.held * part)
        sellers = page.held - buyers
        good = page.frozen and page.held > 0 and not wrong and self.book.charge is None
        if self.agreed(freezing.resolve(order, buyers, sellers + wrong, None, "so be it"), good):
            whole = buyers == page.left
            if buyers:
                self.book.take(page, buyers)
                self.book.wallet += buyers
            if sellers:
                self.book.release(page, sellers)
            over = "returned" if page.status == "shipped" else "cancelled"
            page.status, page.frozen = over if whole else "delivered", False

    @rule(n=ORDERS)
    def clear(self, n):
        page, order = self.both(n)
        for upto in sorted(page.uncleared):
            self.wait(releasing.clear(order, upto))
            if not page.frozen:
                self.book.clear(page, upto)

    @rule()
    @precondition(lambda self: self.book.available > 0)
    def pay_out(self):
        self.wait(a_payout(self.seller))
        self.book.available = 0

    @rule(part=PART)
    @precondition(lambda self: self.book.charge is None and any(page.left for page in self.book.pages))
    def charge_back(self, part):
        left = [page.left for page in self.book.pages]
        minor = max(1, round(sum(left) * part))
        self.counted += 1
        self.dispute(State.OPEN, minor)
        self.book.charge = []
        parts = _largest_remainder(minor, left)
        for page, share in zip(self.book.pages, parts, strict=True):
            self.book.charge.append(self.book.take(page, share) if page.paid else {})
            if share and page.status != "cancelled" and not page.frozen:
                page.frozen = True
                self.by_bank.add(page)
        self.book.hold = minor

    def dispute(self, state: State, minor: int) -> None:
        outcome = Outcome(
            subject=Subject.DISPUTE, reference=f"dp_{self.counted}", state=state, amount=usd(minor), reason="fraudulent"
        )  # fmt: skip
        self.wait(apply_dispute(self.payment, outcome, source="webhook"))

    @rule()
    @precondition(lambda self: self.book.charge is not None)
    def win(self):
        self.dispute(State.WON, self.book.hold)
        for page, taken in zip(self.book.pages, self.book.charge, strict=True):
            if taken:
                page.from_escrow -= taken["held"]
                page.returned -= taken["rest"]
                page.pending += taken["pending"]
                self.book.fee += taken["fee"]
                self.book.tax += taken["tax"]
                self.book.earn(taken["earned"])
        self.over()

    @rule()
    @precondition(lambda self: self.book.charge is not None)
    def lose(self):
        self.dispute(State.LOST, self.book.hold)
        ended = [page for page in self.by_bank if not page.left and page.status in ("processing", "shipped")]
        self.over()
        for page in ended:
            page.status = "returned" if page.status == "shipped" else "cancelled"

    def over(self) -> None:
        for page in self.by_bank:
            page.frozen = False
        self.by_bank.clear()
        self.book.charge, self.book.hold = None, 0

    @invariant()
    def agree(self):
        if not hasattr(self, "book"):
            return
        for page, order_id in zip(self.book.pages, self.orders, strict=True):
            order = self.wait(read(order_id))
            found = (order.status, order.frozen, order.held_minor, order.released_minor, order.refundable_minor)
            assert found == (page.status, page.frozen, page.held, page.released, page.left)
            assert self.wait(minor_in(K.ESCROW, order_id)) == page.held
        balances = [
            self.wait(minor_in(kind, self.seller)) for kind in (K.SELLER_PENDING, K.SELLER_AVAILABLE, K.SELLER_NEGATIVE)
        ]
        assert balances == [sum(page.pending for page in self.book.pages), self.book.available, -self.book.debt]
        assert self.wait(minor_in(K.WALLET_AVAILABLE, self.buyer)) == self.book.wallet
        assert self.wait(_held_for_banks()) - self.holds == self.book.hold
        assert self.wait(minor_of(K.PLATFORM_FEE)) - self.fees == self.book.fee
        assert self.wait(minor_of(K.TAX_PAYABLE)) - self.taxes == self.book.tax
        self.wait(_hold(ledger_invariants.violations(), order_invariants.violations()))

    def teardown(self) -> None:
        self.wait(_hold(invariants.violations()))


def _largest_remainder(minor: int, weights: list[int]) -> list[int]:
    if not sum(weights):
        return [0] * len(weights)
    exact = [minor * weight / sum(weights) for weight in weights]
    shares = [minor * weight // sum(weights) for weight in weights]
    for i in sorted(range(len(weights)), key=lambda i: (-(exact[i] - shares[i]), i))[: minor - sum(shares)]:
        shares[i] += 1
    return shares


async def _release(order_id, minor):
    async with db.transaction():
        await releasing.release(await lock_order(order_id), usd(minor))


async def _hold(*checks: AsyncIterator[str]) -> None:
    """Those of money and orders after each step, all there are at the end: they are a hundred statements."""
    assert [breach for check in checks async for breach in check] == []


async def _held_for_banks() -> int:
    return await db.fetch_val(
        "SELECT coalesce(sum(balance_minor), 0)::bigint FROM ledger_accounts WHERE kind = 'dispute_hold'"
    )


async def _awaited(deed: Awaitable[Any]) -> Any:
    return await deed


@pytest.mark.usefixtures("tables")
async def test_escrow_does_what_a_notebook_does():
    await platform.forget()
    loop = asyncio.get_running_loop()
    made = type("Bound", (Escrow,), {"loop": loop})
    few = settings(
        max_examples=EXAMPLES,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        phases=[Phase.generate],  # a step takes a dozen statements: shrinking would take minutes
    )
    await asyncio.to_thread(run_state_machine_as_test, made, settings=few)
