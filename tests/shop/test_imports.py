"""Files of products: taken in, worked through, and written."""

import csv
import io

import pytest

from marketplace.core import db
from marketplace.shop.service import importing
from marketplace.shop.service.importing import take_in, work_through
from marketplace.shop.states import ImportMode
from tests.factories import a_user, signed_in
from tests.factories.ledger import hold_invariants
from tests.factories.pictures import work_off
from tests.factories.shop import a_product, a_variant

API = "/api/v1/products/"
GOOD = """sku,name,price,currency,quantity,variant,variant_sku,variant_price,variant_attributes,tags
K-1,A kettle,20.00,USD,3,,,,,steel; kitchen
C-1,A chair,80.00,EUR,2,Red,C-1-R,,colour=red,
C-1,,,,5,Blue,C-1-B,95.00,"{""colour"": ""blue""}",
,A lamp,12.50,,,,,,,
"""


async def sent(client, headers, text, mode="by_line", status=202):
    content = text if isinstance(text, bytes) else text.encode()
    answer = await client.post(
        f"{API}import/", headers=headers, files={"file": ("p.csv", content, "text/csv")}, data={"mode": mode}
    )
    assert answer.status_code == status, answer.text
    return answer.json()["data"] if status == 202 else answer.json()


async def worked(client, headers, text, mode="by_line"):
    started = await sent(client, headers, text, mode)
    assert started["status"] == "queued"
    await work_off()
    return (await client.get(f"{API}import/{started['id']}/", headers=headers)).json()["data"]


async def mine(client, headers):
    rows = (await client.get(f"{API}mine/?ordering=name", headers=headers)).json()["data"]["results"]
    return {row["name"]: (await client.get(f"{API}{row['id']}/", headers=headers)).json()["data"] for row in rows}


@pytest.mark.parametrize("mode", ["by_line", "all"])
async def test_products_are_made_from_lines(client, mode):
    _, seller = await signed_in()
    done = await worked(client, seller, GOOD, mode)
    assert (done["status"], done["total"], done["done"], done["created"], done["failed"], done["errors"]) == (
        "done",
        4,
        4,
        3,
        0,
        [],
    )
    assert done["finished_at"] is not None
    there = await mine(client, seller)
    assert (there["A kettle"]["quantity"], there["A kettle"]["tags"]) == (3, ["kitchen", "steel"])
    assert [(one["name"], one["sku"], one["price"], one["quantity"], one["attributes"]) for one in there["A chair"]["variants"]] == [
        ("Red", "C-1-R", "80.00", 2, {"colour": "red"}), ("Blue", "C-1-B", "95.00", 5, {"colour": "blue"}),
    ]  # fmt: skip
    assert (there["A lamp"]["price"], there["A lamp"]["quantity"]) == ("12.50", 0)
    assert await db.fetch_val("SELECT content FROM product_imports") == ""
    await hold_invariants()


@pytest.mark.parametrize(
    "text", ["name,price\nA kettle,20.00\n", "sku,name,price,tax_class,category,weight\nK-1,A kettle,20.00,,,\n"]
)
async def test_what_a_file_does_not_say_is_as_a_request_leaves_it(client, text):
    _, seller = await signed_in()
    done = await worked(client, seller, text)
    assert (done["created"], done["errors"]) == (1, [])
    made = await client.post(API, json={"name": "A pot", "price": "20.00"}, headers=seller)
    there = await mine(client, seller)
    own = {"id", "name", "slug", "sku", "created_at", "updated_at", "related"}
    kettle, pot = (
        {name: one[name] for name in one if name not in own} for one in (there["A kettle"], made.json()["data"])
    )
    assert kettle == pot and (kettle["tax_class"], kettle["currency"], kettle["category"]) == ("", "USD", None)


async def test_a_tax_class_is_taken_written_and_cleared(client):
    _, seller = await signed_in()
    await worked(client, seller, "sku,name,price,tax_class\nB-1,A book,10.00,books\n")
    assert (await mine(client, seller))["A book"]["tax_class"] == "books"
    [line] = csv.DictReader(
        io.StringIO((await client.get(f"{API}export/", headers=seller)).text.removeprefix("\ufeff"))
    )
    assert line["tax_class"] == "books"
    await worked(client, seller, "sku,price\nB-1,11.00\n")
    assert (await mine(client, seller))["A book"]["tax_class"] == "books"  # no column says anything else
    await worked(client, seller, "sku,tax_class\nB-1,\n")
    assert (await mine(client, seller))["A book"]["tax_class"] == ""
    wrong = await worked(client, seller, "sku,tax_class\nB-1,Books!\n")
    assert [(one["line"], one["field"]) for one in wrong["errors"]] == [(2, "tax_class")]


async def test_products_that_are_there_are_changed(client):
    _, seller = await signed_in()
    await worked(client, seller, GOOD)
    changed = (
        "sku,price,compare_price,variant,variant_sku,quantity\nK-1,18.00,25.00,,,7\nC-1,,,Red,C-1-R,1\nC-1,,,Green,,4\n"
    )
    done = await worked(client, seller, changed)
    assert (done["created"], done["updated"], done["errors"]) == (0, 2, [])
    there = await mine(client, seller)
    kettle, chair = there["A kettle"], there["A chair"]
    assert (kettle["price"], kettle["compare_price"], kettle["quantity"], kettle["tags"]) == (
        "18.00",
        "25.00",
        7,
        ["kitchen", "steel"],
    )
    assert [(one["name"], one["price"], one["quantity"]) for one in chair["variants"]] == [
        ("Red", "80.00", 1),
        ("Green", "80.00", 4),
    ]
    assert chair["variants"][0]["attributes"] == {"colour": "red"}  # no column says anything else
    reasons = await db.fetch("SELECT DISTINCT reason FROM stock_movements WHERE kind = 'corrected'")
    assert [row["reason"] for row in reasons] == ["import"]
    await hold_invariants()


BAD = """sku,name,price,quantity,category,variant,variant_price
K-1,A kettle,20.00,3,,,
K-2,A pot,0,3,,,
K-3,A pan,1.999,many,,,
K-4,A chair,80.00,,,Red,
K-4,,,,,Blue,0
K-5,,5.00,1,,,
K-6,A lamp,5.00,1,nowhere,,
K-1,A kettle again,21.00,3,,,
"""


async def test_what_is_wrong_is_told_by_line_and_the_rest_is_taken(client):
    _, seller = await signed_in()
    done = await worked(client, seller, BAD)
    assert (done["status"], done["created"], done["updated"], done["failed"]) == ("done", 1, 1, 5)
    assert [(one["line"], one["field"]) for one in done["errors"]] == [
        (3, "price"), (4, "quantity"), (6, "variant_price"), (7, "name"), (8, "category"),
    ]  # fmt: skip
    there = await mine(client, seller)
    assert list(there) == ["A kettle again"] and there["A kettle again"]["price"] == "21.00"
    await hold_invariants()


async def test_all_or_nothing_takes_nothing(client):
    _, seller = await signed_in()
    done = await worked(client, seller, BAD, "all")
    assert (done["status"], done["created"], done["updated"], done["failed"], done["done"]) == ("refused", 0, 0, 5, 8)
    assert len(done["errors"]) == 5
    assert await db.fetch_val("SELECT count(*) FROM products") == 0


@pytest.mark.parametrize(
    "content",
    [
        "", "sku,name\n", "sku,nonsense\nK,1\n", "price\n1\n", "sku,sku\na,b\n", "sku,name\na,b,c\n", 'sku,name\n"a,b\n',
        "价格,名称\n".encode("gb18030"), b"\x89PNG\r\n\x1a\n\x00",
    ],
)  # fmt: skip
async def test_what_is_no_such_file_is_refused_at_once(client, content):
    _, seller = await signed_in()
    answer = await sent(client, seller, content, status=400)
    assert list(answer["errors"]) == ["file"]
    assert await db.fetch_val("SELECT count(*) FROM product_imports") == 0


async def test_one_file_at_a_time_and_nobody_elses(client):
    _, seller = await signed_in()
    _, other = await signed_in()
    first = await sent(client, seller, GOOD)
    assert (await sent(client, seller, GOOD, status=409))["code"] == "import_running"
    await sent(client, other, GOOD)
    assert (await client.get(f"{API}import/{first['id']}/", headers=other)).json()["code"] == "import_not_found"
    await work_off()
    await sent(client, seller, GOOD)


async def test_who_may_not_sell_sends_no_file(client):
    _, unverified = await signed_in(email_verified_at=None)
    assert (await sent(client, unverified, GOOD, status=403))["code"] == "email_not_verified"


async def test_a_job_that_dies_goes_on_where_it_was(tables, monkeypatch):
    monkeypatch.setattr(importing, "AT_ONCE", 2)
    seller = (await a_user()).id
    text = "sku,name,price,quantity\n" + "".join(f"K-{n},Kettle {n},{n}.00,1\n" for n in range(1, 8))
    import_id = await take_in(seller, text.encode(), "p.csv", ImportMode.BY_LINE)
    upsert = importing._upsert

    async def dies(seller_id, group):
        if group.sku == "K-6":
            raise OSError("killed")
        return await upsert(seller_id, group)

    monkeypatch.setattr(importing, "_upsert", dies)
    with pytest.raises(OSError):
        await work_through(import_id)
    row = await db.fetch_row("SELECT status, done, created FROM product_imports")
    assert tuple(row) == ("running", 4, 4)
    monkeypatch.setattr(importing, "_upsert", upsert)
    await work_through(import_id)
    await work_through(import_id)
    row = await db.fetch_row("SELECT status, done, created, updated FROM product_imports")
    assert tuple(row) == ("done", 7, 7, 0)
    assert await db.fetch_val("SELECT sum(on_hand) FROM product_variants") == 7
    await hold_invariants()


async def everything(seller):
    """What the file does not say is left out; ids may be others."""
    rows = await db.fetch(
        "SELECT (to_jsonb(p) - '{id,slug,created_at,updated_at,words,seller}'::text[])::text AS product, "
        "(SELECT jsonb_agg(to_jsonb(v) - '{id,product,created_at}'::text[] ORDER BY v.position) FROM product_variants v "
        " WHERE v.product = p.id AND v.is_active)::text AS variants, "
        "(SELECT array_agg(t.slug ORDER BY t.slug) FROM tag_items i JOIN tags t ON t.id = i.tag WHERE i.item = p.id) AS tags "
        "FROM products p WHERE seller = $1 AND deleted_at IS NULL ORDER BY name",
        seller,
    )
    return [tuple(row) for row in rows]


async def test_what_is_exported_can_be_imported_again(client):
    user, seller = await signed_in()
    await db.execute(
        "INSERT INTO categories (id, slug, name, name_zh, description) VALUES (gen_random_uuid(), 'home', 'Home', '', '')"
    )
    home = await db.fetch_val("SELECT id FROM categories WHERE slug = 'home'")
    await a_product(
        user.id, name='=HYPERLINK("http://evil.example")', sku="+1", description="-2+3\n'=quoted, \"too\"", category=home,
        compare_minor=2500, cost_minor=700, weight_g=1250, dimensions="@home", attributes='{"a b": "=1;2"}',
        tags=["tea; green", "c++"], low_stock_at=2,
    )  # fmt: skip
    await a_product(
        user.id, name="青瓷茶壶", price_minor=3000, currency="JPY", status="draft",
        variants=[a_variant("小", 2, sku="S"), a_variant("大", 5, sku="-L", price_minor=4500, attributes={"容量": "1L"}, weight_g=900)],
    )  # fmt: skip
    await a_product(user.id, name="Endless", sku="E", tracks_stock=False, quantity=0)
    exported = await client.get(f"{API}export/", headers=seller)
    assert exported.status_code == 200 and exported.headers["content-type"] == "text/csv; charset=utf-8"
    assert exported.headers["content-disposition"].startswith('attachment; filename="products-')
    cells = [cell for row in csv.reader(io.StringIO(exported.text.removeprefix("\ufeff"))) for cell in row]
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@")]
    before = await everything(user.id)

    done = await worked(client, seller, exported.content, "all")  # over itself
    assert (done["status"], done["updated"], done["created"], done["errors"]) == ("done", 3, 0, [])
    assert await everything(user.id) == before
    assert await db.fetch_val("SELECT count(*) FROM stock_movements WHERE kind = 'corrected'") == 0

    another, elsewhere = await signed_in()  # and into an empty shop
    done = await worked(client, elsewhere, exported.content, "all")
    assert (done["status"], done["created"], done["errors"]) == ("done", 3, [])
    assert await everything(another.id) == before
    await hold_invariants()


async def test_an_export_is_of_any_length(client, monkeypatch):
    from marketplace.shop.queries import exports

    monkeypatch.setattr(exports, "AT_ONCE", 2)
    monkeypatch.setattr(exports, "LINES", exports.LINES.replace("LIMIT 200", "LIMIT 2"))
    user, seller = await signed_in()
    for n in range(5):
        await a_product(user.id, name=f"Kettle {n}", sku=f"K-{n}")
    lines = (await client.get(f"{API}export/", headers=seller)).text.splitlines()
    assert len(lines) == 6
