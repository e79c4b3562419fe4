"""Milestones against a notebook: whatever is tried in whatever order, both agree on every amount, status and refusal."""

import asyncio
import itertools
import os
from collections.abc import Awaitable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from marketplace.core import invariants, platform
from marketplace.core.errors import DomainError
from marketplace.core.money import to_text
from marketplace.engagements.service import milestone_plans, milestones
from marketplace.engagements.service.milestone_plans import Wanted
from marketplace.orders.fulfilment import CancelledBy
from marketplace.orders.service import cancelling, freezing
from tests.factories.engagements import parties
from tests.factories.milestones import in_milestones, plan_of
from tests.factories.orders import pay_part, read

EXAMPLES = int(os.environ.get("MILESTONE_EXAMPLES", "4"))
TOTAL = 10_007
WHICH = st.integers(0, 3)


class Step:
    def __init__(self, minor: int, status: str) -> None:
        self.amount, self.carried, self.returned, self.status = minor, 0, 0, status


class Page:
    def __init__(self, minors: list[int], whole: bool) -> None:
        self.whole = whole
        self.steps = [Step(minor, "funded" if whole or n == 0 else "planned") for n, minor in enumerate(minors)]
        self.captured = TOTAL if whole else minors[0]
        self.released = self.refunded = 0
        self.status, self.frozen = "open", False

    @property
    def held(self) -> int:
        return self.captured - self.released - self.refunded

    @property
    def current(self) -> Step | None:
        return next((step for step in self.steps if step.status in ("planned", "funded", "submitted")), None)

    def may(self, step: Step, status: str) -> bool:
        return self.status == "open" and not self.frozen and step is self.current and step.status == status


class Milestones(RuleBasedStateMachine):
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

    @initialize(cuts=st.sets(st.integers(1, TOTAL - 1), min_size=1, max_size=3), whole=st.booleans())
    def begin(self, cuts, whole) -> None:
        minors = [b - a for a, b in itertools.pairwise([0, *sorted(cuts), TOTAL])]
        self.order = self.wait(in_milestones(*minors, whole=whole))
        self.buyer, self.seller = self.wait(parties(self.order))
        self.ids = [one.id for one in self.wait(plan_of(self.order)).milestones]
        self.page = Page(minors, whole)

    def named(self, n: int) -> tuple[Step, Any]:
        n %= len(self.ids)
        return self.page.steps[n], self.ids[n]

    @rule()
    def pay(self) -> None:
        page, step = self.page, self.page.current
        good = page.status == "open" and not page.frozen and step is not None and step.status == "planned"
        if self.agreed(pay_part(self.order, "wallet"), good):
            page.captured += step.amount - step.carried
            step.status = "funded"

    @rule(n=WHICH)
    def submit(self, n) -> None:
        step, milestone = self.named(n)
        if self.agreed(milestones.complete(milestone, self.seller, "Here.", None), self.page.may(step, "funded")):
            step.status = "submitted"

    @rule(n=WHICH, part=st.floats(0.01, 1))
    def approve(self, n, part) -> None:
        page = self.page
        step, milestone = self.named(n)
        minor, is_last = max(1, round(step.amount * part)), step is page.steps[-1]
        good = page.may(step, "submitted") and (not is_last or minor == step.amount)
        if self.agreed(milestones.complete(milestone, self.buyer, "", to_text(minor, "USD")), good):
            left = step.amount - minor
            step.amount, step.carried, step.status = minor, min(step.carried, minor), "approved"
            page.released += minor
            if is_last:
                page.status = "completed"
            else:
                following = page.steps[page.steps.index(step) + 1]
                following.amount, following.carried = following.amount + left, following.carried + left

    @rule(n=WHICH)
    def reject(self, n) -> None:
        step, milestone = self.named(n)
        if self.agreed(milestones.reject(milestone, self.buyer, "No."), self.page.may(step, "submitted")):
            step.status = "funded"

    @rule(n=WHICH, minor=st.integers(1, TOTAL))
    def change_the_amount(self, n, minor) -> None:
        """Both agree at once."""
        page = self.page
        step, milestone = self.named(n)
        last = page.steps[-1]
        good = page.status == "open" and not page.frozen and step.status in ("planned", "funded")
        if minor != step.amount:
            if step.status == "funded":
                good = good and step is last and minor <= min(step.amount, page.held)
            else:
                good = (
                    good and step is not last and step.carried < minor <= step.amount + last.amount - last.carried - 1
                )
        if self.agreed(self.agree_on(milestone, minor), good):
            less = step.amount - minor
            step.amount = minor
            if step.status == "funded":
                step.returned, page.refunded = step.returned + less, page.refunded + less
            else:
                last.amount += less

    async def agree_on(self, milestone: Any, minor: int) -> None:
        await milestone_plans.update(milestone, self.buyer, Wanted(amount=to_text(minor, "USD")))
        await milestone_plans.accept_change(milestone, self.seller)

    @rule()
    def freeze(self) -> None:
        page = self.page
        good = page.status == "open" and not page.frozen and page.held > 0
        if self.agreed(freezing.freeze(self.order, "chargeback", None, "?"), good):
            page.frozen = True

    @rule()
    def unfreeze(self) -> None:
        if self.agreed(freezing.unfreeze(self.order, None, "!"), self.page.frozen):
            self.page.frozen = False

    @rule(really=st.integers(0, 5))
    def cancel(self, really) -> None:
        page = self.page
        if really:
            return
        good = page.status == "open" and not page.frozen
        if self.agreed(cancelling.cancel(self.order, CancelledBy.STAFF, None, "no"), good):
            page.refunded += page.held
            page.status = "cancelled"
            for step in page.steps:
                step.status = "approved" if step.status == "approved" else "cancelled"

    @invariant()
    def agree(self) -> None:
        if not hasattr(self, "page"):
            return
        page, order = self.page, self.wait(read(self.order))
        assert (order.phase, order.frozen) == (page.status, page.frozen)
        found = (order.captured_minor, order.released_minor, order.refunded_minor, order.held_minor)
        assert found == (page.captured, page.released, page.refunded, page.held)
        known = self.wait(plan_of(self.order)).milestones
        assert [(one.amount_minor, one.carried_minor, one.returned_minor, one.status.value) for one in known] == [
            (step.amount, step.carried, step.returned, step.status) for step in page.steps
        ]

    def teardown(self) -> None:
        self.wait(_hold_what_time_does_not_change())


async def _hold_what_time_does_not_change() -> None:
    """Nobody works off here what is asked for, and this goes on for a while."""
    waiting = ("no timer is late", "no outbox row")
    assert [breach async for breach in invariants.violations() if not breach.startswith(waiting)] == []


async def _awaited(deed: Awaitable[Any]) -> Any:
    return await deed


@pytest.mark.usefixtures("tables")
async def test_milestones_do_what_a_notebook_does():
    await platform.forget()
    loop = asyncio.get_running_loop()
    made = type("Bound", (Milestones,), {"loop": loop})
    few = settings(
        max_examples=EXAMPLES,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        phases=[Phase.generate],  # a step takes a dozen statements: shrinking would take minutes
    )
    await asyncio.to_thread(run_state_machine_as_test, made, settings=few)
