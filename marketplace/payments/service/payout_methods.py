"""Where a user's money may be sent: added, removed. One is the default, and a new one waits before it is used."""

import re
from typing import Final
from uuid import UUID

from stdnum import iban, luhn

from marketplace.accounts.errors import TooMany
from marketplace.accounts.queries.owners import lock_owner
from marketplace.core import clock, db, outbox, text
from marketplace.core.config import settings
from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.payments import providers
from marketplace.payments.errors import PayoutMethodNotFound
from marketplace.payments.events import PayoutMethodAdded, PayoutMethodRemoved
from marketplace.payments.queries.payout_methods import get_shown
from marketplace.payments.schemas.payouts import NewPayoutMethod

MOST: Final = 10
_CARD: Final = re.compile(r"(?:[3-6]|2[2-7])\d{12,18}")


async def add(user_id: UUID, new: NewPayoutMethod) -> UUID:
    """Raises ValidationFailed, or TooMany beyond MOST. The first one is the default, and a new default replaces the old one."""
    values = _checked(new)
    async with db.transaction():
        await lock_owner(user_id)
        many = await db.fetch_val(
            'SELECT count(*) FROM payout_methods WHERE "user" = $1 AND removed_at IS NULL', user_id
        )
        if many >= MOST:
            raise TooMany.of("payout methods", MOST)
        is_default = new.is_default or not many
        if is_default:
            await db.execute(
                'UPDATE payout_methods SET is_default = false WHERE "user" = $1 AND is_default AND removed_at IS NULL',
                user_id,
            )
        method_id = uuid7()
        await db.execute(
            'INSERT INTO payout_methods (id, "user", provider, label, destination, recipient_name, is_default, created_at) '
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            method_id, user_id, values.provider, values.label, values.destination, values.recipient_name, is_default,
            clock.now(),
        )  # fmt: skip
        shown = await get_shown(method_id)
        await outbox.emit(PayoutMethodAdded(method_id=method_id, user_id=user_id, shown=shown))
    return method_id


async def remove(user_id: UUID, method_id: UUID) -> None:
    """It is not used again; payouts underway go on. The newest other one becomes the default. Raises PayoutMethodNotFound."""
    async with db.transaction():
        await lock_owner(user_id)
        was_default = await db.fetch_val(
            'SELECT is_default FROM payout_methods WHERE id = $1 AND "user" = $2 AND removed_at IS NULL',
            method_id, user_id,
        )  # fmt: skip
        if was_default is None:
            raise PayoutMethodNotFound
        await db.execute(
            "UPDATE payout_methods SET removed_at = $2, is_default = false WHERE id = $1", method_id, clock.now()
        )
        if was_default:
            await db.execute(
                "UPDATE payout_methods SET is_default = true WHERE id = (SELECT id FROM payout_methods "
                'WHERE "user" = $1 AND removed_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 1)',
                user_id,
            )
        shown = await get_shown(method_id)
        await outbox.emit(PayoutMethodRemoved(method_id=method_id, user_id=user_id, shown=shown))


def _checked(new: NewPayoutMethod) -> NewPayoutMethod:
    able = [name for name, one in providers.available().items() if one.pays_out]
    name = new.provider or settings().payout_provider or next(iter(able), "")
    if not providers.provider(name, "provider").pays_out:
        raise ValidationFailed.of("provider", f"{name} cannot pay out. These can: {', '.join(sorted(able))}.")
    destination = text.line(new.destination, "destination", required=True)
    _refuse_account_number(destination)
    return NewPayoutMethod(
        provider=name, destination=destination, label=text.line(new.label, "label"),
        recipient_name=text.line(new.recipient_name, "recipient_name"), is_default=new.is_default,
    )  # fmt: skip


def _refuse_account_number(destination: str) -> None:
    """Card and bank account numbers belong with the provider, which gives a token for them: we never keep one."""
    bare = re.sub(r"[\s-]", "", destination)
    if (_CARD.fullmatch(bare) and luhn.is_valid(bare)) or iban.is_valid(bare):
        raise ValidationFailed.of(
            "destination", "This is a card or bank account number. Give the provider's name for it: an account id or token."
        )  # fmt: skip
