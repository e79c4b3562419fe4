"""Listeners, timers and jobs that note in the database what they did.

Each takes its time, so that a test can kill the process in the middle of one.
"""

import asyncio

from msgspec import Struct

from marketplace.core import db, jobs, outbox, timers

TABLES = (
    "CREATE TABLE IF NOT EXISTS deeds (id bigserial, name text, at timestamptz DEFAULT clock_timestamp())",
    "CREATE TABLE IF NOT EXISTS tries (name text)",
    "CREATE TABLE IF NOT EXISTS job_deeds (name text PRIMARY KEY)",
    "TRUNCATE deeds, tries, job_deeds",
)


class Happened(Struct, tag="fault_happened", frozen=True):
    name: str
    seconds: float


@outbox.on(Happened)
async def note(event: Happened) -> None:
    await db.execute("INSERT INTO deeds (name) VALUES ($1)", event.name)
    await say_that_it_began(event.name)
    await asyncio.sleep(event.seconds)


@timers.timer("test.fault")
async def ring(key: str, payload: dict[str, float]) -> None:
    await db.execute("INSERT INTO deeds (name) VALUES ($1)", key)
    await say_that_it_began(key)
    await asyncio.sleep(payload["seconds"])


@jobs.job(timeout=2, retries=5)
async def work(name: str, seconds: float) -> None:
    await say_that_it_began(name)
    await asyncio.sleep(seconds)
    await db.execute("INSERT INTO job_deeds (name) VALUES ($1) ON CONFLICT DO NOTHING", name)


@jobs.job(timeout=3600, retries=5)
async def long_work(name: str, seconds: float) -> None:
    await work.work(name, seconds)


async def say_that_it_began(name: str) -> None:
    """On a connection of its own, so that it stays noted when the deed is undone."""
    connection = await db.DB.get_new_connection()
    try:
        await connection.execute("INSERT INTO tries (name) VALUES ($1)", name)
    finally:
        await connection.close()


async def did(table: str = "deeds") -> list[str]:
    return [row["name"] for row in await db.fetch(f"SELECT name FROM {table} ORDER BY name")]
