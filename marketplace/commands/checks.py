"""Looking at the two servers a command needs, with one clear line for each way in which they can be wrong."""

import asyncio
from urllib.parse import unquote, urlsplit

import asyncpg
from msgspec import Struct

from marketplace.core.config import ConfigError

CONNECT_SECONDS = 5
OLDEST_POSTGRES = 15
OLDEST_REDIS = 7


class CheckFailed(Exception):
    """Something this command needs is not as it should be; the message says what to do."""


class Database(Struct, frozen=True):
    version: str
    is_superuser: bool


class Redis(Struct, frozen=True):
    kind: str
    version: str
    eviction: str


def where(url: str) -> str:
    """A server's address without the password, for people."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return unquote(parts.path)
    if not parts.hostname:
        return unquote(parts.query.removeprefix("host=")) or url
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{host}:{parts.port}{parts.path}" if parts.port else f"{host}{parts.path}"


async def look_at_database(url: str) -> Database:
    """Raises ConfigError for an address that is none, CheckFailed for a server that will not have us."""
    if not url.startswith(("postgres://", "postgresql://")):
        raise ConfigError(
            "DATABASE_URL is no PostgreSQL address; one looks like postgresql://user:password@host:5432/name"
        )
    try:
        connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS)
    except ValueError as error:
        raise ConfigError(f"DATABASE_URL is no PostgreSQL address: {error}") from None
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        raise CheckFailed(f"PostgreSQL at {where(url)} refuses the user or password of DATABASE_URL: {error}") from None
    except asyncpg.InvalidCatalogNameError:
        name = urlsplit(url).path.lstrip("/")
        raise CheckFailed(
            f"PostgreSQL at {where(url)} has no database {name!r}; make it with: createdb {name}"
        ) from None
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        reason = str(error) or type(error).__name__
        raise CheckFailed(
            f"PostgreSQL at {where(url)} cannot be reached ({reason}). Is it running, and is DATABASE_URL right?"
        ) from None
    try:
        row = await connection.fetchrow(
            "SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number, "
            "(SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS is_superuser"
        )
    finally:
        await connection.close()
    if row["number"] < OLDEST_POSTGRES * 10_000:
        raise CheckFailed(f"PostgreSQL at {where(url)} is {row['version']}; {OLDEST_POSTGRES} or newer is needed.")
    return Database(row["version"].split()[0], row["is_superuser"])


async def look_at_redis(url: str) -> Redis:
    """Raises ConfigError for an address that is none, CheckFailed for a server that will not have us."""
    from redis import exceptions
    from redis.asyncio import Redis as Client

    number = urlsplit(url).path.strip("/")
    if url.startswith("redis") and number and not number.isdecimal():  # the client would take database 0
        raise ConfigError(f"REDIS_URL names database {number!r}; they have numbers, as in redis://host:6379/0")
    try:
        client = Client.from_url(url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=CONNECT_SECONDS)
    except ValueError as error:
        raise ConfigError(
            f"REDIS_URL is no Redis address ({error}); one looks like redis://:password@host:6379/0"
        ) from None
    try:
        async with client:
            said = await client.info("server")
            policy = (await client.info("memory")).get("maxmemory_policy", "unknown")
    except exceptions.AuthenticationError as error:
        raise CheckFailed(f"Redis at {where(url)} refuses the user or password of REDIS_URL: {error}") from None
    except (exceptions.RedisError, OSError, TimeoutError) as error:
        raise CheckFailed(
            f"Redis at {where(url)} cannot be reached ({error}). Is it running, and is REDIS_URL right?"
        ) from None
    version = said.get("valkey_version") or said["redis_version"]
    if int(str(version).split(".")[0]) < OLDEST_REDIS:
        raise CheckFailed(f"Redis at {where(url)} is {version}; {OLDEST_REDIS} or newer is needed.")
    return Redis("Valkey" if "valkey_version" in said else "Redis", str(version), str(policy))


async def look_at_both(database_url: str, redis_url: str) -> None:
    """Both at once; raises what the first that failed raised."""
    await asyncio.gather(look_at_database(database_url), look_at_redis(redis_url))
