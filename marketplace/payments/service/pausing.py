"""While something in the books does not agree, no money leaves."""

from marketplace.core import db
from marketplace.payments.errors import PayoutsPaused


async def is_paused() -> bool:
    """Whether a reconciliation break is open."""
    return bool(await db.fetch_val("SELECT EXISTS (SELECT FROM reconciliation_breaks WHERE closed_at IS NULL)"))


async def check() -> None:
    """Raises PayoutsPaused."""
    if await is_paused():
        raise PayoutsPaused
