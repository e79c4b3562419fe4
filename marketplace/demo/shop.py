"""Fills the demo's shelves: products through the services, their pictures afterwards by jobs, so that the start does not wait."""

import asyncio
import io
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Final
from uuid import UUID

import msgspec

from marketplace.catalog.queries.categories import find_category
from marketplace.core import db
from marketplace.core.money import to_minor
from marketplace.demo import tasks
from marketplace.demo.wares import PREFIX, Ware, wares
from marketplace.shop.policies import Actor
from marketplace.shop.service.images import add_image
from marketplace.shop.service.listing import ProductDraft, create_product
from marketplace.shop.service.removing import feature
from marketplace.shop.service.variants import VariantDraft

AT_ONCE: Final = 50
PICTURES_AT_ONCE: Final = 10
PICTURE_SIDE: Final = 480
FEATURED_EVERY: Final = 24


async def fill_shelves(sellers: Mapping[str, UUID], say: Callable[[str], None]) -> None:
    """Add what is missing; what somebody deleted stays away."""
    rows = await db.fetch(
        "SELECT sku FROM products WHERE seller = ANY($1::uuid[]) AND starts_with(sku, $2)",
        list(sellers.values()), PREFIX,
    )  # fmt: skip
    there = {row["sku"] for row in rows}
    missing = [ware for ware in wares() if ware.sku not in there]
    if not missing:
        return
    say(f"Putting {len(missing)} demo products on the shelves")
    categories = {slug: await find_category(slug) for slug in sorted({ware.category for ware in missing})}
    waiting = iter(missing)
    while some := list(islice(waiting, AT_ONCE)):
        async with db.transaction():
            for ware in some:
                product_id = await create_product(sellers[ware.seller], _draft(ware, categories[ware.category]))
                if int(ware.sku[-3:]) % FEATURED_EVERY == 1:
                    await feature(None, product_id, True)
    async with db.transaction():
        await tasks.draw_pictures.defer()


def _draft(ware: Ware, category: UUID) -> ProductDraft:
    price = to_minor(ware.price, ware.currency)
    variants = [
        VariantDraft(
            name=name, sku=f"{ware.sku}-{n}", quantity=max(ware.quantity // n, 0),
            price_minor=None if extra == "0" else price + to_minor(extra, ware.currency),
        )
        for n, (name, extra) in enumerate(ware.choices, start=1)
    ]  # fmt: skip
    return ProductDraft(
        name=ware.name, description=ware.description, category=category, sku=ware.sku, currency=ware.currency, price_minor=price,
        compare_minor=to_minor(ware.compare_price, ware.currency) if ware.compare_price else None,
        cost_minor=to_minor(ware.cost_price, ware.currency), quantity=ware.quantity, weight_g=ware.weight_g, tags=ware.tags,
        attributes=msgspec.json.encode(ware.attributes).decode(), variants=variants,
    )  # fmt: skip


async def draw_some() -> bool:
    """Pictures for a few that have none. False when all have one."""
    rows = await db.fetch(
        "SELECT id, seller, name, sku FROM products p WHERE starts_with(sku, $1) AND deleted_at IS NULL "
        "AND NOT EXISTS (SELECT FROM product_images i WHERE i.product = p.id) ORDER BY id LIMIT $2",
        PREFIX, PICTURES_AT_ONCE,
    )  # fmt: skip
    motifs = {ware.sku: ware.motif for ware in wares()} if rows else {}
    for row in rows:
        picture = Picture(await asyncio.to_thread(_drawn, row["name"], motifs.get(row["sku"], "vase")))
        await add_image(row["id"], Actor(row["seller"]), picture, alt=row["name"])
    return bool(rows)


def _drawn(name: str, motif: str) -> bytes:
    from PIL import Image

    from marketplace.demo.pictures import draw

    out = io.BytesIO()
    with Image.open(io.BytesIO(draw(name, motif))) as large:
        large.resize((PICTURE_SIDE, PICTURE_SIDE)).save(out, "JPEG", quality=86)
    return out.getvalue()


class Picture:
    """A drawn picture, as a file that was sent."""

    filename = "picture.jpg"

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    async def read(self, size: int = -1, /) -> bytes:
        return self._content.read(size)
