"""Taking the money of a charge, with a provider or from the wallet. Outside of any transaction."""

from typing import Final
from uuid import UUID, uuid5

from msgspec import Struct

from marketplace.core import db
from marketplace.core.errors import ValidationFailed
from marketplace.orders.service.paying import PURPOSE
from marketplace.payments import providers
from marketplace.payments.queries.locking import WALLET
from marketplace.payments.service.paying import pay_from_wallet, start
from marketplace.subscriptions.queries.locking import Charge

PAYMENT: Final = """
SELECT p.id, p.provider, p.status, p.client_secret, p.action_url, p.action_kind, p.failure_code, p.failure_message FROM payments p
"""


class Taken(Struct, frozen=True, kw_only=True):
    """How it stands with a payment; what its payer needs while it waits for them."""

    id: UUID
    provider: str
    status: str
    client_secret: str
    action_url: str
    action_kind: str
    failure_code: str
    failure_message: str


def check_provider(name: str) -> str:
    """The provider's name, the default one where none is given. Raises ValidationFailed."""
    name = name or providers.default()
    if name != WALLET:
        providers.provider(name)
    return name


def check_method(provider: str, method: str) -> None:
    """Renewals are paid without their payer: a provider's token must be there. Raises ValidationFailed."""
    if provider != WALLET and not method:
        raise ValidationFailed.of("payment_method_id", "Name what renewals are paid with.")


def payment_id_of(charge_id: UUID, attempt: int) -> UUID:
    """The same for the same try, which therefore takes the money once."""
    return uuid5(charge_id, f"payment:{attempt}")


async def take(
    charge: Charge, user_id: UUID, provider: str, method: str, payment_id: UUID, return_url: str = ""
) -> None:
    """Begin a payment, or go on with it. Raises what payments raise."""
    if charge.checkout is None or charge.amount_minor == 0:
        return
    if provider == WALLET:
        await pay_from_wallet(user_id, PURPOSE, charge.checkout, payment_id=payment_id)
    else:
        await start(
            user_id, PURPOSE, charge.checkout, provider, method=method, request_id=payment_id, return_url=return_url
        )


async def find_try(charge_id: UUID, attempt: int) -> Taken | None:
    row = await db.fetch_row(PAYMENT + "WHERE p.id = $1", payment_id_of(charge_id, attempt))
    return Taken(**row) if row is not None else None
