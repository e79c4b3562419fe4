"""What `reconcile` says of files: nothing while all is well, and each breach by its rule."""

import pytest

from marketplace.core import db
from marketplace.media import invariants
from marketplace.media.purposes import Purpose, declare
from marketplace.media.service import uploads
from tests.factories import a_user
from tests.factories.pictures import AFile, a_picture, an_upload

pytestmark = pytest.mark.usefixtures("tables")

SCRAP = declare(Purpose("test_scrap", sizes=(50,), public=False, ahead=True))


@pytest.fixture(autouse=True)
def files(configure, tmp_path):
    configure(home=tmp_path)


async def breaches() -> list[str]:
    return [breach async for breach in invariants.violations()]


@pytest.mark.parametrize(
    ("damage", "rule"),
    [
        ("UPDATE media SET created_at = now() - interval '26 hours' WHERE loose", "gone after a day"),
        ("DELETE FROM timers WHERE kind = 'media.loose'", "has its timer"),
        ("UPDATE media SET state = 'receiving', created_at = now() - interval '2 hours' WHERE NOT loose", "within the hour"),
        ("UPDATE media SET state = 'pending', created_at = now() - interval '5 days' WHERE NOT loose", "within four days"),
        ("UPDATE media SET state = 'removed' WHERE NOT loose", "says no name"),
    ],
)  # fmt: skip
async def test_each_breach_is_named(damage, rule):
    owner = (await a_user()).id
    await uploads.take_in(AFile(a_picture()), SCRAP, owner_id=owner)
    await an_upload(owner, SCRAP)
    assert await breaches() == []
    await db.execute(damage)
    [breach] = await breaches()
    assert rule in breach
