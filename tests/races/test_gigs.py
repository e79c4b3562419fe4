"""Gigs that several processes change, order and look at: one main package, one order of media, each visitor counted once."""

from collections import Counter

import pytest

from marketplace.core import db
from marketplace.gigs.service import media, tallying
from tests.factories.accounts import a_user
from tests.factories.gigs import a_gig, packages_of, seller_of
from tests.factories.ledger import hold_invariants
from tests.factories.pictures import AFile, a_picture
from tests.races.crew import run_together

pytestmark = pytest.mark.usefixtures("tables")
DEEDS = "tests.races.gig_deeds"


async def test_whoever_sets_the_main_package_there_is_one():
    gig = await a_gig()
    packages = [str(one) for one in (await packages_of(gig)).values()]
    seller = str((await seller_of(gig)).id)
    job = {"seller": seller, "packages": packages, "times": 8}
    hands = await run_together(f"{DEEDS}:set_main", job, job, job | {"packages": packages[::-1]})
    assert Counter(one for hand in hands for one in hand) == {"ok": 72}
    assert await db.fetch_val("SELECT count(*) FROM gig_packages WHERE is_main") == 1
    await hold_invariants()


async def test_an_order_of_media_that_names_what_is_gone_is_refused_whole():
    gig = await a_gig()
    seller = await seller_of(gig)
    ids = [str(await media.add_media(gig, seller, AFile(a_picture(size=(40, 30))))) for _ in range(6)]
    job = {"seller": str(seller.id), "times": 15}
    hands = await run_together(
        f"{DEEDS}:reorder_and_remove",
        job | {"order": ids},
        job | {"order": ids[::-1]},
        {"seller": str(seller.id), "remove": ids[:2]},
    )
    assert {one for hand in hands[:2] for one in hand} <= {"ok", "validation_error"} and hands[2] == ["ok", "ok"]
    rows = await db.fetch("SELECT id FROM gig_media ORDER BY position")
    left = [str(row["id"]) for row in rows]
    assert left in (ids[2:], ids[2:][::-1])


async def test_after_a_pause_nothing_is_ordered():
    gig = await a_gig()
    seller = str((await seller_of(gig)).id)
    job = {"gig": str(gig), "buyer": str((await a_user()).id), "times": 30}
    hands = await run_together(
        f"{DEEDS}:order_and_pause", job, job, {"gig": str(gig), "seller": seller, "pauses": True}
    )
    told = Counter(one for hand in hands[:2] for one in hand)
    assert set(told) <= {"ok", "gig_paused"} and hands[2] == ["ok"]
    assert await db.fetch_val("SELECT order_count FROM gigs") == told["ok"]
    await hold_invariants()


async def test_each_visitor_counts_once_whoever_writes_it_down():
    gig = await a_gig()
    jobs = [{"gig": str(gig), "who": who, "visitors": 60} for who in ("ann", "bob", "ann")]
    await run_together(f"{DEEDS}:count", *jobs)
    await tallying.write_counts()
    row = await db.fetch_row("SELECT g.view_count, d.views FROM gigs g JOIN gig_days d ON d.gig = g.id")
    assert tuple(row) == (120, 120)
