"""An order of a gig against a notebook: whatever is tried in whatever order, both agree on its status, its money and every refusal."""

import asyncio
import os
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from marketplace.core import clock, db, invariants, platform
from marketplace.core.errors import DomainError
from marketplace.core.money import to_text
from marketplace.engagements.schemas.requirements import AnswerRequirement
from marketplace.engagements.schemas.work import Question
from marketplace.engagements.service import accepting, answering, asking, clockwork, deciding, delivering
from marketplace.engagements.states import Gig, RequestKind
from marketplace.ledger.states import AccountKind as K
from marketplace.orders.service import cancelling, completing, freezing, refunding
from marketplace.orders.service.stepping import step
from tests.factories.engagements import an_engagement, latest_of, parties, work_of
from tests.factories.orders import minor_in, pay, read, set_times

G = Gig
EXAMPLES = int(os.environ.get("WORK_EXAMPLES", "20"))
TOTAL, FEE = 10_007, 1_001
WORKING = {G.ACCEPTED, G.IN_PROGRESS, G.IN_REVISION}
DISPUTABLE = WORKING | {G.DELIVERED}
SIDES = st.sampled_from(("buyer", "seller"))
RARELY = st.sampled_from((True, *[False] * 5))
"""What ends the order, or few would see much of one."""


class Page:
    """The order in the notebook. Amounts in minor units."""

    def __init__(self) -> None:
        self.status, self.before = G.PENDING_PAYMENT, G.PENDING_PAYMENT
        self.answered = self.paid = self.late = self.long_overdue = False
        self.deliveries = self.used = 0
        self.extension = self.wish = ""
        self.released = self.refunded = 0

    @property
    def held(self) -> int:
        return (TOTAL if self.paid else 0) - self.released - self.refunded

    def end(self, to: Gig) -> None:
        self.status, self.extension, self.wish = to, "", ""

    def complete(self) -> None:
        self.released += self.held
        self.end(G.COMPLETED)

    def cancel(self) -> None:
        self.refunded += self.held
        self.end(G.CANCELLED)

    def go_on(self, to: Gig, who: str) -> None:
        """Who goes on with the work has answered."""
        self.status, self.wish = to, ""
        if to is G.DELIVERED:
            self.extension = ""


class Work(RuleBasedStateMachine):
    loop: asyncio.AbstractEventLoop

    def wait(self, deed: Awaitable[Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(_awaited(deed), self.loop).result(60)

    def agreed(self, deed: Awaitable[Any], expected: bool) -> bool:
        try:
            self.wait(deed)
        except DomainError as refusal:
            assert not expected, f"refused: {refusal.code}"
            assert refusal.status_code == 409, refusal.code
            return False
        assert expected, "should have been refused"
        return True

    @initialize(revisions=st.sampled_from((0, 1, 2, None)), asks=st.booleans(), far=st.sampled_from((0, 2, 4, 5, 6, 6)))
    def open(self, revisions, asks, far):
        questions = [Question(question="What is it called?")] if asks else []
        made = an_engagement(TOTAL, to=G.PENDING_PAYMENT, revisions=revisions, questions=questions)
        self.id = self.wait(made)
        self.buyer, self.seller = self.wait(parties(self.id))
        self.page, self.revisions, self.asks = Page(), revisions, asks
        self.page.answered = not asks
        for _ in range(far + asks):
            self.onward()

    @rule(back=st.booleans(), steps=st.integers(1, 3))
    def go_on(self, back, steps):
        """The straight way, or few would come far; and back from a delivery."""
        for _ in range(steps):
            self.onward(self.reject if back else self.revise)

    def onward(self, delivered=None):
        ways = {
            G.PENDING_PAYMENT: self.pay_it, G.AWAITING_REQUIREMENTS: self.accept if self.page.answered else self.answer,
            G.ACCEPTED: self.start, G.IN_PROGRESS: self.deliver, G.IN_REVISION: self.deliver, G.DELIVERED: delivered or self.revise,
        }  # fmt: skip
        ways.get(self.page.status, self.start)()

    @rule()
    def pay_it(self):
        if self.page.status is G.PENDING_PAYMENT:
            self.wait(pay(self.wait(read(self.id)).checkout, "wallet"))
            self.page.status, self.page.paid = G.AWAITING_REQUIREMENTS, True

    @rule()
    def answer(self):
        if self.asks:
            asked = self.wait(_val("SELECT id FROM engagement_requirements WHERE engagement = $1", self.id))
            given = [AnswerRequirement(requirement_id=asked, text="Fox")]
            good = self.page.status in (G.PENDING_PAYMENT, G.AWAITING_REQUIREMENTS)
            if self.agreed(answering.answer(self.id, self.buyer, given), good):
                self.page.answered = True

    @rule()
    def accept(self):
        good = self.page.status is G.AWAITING_REQUIREMENTS and self.page.answered
        if self.agreed(step(self.id, self.seller, "accept"), good):
            self.page.status = G.ACCEPTED

    @rule()
    def start(self):
        if self.agreed(step(self.id, self.seller, "start"), self.page.status is G.ACCEPTED):
            self.page.status = G.IN_PROGRESS

    @rule()
    def deliver(self):
        page = self.page
        good = page.status in (G.IN_PROGRESS, G.IN_REVISION)
        if self.agreed(delivering.submit(self.id, self.seller, "Here it is.", []), good):
            page.deliveries += 1
            page.late = page.late or page.long_overdue
            page.go_on(G.DELIVERED, "seller")

    def latest(self) -> Any:
        return self.wait(latest_of(self.id)) if self.page.deliveries else None

    @rule(end=RARELY)
    def accept_delivery(self, end):
        if self.page.status is G.DELIVERED and not end:
            return
        if (latest := self.latest()) and self.agreed(
            deciding.accept(latest, self.buyer), self.page.status is G.DELIVERED
        ):
            self.page.complete()

    @rule()
    def reject(self):
        page = self.page
        if (latest := self.latest()) and self.agreed(
            deciding.reject(latest, self.buyer, "An empty file."), page.status is G.DELIVERED
        ):
            page.go_on(G.IN_REVISION if page.used else G.IN_PROGRESS, "buyer")

    @rule()
    def revise(self):
        page = self.page
        good = page.status is G.DELIVERED and (self.revisions is None or page.used < self.revisions)
        if (latest := self.latest()) and self.agreed(deciding.request_revision(latest, self.buyer, "Bluer."), good):
            page.used += 1
            page.go_on(G.IN_REVISION, "buyer")

    @rule(end=RARELY)
    def complete(self, end):
        if self.page.status is G.DELIVERED and not end:
            return
        if self.agreed(completing.complete_bought(self.id, self.buyer), self.page.status is G.DELIVERED):
            self.page.complete()

    @rule(end=RARELY)
    def silence(self, end):
        """The buyer's time is over."""
        if self.page.status is G.DELIVERED and not end:
            return
        if self.page.status in (G.DELIVERED, G.DISPUTED):
            self.wait(set_times(self.id, auto_complete_at=timedelta(seconds=1)))
        self.wait(completing.auto_complete(self.id))
        if self.page.status is G.DELIVERED:
            self.page.complete()

    @rule(side=SIDES, end=RARELY)
    def cancel(self, side, end):
        page = self.page
        early = page.status in (G.PENDING_PAYMENT, G.AWAITING_REQUIREMENTS)
        alone = side == "buyer" and page.status in WORKING and page.long_overdue
        if (early or alone) and not end:
            return
        if self.agreed(cancelling.cancel_own(self.id, getattr(self, side), "Sorry"), early or alone):
            page.late = page.late or alone
            page.cancel()

    @rule(end=RARELY)
    def nobody_accepts(self, end):
        if self.page.status is G.AWAITING_REQUIREMENTS and not end:
            return
        self.wait(
            _run(
                "UPDATE engagements SET accept_by = now() - interval '1 second' WHERE id = $1 AND accept_by IS NOT NULL",
                self.id,
            )
        )
        self.wait(_in_one(accepting.give_up, self.id))
        if self.page.status is G.AWAITING_REQUIREMENTS:
            self.page.cancel()

    @rule()
    def time_passes(self):
        """It is 25 hours overdue, and somebody looks."""
        page = self.page
        if page.status in WORKING:
            self.wait(
                _run("UPDATE engagements SET due_at = $2 WHERE id = $1", self.id, clock.now() - timedelta(hours=25))
            )
            page.late = page.long_overdue = True
        self.wait(_in_one(clockwork.look, self.id))

    @rule()
    def ask_days(self):
        good = self.page.status in WORKING and not self.page.extension
        if self.agreed(asking.ask_extension(self.id, self.seller, 3, "Slow paint."), good):
            self.page.extension = "open"

    @rule(agrees=st.booleans())
    def answer_days(self, agrees):
        page, request = self.page, self.request(RequestKind.EXTENSION)
        assert (request is not None) == bool(page.extension)
        if request is None:
            return
        if not agrees:
            self.wait(asking.decline(request, RequestKind.EXTENSION, self.buyer))
            page.extension = ""
        elif self.agreed(asking.accept(request, RequestKind.EXTENSION, self.buyer), page.status is not G.DISPUTED):
            page.extension, page.late, page.long_overdue = "", False, False

    def request(self, kind: RequestKind) -> Any:
        return self.wait(
            _val(
                "SELECT id FROM engagement_requests WHERE engagement = $1 AND kind = $2 AND status = 'open'",
                self.id,
                kind,
            )
        )

    @rule(side=SIDES)
    def ask_to_cancel(self, side):
        page = self.page
        good = page.status in DISPUTABLE and not page.wish
        if self.agreed(asking.ask_cancellation(self.id, getattr(self, side), "It is no use."), good):
            page.wish = side

    @rule(how=st.sampled_from(("accept", *["decline", "withdraw"] * 4, "silence")))
    def answer_wish(self, how):
        page, request = self.page, self.request(RequestKind.CANCELLATION)
        assert (request is not None) == bool(page.wish)
        if request is None:
            return
        mine, theirs = (self.buyer, self.seller) if page.wish == "buyer" else (self.seller, self.buyer)
        frozen = page.status is G.DISPUTED
        if how == "accept":
            if self.agreed(asking.accept(request, RequestKind.CANCELLATION, theirs), not frozen):
                page.cancel()
        elif how == "silence":
            self.wait(
                _run("UPDATE engagement_requests SET answer_by = now() - interval '1 second' WHERE id = $1", request)
            )
            self.wait(_in_one(asking.agree_by_silence, request))
            if not frozen:
                page.cancel()
        else:
            deed = asking.decline(request, RequestKind.CANCELLATION, theirs) if how == "decline" else asking.withdraw(
                request, RequestKind.CANCELLATION, mine
            )  # fmt: skip
            self.wait(deed)
            page.wish = ""

    @rule()
    def dispute(self):
        page = self.page
        good = page.status in DISPUTABLE
        if self.agreed(freezing.freeze(self.id, freezing.DISPUTE, None, "They do not agree"), good):
            page.before, page.status = page.status, G.DISPUTED

    @rule(part=st.floats(0, 1), settled=RARELY)
    def end_dispute(self, part, settled):
        page = self.page
        if page.status is not G.DISPUTED:
            return
        if not settled:
            self.wait(freezing.unfreeze(self.id, None, "They agree"))
            page.status = page.before
            return
        buyers = round(page.held * part)
        sellers = page.held - buyers
        self.wait(freezing.resolve(self.id, buyers, sellers, None, "So be it"))
        page.refunded += buyers
        page.released += sellers
        page.end(G.CANCELLED if sellers == 0 else G.COMPLETED)

    @rule(part=st.one_of(st.floats(0.01, 0.2), st.floats(0.01, 0.2), st.floats(0.01, 1)))
    def give_back(self, part):
        """By the seller, while it is open: all of it is the end."""
        page = self.page
        if not page.paid or page.status in (G.COMPLETED, G.CANCELLED):
            return
        minor = max(1, round(page.held * part))
        amount = to_text(minor, "USD")
        if self.agreed(refunding.refund_sold(self.id, self.seller, amount, "Sorry"), page.status is not G.DISPUTED):
            page.refunded += minor
            if page.held == 0:
                page.end(G.CANCELLED)

    @invariant()
    def agree(self):
        if not hasattr(self, "page"):
            return
        page, order, work = self.page, self.wait(read(self.id)), self.wait(work_of(self.id))
        assert (order.status, order.held_minor, order.released_minor, order.refunded_minor) == (
            page.status, page.held, page.released, page.refunded,
        )  # fmt: skip
        assert (work.revisions_used, work.late_at is not None) == (page.used, page.late)
        fee = FEE * page.released // TOTAL
        assert self.wait(minor_in(K.ESCROW, self.id)) == page.held
        assert self.wait(minor_in(K.SELLER_PENDING, self.seller)) == page.released - fee
        assert self.wait(minor_in(K.WALLET_AVAILABLE, self.buyer)) == page.refunded

    def teardown(self):
        """What is broken on the way stays broken."""
        self.wait(_hold_what_time_does_not_change())


async def _hold_what_time_does_not_change() -> None:
    """Nobody works off here what is asked for, and disputes are what froze the order, without a case."""
    besides = ("no timer is late", "no outbox row", "an order is frozen for a dispute")
    assert [breach async for breach in invariants.violations() if not breach.startswith(besides)] == []


async def _val(statement: str, *values: Any) -> Any:
    return await db.fetch_val(statement, *values)


async def _run(statement: str, *values: Any) -> None:
    await db.execute(statement, *values)


async def _in_one(deed: Any, key: Any) -> None:
    """As a timer does it."""
    async with db.transaction():
        await deed(key)


async def _awaited(deed: Awaitable[Any]) -> Any:
    return await deed


@pytest.mark.usefixtures("tables")
async def test_an_order_of_a_gig_does_what_a_notebook_does():
    await platform.forget()
    made = type("Bound", (Work,), {"loop": asyncio.get_running_loop()})
    few = settings(
        max_examples=EXAMPLES,
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        phases=[Phase.generate],  # a step takes a dozen statements: shrinking would take minutes
    )
    await asyncio.to_thread(run_state_machine_as_test, made, settings=few)
