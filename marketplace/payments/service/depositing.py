"""Money into the wallet: the purpose `deposit`, whose subject is the payment itself."""

from decimal import Decimal
from typing import Final
from uuid import UUID

from marketplace.core import db, outbox
from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.core.money import Money, check_currency, to_minor
from marketplace.ledger.chart import Account
from marketplace.ledger.schemas import Move, Transfer
from marketplace.ledger.service.locking import lock_available, one_row
from marketplace.ledger.service.posting import post
from marketplace.ledger.states import AccountKind
from marketplace.payments import payables, providers, rules
from marketplace.payments.errors import AboveMaximum, BelowMinimum
from marketplace.payments.events import DepositMade
from marketplace.payments.payables import Due, NothingDue, Share
from marketplace.payments.queries.locking import WALLET, get_payment, lock_payment
from marketplace.payments.service import paying
from marketplace.payments.states import OPEN

PURPOSE: Final = "deposit"
TAKEN: Final = """
SELECT coalesce(sum(e.amount_minor), 0)::bigint FROM ledger_transfers t JOIN ledger_entries e ON e.transfer = t.id
WHERE t.key = $1 AND e.amount_minor > 0
"""


async def deposit(
    user_id: UUID, amount: Decimal, currency: str, provider: str, *, method: str = "", return_url: str = "",
    request_id: UUID | None = None, payer_ip: str = "",
) -> UUID:  # fmt: skip
    """Begin to pay into the wallet, outside of any transaction; the payment's id. The money is there once it succeeds.

    Raises BelowMinimum, AboveMaximum, ValidationFailed, and what `paying.start` raises.
    """
    wanted = Money(to_minor(amount, check_currency(currency)), currency)
    await _check_limits(wanted)
    if provider == WALLET:
        raise ValidationFailed.of("payment_method", "The wallet is not filled from itself.")
    deposit_id = request_id or uuid7()
    return await paying.start(
        user_id, PURPOSE, deposit_id, provider or providers.default(), amount=wanted, method=method,
        return_url=return_url, request_id=deposit_id, payer_ip=payer_ip,
    )  # fmt: skip


async def _check_limits(wanted: Money) -> None:
    least = Money(max((await rules.DEPOSIT_LEAST.value()).get(wanted.currency, 1), 1), wanted.currency)
    if wanted.minor < least.minor:
        message = f"The smallest deposit is {least}."
        raise BelowMinimum(message, fields={"amount": [message]}, minimum=least.text, currency=wanted.currency)
    most = (await rules.DEPOSIT_MOST.value()).get(wanted.currency)
    if most is not None and wanted.minor > most:
        maximum = Money(most, wanted.currency)
        message = f"The largest deposit is {maximum}."
        raise AboveMaximum(message, fields={"amount": [message]}, maximum=maximum.text, currency=wanted.currency)


class DepositPayable:
    """What comes in belongs to who paid it. What their bank takes back is taken from the wallet, and is else owed."""

    purpose = PURPOSE

    async def lock(self, subject: UUID) -> Due:
        if not await db.fetch_val(
            "SELECT EXISTS (SELECT FROM payments WHERE id = $1 AND purpose = $2)", subject, PURPOSE
        ):
            raise NothingDue
        payment = await lock_payment(subject)
        wallet = Account(AccountKind.WALLET_AVAILABLE, payment.amount.currency, payment.payer)
        return Due(
            payer=payment.payer, amount=payment.amount, open=payment.status in OPEN, description="Deposit to the wallet",
            shares=[Share(wallet, payment.amount)],
        )  # fmt: skip

    async def paid(self, subject: UUID, payment_id: UUID) -> None:
        payment = await get_payment(payment_id)
        await outbox.emit(
            DepositMade(
                payment_id=payment_id, user_id=payment.payer, amount=payment.amount.minor, currency=payment.amount.currency
            )
        )  # fmt: skip

    async def take_back(self, subject: UUID, *, key: str, reason: str, amount: Money, to: Account) -> None:
        payment = await lock_payment(subject)
        if await _moved(key):
            return
        wallet, debt, to = *_pockets(payment.payer, amount.currency), one_row(to)
        there = min((await lock_available([wallet, debt, to]))[wallet], amount.minor)
        parts = ((wallet, there), (debt, amount.minor - there))
        moves = [Move(account, to, Money(minor, amount.currency)) for account, minor in parts if minor]
        await post(Transfer(key=key, reason=reason, moves=moves, payment_id=subject))

    async def give_back(self, subject: UUID, *, key: str, reason: str, source: Account) -> None:
        payment = await lock_payment(subject)
        back, taken = f"{key}:back", await _moved(key)
        if not taken or await _moved(back):
            return
        wallet, debt, source = *_pockets(payment.payer, source.currency), one_row(source)
        owed = min(-(await lock_available([wallet, debt, source]))[debt], taken)
        parts = ((debt, owed), (wallet, taken - owed))
        moves = [Move(source, account, Money(minor, source.currency)) for account, minor in parts if minor]
        await post(Transfer(key=back, reason=reason, moves=moves, payment_id=subject))

    async def lost(self, subject: UUID, *, key: str) -> None:
        """What was taken stays taken."""

    async def refund_failed(self, subject: UUID, *, refund_id: UUID, amount: Money, source: Account) -> None:
        wallet, _ = _pockets((await get_payment(subject)).payer, amount.currency)
        await post(
            Transfer(
                key=f"refund:{refund_id}:wallet", reason="refund_to_wallet", moves=[Move(source, wallet, amount)],
                payment_id=subject,
            )
        )  # fmt: skip


def _pockets(owner: UUID, currency: str) -> tuple[Account, Account]:
    """(the wallet, what is owed)"""
    return (
        Account(AccountKind.WALLET_AVAILABLE, currency, owner),
        Account(AccountKind.SELLER_NEGATIVE, currency, owner),
    )


async def _moved(key: str) -> int:
    """How much the transfer of this key moved; 0 where there is none."""
    minor: int = await db.fetch_val(TAKEN, key)
    return minor


payables.register(DepositPayable())
