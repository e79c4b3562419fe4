"""What must hold in the database whatever happened: each domain registers a check that names every breach.

Run by `reconcile` in production, and by the tests after every race and fault.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final, TypeAlias

from marketplace.core import db

Check: TypeAlias = Callable[[], AsyncIterator[str]]

_checks: list[Check] = []

RULES: Final = {
    "no outbox row is unsent for longer than a minute": """
        SELECT id FROM outbox WHERE due_at < now() - interval '1 minute'""",
    "no timer is late for longer than a minute": """
        SELECT id FROM timers WHERE due_at < now() - interval '1 minute'""",
}


def check(found: Check) -> Check:
    """Register an async generator of breaches, as "rule: id". `wiring` imports the modules that do so."""
    _checks.append(found)
    return found


async def violations() -> AsyncIterator[str]:
    """Every breach of every registered rule."""
    for found in _checks:
        async for breach in found():
            yield breach


async def breaking(rules: Mapping[str, str]) -> AsyncIterator[str]:
    """Breaches of rules that are one statement each, which selects the `id` of every row that breaks it."""
    for rule, statement in rules.items():
        for row in await db.fetch(statement):
            yield f"{rule}: {row['id']}"


@check
async def core_violations() -> AsyncIterator[str]:
    async for breach in breaking(RULES):
        yield breach
