"""The ledger against a plain model: whatever is tried in whatever order, both agree on every balance and refusal."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from marketplace.core.errors import DomainError
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.ledger.chart import Account
from marketplace.ledger.queries import get_balance
from marketplace.ledger.service.posting import hold, post, post_many
from marketplace.ledger.service.resolving import settle, void
from marketplace.ledger.service.reversing import reverse
from marketplace.ledger.states import AccountKind
from tests.factories.ledger import FEE, SANDBOX, a_transfer, escrow_of, hold_ledger, wallet_of

NAMES = st.sampled_from(range(7))
MINOR = st.integers(1, 120)


class Plain:
    """Balances in a notebook."""

    def __init__(self, floors: list[bool], ceilings: list[bool]) -> None:
        self.floors, self.ceilings = floors, ceilings
        self.balance, self.out, self.coming = ([0] * len(floors) for _ in range(3))

    def move(self, source: int, target: int, minor: int) -> bool:
        if self.floors[source] and self.balance[source] - self.out[source] < minor:
            return False
        if self.ceilings[target] and self.balance[target] + self.coming[target] + minor > 0:
            return False
        self.balance[source] -= minor
        self.balance[target] += minor
        return True

    def hold(self, source: int, target: int, minor: int) -> bool:
        if not self.move(source, target, minor):
            return False
        self.move_back(source, target, minor)
        self.out[source] += minor
        self.coming[target] += minor
        return True

    def move_back(self, source: int, target: int, minor: int) -> None:
        self.balance[source] += minor
        self.balance[target] -= minor

    def end(self, source: int, target: int, minor: int, settled: int) -> None:
        self.out[source] -= minor
        self.coming[target] -= minor
        self.move_back(target, source, settled)


class Ledger(RuleBasedStateMachine):
    loop: asyncio.AbstractEventLoop
    posted, holds = Bundle("posted"), Bundle("holds")

    def wait(self, deed: Awaitable[Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(_awaited(deed), self.loop).result(30)

    def tried(self, deed: Awaitable[Any]) -> UUID | None:
        try:
            return self.wait(deed).id
        except DomainError:
            return None

    @initialize()
    def open(self) -> None:
        debt = Account(AccountKind.SELLER_NEGATIVE, "USD", uuid7())
        self.accounts = [SANDBOX, FEE, wallet_of(), wallet_of(), escrow_of(), debt, wallet_of()]
        self.first = {place: self.wait(get_balance(self.accounts[place])).balance.minor for place in (0, 1)}
        floors = [False, False, True, True, True, False, True]
        self.model = Plain(floors, [account is debt for account in self.accounts])

    @rule(target=posted, source=NAMES, to=NAMES, minor=MINOR)
    def pay(self, source, to, minor):
        if source == to:
            return multiple()
        done = self.tried(post(a_transfer((self.accounts[source], self.accounts[to], minor))))
        assert (done is not None) == self.model.move(source, to, minor)
        return multiple() if done is None else (done, source, to, minor)

    @rule(
        wanted=st.lists(st.tuples(NAMES, NAMES, MINOR).filter(lambda move: move[0] != move[1]), min_size=1, max_size=4)
    )
    def pay_many(self, wanted):
        transfers = [a_transfer((self.accounts[a], self.accounts[b], minor)) for a, b, minor in wanted]
        balance = self.model.balance.copy()
        agreed = all(self.model.move(*move) for move in wanted)
        if not agreed:
            self.model.balance = balance
        try:
            self.wait(post_many(transfers))
        except DomainError:
            assert not agreed
        else:
            assert agreed

    @rule(target=holds, source=NAMES, to=NAMES, minor=MINOR)
    def reserve(self, source, to, minor):
        if source == to:
            return multiple()
        done = self.tried(hold(a_transfer((self.accounts[source], self.accounts[to], minor))))
        assert (done is not None) == self.model.hold(source, to, minor)
        return multiple() if done is None else (done, source, to, minor)

    @rule(held=consumes(holds), share=st.floats(0, 1))
    def settle_some(self, held, share):
        id_, source, to, minor = held
        settled = max(1, round(minor * share))
        assert self.tried(settle(id_, key=f"s:{id_}", reason="test", amount=Money(settled, "USD"))) is not None
        self.model.end(source, to, minor, settled)

    @rule(held=consumes(holds))
    def void_it(self, held):
        id_, source, to, minor = held
        assert self.tried(void(id_, key=f"v:{id_}", reason="test")) is not None
        assert self.tried(settle(id_, key=f"s:{id_}", reason="test")) is None
        self.model.end(source, to, minor, 0)

    @rule(done=consumes(posted))
    def take_back(self, done):
        id_, source, to, minor = done
        agreed = self.model.move(to, source, minor)
        for _ in range(2):
            assert (self.tried(reverse(id_, key=f"r:{id_}", reason="test")) is not None) == agreed

    @invariant()
    def agree(self):
        if not hasattr(self, "model"):
            return
        for place, account in enumerate(self.accounts):
            found = self.wait(get_balance(account))
            expected = self.model.balance[place] + self.first.get(place, 0)
            assert found.balance.minor == expected
            if place > 1:
                pending = (found.pending_out.minor, found.pending_in.minor)
                assert pending == (self.model.out[place], self.model.coming[place])

    def teardown(self) -> None:
        self.wait(hold_ledger())


async def _awaited(deed: Awaitable[Any]) -> Any:
    return await deed


@pytest.mark.usefixtures("tables")
async def test_the_ledger_does_what_a_notebook_does():
    loop = asyncio.get_running_loop()
    made: Callable[[], Ledger] = type("Bound", (Ledger,), {"loop": loop})
    few = settings(
        max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    await asyncio.to_thread(run_state_machine_as_test, made, settings=few)
