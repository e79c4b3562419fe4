"""A check that can't fail guards nothing: each is shown a breach."""

import pytest

from marketplace.core import db, invariants
from marketplace.core.money import Money
from marketplace.ledger.chart import Account
from marketplace.ledger.service.posting import post
from marketplace.ledger.states import AccountKind
from marketplace.payments.errors import PaymentReturned
from marketplace.payments.invariants import MONEY
from marketplace.payments.providers.base import Outcome, State, Subject
from marketplace.payments.service import paying, webhooks
from marketplace.payments.service.chargebacks import apply_dispute
from tests.factories.ledger import a_transfer, wallet_of
from tests.factories.payments import a_paid_stall, a_payment, a_refund, a_stall, clearing, close_stall, work_off
from tests.payments.hooks import an_event, signed

pytestmark = pytest.mark.usefixtures("tables")

PATHS = "every history path"
FREE = "ALTER TABLE payments DROP CONSTRAINT payments_amounts; ALTER TABLE payments DISABLE TRIGGER payments_agreed; "
BREACHES = [
    ("what a payment captured", FREE + "UPDATE payments SET amount_minor = 7 WHERE status = 'succeeded' AND NOT surplus"),
    ("what came in vain", "UPDATE payments SET captured_minor = captured_minor + 1 WHERE surplus"),
    ("a payment that succeeded brought", "UPDATE payments SET captured_minor = captured_minor + 1 WHERE NOT surplus AND captured_minor > 0"),
    ("refunds that have not failed", "UPDATE payments SET refunded_minor = refunded_minor - 1 WHERE refunded_minor > 0"),
    ("a surplus has been given back", "UPDATE refunds SET status = 'failed' WHERE reason = 'surplus'"),
    ("refund clearing", "UPDATE refunds SET status = 'succeeded' WHERE status = 'pending'"),
    ("a dispute holds", "UPDATE chargebacks SET status = 'won'"),
    ("nothing is paid twice", "DROP INDEX payments_subject_once; UPDATE payments SET surplus = false"),
    ("what is open at a provider", "DELETE FROM timers WHERE key LIKE 'payment:%'"),
    ("what is open at a provider", "DELETE FROM outbox; DELETE FROM timers WHERE key LIKE 'refund:%'"),
    ("a webhook that was taken", "DELETE FROM timers WHERE kind = 'payments.webhook'"),
    (PATHS, "UPDATE payments SET status = 'failed' WHERE status = 'requires_payment_method'"),
    (PATHS, "UPDATE chargebacks SET status = 'won'"),
    (PATHS, "INSERT INTO payment_history (subject, subject_id, from_status, to_status, reason, at) "
     "SELECT 'payment', id, 'succeeded', 'cancelled', '', now() FROM payments WHERE status = 'succeeded'"),
]  # fmt: skip


async def some_of_everything() -> None:
    await a_payment(await a_stall(), "")
    stall, payment_id = await a_paid_stall(5_000)
    await apply_dispute(payment_id, said(Subject.DISPUTE, State.OPEN, 1_000), source="test")
    for _ in range(2):
        too_late = await a_stall(stall.payer)
        surplus = await a_payment(too_late, "")
        await close_stall(too_late)
        with pytest.raises(PaymentReturned):
            await paying.confirm(surplus, stall.payer, "pm_card_ok")
    await work_off()
    await webhooks.receive("sandbox", signed(body := an_event(said(Subject.REFUND, State.FAILED, 1))), body)
    await work_off()
    await a_refund(payment_id, 1_500)


def said(subject: Subject, state: State, minor: int) -> Outcome:
    return Outcome(subject=subject, reference="x", state=state, amount=Money(minor, "USD"))


@pytest.mark.parametrize(("rule", "breach"), BREACHES)
async def test_a_breach_is_found(rule, breach):
    await some_of_everything()
    assert [found async for found in invariants.violations()] == []
    if rule.startswith("nothing is paid twice"):
        await db.execute("ALTER TABLE payments DISABLE TRIGGER payments_agreed")
        breach += "; UPDATE payments SET subject = (SELECT subject FROM payments LIMIT 1) WHERE status = 'succeeded'"
    with pytest.raises(ZeroDivisionError):
        async with db.transaction():
            await db.execute(breach)
            assert any(found.startswith(rule) for found in [found async for found in invariants.violations()])
            raise ZeroDivisionError
    await db.execute("ALTER TABLE payments ENABLE TRIGGER payments_agreed")


async def test_money_in_transit_without_a_payout_is_found():
    transit = Account(AccountKind.PAYOUT_IN_TRANSIT, "USD", provider="sandbox")
    await post(a_transfer((clearing(), wallet := wallet_of(), 100), (wallet, transit, 100)))
    assert [found async for found in invariants.violations()] == [
        "what is in transit is what payouts under way will bring: sandbox USD"
    ]


def test_every_rule_is_shown_a_breach():
    shown = [rule for rule, _ in BREACHES] + ["what is in transit"]
    assert [name for name in MONEY if not any(name.startswith(rule) for rule in shown)] == []
