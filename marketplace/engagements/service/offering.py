"""Custom offers: terms for a gig that its seller offers somebody, or that a buyer asks the seller for, and counter-offers.

Who has an open offer before them accepts it (which places the order, to be paid by the buyer), declines it, or answers with
terms of their own; who made it may take it back; silence lets it expire. The gig is locked before the offer.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from marketplace.accounts.states import AccountStatus
from marketplace.core import clock, db, outbox, timers
from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.core.money import Money, to_minor
from marketplace.engagements import rules
from marketplace.engagements.errors import CustomOfferNotFound, OnlyItsAuthor, OnlyTheOtherSide
from marketplace.engagements.events import CustomOfferAnswered, CustomOfferMade
from marketplace.engagements.service.buying import as_asked
from marketplace.engagements.service.opening import Terms, open_work
from marketplace.engagements.states import OFFER, OfferStatus
from marketplace.gigs.errors import GigArchived, GigNotFound
from marketplace.gigs.queries.locking import LockedGig, lock_gig
from marketplace.gigs.service.ordering import requirements_of
from marketplace.gigs.states import GigStatus
from marketplace.orders.fulfilment import Line

EXPIRY: Final = "engagements.offer_expiry"


class OfferTerms(Struct, frozen=True, kw_only=True):
    """No `revisions`: as many as are asked for."""

    price_minor: int
    delivery_days: int
    revisions: int | None
    description: str


class TermsChange(Struct, frozen=True, kw_only=True):
    """What a counter-offer changes; UNSET stays as it is. `price` as text in the gig's currency."""

    price: str | UnsetType = UNSET
    delivery_days: int | UnsetType = UNSET
    revisions: int | UnsetType | None = UNSET
    description: str | UnsetType = UNSET


class LockedOffer(Struct, frozen=True, kw_only=True):
    """An offer under its lock, with its gig."""

    id: UUID
    thread: UUID
    seller: UUID
    buyer: UUID
    author: UUID
    status: OfferStatus
    terms: OfferTerms
    expires_at: datetime
    gig: LockedGig

    @property
    def addressee(self) -> UUID:
        return self.seller if self.author == self.buyer else self.buyer


async def make(
    author: UUID,
    gig_id: UUID,
    to: UUID | None,
    price: str,
    delivery_days: int,
    revisions: int | None,
    description: str,
    days: int | None = None,
) -> UUID:
    """By the gig's seller, to somebody; or by anybody else, to the seller. It stands for so many `days`. The offer's id.

    `price` as text in the gig's currency. Raises GigNotFound, GigArchived, ValidationFailed naming `user_id` or `price`.
    """
    async with db.transaction():
        gig = await lock_gig(gig_id)
        _check_offered(gig)
        if author == gig.seller:
            buyer = await _somebody(to, author)
        elif to not in (None, gig.seller):
            raise ValidationFailed.of("user_id", "What you ask for can only be offered to you by the gig's seller.")
        else:
            buyer = author
        terms = OfferTerms(
            price_minor=_priced(price, gig.currency), delivery_days=delivery_days, revisions=revisions,
            description=description,
        )  # fmt: skip
        offer_id = uuid7()
        await _write(offer_id, offer_id, gig, buyer, author, terms, days, counter=False)
        return offer_id


def _check_offered(gig: LockedGig) -> None:
    """A paused gig takes no orders of its packages; what its seller agrees to is theirs to say."""
    if gig.hidden or not gig.was_published or gig.status in (GigStatus.REJECTED, GigStatus.DRAFT):
        raise GigNotFound
    if gig.status is GigStatus.ARCHIVED:
        raise GigArchived


async def _somebody(user_id: UUID | None, seller: UUID) -> UUID:
    if user_id is None:
        raise ValidationFailed.of("user_id", "Say to whom you offer it.")
    if user_id == seller:
        raise ValidationFailed.of("user_id", "You can't offer it to yourself.")
    if await db.fetch_val("SELECT status FROM users WHERE id = $1", user_id) != AccountStatus.ACTIVE:
        raise ValidationFailed.of("user_id", "There is no such person.")
    return user_id


def _priced(price: str, currency: str) -> int:
    minor = to_minor(price, currency, "price")
    if minor == 0:
        raise ValidationFailed.of("price", "Must be more than zero.")
    return minor


async def _write(
    offer_id: UUID,
    thread: UUID,
    gig: LockedGig,
    buyer: UUID,
    author: UUID,
    terms: OfferTerms,
    days: int | None,
    *,
    counter: bool,
) -> None:
    now = clock.now()
    expires_at = now + timedelta(days=days or await rules.OFFER_DAYS.value())
    await db.execute(
        "INSERT INTO custom_offers (id, thread, gig, seller, buyer, author, status, description, price_minor, currency, "
        "delivery_days, revisions, answer, expires_at, created_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, 'open', $7, $8, $9, $10, $11, '', $12, $13)",
        offer_id, thread, gig.id, gig.seller, buyer, author, terms.description, terms.price_minor, gig.currency,
        terms.delivery_days, terms.revisions, expires_at, now,
    )  # fmt: skip
    await timers.schedule(EXPIRY, offer_id, expires_at)
    await outbox.emit(
        CustomOfferMade(
            offer_id=offer_id, title=gig.title, to_id=gig.seller if author == buyer else buyer, price=terms.price_minor,
            currency=gig.currency, counter=counter, expires_at=expires_at,
        )
    )  # fmt: skip


async def counter(offer_id: UUID, viewer_id: UUID, change: TermsChange, days: int | None = None) -> UUID:
    """Answer an offer with one of your own. Its id.

    Raises CustomOfferNotFound, OnlyTheOtherSide, IllegalTransition, GigNotFound, GigArchived, ValidationFailed naming `price`.
    """
    async with db.transaction():
        offer = await _lock_for(offer_id, viewer_id)
        _check_offered(offer.gig)
        before = offer.terms
        terms = OfferTerms(
            price_minor=before.price_minor if change.price is UNSET else _priced(change.price, offer.gig.currency),
            delivery_days=before.delivery_days if change.delivery_days is UNSET else change.delivery_days,
            revisions=before.revisions if change.revisions is UNSET else change.revisions,
            description=before.description if change.description is UNSET else change.description,
        )
        if terms == before:
            raise ValidationFailed("These are the terms you were offered: accept them, or change one.")
        await _move(offer, OfferStatus.COUNTERED)
        counter_id = uuid7()
        await _write(counter_id, offer.thread, offer.gig, offer.buyer, viewer_id, terms, days, counter=True)
        return counter_id


async def accept(offer_id: UUID, viewer_id: UUID) -> UUID:
    """By whom it was made to: its order is placed, and waits for the buyer's money. The order's id.

    Raises CustomOfferNotFound, OnlyTheOtherSide, IllegalTransition, GigNotFound, GigArchived.
    """
    async with db.transaction():
        offer = await _lock_for(offer_id, viewer_id)
        _check_offered(offer.gig)
        terms, gig = offer.terms, offer.gig
        line = Line(
            subject=offer.id, title=f"{gig.title}: custom offer", category=gig.category,
            total=Money(terms.price_minor, gig.currency),
            snapshot={
                "gig_id": str(gig.id), "description": terms.description, "delivery_days": terms.delivery_days,
                "revisions": terms.revisions,
            },
        )  # fmt: skip
        agreed = Terms(
            seller=offer.seller, gig=gig.id, offer=offer.id, lines=[line], delivery_days=terms.delivery_days,
            revisions=terms.revisions, questions=as_asked(await requirements_of(gig.id)),
            expires_at=clock.now() + timedelta(days=await rules.OFFER_PAY_DAYS.value()),
        )  # fmt: skip
        order_id = await open_work(offer.buyer, agreed, actor=viewer_id)
        await _move(offer, OfferStatus.ACCEPTED, order_id=order_id)
        return order_id


async def decline(offer_id: UUID, viewer_id: UUID, answer: str = "") -> None:
    """By whom it was made to. Raises CustomOfferNotFound, OnlyTheOtherSide, IllegalTransition."""
    async with db.transaction():
        await _move(await _lock_for(offer_id, viewer_id), OfferStatus.DECLINED, answer=answer)


async def withdraw(offer_id: UUID, viewer_id: UUID) -> None:
    """By who made it. Raises CustomOfferNotFound, OnlyItsAuthor, IllegalTransition."""
    async with db.transaction():
        offer = await _lock(offer_id, viewer_id)
        if offer.author != viewer_id:
            raise OnlyItsAuthor
        await _move(offer, OfferStatus.WITHDRAWN)


async def close_all_of(user_id: UUID) -> int:
    """Somebody leaves: what they have offered is taken back, what they were offered declined. Returns how many there were."""
    open_ids = await db.fetch(
        "SELECT id FROM custom_offers WHERE $1 IN (seller, buyer) AND status = 'open' ORDER BY gig, id", user_id
    )
    async with db.transaction():
        for row in open_ids:
            offer = await _lock(row["id"])
            if offer.status is OfferStatus.OPEN:
                await _move(offer, OfferStatus.WITHDRAWN if offer.author == user_id else OfferStatus.DECLINED)
    return len(open_ids)


async def expire(offer_id: UUID) -> None:
    """Its time has passed. Safe to repeat; one that was answered, or whose time was moved, stays."""
    async with db.transaction():
        offer = await _lock(offer_id)
        if offer.status is not OfferStatus.OPEN:
            return
        if offer.expires_at > clock.now():
            await timers.schedule(EXPIRY, offer_id, offer.expires_at)
            return
        await _move(offer, OfferStatus.EXPIRED)


async def _lock_for(offer_id: UUID, viewer_id: UUID) -> LockedOffer:
    """An offer that waits for this person's answer."""
    offer = await _lock(offer_id, viewer_id)
    if offer.author == viewer_id:
        raise OnlyTheOtherSide
    if offer.status is OfferStatus.OPEN and offer.expires_at <= clock.now():
        OFFER.check(OfferStatus.EXPIRED, OfferStatus.ACCEPTED)  # its timer has yet to say so
    OFFER.check(offer.status, OfferStatus.ACCEPTED)
    return offer


async def _lock(offer_id: UUID, viewer_id: UUID | None = None) -> LockedOffer:
    """Locks its gig first. Raises CustomOfferNotFound, also for who is on neither side."""
    gig_id = await db.fetch_val(
        "SELECT gig FROM custom_offers WHERE id = $1 AND ($2::uuid IS NULL OR $2 IN (seller, buyer))",
        offer_id,
        viewer_id,
    )
    if gig_id is None:
        raise CustomOfferNotFound
    gig = await lock_gig(gig_id)
    row = await db.fetch_row("SELECT * FROM custom_offers WHERE id = $1 FOR UPDATE", offer_id)
    assert row is not None, "offers are never deleted"
    terms = OfferTerms(
        price_minor=row["price_minor"], delivery_days=row["delivery_days"], revisions=row["revisions"],
        description=row["description"],
    )  # fmt: skip
    return LockedOffer(
        id=row["id"], thread=row["thread"], seller=row["seller"], buyer=row["buyer"], author=row["author"],
        status=OfferStatus(row["status"]), terms=terms, expires_at=row["expires_at"], gig=gig,
    )  # fmt: skip


async def _move(offer: LockedOffer, to: OfferStatus, *, answer: str = "", order_id: UUID | None = None) -> None:
    """The one function that writes an offer's status. Raises IllegalTransition."""
    OFFER.check(offer.status, to)
    await db.execute(
        'UPDATE custom_offers SET status = $2, answer = $3, "order" = $4, answered_at = $5 WHERE id = $1',
        offer.id, to, answer, order_id, clock.now(),
    )  # fmt: skip
    await timers.cancel(EXPIRY, offer.id)
    if to is not OfferStatus.COUNTERED:  # of a counter-offer its author hears as of an offer
        told = offer.addressee if to is OfferStatus.WITHDRAWN else offer.author
        await outbox.emit(
            CustomOfferAnswered(
                offer_id=offer.id, title=offer.gig.title, to_id=told, price=offer.terms.price_minor, currency=offer.gig.currency,
                status=to, order_id=order_id,
            )
        )  # fmt: skip
