"""Out of the wallet again."""

from decimal import Decimal
from uuid import UUID

from marketplace.core.money import check_currency, to_minor
from marketplace.payments.service import payouts
from marketplace.payments.states import PayoutSource


async def withdraw(user_id: UUID, amount: Decimal, currency: str, method_id: UUID | None) -> UUID:
    """A payout of the wallet's money. Raises what `payouts.request` raises."""
    minor = to_minor(amount, check_currency(currency), "amount")
    return await payouts.request(
        payouts.Wanted(user_id=user_id, source=PayoutSource.WALLET, currency=currency, minor=minor, method_id=method_id)
    )


async def pay_out(user_id: UUID, amount: Decimal | None, currency: str, method_id: UUID | None) -> UUID:
    """A payout of what was earned and has cleared: all of it, where no amount is named."""
    check_currency(currency)
    minor = None if amount is None else to_minor(amount, currency, "amount")
    return await payouts.request(
        payouts.Wanted(
            user_id=user_id, source=PayoutSource.EARNINGS, currency=currency, minor=minor, method_id=method_id
        )
    )
