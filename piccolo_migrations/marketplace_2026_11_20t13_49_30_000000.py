from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T13:49:30:000000"
VERSION = "1.38.0"
DESCRIPTION = "Subscriptions: one that lives a person, one open charge, a period renewed once, histories that stay"

STATEMENTS = [
    "CREATE UNIQUE INDEX subscriptions_live ON subscriptions (\"user\") WHERE status IN ('incomplete', 'active', 'past_due')",
    "CREATE UNIQUE INDEX subscription_charges_open ON subscription_charges (subscription) WHERE status = 'open'",
    "CREATE UNIQUE INDEX subscription_charges_renewal ON subscription_charges (subscription, period_start) "
    "WHERE kind = 'renewal' AND status <> 'void'",
    "ALTER TABLE subscriptions ADD CONSTRAINT subscriptions_status "
    "CHECK (status IN ('incomplete', 'active', 'past_due', 'cancelled', 'expired'))",
    "ALTER TABLE subscriptions ADD CONSTRAINT subscriptions_terms CHECK (price_minor >= 0 AND months > 0 AND months_done >= 0 "
    "AND (period_start IS NULL) = (anchor_at IS NULL) AND (period_end IS NULL) = (anchor_at IS NULL) AND period_end > period_start)",
    "ALTER TABLE subscription_charges ADD CONSTRAINT subscription_charges_status CHECK (status IN ('open', 'paid', 'void'))",
    "ALTER TABLE subscription_charges ADD CONSTRAINT subscription_charges_kind CHECK (kind IN ('start', 'renewal', 'upgrade'))",
    "ALTER TABLE subscription_charges ADD CONSTRAINT subscription_charges_terms CHECK "
    "(price_minor >= 0 AND amount_minor >= 0 AND months > 0 AND attempts >= failures AND failures >= 0)",
    "CREATE TRIGGER subscription_charges_agreed BEFORE DELETE OR UPDATE OF id, subscription, kind, plan, premium, price_minor, months, "
    "amount_minor, currency, created_at ON subscription_charges FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER subscription_history_append_only BEFORE UPDATE OR DELETE ON subscription_history "
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
