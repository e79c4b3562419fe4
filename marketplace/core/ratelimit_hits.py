"""Limits that guard accounts, counted in Postgres while Redis is away: slower, as exact, and nobody is locked out."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta

from marketplace.core import db


async def count(hits: Sequence[tuple[str, int, int]]) -> tuple[int, float] | None:
    """Count one hit for each (key, most, seconds), all or none. Returns which of them had its share, and the seconds to wait.

    Keys hold addresses of people, so only their hashes are kept.
    """
    keys = [hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest() for key, _, _ in hits]
    async with db.transaction():
        for key in sorted(set(keys)):
            await db.execute("SELECT pg_advisory_xact_lock(hashtextextended('rate_hits:' || $1, 0))", key)
        for i, (key, (_, most, seconds)) in enumerate(zip(keys, hits, strict=True)):
            row = await db.fetch_row(
                "SELECT count(*) AS used, extract(epoch FROM min(at) + $2::interval - clock_timestamp())::float8 AS wait "
                "FROM rate_hits WHERE key = $1 AND at > clock_timestamp() - $2::interval",
                key, timedelta(seconds=seconds),
            )  # fmt: skip
            assert row is not None
            if row["used"] >= most:
                return i, row["wait"]
        await db.execute(
            "INSERT INTO rate_hits (key, at) SELECT k, clock_timestamp() FROM unnest($1::text[]) AS t(k)", keys
        )
    return None


async def forget(keys: Sequence[str]) -> None:
    hashes = [hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest() for key in keys]
    await db.execute("DELETE FROM rate_hits WHERE key = ANY($1::text[])", hashes)


async def delete_old_hits() -> int:
    return await db.execute("DELETE FROM rate_hits WHERE at < now() - interval '1 day'")
