"""Files and the virus scanner: what it finds is never served, and while it is away nothing is."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from marketplace.core import db, storage
from marketplace.media import queries
from marketplace.media.purposes import WORK, Purpose, declare
from marketplace.media.schemas import media_out
from marketplace.media.service import processing, uploads
from marketplace.media.states import MediaState
from tests.core.test_scanning import EICAR, clamd
from tests.factories import a_user
from tests.factories.pictures import AFile, a_picture, an_upload, work_off
from tests.factories.uploads import a_zip

pytestmark = pytest.mark.usefixtures("tables")

POST = declare(Purpose("test_post", sizes=(50,), public=False, accepts=WORK, keeps_original=True))


@pytest.fixture
async def scanner(configure, tmp_path) -> AsyncIterator[str]:
    server = await asyncio.start_server(clamd, "127.0.0.1", 0)
    address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    configure(home=tmp_path, clamav=address)
    yield address
    server.close()


@pytest.mark.parametrize(
    "made", [lambda: EICAR, lambda: a_zip(**{"a.com": EICAR.decode()}), lambda: a_picture(comment=EICAR)]
)
async def test_an_infected_file_is_never_served(scanner, made, client, tmp_path):
    user = await a_user()
    media = await an_upload(user.id, POST, made(), filename="invoice.txt")
    assert (media.state, media.reason, media.renditions) == (MediaState.REFUSED, "infected", [])
    assert media_out(media, user.id).url is None
    assert not [path for path in (tmp_path / "media").rglob("*") if path.is_file()]


async def test_a_harmless_file_passes(scanner):
    assert (await an_upload((await a_user()).id, POST, a_picture())).state is MediaState.READY


async def test_while_the_scanner_is_away_files_wait_and_then_go_on(scanner, configure):
    user = await a_user()
    configure(clamav="127.0.0.1:1")
    media = await uploads.accept(AFile(a_picture()), POST, owner_id=user.id)
    for _ in range(3):
        await work_off()
        assert (await queries.get_media(media.id)).state is MediaState.PENDING
        assert await db.fetch_val("SELECT count(*) FROM outbox WHERE last_error LIKE '%scanner is away%'") == 1
        await db.execute("UPDATE outbox SET due_at = now()")
    assert media_out(await queries.get_media(media.id), user.id).url is None
    assert await storage.head(uploads.original_key(media.id))
    configure(clamav=scanner)
    await work_off()
    assert (await queries.get_media(media.id)).state is MediaState.READY


async def test_an_infected_file_that_was_removed_meanwhile_stays_removed(scanner):
    media = await uploads.accept(AFile(EICAR), POST, owner_id=(await a_user()).id)
    await uploads.remove(media.id)
    await processing.process(media.id)
    assert await db.fetch_val("SELECT state FROM media WHERE id = $1", media.id) == MediaState.REMOVED
