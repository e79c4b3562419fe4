"""What must always be true of the sandbox's books."""

from collections.abc import AsyncIterator
from typing import Final

from marketplace.core import invariants

BROKEN: Final = {
    "no more leaves a sandbox charge than it brought": """
        SELECT c.reference AS id FROM sandbox_charges c
        WHERE c.amount_minor < (SELECT coalesce(sum(amount_minor), 0) FROM sandbox_refunds r
                                WHERE r.charge = c.reference AND r.state <> 'failed')
          + (SELECT coalesce(sum(amount_minor), 0) FROM sandbox_disputes d WHERE d.charge = c.reference AND d.state <> 'won')""",
    "only a sandbox charge that succeeded is refunded or disputed": """
        SELECT c.reference AS id FROM sandbox_charges c WHERE c.state <> 'succeeded'
          AND (EXISTS (SELECT FROM sandbox_refunds r WHERE r.charge = c.reference)
               OR EXISTS (SELECT FROM sandbox_disputes d WHERE d.charge = c.reference))""",
    "what goes on in the sandbox has an end": """
        SELECT x.reference AS id FROM (
          SELECT reference FROM sandbox_charges WHERE state IN ('requires_action', 'processing')
          UNION ALL SELECT reference FROM sandbox_refunds WHERE state = 'processing'
          UNION ALL SELECT reference FROM sandbox_payouts WHERE state = 'processing') x
        WHERE NOT EXISTS (SELECT FROM timers t WHERE t.kind = 'payments.sandbox.next' AND t.key = x.reference)""",
}  # fmt: skip


@invariants.check
async def sandbox_violations() -> AsyncIterator[str]:
    async for breach in invariants.breaking(BROKEN):
        yield breach
