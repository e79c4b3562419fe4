"""What payments hold about a person, for the copy of their data. The books are kept, for the law wants that; where money was
sent to is erased, and nobody is while there is money of theirs."""

from typing import Final
from uuid import UUID

from marketplace.accounts import privacy
from marketplace.accounts.privacy import Obligation, changing, rows
from marketplace.payments.queries.payout_methods import EXPORTED
from marketplace.payments.queries.wallet import get_wallet

privacy.exporter(
    "invoices",
    rows(
        "SELECT id, kind, number, recipient = $1 AS as_recipient, order_id, refund, corrects, currency, total_minor, tax_minor, "
        "document, issued_at FROM invoices WHERE recipient = $1 OR issuer = $1 ORDER BY id"
    ),
)
privacy.exporter(
    "payments",
    rows(
        "SELECT id, purpose, subject, provider, status, surplus, amount_minor, captured_minor, refunded_minor, currency, description, "
        "reference, created_at, succeeded_at FROM payments WHERE payer = $1 ORDER BY id"
    ),
)
privacy.exporter(
    "refunds",
    rows(
        "SELECT r.id, r.payment, r.order_id, r.amount_minor, r.currency, r.status, r.reason, r.created_at "
        "FROM refunds r JOIN payments p ON p.id = r.payment WHERE p.payer = $1 ORDER BY r.id"
    ),
)
privacy.exporter(
    "chargebacks",
    rows(
        "SELECT c.id, c.payment, c.amount_minor, c.currency, c.status, c.reason, c.created_at "
        "FROM chargebacks c JOIN payments p ON p.id = c.payment WHERE p.payer = $1 ORDER BY c.id"
    ),
)
privacy.exporter(
    "wallet_transactions",
    rows(
        "SELECT e.id, a.kind AS account, t.reason, e.amount_minor, e.current_minor AS balance_minor, e.currency, t.order_id, "
        "t.payment_id, t.payout_id, t.event_at, e.created_at FROM ledger_accounts a JOIN ledger_entries e ON e.account = a.id "
        "JOIN ledger_transfers t ON t.id = e.transfer WHERE a.owner = $1 ORDER BY e.id"
    ),
)
privacy.exporter(
    "payouts",
    rows(
        "SELECT id, source, method, provider, amount_minor, currency, status, failure_code, created_at, sent_at, paid_at "
        'FROM payouts WHERE "user" = $1 ORDER BY id'
    ),
)
privacy.exporter("payout_methods", rows(EXPORTED))
privacy.eraser(
    "payout_methods",
    changing(
        "UPDATE payout_methods SET destination = '', recipient_name = '', label = '', is_default = false, "
        'removed_at = coalesce(removed_at, now()) WHERE "user" = $1'
    ),
)


async def _money_left(user_id: UUID) -> list[Obligation]:
    """Whatever is in a pocket, owed, or on its way out."""
    found = []
    for balance in (await get_wallet(user_id)).balances:
        said = {name: getattr(balance, name) for name in SAID}
        found += [
            Obligation(kind=name, message=SAID[name][0].format(amount, balance.currency), path=SAID[name][1])
            for name, amount in said.items() if any(digit in "123456789" for digit in amount)
        ]  # fmt: skip
    return found


SAID: Final = {
    "available": ("There are {} {} in your wallet: withdraw them first.", "/wallet"),
    "held": ("{} {} of your wallet are held: wait until they are free.", "/wallet"),
    "pending_earnings": ("{} {} that you earned have not cleared yet.", "/wallet"),
    "cleared_earnings": ("There are {} {} that you earned: have them paid out first.", "/wallet"),
    "owed": ("You owe us {} {}.", "/wallet"),
    "underway": ("{} {} are on their way to you: wait until they have arrived.", "/payouts"),
}
"""By the balance's name: what to do about it, and where."""

privacy.blocker("wallet", _money_left)
