from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T09:55:53:000000"
VERSION = "1.38.0"
DESCRIPTION = "Accounts: what is unique about profiles, and indexes for lists"

STATEMENTS = [
    'CREATE INDEX addresses_of_user ON addresses ("user", created_at, id)',
    'CREATE UNIQUE INDEX addresses_one_default ON addresses ("user", address_type) WHERE is_default',
    "ALTER TABLE addresses ADD CONSTRAINT addresses_type CHECK (address_type IN ('shipping', 'billing', 'other'))",
    'CREATE UNIQUE INDEX skills_name ON skills ("user", lower(name))',
    "ALTER TABLE skills ADD CONSTRAINT skills_level CHECK (level IN ('beginner', 'intermediate', 'advanced', 'expert'))",
    'CREATE INDEX portfolio_of_user ON portfolio_items ("user", is_featured DESC, id DESC)',
    'CREATE UNIQUE INDEX favorites_once ON favorites ("user", target_type, target_id)',
    'CREATE INDEX favorites_of_user ON favorites ("user", id DESC)',
    "CREATE INDEX favorites_of_target ON favorites (target_type, target_id)",
    "CREATE UNIQUE INDEX identity_checks_one_open ON identity_checks (\"user\") WHERE status IN ('pending', 'approved')",
    "CREATE INDEX identity_checks_pending ON identity_checks (submitted_at) WHERE status = 'pending'",
    "ALTER TABLE identity_checks ADD CONSTRAINT identity_checks_status CHECK (status IN ('pending', 'approved', 'rejected'))",
    "CREATE UNIQUE INDEX data_exports_one_pending ON data_exports (\"user\") WHERE status = 'pending'",
    "ALTER TABLE profiles ADD CONSTRAINT profiles_personality_data CHECK (jsonb_typeof(personality_data) = 'object')",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
