"""Pictures of a product, in the order its seller puts them."""

from uuid import UUID

from marketplace.core import db, outbox
from marketplace.core.ids import uuid7
from marketplace.media.schemas import MediaRecord
from marketplace.media.service import uploads
from marketplace.shop.errors import ImageNotFound, ImageOrderWrong, TooManyImages
from marketplace.shop.events import ProductChanged
from marketplace.shop.freshness import products_changed
from marketplace.shop.pictures import MOST, PRODUCT_IMAGE
from marketplace.shop.policies import Actor, check_owns
from marketplace.shop.queries.locking import lock_product


async def add_image(
    product_id: UUID, actor: Actor, file: uploads.Incoming, *, alt: str = "", field: str = "image"
) -> UUID:
    """Add a picture behind the others. Not inside a transaction. Raises what `uploads.accept` raises, TooManyImages, Forbidden,
    ProductNotFound.
    """
    image_id = uuid7()

    async def attach(media: MediaRecord) -> None:
        await _lock_own(product_id, actor)
        row = await db.fetch_row(
            "SELECT count(*) AS n, coalesce(max(position), 0) AS last FROM product_images WHERE product = $1",
            product_id,
        )
        assert row is not None, "an aggregate has a row"
        _check_room(row["n"], field)
        await db.execute(
            "INSERT INTO product_images (id, product, media, position, alt, created_at) VALUES ($1, $2, $3, $4, $5, now())",
            image_id, product_id, media.id, row["last"] + 1, alt,
        )  # fmt: skip
        await _changed(product_id)

    # Asked before the bytes are stored, so that who may not is told at once; decided again under the lock.
    async with db.transaction():
        await _lock_own(product_id, actor)
        _check_room(await db.fetch_val("SELECT count(*) FROM product_images WHERE product = $1", product_id), field)
    await uploads.accept(file, PRODUCT_IMAGE, owner_id=actor.id, field=field, attach=attach)
    return image_id


def _check_room(there: int, field: str) -> None:
    if there >= MOST:
        raise TooManyImages(fields={field: [f"A product has at most {MOST} pictures."]}, limit=MOST)


async def order_images(product_id: UUID, actor: Actor, order: list[UUID]) -> None:
    """Put all pictures in this order; the first is the primary one. Raises ImageOrderWrong unless each is named once."""
    async with db.transaction():
        await _lock_own(product_id, actor)
        there = {row["id"] for row in await db.fetch("SELECT id FROM product_images WHERE product = $1", product_id)}
        if set(order) != there or len(order) != len(there):
            raise ImageOrderWrong(fields={"order": ["Name every picture of the product once."]})
        await db.execute(
            "UPDATE product_images i SET position = t.n FROM unnest($2::uuid[]) WITH ORDINALITY AS t(id, n) "
            "WHERE i.product = $1 AND i.id = t.id",
            product_id, order,
        )  # fmt: skip
        await _changed(product_id)


async def remove_image(product_id: UUID, actor: Actor, image_id: UUID) -> None:
    """Raises ImageNotFound."""
    async with db.transaction():
        await _lock_own(product_id, actor)
        media_id = await db.fetch_val(
            "DELETE FROM product_images WHERE product = $1 AND id = $2 RETURNING media", product_id, image_id
        )
        if media_id is None:
            raise ImageNotFound
        await uploads.remove(media_id)
        await _changed(product_id)


async def forget_image(media_id: UUID) -> None:
    """A picture turned out to be damaged: it is no longer shown. Safe to repeat."""
    await db.execute("DELETE FROM product_images WHERE media = $1", media_id)
    products_changed()


async def forget_images_of(product_id: UUID) -> None:
    """A deleted product's pictures go with it. Safe to repeat."""
    for row in await db.fetch("DELETE FROM product_images WHERE product = $1 RETURNING media", product_id):
        await uploads.remove(row["media"])


async def _lock_own(product_id: UUID, actor: Actor) -> None:
    check_owns(actor, (await lock_product(product_id)).seller)


async def _changed(product_id: UUID) -> None:
    products_changed()
    await outbox.emit(ProductChanged(product_id=product_id))
