"""A seller says what lies on the shelf."""

from uuid import UUID

from marketplace.core import db, text
from marketplace.core.errors import ValidationFailed
from marketplace.shop.policies import Actor, check_owns
from marketplace.shop.queries.locking import LockedVariant, lock_product
from marketplace.shop.schemas.stock import AdjustStock
from marketplace.shop.service import stock, variants


async def adjust(product_id: UUID, actor: Actor, wanted: AdjustStock) -> LockedVariant:
    """Returns the variant as it is afterwards. Raises Forbidden, VariantNotFound, VariantRequired, ValidationFailed, StockUnavailable."""
    given = [name for name in ("quantity", "on_hand", "change") if getattr(wanted, name) is not None]
    if len(given) != 1:
        said = "Send one of quantity, on_hand and change."
        raise ValidationFailed(said, fields={name: [said] for name in given or ["quantity"]})
    async with db.transaction():
        product = await lock_product(product_id)
        check_owns(actor, product.seller)
        variant = await variants.chosen(product_id, wanted.variant_id)
        return await stock.correct(
            variant.id, available=wanted.quantity, on_hand=wanted.on_hand, change=wanted.change, actor=actor.id,
            reason=text.line(wanted.reason, "reason"),
        )  # fmt: skip
