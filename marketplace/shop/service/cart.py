"""What happens to a cart. Every change locks its row first, so additions at the same moment add up and limits hold exactly.

Nothing is promised by a cart: stock is reserved by an order, and whoever orders first has it.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from marketplace.accounts.tokens import fingerprint, new_secret
from marketplace.core import db, housekeeping
from marketplace.core.ids import uuid7
from marketplace.shop import cart_rules as rules
from marketplace.shop.cart_errors import (
    CartFull,
    CartItemNotFound,
    CartNotFound,
    CurrencyMixed,
    OwnProduct,
    ProductUnavailable,
    QuantityTooLarge,
)
from marketplace.shop.errors import StockUnavailable
from marketplace.shop.queries.cart import (
    Cart,
    CartLine,
    Owner,
    Thing,
    find_cart,
    get_cart_and_offer,
    get_cart_by_id,
    lock_guest_cart,
    lock_own_cart,
)

UPSERT: Final = """
INSERT INTO cart_items (id, cart, variant, quantity, seen_minor, saved_for_later, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, false, now(), now())
ON CONFLICT (cart, variant) DO UPDATE SET quantity = cart_items.quantity + EXCLUDED.quantity, seen_minor = EXCLUDED.seen_minor,
  saved_for_later = false, updated_at = now()
RETURNING id, quantity, seen_minor, saved_for_later, created_at
"""


class Added(Struct, frozen=True, kw_only=True):
    """`is_new`: it was not in the cart before. `token` names a guest's cart that was made for it."""

    line: CartLine
    is_new: bool
    token: str | None


async def open_cart(owner: Owner) -> Cart | None:
    """The cart as it stands. An account has one from the first time it looks; a guest has none before something is put in."""
    cart = await find_cart(owner)
    if cart is None and owner.user is not None:
        async with db.transaction():
            cart = await get_cart_by_id(await lock_own_cart(owner.user))
    return cart


async def add_item(owner: Owner, product_id: UUID, variant_id: UUID | None, quantity: int) -> Added:
    """Put so many more in. What was saved for later comes back to it.

    A guest without a cart, or whose cart is gone, gets a new one. Raises ProductNotFound, VariantNotFound, VariantRequired,
    OwnProduct, CurrencyMixed, CartFull, QuantityTooLarge, StockUnavailable.
    """
    async with db.transaction():
        cart_id, token = await _lock_or_make(owner)
        cart, thing = await get_cart_and_offer(cart_id, product_id, variant_id)
        held = cart.line_of(thing.variant)
        wanted = quantity + (held.quantity if held else 0)
        if thing.seller == owner.user:
            raise OwnProduct
        if held is None:
            await _check_room(cart)
        _check_currency(cart, thing)
        await _check_quantity(thing, wanted)
        put_in = await db.fetch_row(UPSERT, uuid7(), cart_id, thing.variant, quantity, thing.price_minor)
        assert put_in is not None, "it has just been put in"
        return Added(line=CartLine(**asdict(thing), **put_in), is_new=held is None, token=token)


async def change_item(owner: Owner, item_id: UUID, quantity: int) -> CartLine:
    """So many of it there shall be, at the price that it has now.

    Raises CartItemNotFound, ProductUnavailable, QuantityTooLarge, StockUnavailable.
    """
    async with db.transaction():
        cart, line = await _lock_item(owner, item_id)
        if not line.on_sale:
            raise ProductUnavailable
        await _check_quantity(line, quantity)
        await db.execute(
            "UPDATE cart_items SET quantity = $2, seen_minor = $3, updated_at = now() WHERE id = $1",
            item_id, quantity, line.price_minor,
        )  # fmt: skip
        return await _line_again(cart.id, item_id)


async def save_for_later(owner: Owner, item_id: UUID) -> None:
    """Set an item aside: it is kept, and counts for nothing. Raises CartItemNotFound."""
    async with db.transaction():
        await _lock_item(owner, item_id)
        await db.execute("UPDATE cart_items SET saved_for_later = true, updated_at = now() WHERE id = $1", item_id)


async def move_to_cart(owner: Owner, item_id: UUID) -> None:
    """The way back. Raises CartItemNotFound, ProductUnavailable, CurrencyMixed, StockUnavailable."""
    async with db.transaction():
        cart, line = await _lock_item(owner, item_id)
        if not line.on_sale:
            raise ProductUnavailable
        _check_currency(cart, line)
        await _check_quantity(line, line.quantity)
        await db.execute("UPDATE cart_items SET saved_for_later = false, updated_at = now() WHERE id = $1", item_id)


async def remove_item(owner: Owner, item_id: UUID) -> None:
    """Raises CartItemNotFound."""
    async with db.transaction():
        await _lock_item(owner, item_id)
        await db.execute("DELETE FROM cart_items WHERE id = $1", item_id)


async def clear_cart(owner: Owner) -> None:
    """Take everything out that was to be bought; what is saved for later stays."""
    async with db.transaction():
        try:
            cart_id = await _lock(owner)
        except CartNotFound:
            return  # nothing is in it
        await db.execute("DELETE FROM cart_items WHERE cart = $1 AND NOT saved_for_later", cart_id)


async def lock_cart(user_id: UUID) -> Cart:
    """An account's cart for placing an order, locked so that it stays as it is read, and the account before it.

    Belongs inside `transaction()`, and comes first in it: then stock, coupons, checkout.
    """
    return await get_cart_by_id(await lock_own_cart(user_id))


async def take_out(cart_id: UUID, item_ids: Sequence[UUID]) -> None:
    """What has been ordered leaves the cart, which the caller has locked."""
    await db.execute("DELETE FROM cart_items WHERE cart = $1 AND id = ANY($2::uuid[])", cart_id, list(item_ids))


async def forget_guest_carts() -> int:
    """Carts of guests in which nothing has changed for long are deleted. Returns how many."""
    return await housekeeping.delete_old(
        "carts", '"user" IS NULL AND updated_at < now() - make_interval(days => $1)', await rules.GUEST_DAYS.value()
    )


async def _lock(owner: Owner) -> UUID:
    return await (lock_own_cart(owner.user) if owner.user is not None else lock_guest_cart(owner.token))


async def _lock_or_make(owner: Owner) -> tuple[UUID, str | None]:
    try:
        return await _lock(owner), None
    except CartNotFound:
        return await _make_guest_cart()


async def _make_guest_cart() -> tuple[UUID, str]:
    cart_id, token = uuid7(), new_secret()
    await db.execute(
        'INSERT INTO carts (id, "user", token_hash, created_at, updated_at) VALUES ($1, NULL, $2, now(), now())',
        cart_id, fingerprint(token),
    )  # fmt: skip
    return cart_id, token


async def _lock_item(owner: Owner, item_id: UUID) -> tuple[Cart, CartLine]:
    try:
        cart = await get_cart_by_id(await _lock(owner))
    except CartNotFound:
        raise CartItemNotFound from None
    line = cart.line(item_id)
    if line is None:
        raise CartItemNotFound
    return cart, line


async def _line_again(cart_id: UUID, item_id: UUID) -> CartLine:
    line = (await get_cart_by_id(cart_id)).line(item_id)
    assert line is not None, "the cart is locked"
    return line


def _check_currency(cart: Cart, thing: Thing) -> None:
    others = [line.currency for line in cart.sellable if line.variant != thing.variant]
    if others and others[0] != thing.currency:
        message = (
            f"This is sold in {thing.currency}, and your cart is in {others[0]}. Order or clear what is in it first."
        )
        raise CurrencyMixed(
            message, fields={"product_id": [message]}, cart_currency=others[0], product_currency=thing.currency
        )


async def _check_room(cart: Cart) -> None:
    limit = await rules.ITEMS.value()
    if len(cart.lines) >= limit:
        raise CartFull(f"A cart holds up to {limit} different things.", limit=limit)


async def _check_quantity(thing: Thing, wanted: int) -> None:
    limit = await rules.QUANTITY.value()
    if wanted > limit:
        message = f"A cart holds up to {limit} of one thing."
        raise QuantityTooLarge(message, fields={"quantity": [message]}, requested=wanted, limit=limit)
    if thing.is_short(wanted):
        short = {
            "variant_id": str(thing.variant), "product_id": str(thing.product), "requested": wanted,
            "available": thing.available,
        }  # fmt: skip
        message = f"Insufficient stock: {wanted} wanted, {thing.available} available."
        raise StockUnavailable(
            message, fields={"quantity": [message]}, requested=wanted, available=thing.available, items=[short]
        )
