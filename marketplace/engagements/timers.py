"""What happens to work at a time. Each action looks at the present state first, so that a late or second one is harmless."""

from datetime import timedelta
from uuid import UUID

import structlog

from marketplace.core.timers import Payload, every, timer
from marketplace.engagements.service import accepting, asking, clockwork, milestone_moves, milestones, offering, opening
from marketplace.engagements.service.sweeping import set_missing_timers

log = structlog.get_logger(__name__)


@timer(opening.GIVE_UP)
async def give_up(key: str, _: Payload) -> None:
    await accepting.give_up(UUID(key))


@timer(clockwork.LATENESS)
async def lateness(key: str, _: Payload) -> None:
    await clockwork.look(UUID(key))


@timer(asking.ANSWER)
async def answer(key: str, _: Payload) -> None:
    await asking.agree_by_silence(UUID(key))


@timer(offering.EXPIRY)
async def offer_expiry(key: str, _: Payload) -> None:
    await offering.expire(UUID(key))


@timer(milestone_moves.REVIEW)
async def milestone_review(key: str, _: Payload) -> None:
    await milestones.approve_by_silence(UUID(key))


@every(timedelta(minutes=5))
async def sweep() -> None:
    found = await set_missing_timers()
    if found:
        log.warning("engagements.timers_were_missing", count=found)
