"""A cart as it stands, with what its things cost and what there is of them now: one statement."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from marketplace.accounts.tokens import TokenInvalid, fingerprint
from marketplace.core import db
from marketplace.core.ids import uuid7
from marketplace.shop.cart_errors import CartNotFound
from marketplace.shop.errors import ProductNotFound, VariantNotFound, VariantRequired

ON_SALE: Final = "p.status = 'active' AND p.deleted_at IS NULL AND v.is_active AND s.status = 'active'"
"""Of product `p`, variant `v`, seller `s`."""
AVAILABLE: Final = "CASE WHEN v.tracks_stock THEN greatest(v.on_hand - v.allocated, 0) END"
THING: Final = f"""
  v.id AS variant, v.name AS variant_name, coalesce(nullif(v.sku, ''), p.sku) AS sku,
  p.id AS product, p.name, p.slug, p.category, p.currency, coalesce(v.price_minor, p.price_minor) AS price_minor,
  coalesce(v.weight_g, p.weight_g, 0) AS weight_g, p.tax_class, {AVAILABLE} AS available, {ON_SALE} AS on_sale,
  p.seller, s.username AS seller_name,
  (SELECT m.renditions -> 0 ->> 'key' FROM product_images i JOIN media m ON m.id = i.media
   WHERE i.product = p.id AND m.state = 'ready' ORDER BY i.position, i.id LIMIT 1) AS picture
"""
CART: Final = f"""
SELECT row_to_json(cart)::text FROM (
  SELECT c.id, c.created_at, c.updated_at, (
    SELECT coalesce(json_agg(line ORDER BY line.created_at, line.id), '[]') FROM (
      SELECT ci.id, ci.quantity, ci.seen_minor, ci.saved_for_later, ci.created_at, {THING}
      FROM cart_items ci JOIN product_variants v ON v.id = ci.variant JOIN products p ON p.id = v.product
        JOIN users s ON s.id = p.seller WHERE ci.cart = c.id) AS line) AS lines
  FROM carts c WHERE {{}}) AS cart
"""
OFFERS: Final = f"""
SELECT coalesce(json_agg(thing ORDER BY thing.position, thing.variant), '[]')::text FROM (
  SELECT v.position, {THING} FROM products p JOIN product_variants v ON v.product = p.id JOIN users s ON s.id = p.seller
  WHERE p.id = $1 AND {ON_SALE}) AS thing
"""


class Owner(Struct, frozen=True):
    """Whose cart: an account's, else that of who holds the token. An account's token is only looked at to merge."""

    user: UUID | None = None
    token: str = ""


class Thing(Struct, frozen=True, kw_only=True):
    """A variant as it is offered now. `price_minor` is in `currency`; `available` is None where its stock is not tracked."""

    variant: UUID
    variant_name: str
    sku: str
    product: UUID
    name: str
    slug: str
    category: UUID | None
    currency: str
    price_minor: int
    weight_g: int
    tax_class: str
    available: int | None
    on_sale: bool
    seller: UUID
    seller_name: str
    picture: str | None

    def is_short(self, quantity: int) -> bool:
        return self.available is not None and quantity > self.available


class CartLine(Thing, frozen=True, kw_only=True):
    """So many of it in a cart. `seen_minor` is the price it was put in at."""

    id: UUID
    quantity: int
    seen_minor: int
    saved_for_later: bool
    created_at: datetime


class Cart(Struct, frozen=True, kw_only=True):
    """A cart with its lines, the oldest first."""

    id: UUID
    created_at: datetime
    updated_at: datetime
    lines: list[CartLine]

    @property
    def wanted(self) -> list[CartLine]:
        """What is to be bought."""
        return [line for line in self.lines if not line.saved_for_later]

    @property
    def currency(self) -> str | None:
        """What it is paid in: that of the first thing in it that is for sale."""
        on_sale = (line.currency for line in self.wanted if line.on_sale)
        return next(on_sale, next((line.currency for line in self.wanted), None))

    @property
    def sellable(self) -> list[CartLine]:
        """What of it can be bought together, though there may be too little of it."""
        return [line for line in self.wanted if line.on_sale and line.currency == self.currency]

    def line(self, item_id: UUID) -> CartLine | None:
        return next((line for line in self.lines if line.id == item_id), None)

    def line_of(self, variant_id: UUID) -> CartLine | None:
        return next((line for line in self.lines if line.variant == variant_id), None)


async def find_cart(owner: Owner) -> Cart | None:
    """None where there is none yet, or none any more."""
    if owner.user is not None:
        return await _read('c."user" = $1', owner.user)
    return await _read("c.token_hash = $1", fingerprint(owner.token)) if owner.token else None


async def get_cart_by_id(cart_id: UUID) -> Cart:
    """Raises CartNotFound."""
    cart = await _read("c.id = $1", cart_id)
    if cart is None:
        raise CartNotFound
    return cart


async def _read(which: str, value: UUID | str) -> Cart | None:
    text = await db.fetch_val(CART.format(which), value)
    return None if text is None else msgspec.json.decode(text, type=Cart)


CART_AND_OFFERS: Final = f"SELECT ({CART.format('c.id = $1')}) AS cart, ({OFFERS.replace('$1', '$2')}) AS offers"


async def get_cart_and_offer(cart_id: UUID, product_id: UUID, variant_id: UUID | None) -> tuple[Cart, Thing]:
    """A cart that the caller has locked, and what is for sale of a product: the variant that is named, else the only one.

    Raises ProductNotFound, VariantNotFound, or VariantRequired with those there are.
    """
    row = await db.fetch_row(CART_AND_OFFERS, cart_id, product_id)
    assert row is not None, "it is one row, whatever there is"
    cart, offers = msgspec.json.decode(row["cart"], type=Cart), msgspec.json.decode(row["offers"], type=list[Thing])
    return cart, _chosen(offers, variant_id)


def _chosen(offers: list[Thing], variant_id: UUID | None) -> Thing:
    if not offers:
        raise ProductNotFound(fields={"product_id": ["There is no such product for sale."]})
    if variant_id is None:
        if len(offers) > 1:
            known = [{"id": str(one.variant), "name": one.variant_name, "sku": one.sku} for one in offers]
            message = VariantRequired.default_message
            raise VariantRequired(message, fields={"variant_id": [message]}, variants=known)
        return offers[0]
    found = next((one for one in offers if one.variant == variant_id), None)
    if found is None:
        raise VariantNotFound(fields={"variant_id": ["There is no such variant of this product for sale."]})
    return found


OWN_CART: Final = """
WITH owner AS (SELECT id FROM users WHERE id = $2 AND status = 'active' FOR NO KEY UPDATE)
INSERT INTO carts (id, "user", token_hash, created_at, updated_at) SELECT $1, owner.id, '', now(), now() FROM owner
ON CONFLICT ("user") WHERE "user" IS NOT NULL DO UPDATE SET updated_at = EXCLUDED.updated_at RETURNING id
"""


async def lock_own_cart(user_id: UUID) -> UUID:
    """An account's cart, made where there is none. It counts as changed. Raises TokenInvalid if the account is no longer active.

    The account is locked before it, as `lock_owner` does: an erasure at the same moment leaves no cart behind.
    """
    cart_id: UUID | None = await db.fetch_val(OWN_CART, uuid7(), user_id)
    if cart_id is None:
        raise TokenInvalid
    return cart_id


async def lock_guest_cart(token: str) -> UUID:
    """Raises CartNotFound."""
    found: UUID | None = None
    if token:
        found = await db.fetch_val(
            "UPDATE carts SET updated_at = now() WHERE token_hash = $1 RETURNING id", fingerprint(token)
        )
    if found is None:
        raise CartNotFound
    return found
