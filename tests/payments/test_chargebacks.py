import pytest

from marketplace.core import db
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.ledger.chart import Account
from marketplace.ledger.states import AccountKind
from marketplace.payments.errors import UnknownToUs
from marketplace.payments.providers.base import Outcome, State, Subject
from marketplace.payments.service.chargebacks import apply_dispute
from tests.factories.ledger import balance_of, hold_invariants
from tests.factories.payments import a_paid_stall, a_payment, a_stall, clearing, get_stall, history_of, kept_by

pytestmark = pytest.mark.usefixtures("tables")


def a_dispute(state, minor=2_500, reference="dp_1"):
    return Outcome(
        subject=Subject.DISPUTE, reference=reference, state=state, amount=Money(minor, "USD"), reason="fraudulent"
    )  # fmt: skip


async def held():
    return await db.fetch_val(
        "SELECT coalesce(sum(balance_minor), 0)::bigint FROM ledger_accounts WHERE kind = 'dispute_hold'"
    )


async def test_a_chargeback_that_is_won_gives_the_money_back():
    stall, payment_id = await a_paid_stall(keepers=2)
    for _ in range(2):
        await apply_dispute(payment_id, a_dispute(State.OPEN), source="webhook")
    assert (await kept_by(stall), await held()) == (0, 2_500)
    await hold_invariants()
    for _ in range(2):
        await apply_dispute(payment_id, a_dispute(State.WON), source="webhook")
    await apply_dispute(payment_id, a_dispute(State.OPEN), source="webhook")
    assert (await kept_by(stall), await held(), await balance_of(clearing())) == (2_500, 0, -2_500)
    assert await history_of(await db.fetch_val("SELECT id FROM chargebacks")) == ["open", "won"]
    await hold_invariants()


async def test_a_chargeback_that_is_lost_goes_back_to_the_provider():
    stall, payment_id = await a_paid_stall()
    await apply_dispute(payment_id, a_dispute(State.OPEN, 1_500), source="webhook")
    assert (await kept_by(stall), await held()) == (1_000, 1_500)
    for state in (State.LOST, State.LOST, State.WON):
        await apply_dispute(payment_id, a_dispute(state, 1_500), source="webhook")
    assert (await kept_by(stall), await held(), await balance_of(clearing())) == (1_000, 0, -1_000)
    chargeback_id = await db.fetch_val("SELECT id FROM chargebacks")
    assert (await get_stall(stall.id)).lost == f"chargeback:{chargeback_id}"
    await hold_invariants()


@pytest.mark.parametrize(("state", "left"), [(State.WON, 2_500), (State.LOST, 0)])
async def test_the_end_may_be_heard_of_before_the_beginning(state, left):
    stall, payment_id = await a_paid_stall()
    await apply_dispute(payment_id, a_dispute(state), source="webhook")
    await apply_dispute(payment_id, a_dispute(State.OPEN), source="webhook")
    assert (await kept_by(stall), await held()) == (left, 0)
    await hold_invariants()


async def test_two_disputes_of_one_payment_are_two():
    stall, payment_id = await a_paid_stall()
    for reference in ("dp_1", "dp_2"):
        await apply_dispute(payment_id, a_dispute(State.OPEN, 1_000, reference), source="webhook")
    assert (await kept_by(stall), await held()) == (500, 2_000)
    await hold_invariants()


async def test_what_has_not_come_in_cannot_be_taken_back():
    payment_id = await a_payment(await a_stall(), "")
    with pytest.raises(UnknownToUs):
        await apply_dispute(payment_id, a_dispute(State.OPEN), source="webhook")
    assert await db.fetch_val("SELECT count(*) FROM chargebacks") == 0


async def test_each_chargeback_has_a_hold_of_its_own():
    _, payment_id = await a_paid_stall()
    await apply_dispute(payment_id, a_dispute(State.OPEN), source="webhook")
    chargeback_id = await db.fetch_val("SELECT id FROM chargebacks")
    assert await balance_of(Account(AccountKind.DISPUTE_HOLD, "USD", chargeback_id)) == 2_500
    assert await balance_of(Account(AccountKind.DISPUTE_HOLD, "USD", uuid7())) == 0
