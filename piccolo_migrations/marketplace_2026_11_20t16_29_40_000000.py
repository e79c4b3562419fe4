from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T16:29:40:000000"
VERSION = "1.38.0"
DESCRIPTION = "Engagements: what deliveries, requests and custom offers may say of themselves"

OVER = "'open', 'accepted', 'declined', 'withdrawn'"
STATEMENTS = [
    "ALTER TABLE deliveries ADD CONSTRAINT deliveries_version UNIQUE (engagement, version)",
    "ALTER TABLE deliveries ADD CONSTRAINT deliveries_status CHECK "
    "(version >= 1 AND status IN ('submitted', 'accepted', 'rejected', 'revision_requested', 'closed'))",
    "ALTER TABLE deliveries ADD CONSTRAINT deliveries_answered CHECK ((status = 'submitted') = (answered_at IS NULL))",
    "CREATE UNIQUE INDEX deliveries_one_submitted ON deliveries (engagement) WHERE status = 'submitted'",
    "CREATE TRIGGER deliveries_kept BEFORE DELETE OR UPDATE OF id, engagement, version, files, created_at ON deliveries "
    "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    f"ALTER TABLE engagement_requests ADD CONSTRAINT engagement_requests_status CHECK (status IN ({OVER}, 'lapsed'))",
    "ALTER TABLE engagement_requests ADD CONSTRAINT engagement_requests_answered CHECK ((status = 'open') = (answered_at IS NULL))",
    "ALTER TABLE engagement_requests ADD CONSTRAINT engagement_requests_kind CHECK "
    "((kind = 'extension' AND days >= 1 AND answer_by IS NULL) OR (kind = 'cancellation' AND days IS NULL AND answer_by IS NOT NULL))",
    "CREATE UNIQUE INDEX engagement_requests_one_open ON engagement_requests (engagement, kind) WHERE status = 'open'",
    "CREATE INDEX engagement_requests_of ON engagement_requests (engagement, created_at, id)",
    f"ALTER TABLE custom_offers ADD CONSTRAINT custom_offers_status CHECK (status IN ({OVER}, 'countered', 'expired'))",
    "ALTER TABLE custom_offers ADD CONSTRAINT custom_offers_answered CHECK ((status = 'open') = (answered_at IS NULL))",
    "ALTER TABLE custom_offers ADD CONSTRAINT custom_offers_ordered CHECK ((status = 'accepted') = (\"order\" IS NOT NULL))",
    "ALTER TABLE custom_offers ADD CONSTRAINT custom_offers_terms CHECK "
    "(price_minor > 0 AND delivery_days >= 1 AND (revisions IS NULL OR revisions >= 0))",
    "ALTER TABLE custom_offers ADD CONSTRAINT custom_offers_parties CHECK (seller <> buyer AND author IN (seller, buyer))",
    'ALTER TABLE custom_offers ADD CONSTRAINT custom_offers_order_fk FOREIGN KEY ("order") REFERENCES orders (id) ON DELETE RESTRICT',
    "CREATE UNIQUE INDEX custom_offers_one_open ON custom_offers (thread) WHERE status = 'open'",
    "CREATE INDEX custom_offers_seller ON custom_offers (seller, created_at DESC, id DESC)",
    "CREATE INDEX custom_offers_buyer ON custom_offers (buyer, created_at DESC, id DESC)",
    "CREATE INDEX custom_offers_author ON custom_offers (author)",
    "ALTER TABLE engagements ADD CONSTRAINT engagements_offer FOREIGN KEY (offer) REFERENCES custom_offers (id) ON DELETE RESTRICT",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
