"""Wallets with money, and a seller with an order in each state: paid with the sandbox, through the services."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from msgspec import Struct

from marketplace.auctions.locks import LotRef
from marketplace.auctions.service.buy_now import buy_now
from marketplace.auctions.service.listing import AuctionDraft, LotDraft, create_auction
from marketplace.auctions.service.selling import order_of_sale
from marketplace.catalog.queries.categories import find_category
from marketplace.core import clock, db
from marketplace.core.config import settings
from marketplace.core.money import to_minor
from marketplace.demo.things import BIDDERS
from marketplace.orders.queries.checkouts import checkout_of_order
from marketplace.orders.service import cancelling, completing, shipping
from marketplace.orders.service.paying import PURPOSE
from marketplace.payments.service.depositing import deposit
from marketplace.payments.service.paying import pay_from_wallet
from marketplace.payments.service.paying import start as pay

SELLER: Final = "sam"
CURRENCY: Final = "USD"
IN_THE_WALLET: Final = Decimal("1500.00")
CARD: Final = "pm_card_ok"


class Bought(Struct, frozen=True):
    """Something that was bought outright; `state` is how far its order has come."""

    title: str
    category: str
    buyer: str
    price: str
    state: str


ORDERS: Final = [
    Bought("Desk lamp, green glass", "furniture", "alice", "85.00", "pending"),
    Bought("Pocket barometer, brass", "watches", "bob", "140.00", "processing"),
    Bought("Light meter, 1962", "cameras", "alice", "48.00", "shipped"),
    Bought("Ukulele, koa", "instruments", "carol", "210.00", "delivered"),
    Bought("Atlas of the sea, 1931", "rare-books", "dave", "65.00", "cancelled"),
]


async def load_orders(ids: Mapping[str, UUID], say: Callable[[str], None]) -> None:
    """Nothing where there is no sandbox to pay with. What is there already stays as it is."""
    if not settings().has_sandbox_payments:
        return
    await _fill_wallets(ids, say)
    sold = {row["title"] for row in await db.fetch("SELECT title FROM auctions WHERE seller = $1", ids[SELLER])}
    missing = [one for one in ORDERS if one.title not in sold]
    if missing:
        say(f"Making {len(missing)} demo orders")
    for one in missing:
        await sell(one, ids[SELLER], ids[one.buyer])


async def _fill_wallets(ids: Mapping[str, UUID], say: Callable[[str], None]) -> None:
    found = await db.fetch(
        "SELECT owner FROM ledger_accounts WHERE kind = 'wallet_available' AND owner = ANY($1::uuid[])",
        [ids[name] for name in BIDDERS],
    )
    empty = [ids[name] for name in BIDDERS if ids[name] not in {row["owner"] for row in found}]
    if empty:
        say(f"Filling {len(empty)} demo wallets")
    for user_id in empty:
        await deposit(user_id, IN_THE_WALLET, CURRENCY, "sandbox", method=CARD)


async def sell(one: Bought, seller: UUID, buyer: UUID) -> UUID:
    """Sell it, and bring its order, whose id this is, to where it should be."""
    now, minor = clock.now(), to_minor(one.price, CURRENCY)
    lot = LotDraft(title=one.title, start_minor=minor // 2, buy_now_minor=minor)
    draft = AuctionDraft(
        title=one.title, description="Sold outright.", currency=CURRENCY, lots=[lot],
        category=await find_category(one.category), starts_at=now, ends_at=now + timedelta(days=1),
    )  # fmt: skip
    auction_id = await create_auction(seller, draft, now=now)
    bought = await buy_now(LotRef(auction_id=auction_id), buyer, clock.now())
    order_id = await order_of_sale(bought.sale_id)
    assert order_id is not None, "a sale has its order"
    checkout_id = await checkout_of_order(order_id, buyer)
    if one.state == "processing":
        await pay(buyer, PURPOSE, checkout_id, "sandbox", method=CARD)
    elif one.state != "pending":
        await pay_from_wallet(buyer, PURPOSE, checkout_id)
    if one.state in ("shipped", "delivered"):
        await shipping.ship(order_id, seller, "DHL", "00340434161094042557")
    if one.state == "delivered":
        await completing.complete_bought(order_id, buyer)
    if one.state == "cancelled":
        await cancelling.cancel_own(order_id, seller, "It was damaged in storage.")
    return order_id
