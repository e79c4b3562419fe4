from piccolo.columns import JSONB, UUID, Boolean, ForeignKey, Integer, OnDelete, SmallInt, Text, Timestamptz, Varchar
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table

from marketplace.engagements.states import QuestionKind


class Engagement(Table, tablename="engagements"):
    """The work under one order of a gig, as it was agreed, and where its clock stands. Its id is the order's.

    No `revisions_allowed`: as many as are asked for. `package` and `offer` say what was ordered: one of the two. `accept_by` is
    when an order is given up that its seller has not accepted. `due_at` counts from acceptance; while `clock_stopped_at` is
    set it will move by as long as the clock stands. `late_at` and `very_late_at` are marks that stay, unless more days are
    agreed.
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
