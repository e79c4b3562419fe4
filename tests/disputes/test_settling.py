"""How disputes end: agreed, by silence, decided, appealed, withdrawn, or because the bank took the money."""

import pytest

from marketplace.core import clock, db, platform
from marketplace.core.errors import ValidationFailed
from marketplace.core.money import Money
from marketplace.core.states import IllegalTransition
from marketplace.disputes import errors
from marketplace.disputes.service import deciding, opening, previewing, proposing, talking, waiting
from marketplace.disputes.states import DisputeStatus as S
from marketplace.disputes.states import Reason, Side, Turn
from marketplace.ledger.queries import get_postings
from marketplace.ledger.states import AccountKind as K
from marketplace.orders.errors import NothingHeld, OrderFrozen, OrderNotFound, SplitNotExact
from marketplace.orders.service import completing, shipping
from marketplace.payments.providers.base import Outcome, State, Subject
from marketplace.payments.service.chargebacks import apply_dispute
from tests.factories import a_user
from tests.factories.disputes import STORY, a_dispute, look, path_of, sides, time_passes
from tests.factories.orders import an_order, an_order_in_parts, hold_invariants, minor_in, pay_part, read
from tests.factories.payments import work_off
from tests.factories.work import Work, work

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture(autouse=True)
async def _settings_as_defined():
    await platform.forget()
    yield
    await platform.forget()


async def set_to(**values):
    await platform.change({f"disputes.{key}": value for key, value in values.items()}, None)


async def got(dispute_id) -> tuple[int, int]:
    """What the buyer has back in the wallet, and what is the seller's, pending."""
    buyer, seller = await sides(dispute_id)
    return await minor_in(K.WALLET_AVAILABLE, buyer), await minor_in(K.SELLER_PENDING, seller)


async def test_the_money_stays_where_it_is_while_they_argue():
    dispute_id = await a_dispute()
    dispute = await look(dispute_id)
    assert (dispute.status, dispute.turn, dispute.claim_minor) == (S.NEGOTIATING, Turn.SELLER, 10_000)
    with pytest.raises(OrderFrozen):
        await completing.complete_bought(dispute.order.id, dispute.order.buyer)
    with pytest.raises(OrderFrozen):
        await opening.open_dispute(dispute.order.id, dispute.order.seller, Reason.OTHER, STORY, None)
    await hold_invariants()


async def test_only_the_sides_of_an_order_with_money_in_escrow_open_one():
    order_id, stranger = await an_order(), (await a_user()).id
    order = await read(order_id)
    with pytest.raises(OrderNotFound):
        await opening.open_dispute(order_id, stranger, Reason.LATE, STORY, None)
    with pytest.raises(NothingHeld):
        await opening.open_dispute(order_id, order.buyer, Reason.LATE, STORY, None)
    paid = await an_order(paid=True)
    with pytest.raises(ValidationFailed):
        await opening.open_dispute(paid, (await read(paid)).buyer, Reason.LATE, STORY, "100.01")
    await completing.complete(paid, None, "received")
    with pytest.raises(NothingHeld):
        await opening.open_dispute(paid, (await read(paid)).buyer, Reason.LATE, STORY, None)


async def test_they_agree_on_a_split():
    dispute_id = await a_dispute(9_999)
    buyer, seller = await sides(dispute_id)
    first = await proposing.propose(dispute_id, seller, "10.00", "A little")
    second = await proposing.propose(dispute_id, buyer, "50.01", "Half")
    with pytest.raises(IllegalTransition):
        await proposing.accept(dispute_id, first, buyer)
    with pytest.raises(errors.OwnProposal):
        await proposing.accept(dispute_id, second, buyer)
    await proposing.accept(dispute_id, second, seller)
    dispute = await look(dispute_id)
    assert (dispute.status, dispute.order.refunded_minor, dispute.order.released_minor) == (S.RESOLVED, 5_001, 4_998)
    assert await got(dispute_id) == (5_001, 4_499)
    assert await path_of(dispute_id) == [S.NEGOTIATING, S.RESOLVED]
    await hold_invariants()


async def test_a_declined_or_withdrawn_proposal_is_gone():
    dispute_id = await a_dispute()
    buyer, seller = await sides(dispute_id)
    one = await proposing.propose(dispute_id, seller, "10", "")
    await proposing.decline(dispute_id, one, buyer)
    other = await proposing.propose(dispute_id, seller, "20", "")
    with pytest.raises(errors.OwnProposal):
        await proposing.withdraw(dispute_id, other, buyer)
    await proposing.withdraw(dispute_id, other, seller)
    for gone in (one, other):
        with pytest.raises(IllegalTransition):
            await proposing.accept(dispute_id, gone, buyer)
    await hold_invariants()


@pytest.mark.parametrize(
    ("by", "silent", "gets"), [("buyer", "seller", 3_000), ("buyer", "buyer", 0), ("seller", "seller", 10_000)]
)
async def test_a_side_that_is_silent_loses(by, silent, gets):
    """RULES: Orders. The other side of the opener grants the claim; the opener has claimed in vain."""
    dispute_id = await a_dispute(by=by, wanted="30.00" if by == "buyer" else None)
    dispute = await look(dispute_id)
    if silent == by:
        await talking.say(dispute_id, dispute.who(Side(by).other), "That is not true.")
        assert (await look(dispute_id)).turn == Turn(by)
    await time_passes(dispute_id)
    assert (await look(dispute_id)).status == S.DECIDED
    await time_passes(dispute_id)
    assert await got(dispute_id) == (gets, 9_000 - gets * 9 // 10)
    await hold_invariants()


@pytest.mark.parametrize("setting", [{"silence_loses": False}, {"never_by_silence": ["test_goods"]}])
async def test_where_silence_does_not_decide_staff_do(setting):
    await set_to(**setting)
    dispute_id = await a_dispute()
    await time_passes(dispute_id)
    dispute = await look(dispute_id)
    assert (dispute.status, dispute.turn) == (S.UNDER_REVIEW, Turn.STAFF)
    await time_passes(dispute_id)
    assert (await look(dispute_id)).status == S.UNDER_REVIEW  # nobody loses because staff are late
    await hold_invariants()


async def test_staff_decide_and_it_is_done_when_nobody_appeals():
    dispute_id, staff = await a_dispute(), (await a_user()).id
    buyer, seller = await sides(dispute_id)
    await talking.escalate(dispute_id, buyer, "")
    with pytest.raises(SplitNotExact) as refused:
        await deciding.resolve(dispute_id, staff, "40.00", "59.99", "Both erred here")
    assert refused.value.details["held"] == "100.00"
    with pytest.raises(errors.OwnDispute):
        await deciding.resolve(dispute_id, seller, "0", "100", "It is mine")
    await deciding.resolve(dispute_id, staff, "40.00", "60.00", "Both erred here")
    assert await got(dispute_id) == (0, 0)
    with pytest.raises(IllegalTransition):
        await deciding.resolve(dispute_id, (await a_user()).id, "50.00", "50.00", "I think otherwise")
    await time_passes(dispute_id)
    assert await got(dispute_id) == (4_000, 5_400)
    await waiting.due(dispute_id)
    assert await path_of(dispute_id) == [S.NEGOTIATING, S.UNDER_REVIEW, S.DECIDED, S.RESOLVED]
    await hold_invariants()


async def test_both_accept_and_the_money_moves_at_once():
    dispute_id = await a_dispute()
    buyer, seller = await sides(dispute_id)
    await deciding.resolve(dispute_id, (await a_user()).id, "1", "99", "Nearly all was there")
    await deciding.accept(dispute_id, buyer)
    assert (await look(dispute_id)).status == S.DECIDED
    await deciding.accept(dispute_id, seller)
    assert (await look(dispute_id)).status == S.RESOLVED
    await hold_invariants()


async def test_what_is_decided_is_appealed_and_nothing_else():
    dispute_id, staff = await a_dispute(), (await a_user()).id
    buyer, seller = await sides(dispute_id)
    for side in (buyer, seller):
        with pytest.raises(IllegalTransition):  # there is no decision yet to accept
            await deciding.accept(dispute_id, side)
    await deciding.resolve(dispute_id, staff, "40", "60", "Both erred here")
    with pytest.raises(IllegalTransition):
        await talking.escalate(dispute_id, buyer, "")
    with pytest.raises(IllegalTransition):
        await talking.ask(dispute_id, staff, Side.SELLER, 2, "And what do you say?")
    assert (await look(dispute_id)).status == S.DECIDED
    await hold_invariants()


async def test_an_appeal_is_decided_once_by_somebody_else():
    dispute_id, first, second = await a_dispute(), (await a_user()).id, (await a_user()).id
    buyer, seller = await sides(dispute_id)
    await deciding.resolve(dispute_id, first, "100.00", "0.00", "Nothing arrived at all")
    with pytest.raises(errors.NothingToAppeal):
        await deciding.appeal(dispute_id, buyer, "I want more than everything")
    await deciding.appeal(dispute_id, seller, "The parcel was signed for")
    with pytest.raises(errors.AlreadyAppealed):
        await deciding.appeal(dispute_id, seller, "And again I say that")
    with pytest.raises(errors.SecondReviewer):
        await deciding.resolve(dispute_id, first, "100.00", "0.00", "As I have said")
    await deciding.resolve(dispute_id, second, "0.00", "100.00", "It was signed for")
    assert await got(dispute_id) == (0, 9_000)
    assert await path_of(dispute_id) == [S.NEGOTIATING, S.DECIDED, S.APPEALED, S.RESOLVED]
    await hold_invariants()


async def test_without_a_time_to_appeal_a_decision_is_final():
    await set_to(appeal_days=0)
    dispute_id = await a_dispute()
    await deciding.resolve(dispute_id, (await a_user()).id, "100", "0", "Nothing arrived at all")
    dispute = await look(dispute_id)
    assert (dispute.status, dispute.order.status) == (S.RESOLVED, "cancelled")
    await hold_invariants()


async def test_who_opened_it_takes_it_back_and_the_order_goes_on():
    order_id = await work()
    dispute_id = await a_dispute(order_id=order_id)
    assert (await read(order_id)).status == Work.DISPUTED
    buyer, seller = await sides(dispute_id)
    with pytest.raises(errors.OnlyTheOpener):
        await opening.withdraw(dispute_id, seller, "")
    await opening.withdraw(dispute_id, buyer, "We have talked")
    order = await read(order_id)
    assert (order.status, order.frozen) == (Work.IN_PROGRESS, False)
    again = await a_dispute(order_id=order_id)  # another may follow
    await deciding.resolve(again, (await a_user()).id, "50", "50", "Half of it was done")
    await time_passes(again)
    assert (await read(order_id)).status == Work.DONE
    await hold_invariants()


async def test_goods_keep_their_status_and_are_shipped_meanwhile():
    order_id = await an_order(paid=True)
    dispute_id = await a_dispute(order_id=order_id)
    order = await read(order_id)
    await shipping.ship(order_id, order.seller, "DHL", "1")
    assert (await look(dispute_id)).order.status == "shipped"
    await hold_invariants()


async def test_staff_ask_a_side_and_go_on_with_the_answer():
    dispute_id, staff = await a_dispute(), (await a_user()).id
    buyer, seller = await sides(dispute_id)
    await talking.ask(dispute_id, staff, Side.SELLER, 2, "Do you have a receipt of the post?")
    dispute = await look(dispute_id)
    assert (dispute.status, dispute.turn) == (S.UNDER_REVIEW, Turn.SELLER)
    await talking.say(dispute_id, buyer, "They have none.")
    assert (await look(dispute_id)).turn == Turn.SELLER
    await talking.say(dispute_id, seller, "Here it is.")
    assert (await look(dispute_id)).turn == Turn.STAFF
    await talking.ask(dispute_id, staff, Side.BUYER, 2, "What do you say?")
    await time_passes(dispute_id)
    await time_passes(dispute_id)
    assert await got(dispute_id) == (0, 9_000)
    await hold_invariants()


async def test_a_case_is_one_moderators_at_a_time():
    dispute_id, one, other = await a_dispute(), (await a_user()).id, (await a_user()).id
    await deciding.take(dispute_id, one)
    await deciding.take(dispute_id, one)
    with pytest.raises(errors.AlreadyAssigned):
        await deciding.take(dispute_id, other)
    with pytest.raises(errors.AlreadyAssigned):
        await deciding.let_go(dispute_id, other)
    await deciding.take(dispute_id, other, over=True)
    await deciding.let_go(dispute_id, other)
    assert (await look(dispute_id)).assignee is None


async def bank_says(order_id, minor: int, state: State) -> None:
    """What the payer's bank does with the payment of an order."""
    payment = await db.fetch_val(
        "SELECT p.id FROM payments p JOIN orders o ON o.checkout = p.subject WHERE o.id = $1", order_id
    )
    outcome = Outcome(
        subject=Subject.DISPUTE, reference="dp_1", state=state, amount=Money(minor, "USD"), reason="fraud"
    )
    await apply_dispute(payment, outcome, source="webhook")
    await work_off()


async def test_while_the_bank_decides_nobody_else_does():
    dispute_id = await a_dispute(paid=True)
    await deciding.resolve(dispute_id, (await a_user()).id, "40", "60", "Both erred here")
    order_id = (await look(dispute_id)).order.id
    await bank_says(order_id, 10_000, State.OPEN)
    await time_passes(dispute_id)
    dispute = await look(dispute_id)
    assert dispute.status == S.DECIDED and dispute.due_at > clock.now()
    await bank_says(order_id, 10_000, State.WON)
    await time_passes(dispute_id)
    order = await read(order_id)
    assert (order.refunded_minor, order.released_minor) == (4_000, 6_000)
    await hold_invariants()


async def test_what_the_bank_took_cannot_be_divided_any_more():
    dispute_id = await a_dispute(paid=True)
    order_id = (await look(dispute_id)).order.id
    await bank_says(order_id, 10_000, State.OPEN)
    with pytest.raises(NothingHeld):
        await deciding.resolve(dispute_id, (await a_user()).id, "40", "60", "Both erred here")
    await bank_says(order_id, 10_000, State.LOST)
    dispute = await look(dispute_id)
    assert (dispute.status, dispute.order.status, dispute.order.frozen) == (S.RESOLVED, "cancelled", False)
    await hold_invariants()


async def test_what_the_bank_left_is_divided_anew():
    dispute_id = await a_dispute(paid=True)
    await deciding.resolve(dispute_id, (await a_user()).id, "40", "60", "Both erred here")
    order_id = (await look(dispute_id)).order.id
    await bank_says(order_id, 3_000, State.OPEN)
    await bank_says(order_id, 3_000, State.LOST)
    await time_passes(dispute_id)
    assert (await look(dispute_id)).status == S.UNDER_REVIEW
    await deciding.resolve(dispute_id, (await a_user()).id, "10", "60", "Less was left then")
    await time_passes(dispute_id)
    order = await read(order_id)
    assert (order.refunded_minor, order.released_minor) == (4_000, 6_000)
    await hold_invariants()


async def test_a_preview_shows_every_posting_and_leaves_nothing():
    dispute_id, staff = await a_dispute(10_000, tax=1_000), (await a_user()).id
    order_id = (await look(dispute_id)).order.id
    before = await db.fetch_val("SELECT count(*) FROM ledger_entries")
    seen = await previewing.preview(dispute_id, staff, "44", "66")
    minor = {line.kind: line.amount.minor for posting in seen for line in posting.lines if line.kind is not K.ESCROW}
    assert minor == {K.WALLET_AVAILABLE: 4_400, K.SELLER_PENDING: 5_400, K.PLATFORM_FEE: 600, K.TAX_PAYABLE: 600}
    assert await db.fetch_val("SELECT count(*) FROM ledger_entries") == before
    assert (await read(order_id)).frozen and (await look(dispute_id)).status == S.NEGOTIATING
    with pytest.raises(SplitNotExact):
        await previewing.preview(dispute_id, staff, "44", "65")
    await set_to(appeal_days=0)
    await deciding.resolve(dispute_id, staff, "44", "66", "As it was shown")
    done = [one for one in await get_postings("order_id", order_id) if one.reason in ("refund", "release")]
    assert [(one.reason, one.lines) for one in done] == [(one.reason, one.lines) for one in seen]
    await hold_invariants()


async def test_a_dispute_of_an_order_in_parts_ends_when_the_bank_took_every_part():
    order_id = await an_order_in_parts(4_000, 6_000)
    payments = [await pay_part(order_id, then=True), await pay_part(order_id)]
    dispute_id = await a_dispute(order_id=order_id)
    for payment, minor in zip(payments, (4_000, 6_000), strict=True):
        for state in (State.OPEN, State.LOST):
            outcome = Outcome(
                subject=Subject.DISPUTE,
                reference=f"dp_{minor}",
                state=state,
                amount=Money(minor, "USD"),
                reason="fraud",
            )
            await apply_dispute(payment, outcome, source="webhook")
        await work_off()
    dispute = await look(dispute_id)
    assert (dispute.status, dispute.order.frozen) == (S.RESOLVED, False)
    await hold_invariants()
