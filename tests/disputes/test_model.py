"""A dispute against a notebook: whatever sides, staff and the clock try in whatever order, both agree on every turn, refusal and cent."""

import asyncio
import os
from collections.abc import Awaitable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from marketplace.core import db, invariants, platform
from marketplace.core.errors import DomainError
from marketplace.core.money import to_text
from marketplace.disputes.service import deciding, opening, previewing, proposing, talking
from marketplace.disputes.states import Reason, Side
from marketplace.ledger.states import AccountKind as K
from tests.factories import a_user
from tests.factories.disputes import STORY, look, time_passes
from tests.factories.orders import an_order, minor_in, minor_of, read

EXAMPLES = int(os.environ.get("DISPUTE_EXAMPLES", "8"))
TOTAL, TAX = 10_007, 911
SIDES = st.sampled_from(["buyer", "seller"])
STAFF = st.sampled_from([0, 1])
MINOR = st.sampled_from([0, 1, TOTAL - 1, TOTAL]) | st.integers(0, TOTAL)
OTHER = {"buyer": "seller", "seller": "buyer"}
OPEN = ("negotiating", "under_review")
LIVING = (*OPEN, "decided", "appealed")


class Quarrel(RuleBasedStateMachine):
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

    @initialize(opener=SIDES, claim=MINOR)
    def open(self, opener, claim) -> None:
        self.people = {"buyer": self.wait(a_user()).id, "seller": self.wait(a_user()).id}
        self.staff = [self.wait(a_user()).id, self.wait(a_user()).id]
        self.order = self.wait(an_order(TOTAL - TAX, tax=TAX, paid="wallet", **self.people))
        self.fee_of_all = self.wait(read(self.order)).commission_minor
        self.fees, self.taxes = self.wait(minor_of(K.PLATFORM_FEE)), self.wait(minor_of(K.TAX_PAYABLE))
        self.opener, self.claim = opener, claim
        wanted = to_text(claim, "USD")
        self.id = self.wait(opening.open_dispute(self.order, self.people[opener], Reason.LATE, STORY, wanted))
        self.status, self.turn, self.appealed = "negotiating", OTHER[opener], False
        self.proposal: tuple[Any, str, int] | None = None
        self.decision: tuple[int, int | None] = (0, None)
        self.accepts: set[str] = set()
        self.paid = (0, 0)

    def spoken(self, by: str) -> None:
        if self.turn == by and self.status in OPEN:
            self.turn = "staff" if self.status == "under_review" else OTHER[by]

    def end(self, status: str, buyer: int = 0, seller: int = 0) -> None:
        self.status, self.turn, self.proposal, self.paid = status, "", None, (buyer, seller)

    def decided(self, buyer: int, by: int | None) -> None:
        self.status, self.turn, self.proposal, self.decision = "decided", "", None, (buyer, by)
        self.accepts = {side for side, all_of_it in (("buyer", TOTAL), ("seller", 0)) if buyer == all_of_it}

    @rule(by=SIDES)
    def say(self, by) -> None:
        if self.agreed(talking.say(self.id, self.people[by], "I say so."), self.status in LIVING):
            self.spoken(by)

    @rule(by=SIDES)
    def say_nothing(self, by) -> None:
        self.agreed(talking.say(self.id, self.people[by], " \n "), False)

    @rule(by=SIDES, minor=MINOR | st.integers(TOTAL + 1, TOTAL + 9))
    def propose(self, by, minor) -> None:
        may = self.status in OPEN and minor <= TOTAL
        if self.agreed(self._propose(by, minor), may):
            self.proposal = (self.made, by, minor)
            self.spoken(by)

    async def _propose(self, by: str, minor: int) -> None:
        self.made = await proposing.propose(self.id, self.people[by], to_text(minor, "USD"), "")

    @rule(by=SIDES, verb=st.sampled_from(["accept", "decline", "withdraw"]))
    def answer(self, by, verb) -> None:
        if self.proposal is None:
            return
        proposal, proposer, minor = self.proposal
        may = (by == proposer) is (verb == "withdraw")
        if not self.agreed(getattr(proposing, verb)(self.id, proposal, self.people[by]), may):
            return
        self.proposal = None
        if verb == "accept":
            self.end("resolved", minor, TOTAL - minor)
        elif verb == "decline":
            self.spoken(by)

    @rule(by=SIDES)
    def escalate(self, by) -> None:
        if self.agreed(talking.escalate(self.id, self.people[by], ""), self.status == "negotiating"):
            self.status, self.turn = "under_review", "staff"

    @rule(by=STAFF, side=SIDES)
    def ask(self, by, side) -> None:
        if self.agreed(talking.ask(self.id, self.staff[by], Side(side), 3, "Why?"), self.status in OPEN):
            self.status, self.turn = "under_review", side

    @rule(by=SIDES)
    def withdraw(self, by) -> None:
        may = self.status in OPEN and by == self.opener
        if self.agreed(opening.withdraw(self.id, self.people[by], ""), may):
            self.end("withdrawn")

    @rule(by=SIDES, claim=MINOR)
    def claim_otherwise(self, by, claim) -> None:
        may = self.status == "negotiating" and by == self.opener
        if self.agreed(opening.update(self.id, self.people[by], wanted=to_text(claim, "USD")), may):
            self.claim = claim

    @rule(by=STAFF, minor=MINOR)
    def preview(self, by, minor) -> None:
        split = to_text(minor, "USD"), to_text(TOTAL - minor, "USD")
        self.agreed(previewing.preview(self.id, self.staff[by], *split), self.status in LIVING)

    @rule(by=STAFF, minor=MINOR, off=st.sampled_from([0, 0, 0, 1]))
    def resolve(self, by, minor, off) -> None:
        first = self.status in OPEN
        may = (first or (self.status == "appealed" and self.decision[1] != by)) and not off
        split = to_text(minor, "USD"), to_text(TOTAL - minor + off, "USD")
        if not self.agreed(deciding.resolve(self.id, self.staff[by], *split, "So be it then."), may):
            return
        if first:
            self.decided(minor, by)
        else:
            self.end("resolved", minor, TOTAL - minor)

    @rule(side=SIDES)
    def a_side_decides(self, side) -> None:
        self.agreed(
            deciding.resolve(self.id, self.people[side], "0", to_text(TOTAL, "USD"), "It is mine alone."), False
        )

    @rule(by=SIDES)
    def appeal(self, by) -> None:
        may = self.status == "decided" and not self.appealed and by not in self.accepts
        if self.agreed(deciding.appeal(self.id, self.people[by], "That was not how it went."), may):
            self.status, self.turn, self.appealed = "appealed", "staff", True

    @rule(by=SIDES)
    def accept_the_decision(self, by) -> None:
        if self.agreed(deciding.accept(self.id, self.people[by]), self.status == "decided"):
            self.accepts.add(by)
            if len(self.accepts) == 2:
                self.end("resolved", self.decision[0], TOTAL - self.decision[0])

    @rule()
    def time_goes_by(self) -> None:
        if self.status not in LIVING:
            return
        self.wait(time_passes(self.id))
        if self.turn in OTHER:
            in_vain = 0 if self.opener == "buyer" else TOTAL
            self.decided(in_vain if self.turn == self.opener else self.claim, None)
        elif self.status == "decided":
            self.end("resolved", self.decision[0], TOTAL - self.decision[0])

    @invariant()
    def agree(self) -> None:
        if not hasattr(self, "paid"):
            return
        dispute = self.wait(look(self.id))
        assert (dispute.status, dispute.turn, dispute.claim_minor) == (self.status, self.turn, self.claim)
        order = dispute.order
        assert (order.refunded_minor, order.released_minor, order.held_minor) == (*self.paid, TOTAL - sum(self.paid))
        assert order.frozen is (self.status in LIVING)
        buyer, seller = self.paid
        tax = TAX * seller // TOTAL
        fee = self.fee_of_all * (seller - tax) // (TOTAL - TAX)
        assert self.wait(minor_in(K.WALLET_AVAILABLE, self.people["buyer"])) == buyer
        assert self.wait(minor_in(K.SELLER_PENDING, self.people["seller"])) == seller - tax - fee
        assert self.wait(minor_of(K.PLATFORM_FEE)) - self.fees == fee
        assert self.wait(minor_of(K.TAX_PAYABLE)) - self.taxes == tax

    def teardown(self) -> None:
        self.wait(_hold_what_time_does_not_change())


async def _hold_what_time_does_not_change() -> None:
    """Nobody works off here what is asked for, and this goes on for a while."""
    waiting = ("no timer is late", "no outbox row")
    assert [breach async for breach in invariants.violations() if not breach.startswith(waiting)] == []


async def _awaited(deed: Awaitable[Any]) -> Any:
    return await deed


@pytest.mark.usefixtures("tables")
async def test_a_dispute_does_what_a_notebook_does():
    await platform.forget()
    made = type("Bound", (Quarrel,), {"loop": asyncio.get_running_loop()})
    few = settings(
        max_examples=EXAMPLES, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck), database=None,
        phases=[Phase.generate],  # a step takes a dozen statements: shrinking would take minutes
    )  # fmt: skip
    await asyncio.to_thread(run_state_machine_as_test, made, settings=few)
    assert await db.fetch_val("SELECT count(*) FROM disputes") > 0
