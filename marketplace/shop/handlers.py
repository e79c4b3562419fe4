from marketplace.accounts.events import UserBanned
from marketplace.core import db, outbox
from marketplace.media.events import MediaReady, MediaRefused
from marketplace.orders.events import OrderPaid, ShipmentSent
from marketplace.shop.freshness import products_changed
from marketplace.shop.pictures import PRODUCT_IMAGE
from marketplace.shop.pricing.drafts import KIND
from marketplace.shop.service import stock
from marketplace.shop.service.images import forget_image
from marketplace.shop.service.removing import take_down_all_of


@outbox.on(UserBanned)
async def take_down_products_of_the_banned(event: UserBanned) -> None:
    """Nobody should buy what a banned account offers. What was ordered stays for staff to settle."""
    await take_down_all_of(event.user_id)


@outbox.on(MediaReady)
async def show_new_picture(event: MediaReady) -> None:
    if event.purpose == PRODUCT_IMAGE.name:
        products_changed()


@outbox.on(MediaRefused)
async def hide_unreadable_picture(event: MediaRefused) -> None:
    if event.purpose == PRODUCT_IMAGE.name:
        await forget_image(event.media_id)


@outbox.on(ShipmentSent)
async def take_off_the_shelf(event: ShipmentSent) -> None:
    """What was promised has left; what can be sold is the same as before."""
    if event.kind == KIND:
        await stock.catch_up(event.order_id, actor=event.seller_id)


@outbox.on(OrderPaid)
async def count_as_sold(event: OrderPaid) -> None:
    if event.kind == KIND:
        await db.execute(
            "UPDATE products p SET sold_count = p.sold_count + l.n FROM (SELECT v.product, sum(l.quantity) AS n "
            'FROM order_lines l JOIN product_variants v ON v.id = l.subject WHERE l."order" = $1 GROUP BY v.product) AS l '
            "WHERE p.id = l.product",
            event.order_id,
        )
