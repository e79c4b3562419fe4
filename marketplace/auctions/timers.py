"""What happens to auctions at a time. Each action looks at the present state first, so that a late or second one is harmless."""

from datetime import timedelta
from uuid import UUID

import structlog

from marketplace.auctions.service import lifecycle, offers, sales
from marketplace.auctions.service.sweep import set_missing_timers
from marketplace.core.timers import Payload, every, timer

log = structlog.get_logger(__name__)


@timer("auctions.start")
async def start(key: str, _: Payload) -> None:
    await lifecycle.start_due(UUID(key))


@timer("auctions.close")
async def close(key: str, _: Payload) -> None:
    await lifecycle.close_due(UUID(key))


@timer("auctions.ending_soon")
async def ending_soon(key: str, payload: Payload) -> None:
    await lifecycle.warn(UUID(key), payload["seconds"])


@timer("auctions.pay_by")
async def pay_by(key: str, _: Payload) -> None:
    """Of sales from before wins were orders; of the others the order expires."""
    await sales.expire_sale(UUID(key))


@timer("auctions.offer_expiry")
async def offer_expiry(key: str, _: Payload) -> None:
    await offers.expire_offer(UUID(key))


@every(timedelta(seconds=30))
async def sweep() -> None:
    found = await set_missing_timers()
    if found:
        log.warning("auctions.timers_were_missing", count=found)
