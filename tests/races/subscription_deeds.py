"""What the processes of the subscriptions' races do. Each takes and returns JSON."""

import asyncio
from collections.abc import Awaitable
from datetime import datetime
from typing import Any
from uuid import UUID

from marketplace.core.errors import DomainError
from marketplace.subscriptions.queries.locking import get_charge
from marketplace.subscriptions.service import collecting
from marketplace.subscriptions.service.changing import change
from marketplace.subscriptions.service.ending import cancel_own
from marketplace.subscriptions.service.subscribing import subscribe


async def _said(deed: Awaitable[Any]) -> str:
    try:
        await deed
    except DomainError as refusal:
        return refusal.code
    return "done"


async def begin(job: dict[str, Any]) -> list[str]:
    """Subscribe one user many times at once, from the wallet."""
    user = UUID(job["user"])
    return list(
        await asyncio.gather(*(_said(subscribe(user, "en", "basic", provider="wallet")) for _ in range(job["times"])))
    )


async def renew(job: dict[str, Any]) -> list[str]:
    """The end of each subscription's period, and the try that follows, many times at once."""

    async def one(subscription: str) -> None:
        await collecting.period_ended(UUID(subscription))
        for charge in job["charges"]:
            await collecting.collect.work(charge_id=charge, attempt=1)

    return list(await asyncio.gather(*(_said(one(each)) for each in job["subscriptions"] * job["times"])))


async def quarrel(job: dict[str, Any]) -> list[str]:
    """Upgrade, cancel, end the period and pay, as this process's part says, all at once."""

    async def collect(subscription: UUID) -> None:
        await collecting.period_ended(subscription)
        charge = await get_charge(collecting.renewal_id(subscription, datetime.fromisoformat(job["ended"])))
        if charge is not None:
            await collecting.collect.work(charge_id=str(charge.id), attempt=1)

    user, subscription = UUID(job["user"]), UUID(job["subscription"])
    deeds = {
        "upgrade": lambda: change(user, "premium_monthly"),
        "cancel": lambda: cancel_own(user, immediately=True),
        "renew": lambda: collect(subscription),
    }
    return list(await asyncio.gather(*(_said(deeds[name]()) for name in job["deeds"])))
