"""The evidence that staff take along: what is in it, that its hashes hold, and who may."""

import io
from hashlib import sha256
from zipfile import ZipFile

import msgspec
import pytest
from pypdf import PdfReader

from marketplace.accounts.states import Role
from marketplace.core import audit, db, storage
from marketplace.disputes import packs
from marketplace.disputes.evidence import EVIDENCE
from marketplace.disputes.service import deciding, talking
from marketplace.engagements.states import Gig
from marketplace.media.service import uploads
from marketplace.orders.service import shipping
from tests.disputes.test_routes import API
from tests.factories import a_user, signed_in
from tests.factories.disputes import a_dispute, look, sides
from tests.factories.engagements import an_engagement, hand_over_a_picture
from tests.factories.orders import an_order, an_order_in_parts, hold_invariants, read
from tests.factories.pictures import AFile, a_picture, work_off

pytestmark = pytest.mark.usefixtures("tables")


async def shown(dispute_id, by, name="破损.jpg") -> bytes:
    content = a_picture("JPEG")
    media = await uploads.take_in(AFile(content, name), EVIDENCE, owner_id=by)
    await talking.say(dispute_id, by, "Look: 请看照片。", [media.id])
    await work_off()
    return content


async def known(dispute_id) -> dict:
    return msgspec.json.decode((await packs.gather(dispute_id)).text)


async def test_staff_take_it_along_with_every_file_and_the_hashes_hold(client):
    dispute_id = await a_dispute()
    buyer, _ = await sides(dispute_id)
    content = await shown(dispute_id, buyer)
    _, staff = await signed_in(Role.MODERATOR)
    answer = await client.get(f"{API}/admin/disputes/{dispute_id}/evidence/zip/", headers=staff)
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/zip"
    number = (await look(dispute_id)).order.number
    assert answer.headers["content-disposition"] == f'attachment; filename="evidence-{number}.zip"'
    with ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        found = {name: archive.read(name) for name in archive.namelist()}
    assert set(found) == {
        "README.txt", "pack.json", "summary.pdf", "files/001-evidence-buyer-破损.jpg", "SHA256SUMS",
    }  # fmt: skip
    assert found["files/001-evidence-buyer-破损.jpg"] == content
    sums = dict(reversed(line.split("  ", 1)) for line in found["SHA256SUMS"].decode().splitlines())
    assert sums == {name: sha256(found[name]).hexdigest() for name in found if name != "SHA256SUMS"}
    printed = "".join(page.extract_text() for page in PdfReader(io.BytesIO(found["summary.pdf"])).pages)
    assert number in printed and "请看照片" in printed and sums["pack.json"] in printed
    plain = await client.get(f"{API}/admin/disputes/{dispute_id}/evidence/", headers=staff)
    assert plain.content == found["pack.json"]
    assert plain.headers["x-evidence-sha256"] == sums["pack.json"]
    assert await db.fetch_val("SELECT count(*) FROM audit_log WHERE action = 'dispute.evidence_taken'") == 2
    assert await audit.verify() is None


async def test_a_decision_is_taken_along_as_it_was_made(client):
    dispute_id = await a_dispute()
    _, staff = await signed_in(Role.MODERATOR)
    await deciding.resolve(dispute_id, (await a_user()).id, "40", "60", "Both erred here")
    await deciding.appeal(dispute_id, (await sides(dispute_id))[0], "None of it was there.")
    url = f"{API}/admin/disputes/{dispute_id}/evidence/"
    then = await client.get(f"{url}?decision=1", headers=staff)
    recorded = await db.fetch_val("SELECT pack_sha256 FROM dispute_decisions WHERE dispute = $1", dispute_id)
    assert sha256(then.content).hexdigest() == recorded == then.headers["x-evidence-sha256"]
    now = await client.get(url, headers=staff)
    assert (then.json()["dispute"]["appeal"], now.json()["dispute"]["appeal"]) == ("", "None of it was there.")
    assert (await client.get(f"{url}?decision=2", headers=staff)).status_code == 404
    for wrong in ("0", "100", "99999999999999999999", "first"):
        assert (await client.get(f"{url}?decision={wrong}", headers=staff)).status_code == 400


async def test_what_is_gone_or_altered_is_said(client):
    dispute_id = await a_dispute()
    buyer, seller = await sides(dispute_id)
    await shown(dispute_id, buyer, "a.jpg")
    await shown(dispute_id, seller, "b.jpg")
    rows = await db.fetch("SELECT renditions::text AS made FROM media WHERE purpose = 'evidence' ORDER BY created_at")
    keys = [next(one["key"] for one in msgspec.json.decode(row["made"]) if one["name"] == "original") for row in rows]
    await storage.delete(keys[0])
    await storage.put(keys[1], b"something else")
    _, staff = await signed_in(Role.MODERATOR)
    answer = await client.get(f"{API}/admin/disputes/{dispute_id}/evidence/zip/", headers=staff)
    with ZipFile(io.BytesIO(answer.content)) as archive:
        notes = archive.read("NOTES.txt").decode()
    assert "001-evidence-buyer-a.jpg: not there any more" in notes
    assert "002-evidence-seller-b.jpg: not what was sent" in notes


async def test_a_side_that_is_of_the_staff_sees_no_more_than_a_side(client):
    boss, headers = await signed_in(Role.MODERATOR)
    dispute_id = await a_dispute(order_id=await an_order(seller=boss.id, paid=True))
    await talking.say_as_staff(dispute_id, (await a_user(Role.ADMIN)).id, "They have done this before.", internal=True)
    for path in ("", "/evidence", "/evidence/zip"):
        refused = await client.get(f"{API}/admin/disputes/{dispute_id}{path}/", headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "own_interest")
    seen = (await client.get(f"{API}/disputes/{dispute_id}/", headers=headers)).json()["data"]
    assert seen["messages"] == []


async def test_it_knows_parcels():
    order_id = await an_order(paid="wallet")
    await shipping.ship(order_id, (await read(order_id)).seller, "DHL", "JD01")
    pack = await known(await a_dispute(order_id=order_id))
    [parcel] = pack["shipments"]
    assert (parcel["carrier"], parcel["tracking_number"], parcel["lines"][0]["quantity"]) == ("DHL", "JD01", 1)
    assert (pack["returns"], pack["parts"], pack["work"]) == ([], [], None)


async def test_it_knows_the_work_with_the_hashes_of_what_was_delivered():
    order_id = await an_engagement(to=Gig.IN_PROGRESS)
    content = await hand_over_a_picture(order_id)
    dispute_id = await a_dispute(order_id=order_id)
    pack = await known(dispute_id)
    [delivery] = pack["work"]["deliveries"]
    assert (delivery["version"], [file["sha256"] for file in delivery["files"]]) == (1, [sha256(content).hexdigest()])
    assert pack["work"]["revisions_allowed"] == 1 and pack["work"]["requirements"] is not None
    await deciding.resolve(dispute_id, (await a_user()).id, "40", "60", "Both erred here")
    await hold_invariants()


async def test_it_knows_every_payment_of_an_order_in_parts():
    order_id = await an_order_in_parts(4_000, 6_000, paid=2, provider="wallet")
    pack = await known(await a_dispute(order_id=order_id))
    assert sorted(one["amount_minor"] for one in pack["payments"]) == [4_000, 6_000]
    assert [(one["title"], one["amount_minor"]) for one in pack["parts"]] == [("Part 1", 4_000), ("Part 2", 6_000)]
    assert all(one["paid_at"] for one in pack["parts"])
