"""Orders in parts against a notebook: whatever is tried in whatever order, both agree on every amount and refusal."""

import asyncio
import itertools
import os
from collections.abc import Awaitable
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
from marketplace.ledger.states import AccountKind as K
from marketplace.orders.fulfilment import CancelledBy
from marketplace.orders.locking import lock_order
from marketplace.orders.service import cancelling, completing, dividing, freezing, refunding, releasing
from marketplace.orders.service.dividing import Planned
from marketplace.orders.service.paying import PURPOSE
from marketplace.payments.providers.base import Outcome, State, Subject
from marketplace.payments.service import paying
from marketplace.payments.service.chargebacks import apply_dispute
from tests.factories import a_user
from tests.factories.orders import an_order, have_next_due, minor_in, minor_of, parts, read
from tests.factories.payments import fill_wallet

PART = st.floats(0.01, 1)
EXAMPLES = int(os.environ.get("PARTS_EXAMPLES", "10"))
TOTAL, TAX, FEE = 10_007, 911, 910


def usd(minor: int) -> Money:
    return Money(minor, "USD")


class Part:
    def __init__(self, minor: int) -> None:
        self.minor, self.due, self.paid, self.back = minor, False, False, 0

    @property
    def left(self) -> int:
        return self.minor - self.back if self.paid else 0


class Page:
    """The one order in the notebook."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.status, self.frozen = "unpaid", ""
        self.released = self.from_escrow = self.returned = 0
        self.pending = self.fee = self.tax = self.wallet = 0

    @property
    def paid(self) -> int:
        return sum(part.minor for part in self.parts if part.paid)

    @property
    def held(self) -> int:
        return self.paid - self.released - self.from_escrow

    @property
    def left(self) -> int:
        return sum(part.left for part in self.parts)

    @property
    def waiting(self) -> list[Part]:
        return [part for part in self.parts if not part.paid]

    @property
    def due(self) -> Part | None:
        is_open = self.status in ("unpaid", "open") and not self.frozen
        return next((part for part in self.waiting if part.due), None) if is_open else None

    def shares(self, before: int, after: int) -> tuple[int, int, int]:
        """Seller's, fee, tax of what lies between: worked out from scratch, in fractions that are rounded down."""

        def upto(minor: int) -> tuple[int, int, int]:
            tax = TAX * minor // TOTAL
            fee = FEE * (minor - tax) // (TOTAL - TAX)
            return minor - tax - fee, fee, tax

        seller, fee, tax = (b - a for a, b in zip(upto(before), upto(after), strict=True))
        return seller, fee, tax

    def release(self, minor: int) -> None:
        seller, fee, tax = self.shares(self.released, self.released + minor)
        self.released += minor
        self.pending, self.fee, self.tax = self.pending + seller, self.fee + fee, self.tax + tax

    def take(self, minor: int) -> tuple[int, int]:
        """From escrow, then from what was released. How much of each."""
        held = min(minor, self.held)
        rest = minor - held
        seller, fee, tax = self.shares(self.returned, self.returned + rest)
        self.from_escrow, self.returned = self.from_escrow + held, self.returned + rest
        self.pending, self.fee, self.tax = self.pending - seller, self.fee - fee, self.tax - tax
        return held, rest

    def give(self, minor: int) -> None:
        self.take(minor)
        self.wallet += minor
        for part in reversed(self.parts):
            piece = min(minor, part.left)
            part.back += piece
            minor -= piece


class InParts(RuleBasedStateMachine):
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

    @initialize(cuts=st.sets(st.integers(1, TOTAL - 1), min_size=1, max_size=4))
    def open(self, cuts) -> None:
        self.page, self.buyer, self.seller = Page(), self.wait(a_user()).id, self.wait(a_user()).id
        self.fees, self.taxes = self.wait(minor_of(K.PLATFORM_FEE)), self.wait(minor_of(K.TAX_PAYABLE))
        self.wait(fill_wallet(self.buyer, TOTAL))
        self.page.wallet = TOTAL
        self.order = self.wait(an_order(TOTAL - TAX, buyer=self.buyer, seller=self.seller, tax=TAX))
        self.payments: dict[Part, Any] = {}
        self.charged: tuple[Part, int, int] | None = None
        self.counted = 0
        self.divide_it(cuts)

    @rule(cuts=st.sets(st.integers(1, TOTAL - 1), max_size=4))
    def divide(self, cuts) -> None:
        self.divide_it(cuts)

    def divide_it(self, cuts) -> None:
        page = self.page
        unpaid = TOTAL - page.paid
        at = [0, *sorted(cut for cut in cuts if cut < unpaid), unpaid]
        minors = [b - a for a, b in itertools.pairwise(at) if b > a]
        good = page.status in ("unpaid", "open") and not page.frozen
        if self.agreed(_divide(self.order, minors), good):
            paid = [part for part in page.parts if part.paid]
            was_due = page.due is not None or page.status == "unpaid"
            page.parts = [*paid, *(Part(minor) for minor in minors)]
            if minors and was_due:
                page.parts[len(paid)].due = True

    @rule()
    def next_is_due(self) -> None:
        page = self.page
        found = self.wait(have_next_due(self.order))
        if page.waiting and not page.waiting[0].due:
            page.waiting[0].due = True
            assert found.amount_minor == page.waiting[0].minor
        else:
            assert found is None

    @rule(n=st.integers(0, 4))
    def pay(self, n) -> None:
        """Any part: only the one that is due is taken."""
        page, known = self.page, self.wait(parts(self.order))
        if n >= len(known):
            return
        deed = paying.pay_from_wallet(self.buyer, PURPOSE, known[n].checkout)
        wanted = page.parts[n]
        if self.agreed(deed, wanted is page.due and page.wallet >= wanted.minor):
            wanted.paid, page.status = True, "open"
            page.wallet -= wanted.minor
            self.payments[wanted] = self.wait(_payment_of(known[n].checkout))

    @rule(part=PART)
    def release(self, part) -> None:
        page = self.page
        minor = max(1, round(page.paid * part))
        if self.agreed(
            _release(self.order, minor), page.status in ("open", "completed") and not page.frozen and minor <= page.held
        ):
            page.release(minor)

    @rule()
    def complete(self) -> None:
        page = self.page
        if self.agreed(completing.complete(self.order, None, "done"), page.status == "open" and not page.frozen):
            page.status = "completed"
            if page.held:
                page.release(page.held)

    @rule(part=PART)
    def refund(self, part) -> None:
        page = self.page
        minor = max(1, round(page.paid * part))
        good = page.paid > 0 and not page.frozen and minor <= page.left
        if self.agreed(refunding.refund(self.order, usd(minor), None, "sorry"), good):
            whole = minor == page.left
            page.give(minor)
            if whole:
                page.status = {"open": "cancelled"}.get(page.status, page.status)

    @rule()
    def cancel(self) -> None:
        page = self.page
        good = page.status in ("unpaid", "open") and not page.frozen
        if self.agreed(cancelling.cancel(self.order, CancelledBy.STAFF, None, "no"), good):
            page.status = "cancelled"
            if page.held:
                page.give(page.held)

    @rule()
    def freeze(self) -> None:
        page = self.page
        good = page.status == "open" and not page.frozen and page.held > 0
        if self.agreed(freezing.freeze(self.order, "dispute", None, "?"), good):
            page.frozen = "dispute"

    @rule()
    def unfreeze(self) -> None:
        page = self.page
        if self.agreed(freezing.unfreeze(self.order, None, "!"), bool(page.frozen) and self.charged is None):
            page.frozen = ""

    @rule(part=st.floats(0, 1))
    def resolve(self, part) -> None:
        page = self.page
        buyers = round(page.held * part)
        sellers = page.held - buyers
        good = page.status == "open" and page.frozen == "dispute" and page.held > 0 and self.charged is None
        if self.agreed(freezing.resolve(self.order, buyers, sellers, None, "so be it"), good):
            page.status, page.frozen = "cancelled" if buyers == page.left else "completed", ""
            if buyers:
                page.give(buyers)
            if sellers:
                page.release(sellers)

    @rule(n=st.integers(0, 4), part=PART)
    @precondition(lambda self: self.charged is None)
    def charge_back(self, n, part) -> None:
        page = self.page
        if n >= len(page.parts) or page.parts[n].left == 0:
            return
        charged = page.parts[n]
        minor = max(1, round(charged.left * part))
        self.counted += 1
        self.dispute(charged, State.OPEN, minor)
        held, _ = page.take(minor)
        charged.back += minor
        self.charged = (charged, minor, held)
        if page.status != "cancelled" and not page.frozen:
            page.frozen = "chargeback"

    @rule(won=st.booleans())
    @precondition(lambda self: self.charged is not None)
    def decide(self, won) -> None:
        page = self.page
        charged, minor, held = self.charged
        self.dispute(charged, State.WON if won else State.LOST, minor)
        if won:
            rest = minor - held
            seller, fee, tax = page.shares(page.returned - rest, page.returned)
            page.from_escrow, page.returned = page.from_escrow - held, page.returned - rest
            page.pending, page.fee, page.tax = page.pending + seller, page.fee + fee, page.tax + tax
            charged.back -= minor
        self.charged = None
        if page.frozen == "chargeback":
            page.frozen = ""
            if not won and page.status == "open" and not page.left:
                page.status = "cancelled"

    def dispute(self, charged: Part, state: State, minor: int) -> None:
        outcome = Outcome(
            subject=Subject.DISPUTE, reference=f"dp_{self.counted}", state=state, amount=usd(minor), reason="fraudulent"
        )  # fmt: skip
        self.wait(apply_dispute(self.payments[charged], outcome, source="webhook"))

    @invariant()
    def agree(self) -> None:
        if not hasattr(self, "charged"):
            return
        page, order = self.page, self.wait(read(self.order))
        found = (order.captured_minor, order.held_minor, order.released_minor, order.refundable_minor, order.frozen_by)
        assert found == (page.paid, page.held, page.released, page.left, page.frozen)
        assert order.phase == page.status
        known = [
            (part.amount_minor, part.is_due, part.paid_at is not None, part.refunded_minor)
            for part in self.wait(parts(self.order))
        ]
        assert known == [(part.minor, part.due and not part.paid, part.paid, part.back) for part in page.parts]
        assert self.wait(minor_in(K.WALLET_AVAILABLE, self.buyer)) == page.wallet
        earned = [self.wait(minor_in(kind, self.seller)) for kind in (K.SELLER_PENDING, K.SELLER_NEGATIVE)]
        assert earned == [page.pending, 0]
        assert self.wait(minor_of(K.PLATFORM_FEE)) - self.fees == page.fee
        assert self.wait(minor_of(K.TAX_PAYABLE)) - self.taxes == page.tax

    def teardown(self) -> None:
        self.wait(_hold_what_time_does_not_change())


async def _divide(order_id, minors):
    async with db.transaction():
        await dividing.divide(await lock_order(order_id), [Planned("A part", minor) for minor in minors])


async def _release(order_id, minor):
    async with db.transaction():
        await releasing.release(await lock_order(order_id), usd(minor))


async def _payment_of(checkout_id):
    return await db.fetch_val("SELECT id FROM payments WHERE subject = $1 AND status = 'succeeded'", checkout_id)


async def _hold_what_time_does_not_change() -> None:
    """Nobody works off here what is asked for, and this goes on for a while."""
    waiting = ("no timer is late", "no outbox row")
    assert [breach async for breach in invariants.violations() if not breach.startswith(waiting)] == []


async def _awaited(deed: Awaitable[Any]) -> Any:
    return await deed


@pytest.mark.usefixtures("tables")
async def test_orders_in_parts_do_what_a_notebook_does():
    await platform.forget()
    loop = asyncio.get_running_loop()
    made = type("Bound", (InParts,), {"loop": loop})
    few = settings(
        max_examples=EXAMPLES,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        phases=[Phase.generate],  # a step takes a dozen statements: shrinking would take minutes
    )
    await asyncio.to_thread(run_state_machine_as_test, made, settings=few)
