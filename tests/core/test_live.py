import pytest
from msgspec import Struct

from marketplace.core import db, live

pytestmark = pytest.mark.usefixtures("tables")


class Said(Struct, tag="said", frozen=True):
    text: str


async def test_messages_of_a_room_are_numbered_without_holes():
    async with db.transaction():
        assert await live.post("r", Said("a"), Said("b")) == 2
    async with db.transaction():
        assert await live.post("r", Said("c")) == 3
    assert await live.since("r", 1, None, 10) == [
        (2, '{"seq":2,"type":"said","text":"b"}'), (3, '{"seq":3,"type":"said","text":"c"}'),
    ]  # fmt: skip
