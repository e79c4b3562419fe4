"""Empty tables before a test. Rows are deleted where there are any: TRUNCATE would write new files for every table."""

from graphlib import TopologicalSorter

import asyncpg

from marketplace.core import db

TABLES = """
SELECT c.oid::regclass::text AS name,
  EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal) AS has_triggers,
  ARRAY(SELECT f.conrelid::regclass::text FROM pg_constraint f
        WHERE f.confrelid = c.oid AND f.contype = 'f' AND f.conrelid <> c.oid) AS referenced_by
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND c.relname <> 'migration'
"""
SEQUENCES = "SELECT format('%I.%I', schemaname, sequencename) FROM pg_sequences WHERE schemaname = 'public'"


async def empty_tables() -> None:
    try:
        await db.execute("SELECT testing.empty_tables()")
    except (asyncpg.InvalidSchemaNameError, asyncpg.UndefinedFunctionError):
        await db.execute("CREATE SCHEMA IF NOT EXISTS testing")
        await db.execute(await _write_function())
        await db.execute("SELECT testing.empty_tables()")


async def _write_function() -> str:
    """A function that deletes from whoever refers before what is referred to. Tables that refuse DELETE are made to allow it.

    A function, for a connection plans its statements once.
    """
    rows = {row["name"]: row for row in await db.fetch(TABLES)}
    ordered = list(TopologicalSorter({name: row["referenced_by"] for name, row in rows.items()}).static_order())
    lines = [
        *(
            f"IF EXISTS (SELECT FROM {name}) THEN {_delete(name, rows[name]['has_triggers'])} END IF;"
            for name in ordered
        ),
        *(f"PERFORM setval('{row[0]}', 1, false);" for row in await db.fetch(SEQUENCES)),
    ]
    return (
        "CREATE OR REPLACE FUNCTION testing.empty_tables() RETURNS void LANGUAGE plpgsql AS $empty$ BEGIN\n"
        + "\n".join(lines)
        + "\nEND $empty$"
    )


def _delete(name: str, has_triggers: bool) -> str:
    if not has_triggers:
        return f"DELETE FROM {name};"
    return (
        f"ALTER TABLE {name} DISABLE TRIGGER USER; DELETE FROM {name}; SET CONSTRAINTS ALL IMMEDIATE; "
        f"ALTER TABLE {name} ENABLE TRIGGER USER;"
    )
