"""The demo's gigs."""

import io

from PIL import Image

from marketplace.catalog.service import ensure_default_categories
from marketplace.core import db
from marketplace.demo.covers import MOTIFS, draw_cover
from marketplace.demo.gigs import COVERS_AT_ONCE, draw_some, offer_gigs
from marketplace.demo.talents import CRAFTS, talents
from tests.factories import a_user
from tests.factories.ledger import hold_invariants
from tests.factories.pictures import work_off


def test_no_two_are_alike_and_each_has_its_cover():
    every = list(talents())
    assert len(every) == len({one.title for one in every}) == 60
    assert {one.motif for one in every} == set(MOTIFS)
    covers = {motif: draw_cover("A gig", motif) for motif in MOTIFS}
    assert {Image.open(io.BytesIO(cover)).size for cover in covers.values()} == {(960, 640)}
    assert draw_cover("A gig", "mark") == covers["mark"] != draw_cover("Another", "mark")
    for one in every:
        prices = [float(price) for _, price, *_ in one.packages]
        assert prices == sorted(prices) and len(one.title) <= 120


async def test_they_are_put_up_once(client):
    await ensure_default_categories()
    names = sorted({craft.seller for craft in CRAFTS})
    sellers = {name: (await a_user(username=name, email=f"{name}@demo.example")).id for name in names}
    said = []
    for _ in range(2):
        await offer_gigs(sellers, said.append)
    assert said == ["Putting up 60 demo gigs"]
    rows = await db.fetch("SELECT status, count(*) AS n FROM gigs GROUP BY status ORDER BY n")
    assert [tuple(row) for row in rows] == [("draft", 1), ("published", 59)]
    assert await draw_some()
    assert await db.fetch_val("SELECT count(*) FROM gig_media") == COVERS_AT_ONCE
    await hold_invariants()
    assert (await client.get("/api/v1/search/gigs/?search=翻译")).json()["data"]["count"] == 5
    assert (await client.get("/api/v1/gigs/?featured=true")).json()["data"]["count"] == 6
    await db.execute("DELETE FROM outbox WHERE handler LIKE 'job:demo%'")
    await work_off()
