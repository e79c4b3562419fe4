from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T16:23:30:000000"
VERSION = "1.38.0"
DESCRIPTION = "Engagements: whose they are, and what may stand in them"

STATEMENTS = [
    "ALTER TABLE engagements ADD CONSTRAINT engagements_order FOREIGN KEY (id) REFERENCES orders (id) ON DELETE RESTRICT",
    "ALTER TABLE engagements ADD CONSTRAINT engagements_gig FOREIGN KEY (gig) REFERENCES gigs (id) ON DELETE RESTRICT",
    "ALTER TABLE engagements ADD CONSTRAINT engagements_package FOREIGN KEY (package) REFERENCES gig_packages (id) ON DELETE RESTRICT",
    "ALTER TABLE engagements ADD CONSTRAINT engagements_terms CHECK (delivery_days >= 1 AND extended_days >= 0 "
    "AND revisions_used >= 0 AND (revisions_allowed IS NULL OR revisions_used <= revisions_allowed))",
    "ALTER TABLE engagements ADD CONSTRAINT engagements_accepted CHECK ((accepted_at IS NULL) = (due_at IS NULL))",
    "ALTER TABLE engagements ADD CONSTRAINT engagements_late CHECK (late_at IS NOT NULL OR very_late_at IS NULL)",
    "ALTER TABLE engagement_requirements ADD CONSTRAINT engagement_requirements_place UNIQUE (engagement, position)",
    "ALTER TABLE engagement_requirements ADD CONSTRAINT engagement_requirements_kind CHECK "
    "(kind IN ('text', 'choice', 'multiple', 'file'))",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
