"""What the service is asked for, from a body: names that mean the same joined, amounts in minor units, a category found."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final, TypeVar
from uuid import UUID

from msgspec import UNSET, UnsetType

from marketplace.auctions.errors import LotNotFound
from marketplace.auctions.schemas.auctions import CreateAuction, LotIn, UpdateAuction, UpdateLot
from marketplace.auctions.service.listing import AuctionDraft, AuctionPatch, LotDraft, LotPatch
from marketplace.catalog.queries.categories import find_category
from marketplace.core import db
from marketplace.core.errors import ValidationFailed
from marketplace.core.money import check_currency, to_minor

T = TypeVar("T")

DURATIONS: Final[Mapping[str, str]] = {"duration": "seconds", "duration_hours": "hours", "duration_days": "days"}
USUAL: Final = timedelta(days=7)
PRICES: Final = ("starting_price", "start_price", "reserve_price", "buy_now_price", "buy_it_now_price")


def one_of(prefix: str = "", /, **given: T | UnsetType | None) -> T | UnsetType | None:
    """The one value among names for the same thing; UNSET if none was sent. Raises ValidationFailed if they differ."""
    sent = {name: value for name, value in given.items() if value is not UNSET}
    values = list(sent.values())
    if any(value != values[0] for value in values):
        said = f"{' and '.join(sent)} mean the same: send one of them."
        raise ValidationFailed(fields={prefix + name: [said] for name in sent})
    return values[0] if values else UNSET


async def draft_of(data: CreateAuction) -> AuctionDraft:
    """Raises ValidationFailed naming the field."""
    check_currency(data.currency)
    category = one_of(category=_sent(data.category), category_id=_sent(_text(data.category_id)))
    return AuctionDraft(
        title=_titled(data.title), description=data.description, category=await _category(category or None),
        currency=data.currency, lots=_lots(data), requires_hold=data.requires_hold,
        starts_at=one_of(starts_at=_sent(data.starts_at), start_time=_sent(data.start_time)) or None,
        ends_at=one_of(ends_at=_sent(data.ends_at), end_time=_sent(data.end_time)) or None,
        duration=_duration(data) or USUAL,
    )  # fmt: skip


def _sent(value: T | None) -> T | UnsetType:
    """A null in a new listing is as good as nothing."""
    return UNSET if value is None else value


def _text(value: UUID | UnsetType | None) -> Any:
    return str(value) if isinstance(value, UUID) else value


def _titled(title: str) -> str:
    if not title.strip():
        raise ValidationFailed.of("title", "Must not be empty.")
    return title.strip()


def _duration(data: CreateAuction | UpdateAuction) -> timedelta | None:
    given = {name: value for name in DURATIONS if (value := getattr(data, name)) is not UNSET and value is not None}
    if len(given) > 1:
        raise ValidationFailed(fields={name: ["Send one of the durations."] for name in given})
    for name, value in given.items():
        return timedelta(**{DURATIONS[name]: value})
    return None


def _lots(data: CreateAuction) -> list[LotDraft]:
    own = [name for name in PRICES if getattr(data, name) is not None]
    if data.lots:
        if own:
            raise ValidationFailed(fields={name: ["With lots, each has prices of its own."] for name in own})
        return [
            _lot(lot, data.currency, lot.title or f"{data.title} {i + 1}"[:200], f"lots[{i}].")
            for i, lot in enumerate(data.lots)
        ]
    return [_lot(data, data.currency, data.title.strip(), "")]


def _lot(data: CreateAuction | LotIn, currency: str, title: str, prefix: str) -> LotDraft:
    start = one_of(prefix, starting_price=_sent(data.starting_price), start_price=_sent(data.start_price))
    if start is UNSET or start is None:
        raise ValidationFailed.of(f"{prefix}starting_price", "This field is required.")
    buy_now = one_of(prefix, buy_now_price=_sent(data.buy_now_price), buy_it_now_price=_sent(data.buy_it_now_price))
    return LotDraft(
        title=title.strip(), at=prefix, description=data.description if isinstance(data, LotIn) else "",
        start_minor=to_minor(start, currency, f"{prefix}starting_price"),
        reserve_minor=_minor(data.reserve_price, currency, f"{prefix}reserve_price"),
        buy_now_minor=_minor(buy_now or None, currency, f"{prefix}buy_now_price"),
    )  # fmt: skip


def _minor(amount: Decimal | None, currency: str, field: str) -> int | None:
    return None if amount is None else to_minor(amount, currency, field)


async def _category(wanted: str | None) -> UUID | None:
    """The category of an id or a slug. Raises UnknownCategory."""
    return None if wanted is None else await find_category(wanted)


async def patch_of(auction_id: UUID, data: UpdateAuction) -> AuctionPatch:
    """Raises ValidationFailed naming the field, LotNotFound."""
    category = one_of(category=data.category, category_id=_text(data.category_id))
    duration = _duration(data)
    return AuctionPatch(
        title=UNSET if data.title is UNSET else _titled(data.title),
        description=data.description,
        category=UNSET if category is UNSET else await _category(category),
        starts_at=one_of(starts_at=data.starts_at, start_time=data.start_time),
        ends_at=one_of(ends_at=data.ends_at, end_time=data.end_time),
        duration=UNSET if duration is None else duration,
        lots=await _lot_patches(auction_id, data),
    )


async def _lot_patches(auction_id: UUID, data: UpdateAuction) -> dict[UUID, LotPatch]:
    own = [name for name in PRICES if getattr(data, name) is not UNSET]
    if not own and not data.lots and data.title is UNSET:
        return {}
    row = await db.fetch_row(
        "SELECT a.currency, array_agg(l.id ORDER BY l.position) AS lots FROM auctions a "
        "JOIN lots l ON l.auction = a.id WHERE a.id = $1 GROUP BY a.currency",
        auction_id,
    )
    if row is None:
        return {}
    ids: list[UUID] = row["lots"]
    currency: str = row["currency"]
    if unknown := {lot.id for lot in data.lots} - set(ids):
        raise LotNotFound(fields={"lots": [f"There is no lot {lot_id} in this auction." for lot_id in sorted(unknown)]})
    patches = {lot.id: _lot_patch(lot, currency, f"lots[{i}].") for i, lot in enumerate(data.lots)}
    if len(ids) == 1 and not data.lots:  # the auction is its only lot, and shares its title
        patches[ids[0]] = _lot_patch(data, currency, "")
    elif own:
        raise ValidationFailed(fields={name: ["Prices are those of a lot: name it in `lots`."] for name in own})
    return patches


def _lot_patch(data: UpdateAuction | UpdateLot, currency: str, prefix: str) -> LotPatch:
    start = one_of(prefix, starting_price=data.starting_price, start_price=data.start_price)
    buy_now = one_of(prefix, buy_now_price=data.buy_now_price, buy_it_now_price=data.buy_it_now_price)
    fields: dict[str, Any] = {}
    for name, value in (("start", start), ("reserve", data.reserve_price), ("buy_now", buy_now)):
        if value is not UNSET:
            fields[f"{name}_minor"] = _minor(
                value, currency, f"{prefix}{'starting' if name == 'start' else name}_price"
            )
    return LotPatch(
        at=prefix,
        title=data.title if data.title is UNSET else data.title.strip(),
        description=data.description if isinstance(data, UpdateLot) else UNSET,
        **fields,
    )
