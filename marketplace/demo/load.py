"""Puts the demo's people and auctions into the database, through the services. Run again, it adds what is missing."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from marketplace.accounts.schemas.auth import Registration
from marketplace.accounts.service.staff import create_staff
from marketplace.accounts.states import Role
from marketplace.auctions.policies import Actor
from marketplace.auctions.service.images import add_image
from marketplace.auctions.service.listing import AuctionDraft, LotDraft, create_auction
from marketplace.catalog.queries.categories import find_category
from marketplace.catalog.service import ensure_default_categories
from marketplace.core import clock, db
from marketplace.core.money import to_minor
from marketplace.demo.disputes import load_disputes
from marketplace.demo.engagements import order_work
from marketplace.demo.gigs import offer_gigs
from marketplace.demo.orders import load_orders
from marketplace.demo.pictures import draw
from marketplace.demo.shop import Picture, fill_shelves
from marketplace.demo.things import PASSWORD, PEOPLE, THINGS, Person, Thing


async def load(say: Callable[[str], None]) -> None:
    """Make sure that every demo account exists and that there is something to bid on."""
    ids = await _people(say)
    running = set(await _titles(list(ids.values())))
    wanted = [thing for thing in THINGS if thing.title not in running]
    if wanted:
        say(f"Listing {len(wanted)} demo auctions")
        await ensure_default_categories()
    now = clock.now()
    for thing in wanted:
        await _list(thing, ids[thing.seller], now)
    await fill_shelves({person.username: ids[person.username] for person in PEOPLE}, say)
    await offer_gigs(ids, say)
    await load_orders(ids, say)
    await load_disputes(ids, say)
    await order_work(ids, say)


async def _people(say: Callable[[str], None]) -> dict[str, UUID]:
    rows = await db.fetch("SELECT username, id FROM users WHERE username = ANY($1)", [one.username for one in PEOPLE])
    ids: dict[str, UUID] = {row["username"]: row["id"] for row in rows}
    missing = [person for person in PEOPLE if person.username not in ids]
    if missing:
        say(f"Making {len(missing)} demo accounts")
    for person in missing:
        ids[person.username] = await _account(person)
    return ids


async def _account(person: Person) -> UUID:
    wanted = Registration(
        email=person.email, password=PASSWORD, username=person.username,
        first_name=person.first_name, last_name=person.last_name, language=person.language,
    )  # fmt: skip
    return await create_staff(wanted, Role(person.role))


async def _titles(sellers: list[UUID]) -> list[str]:
    rows = await db.fetch(
        "SELECT title FROM auctions WHERE seller = ANY($1) AND status IN ('scheduled', 'active') AND deleted_at IS NULL",
        sellers,
    )
    return [row["title"] for row in rows]


async def _list(thing: Thing, seller: UUID, now: datetime) -> None:
    lot = LotDraft(
        title=thing.title,
        start_minor=to_minor(thing.start, thing.currency),
        reserve_minor=to_minor(thing.reserve, thing.currency) if thing.reserve else None,
        buy_now_minor=to_minor(thing.buy_now, thing.currency) if thing.buy_now else None,
    )
    draft = AuctionDraft(
        title=thing.title, description=thing.description, currency=thing.currency, lots=[lot],
        requires_hold=thing.requires_hold,
        category=await find_category(thing.category),
        starts_at=now + timedelta(minutes=thing.starts_in), ends_at=now + timedelta(minutes=thing.ends_in),
    )  # fmt: skip
    auction_id = await create_auction(seller, draft, now=now)
    picture = Picture(await asyncio.to_thread(draw, thing.title, thing.motif))
    await add_image(auction_id, Actor(seller), picture, alt=thing.title)
