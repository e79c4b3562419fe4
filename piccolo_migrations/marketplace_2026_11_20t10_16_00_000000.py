from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T10:16:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Catalog: one filing a thing, no circles in the tree, whoever writes"

STATEMENTS = [
    "CREATE UNIQUE INDEX categories_sibling_names ON categories (COALESCE(parent, '00000000-0000-0000-0000-000000000000'), lower(name))",
    "ALTER TABLE categories ADD CONSTRAINT categories_slug CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$')",
    "ALTER TABLE categories ADD CONSTRAINT categories_name CHECK (name <> '')",
    "CREATE UNIQUE INDEX category_items_once ON category_items (kind, item)",
    "CREATE INDEX category_items_counted ON category_items (category, kind)",
    "ALTER TABLE category_items ALTER COLUMN item SET NOT NULL",
    "CREATE UNIQUE INDEX tag_items_once ON tag_items (kind, item, tag)",
    "CREATE INDEX tag_items_counted ON tag_items (tag, kind)",
    "ALTER TABLE tag_items ALTER COLUMN item SET NOT NULL",
    "CREATE INDEX tags_beginning ON tags (slug text_pattern_ops)",
    # The lock makes moves one after the other: two that are each right may make a circle together.
    """
    CREATE FUNCTION categories_stay_a_tree() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        depth int;
    BEGIN
        PERFORM pg_advisory_xact_lock(hashtext('categories'));
        IF NEW.parent IS NOT NULL AND EXISTS (
            WITH RECURSIVE above AS (
                SELECT id, parent FROM categories WHERE id = NEW.parent
                UNION SELECT c.id, c.parent FROM categories c JOIN above ON c.id = above.parent)
            SELECT FROM above WHERE id = NEW.id)
        THEN
            RAISE EXCEPTION 'a category cannot lie below itself'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'categories_no_circle';
        END IF;
        WITH RECURSIVE above AS (
            SELECT id, parent, 1 AS n FROM categories WHERE id = NEW.parent
            UNION ALL SELECT c.id, c.parent, n + 1 FROM categories c JOIN above ON c.id = above.parent WHERE n < 50),
        below AS (
            SELECT NEW.id AS id, 1 AS n
            UNION ALL SELECT c.id, n + 1 FROM categories c JOIN below ON c.parent = below.id WHERE n < 50)
        SELECT COALESCE((SELECT max(n) FROM above), 0) + (SELECT max(n) FROM below) INTO depth;
        IF depth > 6 THEN
            RAISE EXCEPTION 'the tree of categories is at most 6 deep'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'categories_depth';
        END IF;
        RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER categories_stay_a_tree BEFORE INSERT OR UPDATE OF id, parent ON categories "
    "FOR EACH ROW EXECUTE FUNCTION categories_stay_a_tree()",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
