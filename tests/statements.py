"""How many statements something takes: `async with statements() as made: ...; assert len(made) == 1`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from marketplace.core.db import DB

NOT_COUNTED = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


@asynccontextmanager
async def statements() -> AsyncIterator[list[str]]:
    """The statements run meanwhile by connections that are open now, without those that only open and close transactions."""
    made: list[str] = []

    def note(record: object) -> None:
        query = record.query.strip()  # type: ignore[attr-defined]
        if not query.upper().startswith(NOT_COUNTED):
            made.append(query)

    async with DB.pool.acquire():  # at least one is open
        connections = [holder._con for holder in DB.pool._holders if holder._con is not None]
    for connection in connections:
        connection.add_query_logger(note)
    try:
        yield made
    finally:
        for connection in connections:
            connection.remove_query_logger(note)
