"""A seller's products as the lines of a file, read some at a time."""

from collections.abc import AsyncIterator
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from marketplace.core import db, sheets
from marketplace.shop.queries.shown import KILOGRAMS
from marketplace.shop.sheets import COLUMNS

AT_ONCE: Final = 200

LINES: Final = f"""
SELECT p.id, row_to_json(x)::text AS product FROM products p
LEFT JOIN categories c ON c.id = p.category
CROSS JOIN LATERAL (SELECT p.sku, p.slug, p.name, p.description, coalesce(c.slug, '') AS category,
  money_text(p.price_minor, p.currency) AS price, coalesce(money_text(p.compare_minor, p.currency), '') AS compare_price,
  coalesce(money_text(p.cost_minor, p.currency), '') AS cost_price, p.currency, p.status,
  coalesce({KILOGRAMS.replace("{}", "p.weight_g")}, '') AS weight, p.dimensions, p.tax_class, p.attributes, p.tracks_stock, p.low_stock_at,
  (SELECT coalesce(string_agg(replace(t.name, ';', ' '), '; ' ORDER BY t.slug), '') FROM tag_items i JOIN tags t ON t.id = i.tag
    WHERE i.kind = 'product' AND i.item = p.id) AS tags,
  (SELECT json_agg(json_build_object('name', v.name, 'sku', v.sku, 'quantity', greatest(v.on_hand - v.allocated, 0),
      'price', coalesce(money_text(v.price_minor, p.currency), ''), 'attributes', v.attributes,
      'weight', coalesce({KILOGRAMS.replace("{}", "v.weight_g")}, '')) ORDER BY v.position, v.id)
    FROM product_variants v WHERE v.product = p.id AND v.is_active) AS variants) AS x
WHERE p.seller = $1 AND p.deleted_at IS NULL AND p.status <> 'archived' AND p.id > $2
ORDER BY p.id LIMIT {AT_ONCE}"""


class Choice(Struct, frozen=True, kw_only=True):
    name: str
    sku: str
    quantity: int
    price: str
    attributes: dict[str, str]
    weight: str


class Listed(Struct, frozen=True, kw_only=True):
    """A product as the file says it: amounts and weights as text, empty where there is none."""

    sku: str
    slug: str
    name: str
    description: str
    category: str
    price: str
    compare_price: str
    cost_price: str
    currency: str
    status: str
    weight: str
    dimensions: str
    tax_class: str
    attributes: dict[str, str]
    tracks_stock: bool
    low_stock_at: int
    tags: str
    variants: list[Choice]


async def written(seller_id: UUID) -> AsyncIterator[bytes]:
    """The file in pieces: a head, then a line for each variant. What is archived is left out."""
    yield (sheets.BOM + sheets.line(COLUMNS)).encode()
    after = UUID(int=0)
    while found := await db.fetch(LINES, seller_id, after):
        products = [msgspec.json.decode(row["product"], type=Listed) for row in found]
        yield "".join(line for product in products for line in _lines(product)).encode()
        after = found[-1]["id"]
        if len(found) < AT_ONCE:
            break


def _lines(product: Listed) -> list[str]:
    said: dict[str, Any] = {name: getattr(product, name) for name in COLUMNS if hasattr(product, name)}
    said |= {
        "attributes": _json(product.attributes), "tracks_stock": str(product.tracks_stock).lower(),
        "low_stock_at": str(product.low_stock_at),
    }  # fmt: skip
    lines = []
    for choice in product.variants:
        own = {
            "variant": choice.name, "variant_sku": choice.sku if choice.name else "", "variant_price": choice.price,
            "variant_attributes": _json(choice.attributes), "variant_weight": choice.weight, "quantity": str(choice.quantity),
        }  # fmt: skip
        whole = said | own
        lines.append(sheets.line(whole[name] for name in COLUMNS))
        said = dict.fromkeys(said, "") | {"sku": product.sku, "slug": product.slug}
    return lines


def _json(attributes: dict[str, str]) -> str:
    return msgspec.json.encode(attributes).decode() if attributes else ""
