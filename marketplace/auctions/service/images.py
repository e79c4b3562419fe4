"""Pictures of an auction: added while it runs; taken away or put in another order only before the first bid."""

from uuid import UUID

from marketplace.auctions.errors import AuctionClosed, HasBids, ImageNotFound, ImageOrderWrong, TooManyImages
from marketplace.auctions.freshness import auctions_changed
from marketplace.auctions.locks import LockedAuction, lock_auction
from marketplace.auctions.pictures import AUCTION_IMAGE, MOST
from marketplace.auctions.policies import Actor, check_owns
from marketplace.auctions.states import AuctionStatus
from marketplace.core import db
from marketplace.core.ids import uuid7
from marketplace.media.schemas import MediaRecord
from marketplace.media.service import uploads


async def add_image(
    auction_id: UUID, actor: Actor, file: uploads.Incoming, *, alt: str = "", field: str = "image"
) -> UUID:
    """Add a picture behind the others. Not inside a transaction. Raises what `uploads.accept` raises, TooManyImages, Forbidden,
    AuctionClosed.
    """
    image_id = uuid7()

    async def attach(media: MediaRecord) -> None:
        await _lock_open(auction_id, actor)
        row = await db.fetch_row(
            "SELECT count(*) AS n, coalesce(max(position), 0) AS last FROM auction_images WHERE auction = $1",
            auction_id,
        )
        assert row is not None, "an aggregate has a row"
        _check_room(row["n"], field)
        await db.execute(
            "INSERT INTO auction_images (id, auction, media, position, alt, created_at) VALUES ($1, $2, $3, $4, $5, now())",
            image_id, auction_id, media.id, row["last"] + 1, alt,
        )  # fmt: skip
        auctions_changed()

    # Asked before the bytes are stored, so that who may not is told at once; decided again under the lock.
    async with db.transaction():
        await _lock_open(auction_id, actor)
        _check_room(await db.fetch_val("SELECT count(*) FROM auction_images WHERE auction = $1", auction_id), field)
    await uploads.accept(file, AUCTION_IMAGE, owner_id=actor.id, field=field, attach=attach)
    return image_id


def _check_room(there: int, field: str) -> None:
    if there >= MOST:
        raise TooManyImages(fields={field: [f"An auction has at most {MOST} pictures."]}, limit=MOST)


async def order_images(auction_id: UUID, actor: Actor, order: list[UUID]) -> None:
    """Put all pictures in this order. Raises ImageOrderWrong unless each is named once."""
    async with db.transaction():
        await _check_no_bids(await _lock_open(auction_id, actor))
        there = {row["id"] for row in await db.fetch("SELECT id FROM auction_images WHERE auction = $1", auction_id)}
        if set(order) != there or len(order) != len(there):
            raise ImageOrderWrong(fields={"order": ["Name every picture of the auction once."]})
        await db.execute(
            "UPDATE auction_images i SET position = t.n FROM unnest($2::uuid[]) WITH ORDINALITY AS t(id, n) "
            "WHERE i.auction = $1 AND i.id = t.id",
            auction_id, order,
        )  # fmt: skip
        auctions_changed()


async def remove_image(auction_id: UUID, actor: Actor, image_id: UUID) -> None:
    """Raises ImageNotFound, HasBids."""
    async with db.transaction():
        await _check_no_bids(await _lock_open(auction_id, actor))
        media_id = await db.fetch_val(
            "DELETE FROM auction_images WHERE auction = $1 AND id = $2 RETURNING media", auction_id, image_id
        )
        if media_id is None:
            raise ImageNotFound
        await uploads.remove(media_id)
        auctions_changed()


async def forget_image(media_id: UUID) -> None:
    """A picture turned out to be damaged: it is no longer shown. Safe to repeat."""
    await db.execute("DELETE FROM auction_images WHERE media = $1", media_id)
    auctions_changed()


async def forget_images_of(auction_id: UUID) -> None:
    """A deleted auction's pictures go with it. Safe to repeat."""
    for row in await db.fetch("DELETE FROM auction_images WHERE auction = $1 RETURNING media", auction_id):
        await uploads.remove(row["media"])


async def _lock_open(auction_id: UUID, actor: Actor) -> LockedAuction:
    auction = await lock_auction(auction_id)
    check_owns(actor, auction.seller)
    if auction.status not in (AuctionStatus.SCHEDULED, AuctionStatus.ACTIVE):
        raise AuctionClosed
    return auction


async def _check_no_bids(auction: LockedAuction) -> None:
    if await db.fetch_val("SELECT EXISTS (SELECT FROM lots WHERE auction = $1 AND chain_seq > 0)", auction.id):
        raise HasBids("Once there are bids, pictures can only be added.")
