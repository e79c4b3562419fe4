from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T16:18:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Gigs: one main package, one cover, what is shown has a price, and the orders they are listed in"

SHOWN = "WHERE status = 'published' AND hidden_at IS NULL"
STATEMENTS = [
    "ALTER TABLE gigs ADD CONSTRAINT gigs_status CHECK "
    "(status IN ('draft', 'pending', 'published', 'paused', 'archived', 'rejected'))",
    "ALTER TABLE gigs ADD CONSTRAINT gigs_published CHECK (status NOT IN ('pending', 'published') "
    "OR (starting_minor IS NOT NULL AND delivery_days IS NOT NULL AND category IS NOT NULL))",
    "ALTER TABLE gigs ADD CONSTRAINT gigs_published_at CHECK (status <> 'published' OR published_at IS NOT NULL)",
    "ALTER TABLE gigs ADD CONSTRAINT gigs_rejected CHECK (status <> 'rejected' OR (rejected_reason <> '' AND must_be_approved))",
    "ALTER TABLE gigs ADD CONSTRAINT gigs_featured CHECK (featured_until IS NULL OR featured_until > featured_at)",
    "ALTER TABLE gigs ADD CONSTRAINT gigs_rating CHECK (rating_sum BETWEEN rating_count AND 5 * rating_count)",
    "ALTER TABLE gigs ADD CONSTRAINT gigs_counts CHECK "
    "(view_count >= 0 AND click_count >= 0 AND order_count >= 0 AND completed_count BETWEEN 0 AND order_count)",
    "ALTER TABLE gigs ADD COLUMN words tsvector GENERATED ALWAYS AS "
    "(setweight(to_tsvector('simple', product_words(title)), 'A') || setweight(to_tsvector('simple', product_words(keywords)), 'B') "
    "|| setweight(to_tsvector('simple', product_words(left(description, 20000))), 'C')) STORED",
    # In thousandths of the currency's unit, as those of products.
    "ALTER TABLE gigs ADD COLUMN price_sort bigint NOT NULL GENERATED ALWAYS AS "
    "(coalesce(starting_minor, 0) * CASE currency_exponent(currency) WHEN 0 THEN 1000 WHEN 3 THEN 1 ELSE 10 END) STORED",
    # As if five buyers more had given 3.5: one rating of 5 does not stand above a hundred of 4.9.
    "ALTER TABLE gigs ADD COLUMN rating_score integer NOT NULL GENERATED ALWAYS AS "
    "((rating_sum * 1000 + 17500) / (rating_count + 5)) STORED",
    "CREATE INDEX gigs_words ON gigs USING gin (words)",
    "CREATE INDEX gigs_languages ON gigs USING gin (languages)",
    "CREATE INDEX gigs_of_seller ON gigs (seller, created_at DESC, id DESC)",
    "CREATE INDEX gigs_waiting ON gigs (updated_at, id) WHERE status = 'pending'",
    "CREATE INDEX gigs_category ON gigs (category)",
    f"CREATE INDEX gigs_new ON gigs (published_at DESC, id DESC) {SHOWN}",
    f"CREATE INDEX gigs_category_new ON gigs (category, published_at DESC, id DESC) {SHOWN}",
    f"CREATE INDEX gigs_price ON gigs (price_sort, id) {SHOWN}",
    f"CREATE INDEX gigs_rated ON gigs (rating_score, id) {SHOWN}",
    f"CREATE INDEX gigs_ordered ON gigs (completed_count, id) {SHOWN}",
    f"CREATE INDEX gigs_fast ON gigs (delivery_days, id) {SHOWN}",
    f"CREATE INDEX gigs_trending ON gigs (trending, id) {SHOWN}",
    f"CREATE INDEX gigs_category_trending ON gigs (category, trending, id) {SHOWN}",
    f"CREATE INDEX gigs_featured_new ON gigs (published_at DESC, id DESC) {SHOWN} AND featured_at IS NOT NULL",
    "ALTER TABLE gig_packages ADD CONSTRAINT gig_packages_terms CHECK (price_minor > 0 AND delivery_days BETWEEN 1 AND 365 "
    "AND (revisions IS NULL OR revisions BETWEEN 0 AND 100) AND tier IN ('basic', 'standard', 'premium'))",
    "ALTER TABLE gig_packages ADD CONSTRAINT gig_packages_main CHECK (NOT (is_main AND archived_at IS NOT NULL))",
    "CREATE UNIQUE INDEX gig_packages_tier ON gig_packages (gig, tier) WHERE archived_at IS NULL",
    "CREATE UNIQUE INDEX gig_packages_one_main ON gig_packages (gig) WHERE is_main",
    "ALTER TABLE gig_extras ADD CONSTRAINT gig_extras_terms CHECK (price_minor > 0 AND extra_days BETWEEN -365 AND 365)",
    "ALTER TABLE gig_requirements ADD CONSTRAINT gig_requirements_kind CHECK "
    "(kind IN ('text', 'file') OR (kind IN ('choice', 'multiple') AND jsonb_array_length(choices) BETWEEN 2 AND 20))",
    "ALTER TABLE gig_media ADD CONSTRAINT gig_media_kind CHECK (kind IN ('image', 'video', 'pdf'))",
    "ALTER TABLE gig_media ADD CONSTRAINT gig_media_cover CHECK (NOT is_cover OR kind <> 'pdf')",
    "CREATE UNIQUE INDEX gig_media_one_cover ON gig_media (gig) WHERE is_cover",
    "ALTER TABLE gig_media ADD CONSTRAINT gig_media_place UNIQUE (gig, position) DEFERRABLE INITIALLY DEFERRED",
    "CREATE UNIQUE INDEX gig_days_one ON gig_days (gig, day)",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
