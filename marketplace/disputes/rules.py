"""What staff may tune: how long a side may be silent, and what follows."""

from datetime import timedelta
from typing import Annotated

from msgspec import Meta

from marketplace.core import platform

RESPONSE_DAYS = platform.define(
    "disputes.response_days", Annotated[int, Meta(ge=1, le=90)], 7,
    "How long a side of a dispute may be silent when it is its turn.",
)  # fmt: skip
SILENCE_LOSES = platform.define(
    "disputes.silence_loses", bool, True, "A side that is silent for so long loses; else staff decide."
)
NEVER_BY_SILENCE = platform.define(
    "disputes.never_by_silence", Annotated[list[str], Meta(max_length=20)], ["shop"],
    "Kinds of orders about which staff decide whoever is silent.",
)  # fmt: skip
REVIEW_DAYS = platform.define(
    "disputes.review_days", Annotated[int, Meta(ge=1, le=90)], 3, "In how many days staff want to have decided a case."
)
APPEAL_DAYS = platform.define(
    "disputes.appeal_days", Annotated[int, Meta(ge=0, le=30)], 3,
    "How long a decision may be appealed before the money moves; 0: it moves at once, and is final.",
)  # fmt: skip


async def response() -> timedelta:
    return timedelta(days=await RESPONSE_DAYS.value())


async def review() -> timedelta:
    return timedelta(days=await REVIEW_DAYS.value())


async def appeal() -> timedelta:
    return timedelta(days=await APPEAL_DAYS.value())


async def silence_decides(kind: str) -> bool:
    """RULES: Orders. About an order of this kind."""
    return await SILENCE_LOSES.value() and kind not in await NEVER_BY_SILENCE.value()
