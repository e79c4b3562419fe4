"""Holds: reserved, settled in whole or in part, voided; and corrections."""

import pytest

from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.ledger.chart import Account
from marketplace.ledger.errors import (
    AlreadyReversed,
    InsufficientFunds,
    KeyReused,
    MoreThanHeld,
    MoreThanOwed,
    NotReversible,
    TransferNotFound,
    TransferNotPending,
)
from marketplace.ledger.queries import get_balance, get_postings
from marketplace.ledger.service.posting import hold, post
from marketplace.ledger.service.resolving import settle, void
from marketplace.ledger.service.reversing import reverse
from marketplace.ledger.states import AccountKind, Action, TransferStatus
from tests.factories.ledger import (
    FEE,
    SANDBOX,
    a_transfer,
    a_wallet,
    available_in,
    balance_of,
    count_transfers,
    escrow_of,
    hold_ledger,
    usd,
)

pytestmark = pytest.mark.usefixtures("tables")


async def test_what_is_held_cannot_be_spent_nor_has_it_moved():
    wallet, escrow = await a_wallet(100), escrow_of()
    await hold(a_transfer((wallet, escrow, 70)))
    balance = await get_balance(wallet)
    assert (balance.balance, balance.available, balance.pending_out) == (usd(100), usd(30), usd(70))
    coming = await get_balance(escrow)
    assert (coming.balance, coming.available, coming.pending_in) == (usd(0), usd(0), usd(70))
    for deed in (post, hold):
        with pytest.raises(InsufficientFunds) as refusal:
            await deed(a_transfer((wallet, escrow, 31)))
        assert refusal.value.details["available"] == "0.30"
    await post(a_transfer((wallet, escrow, 30)))
    await hold_ledger()


async def test_a_partial_settlement_gives_the_rest_back():
    wallet, escrow = await a_wallet(100), escrow_of()
    held = await hold(a_transfer((wallet, escrow, 70)))
    done = await settle(held.id, key="capture", reason="captured", amount=usd(45))
    assert (done.amount, done.replayed) == (usd(45), False)
    assert (await balance_of(wallet), await available_in(wallet), await balance_of(escrow)) == (55, 55, 45)
    again = await settle(held.id, key="capture", reason="captured", amount=usd(45))
    assert (again.id, again.amount, again.replayed) == (done.id, usd(45), True)
    await hold_ledger()


async def test_all_of_it_is_settled_when_no_amount_is_named():
    order, wallet = uuid7(), await a_wallet(100)
    held = await hold(a_transfer((wallet, FEE, 70), order_id=order))
    [pending] = await get_postings("order_id", order)
    assert (pending.status, [line.amount.minor for line in pending.lines]) == (TransferStatus.PENDING, [-70, 70])
    await settle(held.id, key="capture", reason="captured")
    assert (await balance_of(wallet), await balance_of(FEE)) == (30, 70)
    first, second = await get_postings("order_id", order)
    assert (first.status, second.action, second.resolves) == (TransferStatus.POSTED, Action.SETTLE, held.id)
    await hold_ledger()


async def test_voiding_gives_all_of_it_back():
    order, wallet = uuid7(), await a_wallet(100)
    held = await hold(a_transfer((wallet, FEE, 70), order_id=order))
    done = await void(held.id, key="outbid", reason="outbid")
    assert (done.amount, await available_in(wallet), await balance_of(FEE)) == (usd(0), 100, 0)
    assert (await void(held.id, key="outbid", reason="outbid")).replayed
    first, second = await get_postings("order_id", order)
    assert (first.status, second.status, second.lines) == (TransferStatus.VOIDED, TransferStatus.VOIDED, [])
    await hold_ledger()


async def test_a_hold_is_resolved_once():
    wallet = await a_wallet(100)
    held, other = await hold(a_transfer((wallet, FEE, 10))), await hold(a_transfer((wallet, FEE, 10)))
    await settle(held.id, key="one", reason="captured")
    await void(other.id, key="two", reason="released")
    for one, status in ((held, "posted"), (other, "voided")):
        for deed in (settle, void):
            with pytest.raises(TransferNotPending) as refusal:
                await deed(one.id, key="three", reason="again")
            assert refusal.value.details["status"] == status
    assert await balance_of(wallet) == 90
    await hold_ledger()


async def test_what_is_no_hold_cannot_be_resolved():
    wallet = await a_wallet(100)
    posted = await post(a_transfer((wallet, FEE, 10)))
    with pytest.raises(TransferNotPending):
        await settle(posted.id, key="k", reason="captured")
    with pytest.raises(TransferNotFound):
        await void(uuid7(), key="k", reason="captured")


async def test_never_more_than_was_held():
    held = await hold(a_transfer((await a_wallet(100), FEE, 10)))
    with pytest.raises(MoreThanHeld) as refusal:
        await settle(held.id, key="k", reason="captured", amount=usd(11))
    assert refusal.value.details == {"held": "0.10", "currency": "USD"}
    with pytest.raises(ValidationFailed):
        await settle(held.id, key="k", reason="captured", amount=usd(0))
    with pytest.raises(ValueError, match="does not fit"):
        await settle(held.id, key="k", reason="captured", amount=type(usd(1))(1, "EUR"))
    await settle(held.id, key="k", reason="captured", amount=usd(10))


async def test_a_resolutions_key_is_its_own():
    wallet = await a_wallet(100)
    first, second = await hold(a_transfer((wallet, FEE, 10))), await hold(a_transfer((wallet, FEE, 10)))
    await settle(first.id, key="k", reason="captured")
    with pytest.raises(KeyReused):
        await settle(second.id, key="k", reason="captured")
    assert await available_in(wallet) == 80


async def test_what_holds_will_pay_back_counts_against_a_debt():
    debt = Account(AccountKind.SELLER_NEGATIVE, "USD", uuid7())
    await post(a_transfer((debt, FEE, 100)))
    wallet = await a_wallet(500)
    held = await hold(a_transfer((wallet, debt, 60)))
    for deed in (post, hold):
        with pytest.raises(MoreThanOwed) as refusal:
            await deed(a_transfer((wallet, debt, 41)))
        assert refusal.value.details["owed"] == "0.40"
    await settle(held.id, key="k", reason="repaid")
    assert await balance_of(debt) == -40
    await hold_ledger()


async def test_a_reversal_moves_everything_back_between_the_same_rows():
    order, escrow = uuid7(), escrow_of()
    seller = Account(AccountKind.SELLER_PENDING, "USD", uuid7())
    await post(a_transfer((SANDBOX, escrow, 100)))
    release = await post(a_transfer((escrow, seller, 85), (escrow, FEE, 15), order_id=order))
    back = await reverse(release.id, key="undo", reason="released_too_early")
    assert [await balance_of(account) for account in (escrow, seller, FEE)] == [100, 0, 0]
    assert (await reverse(release.id, key="undo", reason="released_too_early")).replayed
    with pytest.raises(AlreadyReversed):
        await reverse(release.id, key="undo-again", reason="released_too_early")
    correction = (await get_postings("order_id", order))[-1]
    assert (correction.id, correction.action, correction.reverses) == (back.id, Action.REVERSE, release.id)
    await hold_ledger()


async def test_many_payers_and_receivers_are_put_back_too():
    a, b = await a_wallet(30), await a_wallet(70)
    euros = await a_wallet(9, "EUR")
    c, d, e = escrow_of(), escrow_of(), escrow_of(currency="EUR")
    done = await post(a_transfer((a, c, 30), (b, c, 20), (b, d, 50), (euros, e, 9)))
    await reverse(done.id, key="undo", reason="mistake")
    assert [await balance_of(account) for account in (a, b, euros, c, d, e)] == [30, 70, 9, 0, 0, 0]
    await hold_ledger()


async def test_money_that_has_gone_on_cannot_be_reversed():
    wallet, escrow = await a_wallet(100), escrow_of()
    paid = await post(a_transfer((wallet, escrow, 100)))
    await post(a_transfer((escrow, FEE, 1)))
    before = await count_transfers()
    with pytest.raises(InsufficientFunds) as refusal:
        await reverse(paid.id, key="undo", reason="mistake")
    assert (refusal.value.details["available"], await count_transfers()) == ("0.99", before)


async def test_only_what_moved_money_is_reversed():
    wallet = await a_wallet(100)
    held = await hold(a_transfer((wallet, FEE, 10)))
    with pytest.raises(NotReversible):
        await reverse(held.id, key="undo", reason="mistake")
    settled = await settle(held.id, key="k", reason="captured", amount=usd(4))
    undone = await reverse(settled.id, key="undo", reason="mistake")
    assert await balance_of(wallet) == 100
    with pytest.raises(NotReversible):
        await reverse(undone.id, key="undo-undo", reason="mistake")
    with pytest.raises(TransferNotFound):
        await reverse(uuid7(), key="undo-nothing", reason="mistake")
    await hold_ledger()
