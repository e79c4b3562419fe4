from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T10:10:10:000000"
VERSION = "1.38.0"
DESCRIPTION = (
    "Auctions: watchlists, the next minimum as the database works it out, and indexes for the filters of lists"
)

STATEMENTS = [
    # The rule of auctions.increments.increment, for lists whose JSON the database writes.
    """
    CREATE FUNCTION bid_increment(increments jsonb, price bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN coalesce(
      (SELECT (step ->> 1)::bigint FROM jsonb_array_elements(increments) AS step
       WHERE (step ->> 0)::bigint <= price ORDER BY (step ->> 0)::bigint DESC LIMIT 1),
      (increments -> 0 ->> 1)::bigint)
    """,
    'CREATE UNIQUE INDEX auction_watches_one ON auction_watches (auction, "user")',
    'CREATE INDEX auction_watches_user ON auction_watches ("user", auction)',
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX auctions_title_words ON auctions USING gin (title gin_trgm_ops)",
    "CREATE INDEX auctions_description_words ON auctions USING gin (description gin_trgm_ops)",
    "CREATE INDEX auctions_by_end ON auctions (status, (coalesce(ends_at, 'infinity'::timestamptz)), id) WHERE deleted_at IS NULL",
    "CREATE INDEX auctions_created ON auctions (created_at, id) WHERE deleted_at IS NULL",
    "CREATE INDEX auctions_ends ON auctions (ends_at) WHERE deleted_at IS NULL",
    "CREATE INDEX lots_first_price ON lots (price_minor, auction) WHERE position = 1",
    "CREATE INDEX lots_first_bids ON lots (bid_count, auction) WHERE position = 1",
    "CREATE INDEX lots_buy_now ON lots (auction) WHERE position = 1 AND buy_now_minor IS NOT NULL",
    "CREATE INDEX bids_retractions ON bids (lot, target_seq) WHERE kind = 'retraction'",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
