from piccolo.columns import (
    JSONB,
    UUID,
    BigInt,
    Boolean,
    ForeignKey,
    Integer,
    OnDelete,
    SmallInt,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table

from marketplace.accounts.tables import User
from marketplace.engagements.states import (
    DeliveryStatus,
    MilestoneStatus,
    OfferStatus,
    QuestionKind,
    RequestKind,
    RequestStatus,
)
from marketplace.gigs.tables import Gig


class Engagement(Table, tablename="engagements"):
    """The work under one order of a gig, as it was agreed, and where its clock stands. Its id is the order's.

    No `revisions_allowed`: as many as are asked for. `package` and `offer` say what was ordered: one of the two. `accept_by` is
    when an order is given up that its seller has not accepted. `due_at` counts from acceptance; while `clock_stopped_at` is
    set it will move by as long as the clock stands. `late_at` and `very_late_at` are marks that stay, unless more days are
    agreed. `buyers_turn`: a milestone waits for the buyer's word or money.
    """

    id = UUID(primary_key=True, default=None)
    gig = UUID(default=None, index=True)
    package = UUID(null=True, default=None, index=True)
    offer = UUID(null=True, default=None)
    delivery_days = Integer()
    revisions_allowed = SmallInt(null=True, default=None)
    revisions_used = SmallInt(default=0)
    extended_days = Integer(default=0)
    accept_by = Timestamptz(null=True, default=None)
    answered_at = Timestamptz(null=True, default=None)
    accepted_at = Timestamptz(null=True, default=None)
    started_at = Timestamptz(null=True, default=None)
    due_at = Timestamptz(null=True, default=None)
    clock_stopped_at = Timestamptz(null=True, default=None)
    buyers_turn = Boolean(default=False)
    late_at = Timestamptz(null=True, default=None)
    very_late_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz(default=TimestamptzNow())
    updated_at = Timestamptz(default=TimestamptzNow())


class EngagementRequirement(Table, tablename="engagement_requirements"):
    """What the seller must know before the work begins, as it was asked when the order was placed, and what the buyer says.

    `choices` are those to choose from, `chosen` those that were: lists of texts. Files stand in `engagement_files`.
    """

    id = UUID(primary_key=True, default=None)
    engagement = ForeignKey(Engagement, on_delete=OnDelete.restrict)
    position = SmallInt()
    kind = Varchar(length=16, choices=QuestionKind)
    question = Text()
    choices = JSONB(default="[]")
    is_required = Boolean(default=True)
    answer = Text(default="")
    chosen = JSONB(default="[]")
    answered_at = Timestamptz(null=True, default=None)


class Delivery(Table, tablename="deliveries"):
    """What the seller hands over, numbered from 1. The files are those attached to it for `files.DELIVERY`.

    `files` says for good what they were: [{"id", "name", "bytes", "sha256"}]. `answer` is what the buyer said to it.
    """

    id = UUID(primary_key=True, default=None)
    engagement = ForeignKey(Engagement, on_delete=OnDelete.restrict)
    version = SmallInt()
    message = Text()
    status = Varchar(length=24, choices=DeliveryStatus, default=DeliveryStatus.SUBMITTED)
    answer = Text(default="")
    files = JSONB(default="[]")
    seen_at = Timestamptz(null=True, default=None)
    answered_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz(default=TimestamptzNow())
    updated_at = Timestamptz(default=TimestamptzNow())


class EngagementRequest(Table, tablename="engagement_requests"):
    """What one side asks of the other, one of a kind at a time. `days` are of an extension.

    `answer_by` is when silence agrees to a cancellation; while `paused_at` is set it will move by as long as the order is frozen.
    No `answered_by`: the house itself, by its rules.
    """

    id = UUID(primary_key=True, default=None)
    engagement = ForeignKey(Engagement, on_delete=OnDelete.restrict)
    kind = Varchar(length=16, choices=RequestKind)
    asked_by = ForeignKey(User, on_delete=OnDelete.restrict, index=True)
    days = SmallInt(null=True, default=None)
    reason = Text(default="")
    status = Varchar(length=16, choices=RequestStatus, default=RequestStatus.OPEN)
    answer = Text(default="")
    answered_by = ForeignKey(User, null=True, default=None, on_delete=OnDelete.restrict, index=True)
    answer_by = Timestamptz(null=True, default=None)
    paused_at = Timestamptz(null=True, default=None)
    answered_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz(default=TimestamptzNow())


class CustomOffer(Table, tablename="custom_offers"):
    """Terms for a gig that one side offers the other: the seller, or a buyer who asks for them. Amounts in minor units.

    A counter-offer is another row of the same `thread` (the id of its first), of which one at most is open. No `revisions`: as
    many as are asked for. `order` is what came of it.
    """

    id = UUID(primary_key=True, default=None)
    thread = UUID(default=None)
    gig = ForeignKey(Gig, on_delete=OnDelete.restrict, index=True)
    seller = ForeignKey(User, on_delete=OnDelete.restrict)
    buyer = ForeignKey(User, on_delete=OnDelete.restrict)
    author = ForeignKey(User, on_delete=OnDelete.restrict)
    status = Varchar(length=16, choices=OfferStatus, default=OfferStatus.OPEN)
    description = Text()
    price_minor = BigInt()
    currency = Varchar(length=3)
    delivery_days = SmallInt()
    revisions = SmallInt(null=True, default=None)
    answer = Text(default="")
    order = UUID(null=True, default=None, unique=True)
    expires_at = Timestamptz()
    answered_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz(default=TimestamptzNow())


class MilestonePlan(Table, tablename="milestone_plans"):
    """That an order of a gig is done in milestones. Its id is the order's. `proposed_by` is who changed it last, until it is agreed.

    `one_by_one`: each is paid when its turn comes, as the part of the order at its position; else the order was paid whole.
    """

    id = UUID(primary_key=True, default=None)
    proposed_by = ForeignKey(User, on_delete=OnDelete.restrict, index=True)
    one_by_one = Boolean(default=False)
    agreed_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz(default=TimestamptzNow())


class Milestone(Table, tablename="milestones"):
    """A step of the work with what it costs, in minor units of the order's currency. What was agreed sums to the order's total.

    Of `amount_minor`, `carried_minor` was left of the one before. `released_minor` is the seller's, `returned_minor` came on top of
    the amount and went back to the buyer. `change` is what `change_by` would like to be otherwise, as JSON.
    """

    id = UUID(primary_key=True, default=None)
    engagement = ForeignKey(Engagement, on_delete=OnDelete.restrict)
    position = SmallInt()
    title = Varchar(length=200)
    description = Text(default="")
    amount_minor = BigInt()
    carried_minor = BigInt(default=0)
    released_minor = BigInt(default=0)
    returned_minor = BigInt(default=0)
    status = Varchar(length=16, choices=MilestoneStatus, default=MilestoneStatus.PROPOSED)
    due_at = Timestamptz(null=True, default=None)
    message = Text(default="")
    answer = Text(default="")
    submitted_at = Timestamptz(null=True, default=None)
    approve_by = Timestamptz(null=True, default=None)
    paused_at = Timestamptz(null=True, default=None)
    approved_at = Timestamptz(null=True, default=None)
    change = JSONB(null=True, default=None)
    change_by = ForeignKey(User, null=True, default=None, on_delete=OnDelete.restrict, index=True)
    created_at = Timestamptz(default=TimestamptzNow())
    updated_at = Timestamptz(default=TimestamptzNow())
