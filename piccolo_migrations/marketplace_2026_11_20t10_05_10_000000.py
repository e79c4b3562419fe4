from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T10:05:10:000000"
VERSION = "1.38.0"
DESCRIPTION = "Auctions: histories that only grow, one live sale a lot, one rule a bidder, and the indexes of lists"

STATEMENTS = [
    "CREATE UNIQUE INDEX lots_auction_position ON lots (auction, position)",
    "CREATE INDEX lots_running ON lots (ends_at) WHERE status = 'active'",
    "CREATE INDEX auctions_listed ON auctions (status, created_at DESC, id) WHERE deleted_at IS NULL",
    "CREATE INDEX auctions_due ON auctions (starts_at) WHERE status = 'scheduled'",
    "CREATE UNIQUE INDEX bids_lot_seq ON bids (lot, seq)",
    "CREATE INDEX bids_lot_bidder ON bids (lot, bidder, seq)",
    "CREATE INDEX bids_bidder_placed ON bids (bidder, placed_at DESC)",
    "CREATE UNIQUE INDEX auto_bid_rules_one ON auto_bid_rules (lot, bidder) WHERE status = 'active'",
    "CREATE UNIQUE INDEX sales_one_live ON sales (lot) WHERE status IN ('awaiting_payment', 'paid')",
    "CREATE UNIQUE INDEX second_chance_one_open ON second_chance_offers (lot) WHERE status = 'open'",
    "ALTER TABLE lots ADD CONSTRAINT lots_amounts CHECK (start_minor > 0 AND price_minor >= start_minor "
    "AND (reserve_minor IS NULL OR reserve_minor >= start_minor) AND (buy_now_minor IS NULL OR buy_now_minor >= start_minor))",
    "ALTER TABLE lots ADD CONSTRAINT lots_leader CHECK "
    "((leader IS NULL AND leader_max_minor = 0) OR (leader IS NOT NULL AND leader_max_minor >= price_minor))",
    "ALTER TABLE lots ADD CONSTRAINT lots_end_within_cap CHECK (ends_at <= latest_end)",
    "ALTER TABLE lots ADD CONSTRAINT lots_status CHECK (status IN ('scheduled', 'active', 'ended', 'cancelled'))",
    "ALTER TABLE lots ADD CONSTRAINT lots_outcome CHECK "
    "(outcome IN ('', 'sold', 'unsold', 'reserve_not_met') AND (status IN ('ended', 'cancelled') OR outcome = ''))",
    "ALTER TABLE lots ADD CONSTRAINT lots_active_ends CHECK (status <> 'active' OR (ends_at IS NOT NULL AND latest_end IS NOT NULL))",
    "ALTER TABLE auctions ADD CONSTRAINT auctions_status CHECK (status IN ('scheduled', 'active', 'ended', 'cancelled'))",
    "ALTER TABLE auctions ADD CONSTRAINT auctions_times CHECK (ends_at > starts_at)",
    "ALTER TABLE bids ADD CONSTRAINT bids_kind CHECK (kind IN ('bid', 'auto', 'buy_now', 'retraction', 'cap'))",
    "ALTER TABLE bids ADD CONSTRAINT bids_amounts CHECK (max_minor > 0 AND price_after > 0)",
    "ALTER TABLE auto_bid_rules ADD CONSTRAINT auto_bid_rules_values CHECK (max_minor > 0 AND status IN ('active', 'deleted'))",
    "ALTER TABLE sales ADD CONSTRAINT sales_values CHECK (amount_minor > 0 AND buyer <> seller "
    "AND status IN ('awaiting_payment', 'paid', 'unpaid', 'cancelled'))",
    "ALTER TABLE second_chance_offers ADD CONSTRAINT second_chance_values CHECK (amount_minor > 0 "
    "AND status IN ('open', 'accepted', 'declined', 'expired', 'withdrawn'))",
    """CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
    END $$""",
    "CREATE TRIGGER bids_append_only BEFORE UPDATE OR DELETE ON bids FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER auction_history_append_only BEFORE UPDATE OR DELETE ON auction_history "
    "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
