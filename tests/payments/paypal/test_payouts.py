import pytest
from msgspec import structs

from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.payments.providers.base import ProviderRefused, ProviderUnknown, State, Subject, Transfer
from tests.payments.paypal.server import refusal

PAYOUTS = "/v1/payments/payouts"


def transfer(minor=4000, currency="USD", **change):
    values = {"payout_id": uuid7(), "amount": Money(minor, currency), "destination": "bob@example.com"}
    return Transfer(**(values | change))


async def test_a_payout_is_under_way_until_its_item_says_more(paypal, server):
    asked = transfer(description="March")
    sent = await paypal.payout(asked)
    assert (sent.subject, sent.state, sent.amount) == (Subject.PAYOUT, State.PROCESSING, asked.amount)
    assert sent.our_id == asked.payout_id and sent.reference in server.batches
    ((words, _),) = server.sent("POST", PAYOUTS)
    assert words == {
        "sender_batch_header": {"sender_batch_id": str(asked.payout_id)},
        "items": [
            {
                "recipient_type": "EMAIL", "receiver": "bob@example.com", "note": "March",
                "amount": {"value": "40.00", "currency": "USD"}, "sender_item_id": str(asked.payout_id),
            }
        ],
    }  # fmt: skip
    server.batches[sent.reference]["items"][0]["transaction_status"] = "SUCCESS"
    found = await paypal.fetch(Subject.PAYOUT, asked.payout_id, sent.reference)
    assert found == structs.replace(sent, state=State.SUCCEEDED, reason="success")


@pytest.mark.parametrize(
    "destination, kind", [("bob@example.com", "EMAIL"), ("+8613800138000", "PHONE"), ("FSMRBANCV8PSG", "PAYPAL_ID")]
)
async def test_whom_it_goes_to(paypal, server, destination, kind):
    await paypal.payout(transfer(destination=destination))
    ((words, _),) = server.sent("POST", PAYOUTS)
    assert words["items"][0]["recipient_type"] == kind


@pytest.mark.parametrize(
    "status, state",
    [
        ("PENDING", State.PROCESSING),
        ("ONHOLD", State.PROCESSING),
        ("UNCLAIMED", State.PROCESSING),
        ("SUCCESS", State.SUCCEEDED),
        ("FAILED", State.FAILED),
        ("BLOCKED", State.FAILED),
        ("RETURNED", State.FAILED),
        ("REVERSED", State.RETURNED),
        ("REFUNDED", State.RETURNED),
    ],
)
async def test_how_an_item_stands(paypal, server, status, state):
    asked = transfer()
    sent = await paypal.payout(asked)
    server.batches[sent.reference]["items"][0]["transaction_status"] = status
    found = await paypal.fetch(Subject.PAYOUT, asked.payout_id, sent.reference)
    assert found.state is state
    assert bool(found.failure_code) is (state in (State.FAILED, State.RETURNED))


async def test_a_closed_account_says_so(paypal, server):
    asked = transfer()
    sent = await paypal.payout(asked)
    why = {"name": "RECEIVER_ACCOUNT_LOCKED", "message": "Receiver's account is locked."}
    server.batches[sent.reference]["items"][0] |= {"transaction_status": "FAILED", "errors": why}
    found = await paypal.fetch(Subject.PAYOUT, asked.payout_id, sent.reference)
    assert (found.failure_code, found.failure_message) == ("account_closed", "Receiver's account is locked.")


async def test_the_same_payout_twice_sends_once(paypal, server):
    asked = transfer()
    first = await paypal.payout(asked)
    server.replies.clear()  # PayPal forgets request ids before it forgets batches
    again = await paypal.payout(asked)
    assert (again.reference, again.our_id, again.state) == (first.reference, asked.payout_id, State.PROCESSING)
    assert len(server.batches) == 1


async def test_a_lost_answer_is_had_by_asking_again(paypal, server):
    asked = transfer(2500, "JPY")
    server.lose = 1
    with pytest.raises(ProviderUnknown):
        await paypal.payout(asked)
    assert await paypal.fetch(Subject.PAYOUT, asked.payout_id) is None  # it cannot be asked by our id
    server.replies.clear()
    assert (await paypal.payout(asked)).amount == Money(2500, "JPY")
    assert len(server.batches) == 1


async def test_a_batch_that_is_not_there_is_none(paypal):
    assert await paypal.fetch(Subject.PAYOUT, uuid7(), "BAT-none") is None


async def test_anothers_batch_is_not_ours(paypal):
    sent = await paypal.payout(transfer())
    assert await paypal.fetch(Subject.PAYOUT, uuid7(), sent.reference) is None


async def test_an_empty_balance_refuses(paypal, server):
    server.fail = refusal(422, "INSUFFICIENT_FUNDS", "", "Sender does not have sufficient funds.")
    with pytest.raises(ProviderRefused) as refused:
        await paypal.payout(transfer())
    assert refused.value.details["provider_code"] == "INSUFFICIENT_FUNDS"
