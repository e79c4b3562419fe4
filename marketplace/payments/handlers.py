"""What payments register when they are imported: questions to providers, timers, jobs. And what follows from their own news."""

import marketplace.payments.service.charging
import marketplace.payments.service.depositing
import marketplace.payments.service.refunding
import marketplace.payments.service.webhooks  # noqa: F401 - for what they register
from marketplace.core.outbox import on
from marketplace.payments.events import RefundFailed
from marketplace.payments.service.crediting import take_back_credit


@on(RefundFailed)
async def void_credit(event: RefundFailed) -> None:
    """What a refund credited was not given back after all."""
    await take_back_credit(event.refund_id)
