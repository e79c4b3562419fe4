"""What staff may tune of the work: how long each side has."""

from typing import Annotated, TypeAlias

from msgspec import Meta

from marketplace.core import platform, ratelimit

Days: TypeAlias = Annotated[int, Meta(ge=1, le=90)]
Hours: TypeAlias = Annotated[int, Meta(ge=1, le=24 * 30)]

ACCEPT_DAYS = platform.define(
    "gigs.accept_days", Days, 7,
    "An order of a gig that its seller has not accepted so long after it was paid and its questions answered is given up.",
)  # fmt: skip
REVIEW_DAYS = platform.define(
    "gigs.review_days", Days, 3, "A delivery that its buyer says nothing to for so long is accepted."
)
CANCEL_ANSWER_HOURS = platform.define(
    "gigs.cancel_answer_hours", Hours, 48, "Who says nothing for so long agrees to a request to cancel."
)
VERY_LATE_HOURS = platform.define(
    "gigs.very_late_hours", Hours, 24,
    "So long after the due date, without an agreed extension, the buyer may cancel alone.",
)  # fmt: skip
OFFER_DAYS = platform.define("gigs.offer_days", Days, 7, "How long a custom offer stands, unless it says less.")
OFFER_PAY_DAYS = platform.define(
    "gigs.offer_pay_days", Days, 3, "How long a custom offer that was accepted may be paid."
)

ratelimit.define("custom_offers", "30/h")
MILESTONE_REVIEW_DAYS = platform.define(
    "gigs.milestone_review_days", Days, 3, "A milestone that its buyer says nothing to for so long is approved."
)
MILESTONE_PLAN_HOURS = platform.define(
    "gigs.milestone_plan_hours", Hours, 72,
    "An order that is not paid yet waits so long from when milestones are first proposed, and again from when they are agreed.",
)  # fmt: skip
