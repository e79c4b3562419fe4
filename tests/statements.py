"""How many statements something takes: `async with statements() as made: ...; assert len(made) == 1`."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from marketplace.core.db import DB

NOT_COUNTED = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
OF_THE_DRIVER = ("typeinfo_tree", "set_config('jit'")
"""What a connection asks once, when it first meets a type."""


@asynccontextmanager
async def statements() -> AsyncIterator[list[str]]:
    """The statements run meanwhile, without those that only open and close transactions."""
    made: list[str] = []

    def note(record: object) -> None:
        query = record.query.strip()  # type: ignore[attr-defined]
        if not query.upper().startswith(NOT_COUNTED) and not any(word in query for word in OF_THE_DRIVER):
            made.append(query)

    async with AsyncExitStack() as all_open:  # one that the pool opened later would not be listened to
        for _ in range(DB.pool.get_max_size() - DB.pool.get_size() + DB.pool.get_idle_size()):
            await all_open.enter_async_context(DB.pool.acquire())
        connections = [holder._con for holder in DB.pool._holders if holder._con is not None]
    for connection in connections:
        connection.add_query_logger(note)
    try:
        yield made
    finally:
        for connection in connections:
            connection.remove_query_logger(note)
