"""A process hands on the messages of a room in order, once each, whatever way they arrive."""

import random

import pytest

from marketplace.core import db, live
from marketplace.core.frames import RESYNC, Frame, frame
from marketplace.core.order import FILL, Sequencer
from tests.core.test_rooms import Line

pytestmark = pytest.mark.usefixtures("tables")

ROOM = "room:r"


class Heard(list[int]):
    def __call__(self, channel: str, given: Frame) -> None:
        self.append(given.seq)


def line(seq: int) -> Frame:
    return Frame(frame(seq, None, f'{{"seq":{seq}}}'))


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def sequencer(heard: Heard) -> Sequencer:
    made = Sequencer(heard)
    made.follow(ROOM)
    made.start_at(ROOM, 0)
    return made


def arrive(sequencer: Sequencer, *seqs: int) -> list[int]:
    return [given.seq for seq in seqs for given in sequencer.accept(ROOM, line(seq))]


async def say(*numbers: int) -> None:
    async with db.transaction():
        await live.post("r", *(Line(str(n)) for n in numbers))


@pytest.mark.parametrize("seed", range(20))
async def test_any_shuffle_with_repeats_comes_out_in_order(sequencer, seed):
    numbers = [*range(1, 40), *random.Random(seed).choices(range(1, 40), k=20)]
    random.Random(seed).shuffle(numbers)
    assert arrive(sequencer, *numbers) == list(range(1, 40))


async def test_what_never_arrives_is_read_from_the_database_before_what_waits(sequencer, heard):
    await say(*range(5))
    assert arrive(sequencer, 3, 5) == []
    await sequencer.catch_up()
    assert heard == [1, 2, 3, 4, 5]
    assert arrive(sequencer, 4, 5) == []
    await sequencer.catch_up()
    assert heard == [1, 2, 3, 4, 5]


async def test_messages_to_one_user_keep_their_addressee_when_read_again(sequencer):
    given: list[Frame] = []
    sequencer._deliver = lambda _, one: given.append(one)
    from marketplace.core.ids import uuid7

    ann = uuid7()
    async with db.transaction():
        await live.post("r", Line("secret"), to_user=ann)
    await sequencer.catch_up()
    assert [(one.seq, one.to_user) for one in given] == [(1, str(ann))]


async def test_who_is_too_far_behind_is_told_to_start_over(sequencer, heard):
    await say(*range(FILL + 1))
    await sequencer.catch_up()
    assert heard == [RESYNC] and sequencer.last(ROOM) == FILL + 1
    await say(0)
    await sequencer.catch_up()
    assert heard == [RESYNC, FILL + 2]


async def test_messages_that_were_cleaned_away_mean_starting_over(sequencer, heard):
    await say(1, 2, 3)
    await db.execute("DELETE FROM live_messages WHERE seq <= 2")
    await sequencer.catch_up()
    assert heard[0] == RESYNC
    await db.execute("DELETE FROM live_messages")
    await say(4)
    await db.execute("DELETE FROM live_messages")
    await sequencer.catch_up()
    assert heard[-1] == RESYNC and sequencer.last(ROOM) == 4


async def test_numbers_that_begin_again_mean_starting_over(sequencer, heard):
    assert arrive(sequencer, *range(1, 10)) == list(range(1, 10))
    await say(1)
    await sequencer.catch_up()
    assert heard == [RESYNC] and sequencer.last(ROOM) == 1


async def test_rooms_nobody_follows_cost_nothing_and_hear_nothing(sequencer, heard):
    sequencer.forget(ROOM)
    assert arrive(sequencer, 1, 2) == []
    await say(1, 2)
    await sequencer.catch_up()
    assert heard == []


async def test_what_waits_for_a_hole_to_close_has_a_bound(sequencer):
    arrive(sequencer, *range(2, 5000))
    assert len(sequencer._orders[ROOM].waiting) < 1000
