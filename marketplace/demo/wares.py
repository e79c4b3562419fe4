"""What the demo's shops sell: a few hundred believable things, made of families, the same every time."""

import random
import zlib
from collections.abc import Iterator
from decimal import Decimal
from itertools import product
from typing import Final

from msgspec import Struct

PREFIX: Final = "DEMO-"
"""How the SKUs of what was made for the demo begin."""


class Ware(Struct, frozen=True, kw_only=True):
    """A product. `choices` are variants with what each costs more; amounts are decimal text."""

    sku: str
    name: str
    description: str
    motif: str
    category: str
    seller: str
    currency: str
    price: str
    compare_price: str | None
    cost_price: str
    quantity: int
    choices: list[tuple[str, str]]
    attributes: dict[str, str]
    tags: list[str]
    weight_g: int


class Family(Struct, frozen=True, kw_only=True):
    """Things alike: every `kind` of every `make`. `prices` and `weights` (in grams) are ranges; `{make}` and `{kind}` go into the text."""

    code: str
    category: str
    motif: str
    seller: str
    makes: tuple[str, ...]
    kinds: tuple[str, ...]
    prices: tuple[int, int]
    weights: tuple[int, int]
    text: str
    name: str = "{make} {kind}"
    attribute: str = "material"
    choices: tuple[tuple[str, str], ...] = ()
    tags: tuple[str, ...] = ()
    currency: str = "USD"


FAMILIES: Final = (
    Family(code="KIT", category="kitchen", motif="kettle", seller="sam", prices=(18, 120), weights=(400, 2200), tags=("kitchen",),
           makes=("Enamel", "Copper", "Brushed steel", "Cast-iron", "Stoneware"),
           kinds=("kettle, 1.2 l", "teapot, 0.8 l", "milk pan, 14 cm", "gooseneck kettle", "butter dish", "pour-over set"),
           text="{make} {kind}. Made for daily use: the handle stays cool and every part can be replaced. Works on gas and electric hobs; wash by hand."),
    Family(code="LMP", category="furniture", motif="lamp", seller="frank", prices=(35, 260), weights=(900, 4200), tags=("lighting",),
           makes=("Oak", "Brass", "Linen", "Opal glass", "Powder-coated"),
           kinds=("desk lamp", "floor lamp", "bedside lamp", "pendant", "wall light"),
           choices=(("Warm white, 2700 K", "0"), ("Neutral, 4000 K", "4")),
           text="{make} {kind} with a fabric cable and a dimmer on it. The E27 bulb is included and easily changed."),
    Family(code="CHR", category="furniture", motif="chair", seller="frank", prices=(90, 640), weights=(4000, 14000), attribute="colour", tags=("furniture",),
           makes=("Teal", "Ochre", "Charcoal", "Sage", "Natural"),
           kinds=("reading chair", "dining chair", "bar stool", "rocking chair", "folding chair"),
           text="A {kind} in {make} wool on solid beech. Delivered assembled; felt pads for wooden floors are in the box."),
    Family(code="CER", category="ceramics", motif="vase", seller="gallery", prices=(28, 340), weights=(300, 3500), attribute="glaze", tags=("handmade",),
           makes=("Celadon", "Salt-glazed", "Tenmoku", "White slip", "Ash-glazed"),
           kinds=("bud vase", "floor vase", "serving bowl", "pitcher", "tea bowl", "lidded jar"),
           text="{make} {kind}, thrown and fired in small batches. No two are quite alike; yours may differ a little from the picture."),
    Family(code="TEA", category="ceramics", motif="kettle", seller="carol", prices=(90, 1600), weights=(120, 900), attribute="工艺", currency="CNY",
           makes=("青瓷", "白瓷", "紫砂", "天目", "汝窑"), kinds=("茶壶", "盖碗", "公道杯", "品茗杯", "花瓶"), name="{make}{kind}", tags=("茶具", "handmade"),
           text="{make}{kind}，手工拉坯，柴窑烧制，釉色温润。每件略有差异，附布袋包装。"),
    Family(code="CAM", category="cameras", motif="camera", seller="erin", prices=(60, 980), weights=(250, 1200), attribute="condition", tags=("refurbished",),
           makes=("Refurbished", "Like new", "Well-used"),
           kinds=("35 mm rangefinder", "35 mm SLR body", "folding 6x6 camera", "compact zoom camera", "50 mm f/1.8 lens", "28 mm f/2.8 lens", "light meter"),
           text="{make}: {kind}. Cleaned, tested with film and covered for six months. Shutter speeds measured and noted on the card."),
    Family(code="AUD", category="audio", motif="headphones", seller="erin", prices=(25, 420), weights=(60, 380), attribute="colour", tags=("audio",),
           makes=("Black", "Sand", "Midnight blue", "Forest"),
           kinds=("closed-back headphones", "open-back headphones", "wireless earphones", "noise-cancelling headphones", "studio monitors, pair", "portable speaker"),
           text="{kind} in {make}. Pads and cable can be changed without tools, and spare parts are sold for ten years."),
    Family(code="WCH", category="watches", motif="watch", seller="gallery", prices=(70, 1450), weights=(40, 180), attribute="case", tags=("watches",),
           makes=("Steel", "Titanium", "Gilt", "Black"),
           kinds=("field watch, 38 mm", "diver's watch, 40 mm", "dress watch, 36 mm", "chronograph, 41 mm", "pilot's watch, 42 mm", "travel clock"),
           choices=(("Leather strap", "0"), ("Canvas strap", "0"), ("Bracelet", "45")),
           text="{make} {kind}: sapphire crystal, regulated in five positions, water-resistant as a watch should be. Two years' warranty."),
    Family(code="BAG", category="bags", motif="bag", seller="dave", prices=(30, 310), weights=(250, 1900), attribute="colour", tags=("leather",),
           makes=("Tan", "Black", "Olive", "Navy", "Rust"),
           kinds=("day pack", "weekender", "messenger bag", "tote", "camera bag", "wash bag"),
           text="{kind} in {make} waxed canvas and bridle leather. Brass hardware, a pocket for a 14-inch laptop, repairs for life."),
    Family(code="BOK", category="non-fiction", motif="book", seller="dave", prices=(9, 64), weights=(200, 1400), attribute="binding", tags=("books",),
           makes=("Paperback", "Cloth-bound", "Signed"),
           kinds=("A History of Salt Roads", "The Joiner's Handbook", "Glazes from Ash", "Birds of Two Coasts", "Notes on Small Boats", "The Night Train Atlas", "One Hundred Soups", "Letters from the Observatory"),
           name="{kind} ({make})",
           text="{kind}. {make} edition, illustrated throughout, with notes and an index. New, wrapped in paper."),
    Family(code="ART", category="photography-prints", motif="painting", seller="gallery", prices=(35, 280), weights=(200, 1500), attribute="paper", tags=("prints",),
           makes=("Baryta", "Cotton rag", "Japanese kozo"),
           kinds=("Ridge at dawn", "Harbour, winter", "Salt marsh", "Terraces in rain", "Birch wood", "Ferry at night", "Desert road"),
           name="{kind}, {make} print", choices=(("30 x 30 cm", "0"), ("50 x 50 cm", "60"), ("70 x 70 cm", "140")),
           text="“{kind}”, an archival pigment print on {make} paper. Open edition, signed on the back, shipped flat."),
    Family(code="GTR", category="instruments", motif="guitar", seller="sam", prices=(120, 1900), weights=(600, 4200), attribute="wood", tags=("music",),
           makes=("Cedar", "Spruce", "Mahogany"),
           kinds=("parlour guitar", "concert ukulele", "travel guitar", "classical guitar", "octave mandolin"),
           text="All-solid {make} {kind}, set up in the workshop with a bone nut and fresh strings. Padded case included."),
    Family(code="GAM", category="video-games", motif="console", seller="erin", prices=(15, 190), weights=(120, 700), attribute="region", tags=("retro",),
           makes=("PAL", "NTSC", "Region-free"),
           kinds=("handheld console", "controller, wired", "cartridge, racing", "cartridge, puzzle", "charging dock", "carrying case"),
           name="{kind} ({make})",
           text="{kind}, {make}. Opened, cleaned and tested; buttons and contacts as they should be."),
)  # fmt: skip


def wares() -> Iterator[Ware]:
    """All of them, in one order."""
    for family in FAMILIES:
        for number, (make, kind) in enumerate(product(family.makes, family.kinds), start=1):
            yield _ware(family, number, make, kind)


def _ware(family: Family, number: int, make: str, kind: str) -> Ware:
    sku = f"{PREFIX}{family.code}-{number:03}"
    rng = random.Random(zlib.crc32(sku.encode()))  # noqa: S311 - goods for show, no secret
    low, high = family.prices
    price = Decimal(round(low + (high - low) * rng.random() ** 2)) - (Decimal("0.01") if rng.random() < 0.6 else 0)
    name = family.name.format(make=make, kind=kind)
    text = family.text.format(make=make, kind=kind)
    return Ware(
        sku=sku, name=_capital(name), description=_capital(text), motif=family.motif, category=family.category, seller=family.seller,
        currency=family.currency, price=f"{price:.2f}", cost_price=f"{price * Decimal('0.55'):.2f}",
        compare_price=f"{price * Decimal('1.25'):.2f}" if rng.random() < 0.2 else None,
        quantity=0 if rng.random() < 0.05 else rng.randint(1, 60), choices=list(family.choices),
        attributes={family.attribute: make}, tags=list(family.tags), weight_g=rng.randint(*family.weights),
    )  # fmt: skip


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
