"""Every method token and amount of the sandbox's tables, and what a repetition of a call does."""

import pytest

from marketplace.core import db
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.payments import providers
from marketplace.payments.providers.base import KeepsRecords, Provider, ProviderRefused, ProviderUnknown, State, Subject
from marketplace.payments.providers.sandbox import magic
from tests.payments.sandbox.paying import SANDBOX, a_charge, a_paid_charge, later, state_of, told, usd

pytestmark = pytest.mark.usefixtures("tables")


def test_it_is_a_provider_that_keeps_records_and_is_there_by_default():
    assert isinstance(SANDBOX, Provider) and isinstance(SANDBOX, KeepsRecords)
    assert providers.provider("sandbox").name == "sandbox"


def test_it_is_not_there_where_it_is_switched_off(configure):
    configure(sandbox_payments="off")
    assert "sandbox" not in providers.available()


@pytest.mark.parametrize(
    ("method", "at_once", "code", "at_last"),
    [
        ("pm_card_ok", "succeeded", "", "succeeded"),
        ("pm_1234567890", "succeeded", "", "succeeded"),
        ("pm_card_declined", "requires_payment_method", "card_declined", "requires_payment_method"),
        ("pm_card_insufficient_funds", "requires_payment_method", "insufficient_funds", "requires_payment_method"),
        ("pm_card_expired", "requires_payment_method", "expired_card", "requires_payment_method"),
        ("pm_card_3ds", "requires_action", "", "requires_payment_method"),
        ("pm_wallet_qr", "requires_action", "", "failed"),
        ("pm_card_slow", "processing", "", "succeeded"),
        ("pm_card_slow_decline", "processing", "", "failed"),
        ("pm_card_chargeback", "succeeded", "", "succeeded"),
    ],
)
async def test_what_becomes_of_a_charge_at_once_and_in_the_end(method, at_once, code, at_last):
    charge = a_charge(method)
    said = await SANDBOX.create(charge)
    assert (said.state, said.failure_code, bool(said.failure_message)) == (at_once, code, bool(code))
    assert (said.amount, said.our_id, said.subject) == (charge.amount, charge.payment_id, Subject.CHARGE)
    assert said.capture == (said.reference if at_once == "succeeded" else "")
    await later()
    assert await state_of(Subject.CHARGE, charge.payment_id) == at_last


def test_the_table_above_is_the_whole_of_them():
    marks = test_what_becomes_of_a_charge_at_once_and_in_the_end.pytestmark[0].args[1]
    assert {row[0] for row in marks} == {name for name, course in magic.METHODS.items() if not course.lost}


@pytest.mark.parametrize(("ending", "method"), magic.AMOUNTS.items())
async def test_amounts_make_a_good_card_act_as_another(ending, method):
    assert magic.charging("pm_card_ok", usd(120_000 + ending)) is magic.METHODS[method]
    assert magic.charging("pm_card_ok", Money(ending, "JPY")) is magic.METHODS[method]
    assert magic.charging("pm_card_ok", usd(ending + 100)) is magic.METHODS["pm_card_ok"]


async def test_a_token_that_does_not_exist_is_refused():
    with pytest.raises(ProviderRefused) as refused:
        await SANDBOX.create(charge := a_charge("pm_card_nonsense"))
    assert refused.value.details["reason"] == "no_such_payment_method"
    assert await state_of(Subject.CHARGE, charge.payment_id) == "nothing"


async def test_without_a_method_it_waits_for_one_and_confirming_takes_the_money():
    charge = a_charge()
    said = await SANDBOX.create(charge)
    assert said.state is State.REQUIRES_METHOD and said.client_secret and said.client_secret in said.action_url
    assert (await SANDBOX.confirm(charge, said.reference)).state is State.REQUIRES_METHOD
    declined = await SANDBOX.confirm(a_charge("pm_card_declined", payment_id=charge.payment_id), said.reference)
    assert (declined.state, declined.failure_code) == (State.REQUIRES_METHOD, "card_declined")
    paid = await SANDBOX.confirm(a_charge("pm_card_ok", payment_id=charge.payment_id), said.reference)
    assert (paid.state, paid.failure_code, paid.client_secret) == (State.SUCCEEDED, "", "")
    again = await SANDBOX.confirm(a_charge("pm_card_declined", payment_id=charge.payment_id), said.reference)
    assert again == paid


async def test_the_same_id_is_the_same_charge():
    charge, first = await a_paid_charge()
    assert await SANDBOX.create(charge) == first
    assert await told() == ["charge.succeeded"]
    with pytest.raises(ProviderRefused) as refused:
        await SANDBOX.create(a_charge("pm_card_ok", 9_999, payment_id=charge.payment_id))
    assert refused.value.details["reason"] == "idempotency_conflict"
    with pytest.raises(ProviderRefused):
        await SANDBOX.confirm(a_charge("pm_card_ok", 9_999, payment_id=charge.payment_id), first.reference)


async def test_a_lost_reply_is_found_again_and_a_lost_request_is_not():
    charge = a_charge("pm_card_lost_reply")
    with pytest.raises(ProviderUnknown):
        await SANDBOX.create(charge)
    assert await state_of(Subject.CHARGE, charge.payment_id) == "succeeded"
    assert (await SANDBOX.create(charge)).state is State.SUCCEEDED
    charge = a_charge("pm_card_lost_request")
    with pytest.raises(ProviderUnknown):
        await SANDBOX.create(charge)
    assert await state_of(Subject.CHARGE, charge.payment_id) == "nothing"
    assert (await SANDBOX.create(charge)).state is State.SUCCEEDED
    assert await told() == ["charge.succeeded", "charge.succeeded"]


@pytest.mark.parametrize("method", ["pm_card_lost_reply", "pm_card_lost_request"])
async def test_confirming_is_lost_once_too(method):
    opened = await SANDBOX.create(charge := a_charge())
    charge = a_charge(method, payment_id=charge.payment_id)
    with pytest.raises(ProviderUnknown):
        await SANDBOX.confirm(charge, opened.reference)
    assert (await SANDBOX.confirm(charge, opened.reference)).state is State.SUCCEEDED
    assert await told() == ["charge.succeeded"]


async def test_an_open_charge_is_cancelled_and_one_that_has_succeeded_says_so():
    for method, at_last in (
        ("", "cancelled"),
        ("pm_card_3ds", "cancelled"),
        ("pm_card_ok", "succeeded"),
        ("pm_card_slow", "processing"),
    ):
        charge = a_charge(method)
        said = await SANDBOX.create(charge)
        for _ in range(2):
            assert (await SANDBOX.cancel(charge.payment_id, said.reference)).state == at_last
    assert await later() == 1  # the slow one; nobody waits for an approval any more
    with pytest.raises(ProviderRefused):
        await SANDBOX.cancel(uuid7(), "")
    confirmed = await SANDBOX.create(a_charge())
    await SANDBOX.cancel(confirmed.our_id, confirmed.reference)
    late = await SANDBOX.confirm(a_charge("pm_card_ok", payment_id=confirmed.our_id), confirmed.reference)
    assert late.state is State.CANCELLED


async def test_another_card_may_be_tried_while_one_waits_for_approval():
    said = await SANDBOX.create(charge := a_charge("pm_card_3ds"))
    assert await SANDBOX.confirm(charge, said.reference) == said
    paid = await SANDBOX.confirm(a_charge("pm_card_ok", payment_id=charge.payment_id), said.reference)
    assert paid.state is State.SUCCEEDED
    assert await later() == 0


async def test_what_waits_for_an_approval_in_vain_expires():
    said = await SANDBOX.create(a_charge("pm_wallet_qr"))
    assert said.action_kind == "qr"
    await later()
    late = await SANDBOX.fetch(Subject.CHARGE, said.our_id)
    assert (late.state, late.failure_code) == (State.FAILED, "expired")


@pytest.mark.parametrize("minor", [0, -1])
async def test_nothing_is_no_amount(minor):
    with pytest.raises(ProviderRefused):
        await SANDBOX.create(a_charge("pm_card_ok", minor))


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "//evil.example/", "/\\evil.example", "data:text/html,x", "ftp://x"]
)
async def test_the_payer_is_sent_back_to_pages_only(url):
    with pytest.raises(ProviderRefused):
        await SANDBOX.create(a_charge(return_url=url))


async def test_it_is_not_called_inside_a_transaction():
    with pytest.raises(AssertionError):
        async with db.transaction():
            await SANDBOX.create(a_charge("pm_card_ok"))
