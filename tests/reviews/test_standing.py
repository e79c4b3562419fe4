"""What a seller's record amounts to: figures that follow their orders, and levels that follow the figures."""

from datetime import timedelta

import pytest
from msgspec import structs

from marketplace.core import clock, db, invariants, platform, timers
from marketplace.core.money import Money
from marketplace.orders import promises
from marketplace.orders.fulfilment import CancelledBy
from marketplace.orders.service import cancelling, freezing, refunding
from marketplace.orders.tiers import tier_of
from marketplace.reviews.levels import Record, TopTier, level_of
from marketplace.reviews.rules import DEMANDS
from marketplace.reviews.service import rating, standing, writing
from marketplace.reviews.states import Level
from tests.factories import a_user
from tests.factories.orders import an_order, hold_invariants, read
from tests.factories.payments import work_off
from tests.factories.reviews import completed, words
from tests.statements import statements

TOP = TopTier(least=50, percent=3)
BEST = Record(
    completed_orders=100, cancelled_orders=5, promised_orders=100, kept_orders=95, year_completed=50, year_refunded=1,
    rating_sum=47, rating_count=10,
)  # fmt: skip
STANDING = "SELECT * FROM seller_standings WHERE seller = $1"


@pytest.mark.parametrize(
    ("over", "level"),
    [
        ({}, Level.TOP),
        ({"year_completed": 49}, Level.TWO),
        ({"year_refunded": 2}, Level.TWO),
        ({"rating_sum": 46}, Level.TWO),
        ({"cancelled_orders": 6}, Level.TWO),
        ({"kept_orders": 94}, Level.TWO),
        ({"kept_orders": 89}, Level.ONE),
        ({"rating_sum": 44}, Level.ONE),
        ({"year_completed": 24}, Level.ONE),
        ({"year_completed": 10, "year_refunded": 10}, Level.ONE),
        ({"year_completed": 9}, Level.NEW),
        ({"rating_sum": 0, "rating_count": 0}, Level.NEW),
        ({"promised_orders": 0, "kept_orders": 0}, Level.TOP),
        ({"cancelled_orders": 26}, Level.NEW),
    ],
)
def test_a_level_is_the_last_whose_demands_are_met(over, level):
    assert level_of(structs.replace(BEST, **over), DEMANDS, TOP) is level


def test_without_a_record_everybody_is_new():
    assert level_of(Record(), DEMANDS, TOP) is Level.NEW


@pytest.fixture
async def seller(tables, monkeypatch):
    monkeypatch.setattr(standing, "PACE", timedelta())
    yield await a_user()
    await work_off()
    await hold_invariants()


async def figures(seller):
    row = await db.fetch_row(STANDING, seller.id)
    return {name: row[name] for name in standing.FIGURES if row[name]} if row else None


async def test_it_follows_orders_that_are_completed_called_off_and_refunded(seller):
    assert await figures(seller) is None
    done = await completed(seller=seller.id)
    await work_off()
    assert await figures(seller) == {"completed_orders": 1, "year_completed": 1}
    await refunding.refund(done, Money(100, "USD"), None, "A scratch.")
    await cancelling.cancel_own(await an_order(seller=seller.id, paid=True), seller.id, "Sold out.")
    buyers = await an_order(seller=seller.id, paid=True)
    await cancelling.cancel_own(buyers, (await read(buyers)).buyer, "Changed my mind.")
    await cancelling.cancel(await an_order(seller=seller.id), CancelledBy.SELLER, seller.id, "Never paid.")
    await work_off()
    assert await figures(seller) == {
        "completed_orders": 1, "year_completed": 1, "year_refunded": 1, "cancelled_orders": 1,
    }  # fmt: skip


async def test_the_page_shows_it_in_one_statement(client, seller):
    await cancelling.cancel_own(await an_order(seller=seller.id, paid=True), seller.id, "Sold out.")
    order = await completed(seller=seller.id)
    await writing.review_order(order, (await read(order)).buyer, words(4))
    await writing.review_order(order, seller.id, words(5))
    await work_off()
    async with statements() as made:
        shown = (await client.get(f"/api/v1/users/{seller.username}/reputation/")).json()["data"]
    assert len(made) == 1
    assert (shown["average_rating"], shown["review_count"], shown["level"]) == (4.0, 1, "new")
    assert (shown["completed_orders"], shown["completion_rate"], shown["on_time_rate"]) == (1, 0.5, None)


async def test_what_was_promised_and_came_late_counts_against_the_seller(seller, monkeypatch):
    late = "(CASE o.note WHEN 'late' THEN false WHEN 'kept' THEN true END)"
    monkeypatch.setattr(promises, "_kept", {"test_goods": late})
    for note in ("kept", "late", ""):
        order = await completed(seller=seller.id)
        await db.execute("UPDATE orders SET note = $2 WHERE id = $1", order, note)
    given_up = await an_order(seller=seller.id, paid=True)
    await db.execute("UPDATE orders SET note = 'late' WHERE id = $1", given_up)
    await cancelling.cancel_own(given_up, (await read(given_up)).buyer, "It never came.")
    await work_off()
    assert await figures(seller) == {
        "completed_orders": 3, "year_completed": 3, "promised_orders": 2, "kept_orders": 1, "cancelled_orders": 1,
    }  # fmt: skip
    await hold_invariants()
    await db.execute("UPDATE orders SET note = '' WHERE seller = $1", seller.id)
    await standing.recompute([seller.id])


async def test_from_nothing_it_is_worked_out_the_same(seller):
    other = await a_user()
    for person, stars in ((seller, 5), (seller, 3), (other, 4)):
        order = await completed(seller=person.id)
        await writing.review_order(order, (await read(order)).buyer, words(stars))
        await writing.review_order(order, person.id, words(stars))
    await cancelling.cancel_own(await an_order(seller=other.id, paid=True), other.id, "Sold out.")
    await work_off()
    kept = "SELECT seller, level, " + ", ".join(standing.FIGURES) + " FROM seller_standings ORDER BY seller"
    ratings = 'SELECT * FROM user_ratings ORDER BY "user"'
    before = await db.fetch(kept), await db.fetch(ratings)
    assert len(before[0]) == 2 and len(before[1]) == 5
    assert await rating.recompute_persons() == 0
    await db.execute("DELETE FROM seller_standings")
    await db.execute("DELETE FROM user_ratings")
    told = [breach.partition(":")[0] async for breach in invariants.violations()]
    assert (
        told
        == ["a person is rated as their reviews rate them"] * 5 + ["a seller's standing is what their orders say"] * 2
    )
    assert await rating.recompute_persons() == 5 and await standing.recompute_all() == 2
    assert (await db.fetch(kept), await db.fetch(ratings)) == before


async def test_many_sellers_are_worked_out_in_lots(seller, monkeypatch):
    monkeypatch.setattr(standing, "BATCH", 2)
    for _ in range(3):
        await completed()
    await completed(seller=seller.id)
    await work_off()
    await db.execute("UPDATE seller_standings SET completed_orders = 7")
    assert await standing.recompute_all() == 4
    assert [row[0] for row in await db.fetch("SELECT completed_orders FROM seller_standings")] == [1] * 4


async def test_orders_leave_the_year_and_settings_move_levels(seller, monkeypatch):
    demands = [{"level": "one", "orders": 1, "rating": 0, "completion": 0.5, "on_time": 0.5},
               {"level": "top", "orders": 1, "rating": 0, "completion": 0.5, "on_time": 0.5}]  # fmt: skip
    await platform.change({"reviews.levels": demands, "orders.top_tier_orders": 2}, None)
    await completed(seller=seller.id)
    await work_off()
    assert (await db.fetch_row(STANDING, seller.id))["level"] == "one"
    await completed(seller=seller.id)
    await work_off()
    assert (await db.fetch_row(STANDING, seller.id))["level"] == "top" == await tier_of(seller.id)
    later = clock.now() + timedelta(days=366)
    monkeypatch.setattr(clock, "now", lambda: later)
    await standing.recompute_all()
    row = await db.fetch_row(STANDING, seller.id)
    assert (row["level"], row["completed_orders"], row["year_completed"]) == ("new", 2, 0)


async def test_however_much_happens_it_is_worked_out_once_a_moment(tables):
    seller = (await a_user()).id
    await standing.recompute([seller])
    computed = (await db.fetch_row(STANDING, seller))["computed_at"]
    for _ in range(3):
        await standing.changed(seller)
    [due] = [row[0] for row in await db.fetch("SELECT due_at FROM timers WHERE kind = $1", standing.TIMER)]
    assert due == computed + standing.PACE
    await db.execute("UPDATE timers SET due_at = now()")
    assert await timers.run_due() == 1
    assert (await db.fetch_row(STANDING, seller))["computed_at"] > computed


async def test_a_dispute_that_gives_all_back_is_nobodys_completed_order(seller):
    order = await an_order(seller=seller.id, paid=True)
    await freezing.freeze(order, "dispute", None, "It is broken.")
    held = (await read(order)).held_minor
    await freezing.resolve(order, held, 0, None, "It was.")
    await work_off()
    assert await figures(seller) == {}


async def test_a_wrong_figure_is_a_breach(seller):
    await completed(seller=seller.id)
    await work_off()
    await db.execute("UPDATE seller_standings SET kept_orders = 1, promised_orders = 1")
    assert [breach async for breach in invariants.violations()] == [
        f"a seller's standing is what their orders say: {seller.id}"
    ]
    await standing.recompute_all()
