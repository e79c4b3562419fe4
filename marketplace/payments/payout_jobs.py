"""When payouts are sent: as soon as they may be, and whatever is left over, every half minute. And their webhooks."""

from datetime import timedelta

from marketplace.core import clock
from marketplace.core.jobs import job
from marketplace.core.outbox import on
from marketplace.core.timers import every
from marketplace.payments.events import PayoutApproved, PayoutRequested
from marketplace.payments.providers.base import Outcome, Subject
from marketplace.payments.queries.payouts import find_payout, is_work_waiting
from marketplace.payments.service import webhooks
from marketplace.payments.service.payouts import apply_payout, check_due, send_due


@job(timeout=300)
async def run_payouts() -> None:
    """Send and ask about everything that is due."""
    while await send_due():
        pass
    while await check_due():
        pass


@on(PayoutRequested)
async def send_what_is_requested(event: PayoutRequested) -> None:
    if not event.needs_approval:
        await run_payouts.defer()


@on(PayoutApproved)
async def send_what_is_approved(_: PayoutApproved) -> None:
    await run_payouts.defer()


@webhooks.applies(Subject.PAYOUT)
async def what_a_webhook_says(provider: str, outcome: Outcome) -> None:
    await apply_payout(await find_payout(provider, outcome.our_id, outcome.reference), outcome, source="webhook")


@every(timedelta(seconds=30))
async def send_what_is_left() -> None:
    """What waited for a pause to end, for an answer, or for a worker that died."""
    if await is_work_waiting(clock.now()):
        await run_payouts.defer()
