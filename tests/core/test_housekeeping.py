import pytest

from marketplace import wiring
from marketplace.core import db, housekeeping
from marketplace.core.housekeeping import delete_old_live_messages, warn_of_stuck_work
from marketplace.core.ids import uuid7
from marketplace.notifications.tasks import delete_old_notifications
from tests.factories import a_user

pytestmark = pytest.mark.usefixtures("tables")


async def test_live_messages_go_after_a_day_in_portions(monkeypatch):
    monkeypatch.setattr(housekeeping, "CHUNK", 2)
    await db.execute(
        "INSERT INTO live_messages (room, seq, body, created_at) "
        "SELECT 'r', n, '{}', now() - make_interval(hours => CASE WHEN n <= 5 THEN 25 ELSE 23 END) FROM generate_series(1, 7) n"
    )
    assert await delete_old_live_messages() == 5
    assert [row["seq"] for row in await db.fetch("SELECT seq FROM live_messages ORDER BY seq")] == [6, 7]


async def test_notifications_go_long_after_they_were_read():
    user = (await a_user()).id
    ages = [(100, None), (100, 100), (100, 10), (400, None)]
    for happened, read in ages:
        await db.execute(
            'INSERT INTO notifications (id, "user", type, happened_at, read_at) '
            "VALUES ($1, $2, 'outbid', now() - make_interval(days => $3), now() - make_interval(days => $4))",
            uuid7(), user, happened, read,
        )  # fmt: skip
    assert await delete_old_notifications() == 2
    rows = await db.fetch("SELECT read_at FROM notifications")
    assert len(rows) == 2 and all(row["read_at"] is None or row["read_at"] for row in rows)


async def test_work_that_is_only_late_after_a_pause_is_not_reported(monkeypatch):
    await db.execute(
        "INSERT INTO timers (kind, key, payload, due_at) VALUES ('t', 'a', '{}', now() - interval '1 day')"
    )

    async def meanwhile(_: float) -> None:
        await db.execute("DELETE FROM timers")

    monkeypatch.setattr(housekeeping.asyncio, "sleep", meanwhile)
    assert await warn_of_stuck_work() == 0


async def test_work_that_waits_in_vain_is_reported(monkeypatch):
    monkeypatch.setattr(housekeeping, "SECOND_LOOK_SECONDS", 0)
    await db.execute(
        "INSERT INTO outbox (kind, handler, body, created_at, due_at, attempts) VALUES "
        "('x', 'gone.listener', '{}', now() - interval '1 hour', now() - interval '1 hour', 0), "
        "('x', 'fresh.listener', '{}', now(), now(), 0)"
    )
    await db.execute(
        "INSERT INTO timers (kind, key, payload, due_at, attempts) VALUES "
        "('gone.timer', 'a', '{}', now() - interval '1 hour', 5), ('later.timer', 'a', '{}', now() + interval '1 hour', 0)"
    )
    assert await warn_of_stuck_work() == 2


def test_every_chore_has_a_name_of_its_own_and_time_enough():
    names = [chore.function.__qualname__ for chore in wiring.CRON]
    assert len(names) == len(set(names)) and all((chore.timeout or 0) >= 60 for chore in wiring.CRON)
