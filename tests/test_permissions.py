"""The permission table, walked: each operation by each caller, on things made for that one request."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import httpx
import pytest
from msgspec import Struct

from marketplace.accounts.states import Role
from marketplace.app import create_app
from marketplace.auctions.service.lifecycle import close_due
from marketplace.core import clock, db
from marketplace.core.ids import uuid7
from marketplace.core.openapi import schema
from marketplace.disputes.service.proposing import propose
from marketplace.engagements.service import asking, milestone_plans
from marketplace.engagements.states import Gig
from marketplace.orders.service import shipping
from marketplace.orders.service.dispatching import Carriage
from marketplace.payments.service.invoices import issue
from marketplace.shop.queries.cart import Owner
from marketplace.shop.service.cart import add_item
from marketplace.shop.service.importing import take_in
from marketplace.shop.states import ImportMode
from tests.factories import a_user, bearer, signed_in
from tests.factories.auctions import a_bid, an_auction, sale_of, time_to_pay_passes
from tests.factories.checkouts import an_address
from tests.factories.disputes import a_dispute
from tests.factories.engagements import an_engagement, an_offer, latest_of
from tests.factories.gigs import STANDARD, a_gig, packages_of
from tests.factories.invoices import a_document
from tests.factories.orders import an_order
from tests.factories.payments import a_payment, a_stall
from tests.factories.payouts import a_method, a_payout, cleared_of, pay_in
from tests.factories.pictures import a_picture, work_off
from tests.factories.returns import a_return, delivered
from tests.factories.reviews import bought, review
from tests.factories.shop import a_product
from tests.permissions import PERMISSIONS

API = "/api/v1"
CALLERS = ("anonymous", "owner", "other", "seller", "moderator", "manager", "admin")
ANSWERS = {401: "a", 403: "f", 404: "n"}
NOBODY = "00000000-0000-7000-8000-000000000000"


class World(Struct):
    """Who is in play, and what one request is about."""

    http: httpx.AsyncClient
    ids: dict[str, UUID]
    headers: dict[str, dict[str, str]]
    auction_id: UUID | None = None
    lot_id: UUID | None = None
    product_id: UUID | None = None
    order_id: UUID | None = None
    dispute_id: UUID | None = None
    gig_id: UUID | None = None

    async def gig(self) -> UUID:
        """The seller's, published."""
        if self.gig_id is None:
            self.gig_id = await a_gig(self.ids["seller"], tags=["logo"])
        return self.gig_id

    async def product(self) -> UUID:
        """The seller's, for sale."""
        if self.product_id is None:
            self.product_id = await a_product(self.ids["seller"])
        return self.product_id

    async def order(self) -> UUID:
        """The owner's, bought from the seller and paid."""
        if self.order_id is None:
            self.order_id = await an_order(buyer=self.ids["owner"], seller=self.ids["seller"], paid=True)
        return self.order_id

    async def auction(self) -> UUID:
        """The seller's, running; made when it is first needed."""
        if self.auction_id is None:
            self.auction_id, self.lot_id = await an_auction(self.ids["seller"])
        return self.auction_id

    async def owners(self, path: str, **body: Any) -> str:
        """Something the owner makes through the API."""
        answer = await self.http.post(API + path, json=body, headers=self.headers["owner"])
        assert answer.status_code == 201, answer.text
        return str(answer.json()["data"]["id"])


async def a_world(http: httpx.AsyncClient) -> World:
    roles = {"moderator": Role.MODERATOR, "manager": Role.MANAGER, "admin": Role.ADMIN}
    world = World(http, {}, {"anonymous": {}})
    for caller in CALLERS[1:]:
        user, world.headers[caller] = await signed_in(roles.get(caller, Role.USER))
        world.ids[caller] = user.id
    return world


async def an_owners_bid(world: World) -> str:
    await world.auction()
    assert world.lot_id is not None
    return str((await a_bid(world.lot_id, world.ids["owner"], "5")).bid_id)


async def an_owners_rule(world: World) -> str:
    return await world.owners("/auto-bids", auction_id=str(await world.auction()), max_bid="50.00")


async def an_owners_payment(world: World) -> str:
    return str(await a_payment(await a_stall(world.ids["owner"]), ""))


async def a_second_chance(world: World) -> str:
    await world.auction()
    assert world.lot_id is not None
    await a_bid(world.lot_id, (await a_user()).id, "50")
    await a_bid(world.lot_id, world.ids["owner"], "20")
    await db.execute("UPDATE lots SET ends_at = $2 WHERE id = $1", world.lot_id, clock.now() - timedelta(seconds=5))
    assert await close_due(world.lot_id)
    await time_to_pay_passes(await sale_of(world.lot_id))
    return str(await db.fetch_val("SELECT id FROM second_chance_offers WHERE lot = $1", world.lot_id))


async def a_picture_of_the_seller(world: World) -> str:
    path = f"{API}/auctions/{await world.auction()}/images"
    files = {"image": ("a.jpg", a_picture(), "image/jpeg")}
    answer = await world.http.post(path, files=files, headers=world.headers["seller"])
    assert answer.status_code == 201, answer.text
    await work_off()
    return str(answer.json()["data"][0]["id"])


async def a_picture_of_the_product(world: World) -> str:
    path = f"{API}/products/{await world.product()}/images"
    files = {"image": ("a.jpg", a_picture(), "image/jpeg")}
    answer = await world.http.post(path, files=files, headers=world.headers["seller"])
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"][0]["id"])


async def what_the_gig_shows(world: World) -> str:
    path = f"{API}/gigs/{await world.gig()}/media"
    files = {"file": ("a.jpg", a_picture(), "image/jpeg")}
    answer = await world.http.post(path, files=files, headers=world.headers["seller"])
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["id"])


async def a_package_of_the_gig(world: World) -> str:
    return str((await packages_of(await world.gig()))[STANDARD])


async def a_tag(world: World) -> str:
    await world.gig()
    return "logo"


async def an_owners_upload(world: World) -> str:
    files = {"avatar": ("a.jpg", a_picture(), "image/jpeg")}
    answer = await world.http.post(f"{API}/users/avatar", files=files, headers=world.headers["owner"])
    assert answer.status_code < 300, answer.text
    return str(await db.fetch_val("SELECT id FROM media WHERE owner = $1", world.ids["owner"]))


async def another_device(world: World) -> str:
    await bearer(world.ids["owner"])
    return str(
        await db.fetch_val('SELECT id FROM sessions WHERE "user" = $1 ORDER BY id DESC LIMIT 1', world.ids["owner"])
    )


async def a_notice(world: World) -> str:
    notice = uuid7()
    await db.execute(
        'INSERT INTO notifications (id, "user", type, details, dedupe_key, occurrences, created_at, happened_at) '
        "VALUES ($1, $2, 'outbid', '{}', '', 1, now(), now())",
        notice, world.ids["owner"],
    )  # fmt: skip
    return str(notice)


async def an_owners_invoice(world: World) -> str:
    async with db.transaction():
        return str(await issue(a_document(), issuer=None, recipient=world.ids["owner"]))


async def a_webhook(_: World) -> str:
    event = uuid7()
    await db.execute(
        "INSERT INTO webhook_events (id, provider, event_id, type, outcome, event_at) "
        "VALUES ($1, 'sandbox', 'evt_' || $1::uuid, 'charge.succeeded', '{}', now())",
        event,
    )
    return str(event)


async def an_owners_import(world: World) -> str:
    return str(await take_in(world.ids["owner"], b"sku,name,price\nK-1,A kettle,20.00\n", "a.csv", ImportMode.ALL))


async def a_category(_: World) -> str:
    slug = f"things-{uuid7().hex}"
    await db.execute(
        "INSERT INTO categories (id, slug, name, name_zh, description) VALUES ($1, $2, $2, '', '')", uuid7(), slug
    )
    return slug


async def an_owners_review(world: World) -> str:
    await bought(await world.product(), world.ids["owner"])
    return str(await review(await world.product(), world.ids["owner"]))


async def an_owners_payout(world: World) -> str:
    owner = world.ids["owner"]
    await pay_in(cleared_of(owner), 1_000)
    await a_method(owner)
    return str(await a_payout(owner))


async def a_shipment(world: World) -> str:
    return str(await shipping.ship_part(await world.order(), world.ids["seller"], Carriage("DHL", "1"), None))


async def an_owners_return(world: World) -> str:
    owner = world.ids["owner"]
    await add_item(Owner(user=owner), await world.product(), None, 1)
    return str(await a_return(await delivered(owner, await an_address(owner))))


async def a_dispute_of_the_owner(world: World) -> str:
    """The owner bought the order from the seller."""
    if world.dispute_id is None:
        order_id = await an_order(buyer=world.ids["owner"], seller=world.ids["seller"], paid=True)
        world.dispute_id = await a_dispute(order_id=order_id)
    return str(world.dispute_id)


async def a_proposal_of_the_seller(world: World) -> str:
    return str(await propose(UUID(await a_dispute_of_the_owner(world)), world.ids["seller"], "10.00", ""))


ADDRESS = {
    "address_type": "shipping", "full_name": "A B", "street_address": "1 Main St", "city": "Berlin", "country": "DE",
    "zip_code": "10115",
}  # fmt: skip


async def an_owners_work(world: World, to: Gig = Gig.IN_PROGRESS) -> UUID:
    """An order of a gig that the owner buys from the seller."""
    return await an_engagement(buyer=world.ids["owner"], seller=world.ids["seller"], to=to)


async def an_owners_work_id(world: World) -> str:
    return str(await an_owners_work(world))


async def an_owners_delivery(world: World) -> str:
    return str(await latest_of(await an_owners_work(world, Gig.DELIVERED)))


async def an_extension(world: World) -> str:
    return str(await asking.ask_extension(await an_owners_work(world), world.ids["seller"], 2, "Slow paint."))


async def an_owners_milestone(world: World) -> str:
    work = await an_owners_work(world)
    return str(await milestone_plans.propose(work, world.ids["seller"], "A sketch", "", "10.00", None))


async def an_owners_cancellation(world: World) -> str:
    return str(await asking.ask_cancellation(await an_owners_work(world), world.ids["owner"], "It is no use."))


MAKERS: dict[str, Callable[[World], Awaitable[str]]] = {
    "address_id": lambda world: world.owners("/auth/me/addresses", **ADDRESS),
    "auction_id": lambda world: _text(world.auction()),
    "bid_id": an_owners_bid,
    "cancellation_id": an_owners_cancellation,
    "coupon_id": lambda world: world.owners(
        "/shop/coupons", title="Ten off", kind="percent", percent="10", code="C" + uuid7().hex
    ),
    "cart_item_id": lambda world: _in_the_cart(world),
    "category": a_category,
    "dispute_id": a_dispute_of_the_owner,
    "custom_offer_id": lambda world: _text(an_offer(world.ids["seller"], world.ids["owner"])),
    "delivery_id": an_owners_delivery,
    "event_id": a_webhook,
    "extension_id": an_extension,
    "favorite_id": lambda world: _favorite(world),
    "gig_id": lambda world: _text(world.gig()),
    "gig": lambda world: _text(world.gig()),
    "gig_media_id": what_the_gig_shows,
    "image_id": a_picture_of_the_seller,
    "import_id": an_owners_import,
    "invoice_id": an_owners_invoice,
    "item_id": lambda world: world.owners("/users/portfolio", title="A clock"),
    "media_id": an_owners_upload,
    "method_id": lambda world: world.owners("/payouts/methods", provider="sandbox", destination="acct_ok"),
    "milestone_id": an_owners_milestone,
    "notification_id": a_notice,
    "offer_id": a_second_chance,
    "order_id": lambda world: _text(world.order()),
    "package_id": a_package_of_the_gig,
    "payout_id": an_owners_payout,
    "payment_id": an_owners_payment,
    "picture_id": a_picture_of_the_product,
    "proposal_id": a_proposal_of_the_seller,
    "product": lambda world: _text(world.product()),
    "return_id": an_owners_return,
    "review_id": an_owners_review,
    "rule_id": an_owners_rule,
    "session_id": another_device,
    "shipment_id": a_shipment,
    "tag": a_tag,
    "skill_id": lambda world: world.owners("/users/skills", name="Watch repair"),
    "user_id": lambda world: _done(str(world.ids["owner"])),
}
"""How the thing is made that a path parameter names. Others are filled with an id of nothing."""

WORK: Final = frozenset(
    f"{{order_id}}/{part}"
    for part in (
        "engagement",
        "requirements",
        "decline",
        "deliveries",
        "extension-requests",
        "cancel-requests",
        "milestones",
        "milestones/accept",
    )
)
"""Under which an order is one of a gig."""

BODIES: dict[str, Any] = {
    "POST /api/v1/orders/{order_id}/requirements": {"answers": [{"requirement_id": NOBODY, "text": "Fox"}]},
    "POST /api/v1/orders/{order_id}/deliveries": {"message": "Here it is."},
    "POST /api/v1/orders/{order_id}/extension-requests": {"days": 2, "reason": "Slow paint."},
    "POST /api/v1/orders/{order_id}/cancel-requests": {"reason": "It is no use."},
    "POST /api/v1/orders/{order_id}/milestones": {"title": "A sketch", "amount": "1.00"},
    "PUT /api/v1/milestones/{milestone_id}": {"title": "Two sketches"},
    "POST /api/v1/milestones/{milestone_id}/reject": {"reason": "Three were agreed."},
    "PUT /api/v1/deliveries/{delivery_id}": {"message": "Here it is, really."},
    "POST /api/v1/deliveries/{delivery_id}/reject": {"reason": "An empty file."},
    "POST /api/v1/deliveries/{delivery_id}/request-revision": {"message": "Bluer, please."},
    "POST /api/v1/auctions/{auction_id}/end": {"reason": "It is over."},
    "PUT /api/v1/auctions/{auction_id}": {"title": "Another title"},
    "PATCH /api/v1/auctions/{auction_id}": {"title": "Another title"},
    "PUT /api/v1/auto-bids/{rule_id}": {"max_bid": "60.00"},
    "PATCH /api/v1/auto-bids/{rule_id}": {"max_bid": "60.00"},
    "PATCH /api/v1/auctions/{auction_id}/images": {"order": []},
    "PATCH /api/v1/products/{product}/images": {"order": []},
    "POST /api/v1/products/{product}/reviews": {"rating": 5, "title": "Good", "comment": "It boils."},
    "POST /api/v1/products/{product}/reviews/{review_id}/reply": {"reply": "Thank you."},
    "PUT /api/v1/reviews/{review_id}": {"rating": 4},
    "PATCH /api/v1/reviews/{review_id}": {"rating": 4},
    "POST /api/v1/reviews/{review_id}/reply": {"reply": "Thank you."},
    "POST /api/v1/admin/reviews/{review_id}/hide": {"reason": "Insults."},
    "POST /api/v1/admin/reviews/{review_id}/show": {"reason": "Not at all."},
    "POST /api/v1/products/{product}/stock": {"quantity": 4},
    "PUT /api/v1/products/{product}/stock": {"quantity": 4},
    "POST /api/v1/gigs/{gig}/packages": {"tier": "basic", "title": "Less", "price": "5.00", "delivery_days": 1},
    "POST /api/v1/gigs/media/reorder": {"order": [NOBODY]},
    "POST /api/v1/bids/{bid_id}/retract": {"reason": "wrong_amount"},
    "PUT /api/v1/auth/me/addresses/{address_id}": {"city": "Paris"},
    "PATCH /api/v1/auth/me/addresses/{address_id}": {"city": "Paris"},
    "POST /api/v1/orders/{order_id}/cancel-items": {"lines": [{"line_id": NOBODY}]},
    "POST /api/v1/orders/{order_id}/returns": {"lines": [{"line_id": NOBODY}], "reason": "Too small."},
    "POST /api/v1/returns/{return_id}/receive": {"restock": True},
    "POST /api/v1/returns/{return_id}/reject": {"reason": "It was worn."},
    "POST /api/v1/orders/{order_id}/dispute": {"reason": "late", "description": "It has not come for weeks now."},
    "POST /api/v1/disputes/{dispute_id}/appeal": {"reason": "It was not as you say it was."},
    "POST /api/v1/disputes/{dispute_id}/messages": {"message": "Where is it?"},
    "POST /api/v1/disputes/{dispute_id}/proposals": {"buyer_amount": "1.00"},
    "POST /api/v1/disputes/{dispute_id}/resolve": {
        "buyer_amount": "1",
        "seller_amount": "99",
        "reason": "So be it now.",
    },
    "POST /api/v1/admin/disputes/{dispute_id}/messages": {"message": "Where is it?"},
    "POST /api/v1/orders/{order_id}/ship": {"carrier": "DHL", "tracking_number": "1"},
    "POST /api/v1/orders/{order_id}/shipments": {"carrier": "DHL"},
    "PATCH /api/v1/orders/{order_id}/shipments/{shipment_id}": {"tracking_number": "2"},
    "PUT /api/v1/cart/items/{cart_item_id}": {"quantity": 2},
    "PATCH /api/v1/cart/items/{cart_item_id}": {"quantity": 2},
    "PUT /api/v1/users/portfolio/{item_id}": {"title": "Another clock"},
    "PATCH /api/v1/users/portfolio/{item_id}": {"title": "Another clock"},
    "POST /api/v1/admin/users/{user_id}/ban": {"reason": "Spam."},
    "PUT /api/v1/admin/users/{user_id}": {"reason": "Asked."},
    "PATCH /api/v1/admin/users/{user_id}": {"reason": "Asked."},
    "POST /api/v1/sandbox/records/{reference}/state": {"state": "won"},
    "POST /api/v1/users/{user_id}/verification/decision": {"approved": True},
}
"""Bodies good enough to reach the question who may. Operations without one here are asked with an empty object."""

PICTURES = {
    "POST /api/v1/auctions/{auction_id}/images": "image",
    "POST /api/v1/products/{product}/images": "image",
    "POST /api/v1/gigs/{gig}/media": "file",
    "POST /api/v1/users/portfolio/{item_id}/image": "image",
}


async def _text(made: Awaitable[UUID]) -> str:
    return str(await made)


async def _done(text: str) -> str:
    return text


async def _in_the_cart(world: World) -> str:
    return await world.owners("/cart/items", product_id=str(await a_product(world.ids["seller"])))


async def _favorite(world: World) -> str:
    return await world.owners("/users/favorites", target_type="auction", target_id=str(await world.auction()))


def operations() -> dict[str, dict[str, Any]]:
    paths = schema(create_app())["paths"]
    return {f"{method.upper()} {path}": one for path, methods in paths.items() for method, one in methods.items()}


OPERATIONS = operations()


def test_the_table_is_complete_and_holds_nothing_else():
    assert sorted(OPERATIONS.keys() - PERMISSIONS.keys()) == [], "rows are missing in tests/permissions.py"
    assert sorted(PERMISSIONS.keys() - OPERATIONS.keys()) == [], "rows of operations that are gone"
    assert {
        row for row, cells in PERMISSIONS.items() if len(cells) != len(CALLERS) or set(cells) - set("yafn")
    } == set()


@pytest.mark.parametrize("operation", sorted(PERMISSIONS.keys() & OPERATIONS.keys()))
async def test_each_caller_is_answered_as_the_table_says(operation: str, client: httpx.AsyncClient) -> None:
    found = "".join([await answered(operation, caller, await a_world(client)) for caller in CALLERS])
    assert dict(zip(CALLERS, found, strict=True)) == dict(zip(CALLERS, PERMISSIONS[operation], strict=True))


async def answered(operation: str, caller: str, world: World) -> str:
    method, _, path = operation.partition(" ")
    for parameter in OPERATIONS[operation].get("parameters", []):
        if parameter["in"] == "path":
            make = an_owners_work_id if path.endswith(tuple(WORK)) else MAKERS.get(parameter["name"])
            path = path.replace(f"{{{parameter['name']}}}", await make(world) if make else NOBODY)
    how: dict[str, Any] = {}
    if operation in PICTURES:
        how["files"] = {PICTURES[operation]: ("a.jpg", a_picture(), "image/jpeg")}
    elif "requestBody" in OPERATIONS[operation]:
        how["json"] = BODIES.get(operation, {})
    answer = await world.http.request(method, path, headers=world.headers[caller], **how)
    assert answer.status_code < 500, answer.text
    return ANSWERS.get(answer.status_code, "y")
