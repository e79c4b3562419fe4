from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T14:13:40:000000"
VERSION = "1.38.0"
DESCRIPTION = "Coupons: one code each, never used more often than they may be"

STATEMENTS = [
    "ALTER TABLE coupons ADD CONSTRAINT coupons_kind CHECK (CASE kind "
    "WHEN 'percent' THEN percent_bps BETWEEN 1 AND 10000 AND amount_minor IS NULL "
    "WHEN 'fixed' THEN amount_minor > 0 AND percent_bps IS NULL AND currency <> '' "
    "WHEN 'free_shipping' THEN percent_bps IS NULL AND amount_minor IS NULL ELSE false END)",
    "ALTER TABLE coupons ADD CONSTRAINT coupons_amounts CHECK "
    "((max_discount_minor IS NULL OR max_discount_minor > 0 AND currency <> '') "
    "AND (min_spend_minor IS NULL OR min_spend_minor > 0 AND currency <> ''))",
    "ALTER TABLE coupons ADD CONSTRAINT coupons_dates CHECK (ends_at IS NULL OR starts_at IS NULL OR ends_at > starts_at)",
    # The last word on coupon races: the count is kept with the uses, under the coupon's lock.
    "ALTER TABLE coupons ADD CONSTRAINT coupons_uses CHECK "
    "(used_count >= 0 AND (max_uses IS NULL OR used_count <= max_uses) AND (max_uses_each IS NULL OR max_uses_each > 0))",
    "CREATE UNIQUE INDEX coupons_code ON coupons (code) WHERE code <> '' AND deleted_at IS NULL",
    "CREATE INDEX coupons_promotions ON coupons (id) WHERE code = '' AND is_active AND deleted_at IS NULL",
    "CREATE UNIQUE INDEX coupon_uses_once ON coupon_uses (coupon, checkout)",
    'CREATE UNIQUE INDEX coupon_uses_slot ON coupon_uses (coupon, "user", slot) WHERE given_back_at IS NULL',
    "ALTER TABLE coupon_uses ADD CONSTRAINT coupon_uses_limit CHECK "
    "(slot >= 1 AND (most_each IS NULL OR slot <= most_each) AND discount_minor >= 0)",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
