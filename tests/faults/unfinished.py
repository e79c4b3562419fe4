"""What is still under way, as text: a test that waits in vain prints it, so that its failure explains itself."""

import redis

from marketplace.core import db
from tests.faults.valkey import Valkey

MOST = 1000

OPEN_ROWS = {
    "payments": "SELECT * FROM payments WHERE status IN ('created', 'requires_method', 'requires_action', 'processing')",
    "refunds": "SELECT * FROM refunds WHERE status = 'pending'",
    "payouts": "SELECT * FROM payouts WHERE status IN ('requested', 'processing')",
    "webhook_events": "SELECT * FROM webhook_events WHERE status = 'received'",
    "sandbox_charges": "SELECT * FROM sandbox_charges WHERE payment IN (SELECT id FROM payments WHERE captured_minor = 0)",
    "sandbox_events": "SELECT * FROM sandbox_events WHERE delivered_at IS NULL",
    "timers": "SELECT * FROM timers WHERE kind LIKE 'payments.%'",
    "outbox": "SELECT * FROM outbox",
    "idempotency_keys": "SELECT * FROM idempotency_keys WHERE claimed_at IS NOT NULL",
    "sessions": "SELECT pid, state, wait_event_type, wait_event, now() - xact_start AS since, left(query, 200) AS query "
    "FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()",
}


async def unfinished(valkey: Valkey) -> str:
    """Rows that wait for something, and the jobs that the queue holds."""
    lines = [f"open at {await db.fetch_val('SELECT now()')}"]
    for name, statement in OPEN_ROWS.items():
        rows = await db.fetch(f"SELECT to_jsonb(x)::text AS row FROM ({statement}) AS x")
        lines += [f"  {name}: {row['row'][:MOST]}" for row in rows]
    return "\n".join([*lines, *_queued(valkey)])


def _queued(valkey: Valkey) -> list[str]:
    try:
        with redis.Redis.from_url(valkey.url, decode_responses=True) as client:
            active = [f"  active: {client.lrange(key, 0, -1)}" for key in client.scan_iter("saq:*:active")]
            return active + [f"  job: {str(client.get(key))[:MOST]}" for key in client.scan_iter("saq:job:*")]
    except redis.RedisError as error:
        return [f"  queue: {error!r}"]
