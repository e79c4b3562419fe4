"""What a guest has put in their cart goes with them when they sign in."""

from typing import Final
from uuid import UUID

from marketplace.core import db
from marketplace.core.ids import uuid7
from marketplace.shop import cart_rules as rules
from marketplace.shop.cart_errors import CartNotFound
from marketplace.shop.queries.cart import Cart, CartLine, get_cart_by_id, lock_guest_cart, lock_own_cart

WRITE: Final = """
INSERT INTO cart_items (id, cart, variant, quantity, seen_minor, saved_for_later, created_at, updated_at)
SELECT l.id, $1, l.variant, l.quantity, l.seen, l.saved, now(), now()
FROM unnest($2::uuid[], $3::uuid[], $4::int[], $5::bigint[], $6::bool[]) AS l(id, variant, quantity, seen, saved)
ON CONFLICT (cart, variant) DO UPDATE SET quantity = EXCLUDED.quantity, saved_for_later = EXCLUDED.saved_for_later,
  updated_at = now()
"""


async def merge_cart(user_id: UUID, token: str) -> Cart:
    """Put what is in a guest's cart into the account's, and forget the guest's. Raises CartNotFound, also the second time.

    Quantities of the same thing add up, as far as a cart goes. What is in another currency than the account's cart is saved for
    later; what the account itself sells is left out, and so is what there is no room for.
    """
    async with db.transaction():
        own = await get_cart_by_id(await lock_own_cart(user_id))
        guest = await get_cart_by_id(await lock_guest_cart(token))
        if guest.id == own.id:
            raise CartNotFound
        merged = _merged(
            own, guest, user_id, most_lines=await rules.ITEMS.value(), most_of_one=await rules.QUANTITY.value()
        )
        await db.execute(
            WRITE,
            own.id,
            [uuid7() for _ in merged],
            [line.variant for line, _, _ in merged],
            [quantity for _, quantity, _ in merged],
            [line.seen_minor for line, _, _ in merged],
            [saved for _, _, saved in merged],
        )
        await db.execute("DELETE FROM carts WHERE id = $1", guest.id)
        return await get_cart_by_id(own.id)


async def adopt_cart(user_id: UUID, token: str) -> None:
    """The same for somebody who has just signed in: a token that names no cart changes nothing."""
    try:
        async with db.savepoint():
            await merge_cart(user_id, token)
    except CartNotFound:
        return


def _merged(
    own: Cart, guest: Cart, user_id: UUID, *, most_lines: int, most_of_one: int
) -> list[tuple[CartLine, int, bool]]:
    """(line, quantity, saved for later) of everything that is new or more in the account's cart."""
    currency = own.currency if own.sellable else guest.currency
    room = most_lines - len(own.lines)
    merged: list[tuple[CartLine, int, bool]] = []
    for line in guest.lines:
        held = own.line_of(line.variant)
        if line.seller == user_id:
            continue
        if held is None:
            room -= 1
            if room < 0:
                continue
        quantity = min(line.quantity + (held.quantity if held else 0), most_of_one)
        saved = (line.saved_for_later and (held is None or held.saved_for_later)) or line.currency != currency
        merged.append((line, quantity, saved))
    return merged
