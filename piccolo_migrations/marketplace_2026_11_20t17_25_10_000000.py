from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T17:25:10:000000"
VERSION = "1.38.0"
DESCRIPTION = "Milestones: one a position, amounts that add up"

STATEMENTS = [
    "CREATE UNIQUE INDEX milestones_position ON milestones (engagement, position)",
    "ALTER TABLE milestones ADD CONSTRAINT milestones_status CHECK "
    "(status IN ('proposed', 'planned', 'funded', 'submitted', 'approved', 'cancelled'))",
    "ALTER TABLE milestones ADD CONSTRAINT milestones_amounts CHECK (position > 0 "
    "AND least(amount_minor, carried_minor, released_minor, returned_minor) >= 0 AND released_minor <= amount_minor)",
    "ALTER TABLE milestones ADD CONSTRAINT milestones_change CHECK ((change IS NULL) = (change_by IS NULL))",
    "ALTER TABLE milestone_plans ADD CONSTRAINT milestone_plans_of FOREIGN KEY (id) REFERENCES engagements (id)",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
