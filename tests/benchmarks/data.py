"""Many auctions, made by the database out of one that the service made."""

from uuid import UUID

MANY = 100_000
TOLD = "A fine thing in good order, sent the next day."


async def auctions() -> None:
    """`MANY` more auctions of 200 sellers: three in four run, half in US dollars, prices up to 1,000.00; some are watched."""
    from marketplace.core import db
    from tests.factories.accounts import users
    from tests.factories.auctions import an_auction

    if await db.fetch_val("SELECT count(*) FROM auctions") > MANY:
        return
    sellers = await users(200)
    first, _ = await an_auction(sellers[0], description=TOLD)
    async with db.transaction():
        await db.execute("SET LOCAL statement_timeout = 0")
        await db.execute(
            "CREATE TEMP TABLE made ON COMMIT DROP AS SELECT n, gen_random_uuid() AS auction, gen_random_uuid() AS lot, "
            "now() - n * interval '7 seconds' AS created, ($1::uuid[])[1 + n % 200] AS seller, "
            "CASE WHEN n % 4 = 0 THEN 'ended' ELSE 'active' END AS status, "
            "CASE WHEN n % 2 = 0 THEN 'USD' ELSE 'EUR' END AS currency, (n::bigint * 7919) % 100000 + 99 AS price "
            f"FROM generate_series(1, {MANY}) AS n",
            sellers,
        )
        await _clone("auctions", first, (
            "'id', m.auction, 'seller', m.seller, 'title', 'Thing no. ' || m.n, 'status', m.status, 'currency', m.currency, "
            "'created_at', m.created, 'ends_at', m.created + interval '30 days'"
        ))  # fmt: skip
        await _clone("lots", first, (
            "'id', m.lot, 'auction', m.auction, 'title', 'Thing no. ' || m.n, 'status', m.status, 'price_minor', m.price, "
            "'start_minor', 99, 'ends_at', m.created + interval '30 days', "
            "'latest_end', m.created + interval '31 days'"
        ))  # fmt: skip
        await db.execute(
            'INSERT INTO auction_watches (auction, "user", created_at) '
            "SELECT m.auction, ($1::uuid[])[1 + (m.n + k) % 200], now() FROM made m, generate_series(1, 3) AS k WHERE m.n % 5 = 0",
            sellers,
        )
    for table in ("auctions", "lots", "auction_watches", "users", "sessions"):
        await db.execute(f"VACUUM ANALYZE {table}")


async def _clone(table: str, first: UUID, changed: str) -> None:
    from marketplace.core import db

    which = "t.id" if table == "auctions" else "t.auction"
    await db.execute(
        f"INSERT INTO {table} SELECT (jsonb_populate_record(t, jsonb_build_object({changed}))).* "
        f"FROM {table} t, made m WHERE {which} = $1",
        first,
    )


async def tokens(many: int) -> list[str]:
    """Access tokens of that many accounts."""
    from tests.factories import bearer
    from tests.factories.accounts import users

    return [(await bearer(user))["authorization"] for user in await users(many)]
