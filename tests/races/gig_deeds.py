"""What the processes of the races of gigs do. Each takes and returns JSON."""

import asyncio
from typing import Any
from uuid import UUID

from marketplace.core import db
from marketplace.core.errors import DomainError
from marketplace.gigs import counting
from marketplace.gigs.policies import Actor
from marketplace.gigs.service import media, ordering, packages, publishing, tallying


async def _told(deed: Any) -> str:
    try:
        await deed
    except DomainError as refusal:
        return refusal.code
    except Exception as error:
        return repr(error)
    return "ok"


async def set_main(job: dict[str, Any]) -> list[str]:
    """Every package becomes the main one, so many `times`, all at once."""
    seller = Actor(UUID(job["seller"]))
    return list(
        await asyncio.gather(
            *(_told(packages.set_main(UUID(one), seller)) for _ in range(job["times"]) for one in job["packages"])
        )
    )


async def reorder_and_remove(job: dict[str, Any]) -> list[str]:
    """Put what a gig shows in this order, again and again, or take one of it away."""
    seller = Actor(UUID(job["seller"]))
    if "remove" in job:
        return [await _told(media.remove_media(UUID(one), seller)) for one in job["remove"]]
    order = [UUID(one) for one in job["order"]]
    return [await _told(media.order_media(seller, order)) for _ in range(job["times"])]


async def order_and_pause(job: dict[str, Any]) -> list[str]:
    """Order a gig, so many `times` at once; or pause it in the middle of that."""
    gig = UUID(job["gig"])
    if job.get("pauses"):
        return [await _told(publishing.pause(gig, Actor(UUID(job["seller"]))))]

    async def order() -> None:
        async with db.transaction():
            await ordering.lock_offer(gig, UUID(job["buyer"]))
            await ordering.note_ordered(gig)

    return list(await asyncio.gather(*(_told(order()) for _ in range(job["times"]))))


async def count(job: dict[str, Any]) -> list[str]:
    """Visitors look while others write down what was counted."""
    for n in range(job["visitors"]):
        counting._noted[counting.Seen("view", job["gig"], f"{job['who']}-{n}")] = None
        if n % 10 == 9:
            await counting.pass_on()
            await tallying.write_counts()
    return []
