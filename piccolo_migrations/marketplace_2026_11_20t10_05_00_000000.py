from babel.numbers import get_currency_precision, list_currencies
from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T10:05:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Core: amounts as decimal text, written by the database"

EXPONENTS = {code: get_currency_precision(code) for code in list_currencies()}
CASES = " ".join(
    f"WHEN currency IN ({', '.join(repr(c) for c, e in sorted(EXPONENTS.items()) if e == places)}) THEN {places}"
    for places in sorted(set(EXPONENTS.values()) - {2})
)

STATEMENTS = [
    f"""
    CREATE FUNCTION currency_exponent(currency text) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN CASE {CASES} ELSE 2 END
    """,
    """
    CREATE FUNCTION money_text(minor bigint, currency text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN round(minor::numeric / power(10::numeric, currency_exponent(currency)), currency_exponent(currency))::text
    """,
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
