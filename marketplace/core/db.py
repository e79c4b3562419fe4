"""The database: one engine, transactions that nest as savepoints, and raw SQL that joins them.

Piccolo's own transaction leaks its connection when COMMIT fails and ignores nesting; this engine mends both.
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, Literal, TypeAlias, TypeVar

import asyncpg
import structlog
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction

from marketplace.core.config import ConfigError, read, settings
from marketplace.core.errors import Unavailable

log = structlog.get_logger(__name__)

T = TypeVar("T")
Hook: TypeAlias = Callable[[], Awaitable[None]]
Isolation: TypeAlias = Literal["read_committed", "repeatable_read", "serializable"]

RETRYABLE = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server has said farewell, and the connection has not been dropped yet
    ConnectionError,
    TimeoutError,
)
"""What the driver raises while the server is gone, full or too slow: answered with 503, for nothing was committed."""


class Transaction(PostgresTransaction):
    """One transaction; a nested one is a savepoint of its parent."""

    __slots__ = ("_options", "_savepoint")
    engine: "Engine"

    def __init__(self, engine: "Engine", allow_nested: bool = True, **options: Any) -> None:
        super().__init__(engine, allow_nested)
        self._options = options
        self._savepoint: Any = None

    async def __aenter__(self) -> "Transaction":
        if self._parent is not None:
            if self._options:
                raise RuntimeError("only the outermost transaction has an isolation level")
            self._savepoint = self._parent.connection.transaction()
            await self._savepoint.start()
            return self
        self.connection = await self.engine.acquire()
        try:
            self.transaction = self.connection.transaction(**self._options)
            await self.transaction.start()
        except BaseException:
            await self.engine.release(self.connection)
            raise
        self.context = self.engine.current_transaction.set(self)
        return self

    async def __aexit__(self, exception_type: Any, exception: Any, traceback: Any) -> bool:
        if self._savepoint is not None:
            await (self._savepoint.rollback() if exception else self._savepoint.commit())
            return False
        try:
            if exception is not None:
                if not self._rolled_back and not self.connection.is_closed():
                    await self.rollback()  # type: ignore[no-untyped-call]
            elif not self._committed and not self._rolled_back:
                await self.commit()  # type: ignore[no-untyped-call]
        finally:
            self.engine.current_transaction.set(None)
            await self.engine.release(self.connection)
        return False


class Engine(PostgresEngine):
    __slots__ = ("acquire_timeout",)

    def __init__(self, *args: Any, acquire_timeout: float = 5.0, **kwargs: Any) -> None:
        self.acquire_timeout = acquire_timeout
        super().__init__(*args, **kwargs)

    async def check_version(self) -> None:
        """Not at import: that would open a connection. `doctor` checks the version."""

    async def prep_database(self) -> None:
        """No extensions to make ready: migrations do that."""

    async def get_new_connection(self) -> asyncpg.Connection:
        return await asyncpg.connect(address())

    async def acquire(self) -> asyncpg.Connection:
        if self.pool:
            # The pool's own timeout would make a task of each call.
            async with asyncio.timeout(self.acquire_timeout):
                return await self.pool.acquire()
        return await self.get_new_connection()

    async def release(self, connection: asyncpg.Connection) -> None:
        if self.pool:
            await self.pool.release(connection)  # shields itself
        else:
            await connection.close()

    async def _run_in_pool(self, query: str, args: Sequence[Any] | None = None) -> list[dict[str, Any]]:
        connection = await self.acquire()
        try:
            rows: list[dict[str, Any]] = await connection.fetch(query, *(args or ()))
            return rows
        finally:
            await self.release(connection)

    async def _run_in_new_connection(self, query: str, args: Sequence[Any] | None = None) -> list[dict[str, Any]]:
        """Joins the transaction when there is one, so that raw SQL of a migration stands or falls with the rest of it."""
        async with connection() as conn:
            rows: list[dict[str, Any]] = await conn.fetch(query, *(args or ()))
            return rows

    def transaction(self, allow_nested: bool = True, **options: Any) -> Transaction:
        return Transaction(self, allow_nested, **options)


def address() -> str:
    """DATABASE_URL, which a command sets when it starts the embedded server. Never libpq's idea of a default."""
    if not settings().database_url:
        raise ConfigError("DATABASE_URL is not set, and this process was not started by `python3 -m marketplace`")
    return settings().database_url


async def _keep_session(_: asyncpg.Connection) -> None:
    """No session state is ever set on a pooled connection, so there is none to reset."""


DB = Engine(config={"dsn": read(os.environ).database_url}, log_queries=False)


async def connect() -> None:
    config = settings()
    address()
    await DB.start_connection_pool(
        min_size=config.db_pool_min,
        max_size=config.db_pool_max,
        reset=_keep_session,
        server_settings={
            "application_name": "marketplace",
            "timezone": "UTC",
            "statement_timeout": str(config.db_statement_timeout_ms),
            "lock_timeout": "10000",
            "idle_in_transaction_session_timeout": "30000",
        },
    )


async def disconnect() -> None:
    await DB.close_connection_pool()


_hooks: ContextVar[list[Hook] | None] = ContextVar("on_commit_hooks", default=None)
_lasting: ContextVar[list[Hook] | None] = ContextVar("in_any_case_hooks", default=None)


def in_transaction() -> bool:
    return DB.current_transaction.get() is not None


@asynccontextmanager
async def transaction(isolation: Isolation | None = None, readonly: bool = False) -> AsyncIterator[None]:
    """Join the caller's transaction, or open one and run its `on_commit` hooks after it.

    Never `gather` or `create_task` inside: a task would inherit this transaction's one connection.
    A database that cannot be reached raises Unavailable (503).
    """
    if in_transaction():
        yield
        return
    hooks: list[Hook] = []
    lasting: list[Hook] = []
    token, lasting_token = _hooks.set(hooks), _lasting.set(lasting)
    options: dict[str, Any] = {"readonly": True} if readonly else {}
    if isolation:
        options["isolation"] = isolation
    try:
        async with DB.transaction(**options):
            yield
    finally:
        _hooks.reset(token)
        _lasting.reset(lasting_token)
        for hook in lasting:
            await _run_lasting(hook)
    for hook in hooks:
        await hook()


async def _run_lasting(hook: Hook) -> None:
    try:
        await hook()
    except Exception as error:
        # What became of the transaction is what its caller must hear.
        log.exception("transaction.hook_failed", exc_info=error)


@asynccontextmanager
async def savepoint() -> AsyncIterator[None]:
    """A part of the transaction that may fail alone: an error inside undoes only what was done inside."""
    hooks = _hooks.get()
    assert hooks is not None, "savepoint() belongs inside transaction()"
    mark = len(hooks)
    try:
        async with DB.transaction():
            yield
    except BaseException:
        del hooks[mark:]
        raise


def on_commit(hook: Hook) -> None:
    """Run `hook` once the outermost transaction has committed; never if it rolls back."""
    hooks = _hooks.get()
    assert hooks is not None, "on_commit() belongs inside transaction()"
    hooks.append(hook)


def in_any_case(hook: Hook) -> None:
    """Run `hook` once the outermost transaction has ended, even if it, or the savepoint we are in, is undone.

    For what must be known of a request that is refused: the refusal undoes what was written here. `hook` opens a
    transaction of its own.
    """
    hooks = _lasting.get()
    assert hooks is not None, "in_any_case() belongs inside transaction()"
    hooks.append(hook)


async def retrying(deed: Callable[[], Awaitable[T]], attempts: int = 5) -> T:
    """Run a whole transaction again after a deadlock or a serialization failure."""
    for attempt in range(1, attempts + 1):
        try:
            return await deed()
        except RETRYABLE:
            if attempt == attempts or in_transaction():
                raise
            await asyncio.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - jitter
    raise AssertionError("unreachable")


@asynccontextmanager
async def connection() -> AsyncIterator[asyncpg.Connection]:
    """The transaction's connection, or one of the pool for a moment."""
    current = DB.current_transaction.get()
    if current is not None:
        yield current.connection
        return
    borrowed = await DB.acquire()
    try:
        yield borrowed
    finally:
        await DB.release(borrowed)


async def fetch(query: str, *args: Any) -> list[asyncpg.Record]:
    """Rows of a statement with $1, $2 placeholders."""
    async with connection() as conn:
        rows: list[asyncpg.Record] = await conn.fetch(query, *args)
        return rows


async def fetch_row(query: str, *args: Any) -> asyncpg.Record | None:
    async with connection() as conn:
        return await conn.fetchrow(query, *args)


async def fetch_val(query: str, *args: Any) -> Any:
    async with connection() as conn:
        return await conn.fetchval(query, *args)


async def execute(query: str, *args: Any) -> int:
    """Run a statement and say how many rows it touched."""
    async with connection() as conn:
        status = await conn.execute(query, *args)
    last = status.rpartition(" ")[2]
    return int(last) if last.isdigit() else 0


def unavailable(error: BaseException) -> Unavailable | None:
    """The refusal for an error that says the database is away, else None."""
    return Unavailable(headers={"Retry-After": "2"}) if isinstance(error, AWAY) else None
