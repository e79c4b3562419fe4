"""What files belong to: uploaded ahead, named once, seen by whom the owner of the subject says, swept when nobody named them."""

import asyncio
from uuid import UUID

import pytest

from marketplace.core import db, timers
from marketplace.core.config import ConfigError
from marketplace.core.errors import NotFound, ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.media import purposes, queries
from marketplace.media.errors import FileAttached, FileInUse, FileRefused, TooManyFiles, TooMuchWaiting, UnknownFile
from marketplace.media.purposes import Purpose, declare, seen_by
from marketplace.media.schemas import MediaOut, media_out
from marketplace.media.service import attachments, uploads
from marketplace.media.states import MediaState
from tests.factories import a_user, signed_in
from tests.factories.pictures import AFile, a_picture, work_off
from tests.statements import statements

pytestmark = pytest.mark.usefixtures("tables", "files")

PARCEL = declare(Purpose("test_parcel", sizes=(100,), public=False, ahead=True, most=3, outlives_owner=True))
NOTE = declare(Purpose("test_note", sizes=(100,), public=False, ahead=True))
SHELF = declare(Purpose("test_shelf", sizes=(100, 200)))

guests: set[tuple[UUID, UUID]] = set()


@seen_by(PARCEL)
async def invited(subject_id: UUID, viewer_id: UUID) -> bool:
    return (subject_id, viewer_id) in guests


@pytest.fixture
def files(configure, tmp_path):
    guests.clear()
    configure(home=tmp_path)


async def a_file(owner_id: UUID, purpose: Purpose = PARCEL, data: bytes | None = None) -> UUID:
    return (await uploads.take_in(AFile(data or a_picture()), purpose, owner_id=owner_id)).id


async def states() -> set[str]:
    return {row["state"] for row in await db.fetch("SELECT state FROM media")}


async def a_day_passes() -> None:
    await db.execute("UPDATE timers SET due_at = now() - interval '1 second' WHERE kind = $1", uploads.LOOSE)
    await timers.run_due()
    await work_off()


async def test_files_are_named_in_their_order_and_stay_so():
    owner, subject = (await a_user()).id, uuid7()
    first, second, third = [await a_file(owner) for _ in range(3)]
    assert [one.id for one in await attachments.attach([second, first], PARCEL, subject, owner_id=owner)] == [
        second, first,
    ]  # fmt: skip
    again = await attachments.attach([first, third], PARCEL, subject, owner_id=owner, field="file_ids")
    assert [(one.id, one.subject, one.loose) for one in again] == [(first, subject, False), (third, subject, False)]
    other = uuid7()
    found = await queries.attached(PARCEL, [subject, other])
    assert [one.id for one in found[subject]] == [second, first, third] and found[other] == []
    await attachments.reorder([third, second, first], PARCEL, subject)
    assert [one.id for one in (await queries.attached(PARCEL, [subject]))[subject]] == [third, second, first]
    for wrong in ([third, second], [third, second, second], [third, second, uuid7()]):
        with pytest.raises(ValidationFailed):
            await attachments.reorder(wrong, PARCEL, subject)


async def test_a_file_is_attached_once_for_its_purpose_by_who_sent_it():
    owner, other, subject = (await a_user()).id, (await a_user()).id, uuid7()
    mine, note, gone = await a_file(owner), await a_file(owner, NOTE), await a_file(owner)
    await uploads.take_back(gone, owner_id=owner)
    for unknown, who in ((mine, other), (note, owner), (gone, owner), (uuid7(), owner)):
        with pytest.raises(UnknownFile) as refused:
            await attachments.attach([unknown], PARCEL, subject, owner_id=who, field="file_ids")
        assert list(refused.value.fields) == ["file_ids"]
    await attachments.attach([mine], PARCEL, subject, owner_id=owner)
    with pytest.raises(FileAttached):
        await attachments.attach([await a_file(owner), mine], PARCEL, uuid7(), owner_id=owner)
    assert await db.fetch_val("SELECT count(*) FROM media WHERE subject IS NOT NULL") == 1


async def test_no_subject_gets_more_files_than_its_purpose_allows():
    owner, subject = (await a_user()).id, uuid7()
    mine = [await a_file(owner) for _ in range(4)]
    await attachments.attach(mine[:2], PARCEL, subject, owner_id=owner)
    with pytest.raises(TooManyFiles) as refused:
        await attachments.attach(mine[1:], PARCEL, subject, owner_id=owner)
    assert refused.value.details == {"limit": 3}
    await attachments.attach(mine[1:3], PARCEL, subject, owner_id=owner)
    await attachments.detach(mine[0], PARCEL, subject)
    await attachments.attach(mine[3:], PARCEL, subject, owner_id=owner)
    assert [one.id for one in (await queries.attached(PARCEL, [subject]))[subject]] == mine[1:]


async def test_a_damaged_file_cannot_be_named():
    owner = (await a_user()).id
    data = bytearray(a_picture("PNG"))
    data[60:80] = b"\0" * 20
    broken = await a_file(owner, data=bytes(data))
    await work_off()
    with pytest.raises(FileRefused) as refused:
        await attachments.attach([broken], PARCEL, uuid7(), owner_id=owner)
    assert refused.value.details["reason"] == "image_broken"


async def test_what_nobody_names_within_a_day_goes_and_what_was_named_stays():
    owner, subject = (await a_user()).id, uuid7()
    named, unnamed = await a_file(owner), await a_file(owner)
    await attachments.attach([named], PARCEL, subject, owner_id=owner)
    await work_off()
    await a_day_passes()
    assert (await queries.get_media(named)).state is MediaState.READY
    with pytest.raises(NotFound):
        await queries.get_media(unnamed)
    assert await timers.run_due() == 0


async def test_what_waits_to_be_used_is_limited(configure):
    owner = (await a_user()).id
    size = len(a_picture())
    configure(loose_bytes=2 * size + 10)
    first, _ = await a_file(owner), await a_file(owner)
    with pytest.raises(TooMuchWaiting):
        await a_file(owner)
    await a_file((await a_user()).id)
    await attachments.attach([first], PARCEL, uuid7(), owner_id=owner)
    await a_file(owner)


async def test_a_file_goes_back_only_while_it_belongs_to_nothing():
    owner, subject = (await a_user()).id, uuid7()
    mine = await a_file(owner)
    with pytest.raises(NotFound):
        await uploads.take_back(mine, owner_id=uuid7())
    await attachments.attach([mine], PARCEL, subject, owner_id=owner)
    with pytest.raises(FileInUse):
        await uploads.take_back(mine, owner_id=owner)
    with pytest.raises(NotFound):
        await attachments.detach(mine, PARCEL, uuid7())
    with pytest.raises(NotFound):
        await attachments.detach(mine, NOTE, subject)
    await attachments.detach(mine, PARCEL, subject)
    assert await states() == {MediaState.REMOVED}


async def test_a_file_named_by_many_at_once_belongs_to_one():
    owner = (await a_user()).id
    mine = await a_file(owner)
    subjects = [uuid7() for _ in range(8)]

    async def one(subject: UUID) -> bool:
        try:
            await attachments.attach([mine], PARCEL, subject, owner_id=owner)
        except FileAttached:
            return False
        return True

    won = await asyncio.gather(*map(one, subjects))
    assert won.count(True) == 1
    assert (await queries.get_media(mine)).subject == subjects[won.index(True)]


async def test_whoever_the_scope_names_sees_a_private_file_and_nobody_else(client):
    (owner, mine), (guest, invited_one), (_, stranger) = [await signed_in() for _ in range(3)]
    subject = uuid7()
    file = await a_file(owner.id)
    path = f"/api/v1/media/{file}/"
    guests.add((subject, guest.id))
    assert (await client.get(path, headers=invited_one)).status_code == 404
    await attachments.attach([file], PARCEL, subject, owner_id=owner.id)
    await work_off()
    for headers, status in ((mine, 200), (invited_one, 200), (stranger, 404)):
        assert (await client.get(path, headers=headers)).status_code == status
    address = (await client.get(path, headers=invited_one)).json()["data"]["url"]
    assert f"user={guest.id.hex}" in address
    assert (await client.get(address)).status_code == 200
    assert (await client.get(address, headers=mine)).status_code == 404
    guests.clear()
    assert (await client.get(path, headers=invited_one)).status_code == 404


async def test_files_cost_as_many_statements_whatever_their_number(client):
    owner, mine = await signed_in()
    subject = uuid7()
    files = [await a_file(owner.id) for _ in range(3)]
    async with statements() as made:
        await attachments.attach(files, PARCEL, subject, owner_id=owner.id)
    assert len(ours(made)) == 5
    async with statements() as made:
        await queries.attached(PARCEL, [subject, uuid7()])
    assert len(ours(made)) == 1
    await client.get(f"/api/v1/media/{files[0]}/", headers=mine)
    async with statements() as made:
        assert (await client.get(f"/api/v1/media/{files[0]}/", headers=mine)).status_code == 200
    assert len(ours(made)) == 1


def ours(made: list[str]) -> list[str]:
    """Without what a connection asks once about types."""
    return [one for one in made if " media" in one or " timers" in one]


async def test_a_purpose_without_a_scope_is_for_its_uploader_alone():
    owner = (await a_user()).id
    note = await a_file(owner, NOTE)
    await attachments.attach([note], NOTE, uuid7(), owner_id=owner)
    assert (await queries.link_for(note, owner)).id == note
    with pytest.raises(NotFound):
        await queries.link_for(note, uuid7())


async def test_a_public_file_is_attached_as_it_comes_and_listed_by_the_database():
    import msgspec

    owner, subject = (await a_user()).id, uuid7()

    async def shelve(media):
        await attachments.attach([media.id], SHELF, subject, owner_id=owner)

    first = await uploads.accept(AFile(a_picture()), SHELF, owner_id=owner, attach=shelve)
    second = await uploads.accept(AFile(a_picture()), SHELF, owner_id=owner, attach=shelve)
    assert (first.subject, second.position) == (subject, 2)
    await work_off()
    listed = await db.fetch_val(f"SELECT ({queries.attached_json(SHELF, '$1')})::text", subject)
    expected = [media_out(one) for one in (await queries.attached(SHELF, [subject]))[subject]]
    assert msgspec.json.decode(listed, type=list[MediaOut]) == expected
    records = await db.fetch_val(f"SELECT ({queries.records_json(SHELF, '$1')})::text", subject)
    read = msgspec.json.decode(records, type=list[queries.MediaRecord])
    assert [media_out(one) for one in read] == expected and read[0].sha256 == first.sha256
    assert await attachments.detach_all(SHELF, subject) == 2
    assert await attachments.detach_all(SHELF, subject) == 0
    assert await states() == {MediaState.REMOVED}


async def test_erasure_leaves_to_others_what_is_theirs_as_well():
    owner, subject = (await a_user()).id, uuid7()
    given, note, loose = await a_file(owner), await a_file(owner, NOTE), await a_file(owner)
    await attachments.attach([given], PARCEL, subject, owner_id=owner)
    await attachments.attach([note], NOTE, subject, owner_id=owner)
    await work_off()
    assert await uploads.remove_all_of(owner) == 2
    await work_off()
    [kept] = (await queries.attached(PARCEL, [subject]))[subject]
    assert kept.id == given and kept.filename == "" and kept.state is MediaState.READY
    assert await queries.get_many([note, loose]) == {}


async def test_uploading_ahead_over_http(client):
    _, mine = await signed_in()
    sent = {"file": ("p.jpg", a_picture(), "text/html")}
    answer = await client.post("/api/v1/media/", headers=mine, files=sent, data={"purpose": "test_parcel"})
    assert answer.status_code == 201, answer.text
    data = answer.json()["data"]
    assert (data["state"], data["content_type"], data["byte_size"]) == ("pending", "image/jpeg", len(a_picture()))
    answer = await client.post("/api/v1/media/", headers=mine, files=sent, data={"purpose": "test_shelf"})
    assert answer.status_code == 400 and "test_note, test_parcel" in answer.json()["errors"]["purpose"][0]
    _, others = await signed_in()
    assert (await client.delete(f"/api/v1/media/{data['id']}/", headers=others)).status_code == 404
    assert (await client.delete(f"/api/v1/media/{data['id']}/", headers=mine)).status_code == 204
    assert (await client.get(f"/api/v1/media/{data['id']}/", headers=mine)).status_code == 404
    assert (await client.delete(f"/api/v1/media/{data['id']}/", headers=mine)).status_code == 404


async def test_a_stranger_is_turned_away_before_the_file_is_read(client):
    answer = await client.post(
        "/api/v1/media/", content=b"no form", headers={"content-type": "multipart/form-data; boundary=x"}
    )
    assert answer.status_code == 401


def test_what_a_purpose_says_is_checked():
    with pytest.raises(ValueError, match="never passed on"):
        declare(Purpose("test_careless", keeps_original=True))
    with pytest.raises(ValueError, match="said twice"):
        seen_by(PARCEL)(invited)


def test_limits_are_said_per_purpose(configure):
    wide = Purpose("test_wide", max_bytes=50 * 1024 * 1024)
    assert (purposes.byte_limit(PARCEL), purposes.byte_limit(wide)) == (10 * 1024 * 1024, 50 * 1024 * 1024)
    configure(file_limits="test_wide=0.5, test_parcel=20")
    assert (purposes.byte_limit(PARCEL), purposes.byte_limit(wide)) == (20 * 1024 * 1024, 512 * 1024)
    for wrong in ("test_wide", "test_wide=big", "test_wide=-1", "test_wide=1;test_parcel=2"):
        configure(file_limits=wrong)
        with pytest.raises(ConfigError, match="MARKETPLACE_FILE_LIMITS"):
            purposes.byte_limit(PARCEL)
