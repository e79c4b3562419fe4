from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T16:28:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Disputes: one open about an order, one proposal waiting, decisions that stay"

APPEND_ONLY = ("dispute_history", "dispute_messages", "dispute_decisions")
STATEMENTS = [
    "ALTER TABLE disputes ADD CONSTRAINT disputes_claim CHECK (claim_minor >= 0 AND held_minor > 0)",
    "ALTER TABLE disputes ADD CONSTRAINT disputes_over "
    "CHECK ((status IN ('resolved', 'withdrawn')) = (closed_at IS NOT NULL) AND (closed_at IS NULL OR turn = ''))",
    "ALTER TABLE disputes ADD CONSTRAINT disputes_appeal CHECK ((appealed_by IS NULL) = (appeal = ''))",
    """CREATE UNIQUE INDEX disputes_one_open ON disputes ("order") WHERE status NOT IN ('resolved', 'withdrawn')""",
    """CREATE INDEX disputes_queue ON disputes (coalesce(due_at, 'infinity'), id)
       WHERE status NOT IN ('resolved', 'withdrawn')""",
    "ALTER TABLE dispute_proposals ADD CONSTRAINT dispute_proposals_split "
    "CHECK (buyer_minor >= 0 AND seller_minor >= 0 AND buyer_minor + seller_minor > 0)",
    "CREATE UNIQUE INDEX dispute_proposals_one_open ON dispute_proposals (dispute) WHERE status = 'open'",
    "ALTER TABLE dispute_decisions ADD CONSTRAINT dispute_decisions_split "
    "CHECK (buyer_minor >= 0 AND seller_minor >= 0 AND buyer_minor + seller_minor > 0)",
    "CREATE UNIQUE INDEX dispute_decisions_number ON dispute_decisions (dispute, number)",
    "CREATE UNIQUE INDEX dispute_decisions_one_final ON dispute_decisions (dispute) WHERE final",
    *(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        for table in APPEND_ONLY
    ),
    *(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        for table in APPEND_ONLY
    ),
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
