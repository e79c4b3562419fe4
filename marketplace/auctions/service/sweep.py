"""Timers are rows that nothing should ever take away. Should one be missing all the same, it is set again here."""

from marketplace.auctions.rules import CLOSE_GRACE_MS
from marketplace.core import db, timers

MISSING = """
INSERT INTO timers (kind, key, payload, due_at, attempts, last_error)
SELECT want.kind, want.id::text, '{}'::jsonb, want.due_at, 0, '' FROM (
  SELECT 'auctions.close' AS kind, id, ends_at + $1 * interval '1 millisecond' AS due_at
  FROM lots WHERE status = 'active'
  UNION ALL
  SELECT 'auctions.start', id, starts_at FROM auctions
  WHERE status = 'scheduled' AND starts_at IS NOT NULL AND deleted_at IS NULL
  UNION ALL
  SELECT 'auctions.pay_by', id, pay_by FROM sales WHERE status = 'awaiting_payment' AND "order" IS NULL
  UNION ALL
  SELECT 'auctions.offer_expiry', id, expires_at FROM second_chance_offers WHERE status = 'open'
) AS want
WHERE NOT EXISTS (SELECT FROM timers t WHERE t.kind = want.kind AND t.key = want.id::text)
ON CONFLICT (kind, key) DO NOTHING
"""


async def set_missing_timers() -> int:
    """Give every running lot, scheduled auction, open sale and open offer its timer. Returns how many lacked one."""
    async with db.transaction():
        found = await db.execute(MISSING, await CLOSE_GRACE_MS.value())
        if found:
            db.on_commit(timers.wake)
        return found
