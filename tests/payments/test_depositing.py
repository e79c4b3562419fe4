"""Money into the wallet."""

import pytest

from marketplace.core import db, platform
from marketplace.core.money import Money
from marketplace.payments.providers.base import Outcome, State, Subject
from marketplace.payments.service import paying
from marketplace.payments.service.chargebacks import apply_dispute
from tests.factories import signed_in
from tests.factories.ledger import a_transfer, balance_of, escrow_of, hold_invariants, post, wallet_of
from tests.factories.payments import standing, work_off
from tests.factories.payouts import debt_of
from tests.payments import hooks
from tests.payments.sandbox.paying import later

DEPOSIT = "/api/v1/wallet/deposit/"


@pytest.fixture(autouse=True)
async def _books(tables):
    await platform.forget()
    yield
    await platform.forget()
    await hold_invariants()


async def deposit(client, headers, amount="25.00", method="pm_card_ok", **more):
    body = {"amount": amount, "currency": "USD", "payment_method": "sandbox", "payment_method_id": method}
    return await client.post(DEPOSIT, headers=headers, json=body | more)


async def deposited(minor=2_500):
    """(the user, the payment) of so much in the wallet, and nothing of it spent."""
    from marketplace.payments.service.depositing import deposit as begin

    user, _ = await signed_in()
    payment = await begin(user.id, Money(minor, "USD").text, "USD", "sandbox", method="pm_card_ok")
    assert await balance_of(wallet_of(user.id)) == minor
    return user.id, payment


async def test_a_card_that_is_good_fills_the_wallet_at_once(client):
    user, headers = await signed_in()
    answer = await deposit(client, headers)
    assert answer.status_code == 201, answer.text
    paid = answer.json()["data"]
    assert (paid["status"], paid["purpose"], paid["amount"]) == ("succeeded", "deposit", "25.00")
    assert paid["subject"] == paid["id"] and await balance_of(wallet_of(user.id)) == 2_500
    entries = (await client.get("/api/v1/wallet/transactions/", headers=headers)).json()["data"]["results"]
    assert [(one["type"], one["payment_id"]) for one in entries] == [("deposit", paid["id"])]


async def test_a_reply_that_was_lost_is_asked_for_again_with_its_key(client):
    user, headers = await signed_in()
    keyed = headers | {"Idempotency-Key": "my deposit"}
    first = await deposit(client, keyed, method="pm_card_lost_reply")
    assert first.status_code == 503 and await balance_of(wallet_of(user.id)) == 0
    again = await deposit(client, keyed, method="pm_card_lost_reply")
    assert again.status_code == 201 and again.json()["data"]["status"] == "succeeded"
    once_more = await deposit(client, keyed, method="pm_card_lost_reply")
    assert once_more.headers["idempotent-replayed"] == "true"
    assert await balance_of(wallet_of(user.id)) == 2_500
    assert await db.fetch_val("SELECT count(*) FROM payments") == 1


async def test_without_a_key_every_deposit_is_its_own(client):
    user, headers = await signed_in()
    for _ in range(2):
        await deposit(client, headers)
    assert await balance_of(wallet_of(user.id)) == 5_000


async def test_a_slow_one_fills_the_wallet_when_its_webhook_says_so(client):
    user, headers = await signed_in()
    payment = (await deposit(client, headers, method="pm_card_slow")).json()["data"]
    assert payment["status"] == "processing" and await balance_of(wallet_of(user.id)) == 0
    await later()
    await hooks.deliver(client, times=3)
    await work_off()
    assert await balance_of(wallet_of(user.id)) == 2_500


async def test_money_that_comes_after_it_was_cancelled_is_a_surplus(client):
    _, headers = await signed_in()
    payment = (await deposit(client, headers, method="")).json()["data"]
    assert payment["status"] == "requires_payment_method"
    await client.post(f"/api/v1/payments/{payment['id']}/cancel/", headers=headers)
    late = Outcome(
        subject=Subject.CHARGE, reference="late", state=State.SUCCEEDED, amount=Money(2_500, "USD"), our_id=payment["id"]
    )  # fmt: skip
    await hooks.post(client, hooks.an_event(late))
    await work_off()
    assert await standing(payment["id"]) == ("cancelled", True)
    entries = (await client.get("/api/v1/wallet/transactions/", headers=headers)).json()["data"]["results"]
    # It was to go back, but the provider knows nothing of this charge: what it cannot bring back waits in the wallet.
    assert [(one["type"], one["amount"]) for one in entries] == [("refund", "25.00")]


async def test_a_deposit_is_confirmed_like_any_payment(client):
    user, headers = await signed_in()
    payment = (await deposit(client, headers, method="pm_card_declined")).json()["data"]
    assert (payment["status"], payment["failure_code"]) == ("requires_payment_method", "card_declined")
    path = f"/api/v1/payments/{payment['id']}/confirm/"
    answer = await client.post(path, headers=headers, json={"payment_method_id": "pm_card_ok"})
    assert answer.status_code == 200, answer.text
    assert await balance_of(wallet_of(user.id)) == 2_500


@pytest.mark.parametrize(
    ("over", "status", "code", "field"),
    [
        ({"amount": "0.99"}, 422, "below_minimum", "amount"),
        ({"amount": "0"}, 422, "below_minimum", "amount"),
        ({"amount": "10000.01"}, 422, "above_maximum", "amount"),
        ({"amount": "-5"}, 400, "validation_error", "amount"),
        ({"amount": "1.001"}, 400, "validation_error", "amount"),
        ({"currency": "XXQ"}, 400, "validation_error", "currency"),
        ({"payment_method": "wallet"}, 400, "validation_error", "payment_method"),
        ({"payment_method": "barter"}, 400, "validation_error", "payment_method"),
        ({"payment_method_id": "pm_nonsense"}, 422, "provider_refused", None),
        ({"wallet": "mine"}, 400, "validation_error", "wallet"),
    ],
)
async def test_deposits_that_are_refused(client, over, status, code, field):
    user, headers = await signed_in()
    answer = await deposit(client, headers, **over)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert list(answer.json()["errors"]) == ([field] if field else [])
    assert await balance_of(wallet_of(user.id)) == 0


async def test_staff_set_the_limits(client):
    _, headers = await signed_in()
    await platform.change({"payments.deposit_max_minor": {"USD": 2_000}, "payments.deposit_min_minor": {}}, by=None)
    assert (await deposit(client, headers, "20.01")).json()["details"] == {"maximum": "20.00", "currency": "USD"}
    assert (await deposit(client, headers, "0.01")).status_code == 201


async def test_another_cannot_go_on_with_it(client):
    _, headers = await signed_in()
    payment = (await deposit(client, headers, method="")).json()["data"]["id"]
    _, other = await signed_in()
    body = {"payment_method_id": "pm_card_ok"}
    assert (await client.post(f"/api/v1/payments/{payment}/confirm/", headers=other, json=body)).status_code == 404
    stranger, _ = await signed_in()
    with pytest.raises(paying.PaymentNotFound):
        await paying.confirm(payment, stranger.id)


def a_dispute(state):
    return Outcome(subject=Subject.DISPUTE, reference="dp_1", state=state, amount=Money(2_500, "USD"))


@pytest.mark.parametrize(("end", "wallet"), [(State.WON, 2_500), (State.LOST, 0)])
async def test_what_the_payers_bank_takes_back_leaves_the_wallet(client, end, wallet):
    user, payment = await deposited()
    for _ in range(2):
        await apply_dispute(payment, a_dispute(State.OPEN), source="webhook")
    assert await balance_of(wallet_of(user)) == 0
    await hold_invariants()
    for _ in range(2):
        await apply_dispute(payment, a_dispute(end), source="webhook")
    assert (await balance_of(wallet_of(user)), await balance_of(debt_of(user))) == (wallet, 0)


@pytest.mark.parametrize(("end", "debt"), [(State.WON, 0), (State.LOST, -2_000)])
async def test_what_has_been_spent_is_owed(client, end, debt):
    user, payment = await deposited()
    bought = escrow_of()
    await post(a_transfer((wallet_of(user), bought, 2_000)))
    await apply_dispute(payment, a_dispute(State.OPEN), source="webhook")
    assert (await balance_of(wallet_of(user)), await balance_of(debt_of(user))) == (0, -2_000)
    await apply_dispute(payment, a_dispute(end), source="webhook")
    assert await balance_of(debt_of(user)) == debt
    assert await balance_of(wallet_of(user)) == (500 if end is State.WON else 0)
    await post(a_transfer((bought, wallet_of(user), 2_000)))  # no order holds it


async def test_a_deposit_is_begun_at_its_own_door_only(client):
    """Else an open one might be paid from the very wallet that it fills."""
    user, headers = await signed_in()
    begun = (await deposit(client, headers, method="")).json()["data"]
    for how in ("wallet", "sandbox"):
        body = {"purpose": "deposit", "subject": begun["id"], "payment_method": how}
        answer = await client.post("/api/v1/payments/create/", headers=headers, json=body)
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["purpose"])
    confirm = f"/api/v1/payments/{begun['id']}/confirm/"
    answer = await client.post(confirm, headers=headers, json={"payment_method_id": "pm_card_ok"})
    assert answer.json()["data"]["status"] == "succeeded"
    assert await balance_of(wallet_of(user.id)) == 2_500


@pytest.mark.parametrize("amount", ["9e999999", "1e-999999", "NaN", "-1", "0", 1e300, "1." + "0" * 40 + "1"])
async def test_what_is_no_amount_is_refused_by_its_field(client, amount):
    _, headers = await signed_in()
    answer = await deposit(client, headers, amount=amount)
    assert answer.status_code in (400, 422) and list(answer.json()["errors"]) == ["amount"], answer.text
