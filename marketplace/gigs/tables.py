from piccolo.columns import (
    JSONB,
    UUID,
    Array,
    BigInt,
    BigSerial,
    Boolean,
    Date,
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
from marketplace.gigs.states import GigMediaKind, GigStatus, RequirementKind, Tier
from marketplace.media.tables import Media


class Gig(Table, tablename="gigs"):
    """What a freelancer offers. Amounts are minor units of `currency`.

    `starting_minor` and `delivery_days` are those of the main package, null while there is none. `must_be_approved`: staff rejected it,
    so that they look at it again whatever the settings say. `hidden_at`: its seller is suspended. `keywords` is what else it
    is found by: its tags, and its category in both languages. `trending` is worked out by a job.
    """

    id = UUID(primary_key=True, default=None)
    seller = ForeignKey(User, on_delete=OnDelete.restrict)
    category = UUID(null=True, default=None)
    title = Varchar(length=120)
    slug = Varchar(length=160, unique=True)
    description = Text(default="")
    keywords = Text(default="")
    currency = Varchar(length=3)
    status = Varchar(length=16, choices=GigStatus, default=GigStatus.DRAFT)
    must_be_approved = Boolean(default=False)
    approved_at = Timestamptz(null=True, default=None)
    rejected_reason = Text(default="")
    hidden_at = Timestamptz(null=True, default=None)
    featured_at = Timestamptz(null=True, default=None)
    featured_until = Timestamptz(null=True, default=None)
    starting_minor = BigInt(null=True, default=None)
    delivery_days = Integer(null=True, default=None)
    languages = Array(base_column=Varchar(length=12), default=[])
    view_count = BigInt(default=0)
    click_count = BigInt(default=0)
    order_count = Integer(default=0)
    completed_count = Integer(default=0)
    rating_sum = Integer(default=0)
    rating_count = Integer(default=0)
    trending = BigInt(default=0)
    published_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz(default=TimestamptzNow())
    updated_at = Timestamptz(default=TimestamptzNow())


class GigPackage(Table, tablename="gig_packages"):
    """What one price buys. No `revisions`: as many as are asked for. `features` is a list of texts.

    One of each tier, one main one, archived ones aside: a package that may have been ordered is archived, not deleted.
    """

    id = UUID(primary_key=True, default=None)
    gig = ForeignKey(Gig, on_delete=OnDelete.cascade, index=True)
    tier = Varchar(length=16, choices=Tier)
    title = Varchar(length=80)
    description = Text(default="")
    price_minor = BigInt()
    delivery_days = Integer()
    revisions = SmallInt(null=True, default=None)
    is_main = Boolean(default=False)
    features = JSONB(default="[]")
    archived_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz(default=TimestamptzNow())


class GigExtra(Table, tablename="gig_extras"):
    """What can be had on top of any package. `extra_days` is what it takes longer, negative for what makes it faster."""

    id = UUID(primary_key=True, default=None)
    gig = ForeignKey(Gig, on_delete=OnDelete.cascade, index=True)
    title = Varchar(length=120)
    description = Text(default="")
    price_minor = BigInt()
    extra_days = Integer(default=0)
    position = SmallInt(default=1)
    archived_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz(default=TimestamptzNow())


class GigFaq(Table, tablename="gig_faqs"):
    """A question that buyers ask, with its answer."""

    id = UUID(primary_key=True, default=None)
    gig = ForeignKey(Gig, on_delete=OnDelete.cascade, index=True)
    position = SmallInt(default=1)
    question = Varchar(length=300)
    answer = Text()


class GigRequirement(Table, tablename="gig_requirements"):
    """What the seller must know before the work begins. `choices` is a list of texts, for the kinds that have them."""

    id = UUID(primary_key=True, default=None)
    gig = ForeignKey(Gig, on_delete=OnDelete.cascade, index=True)
    position = SmallInt(default=1)
    kind = Varchar(length=16, choices=RequirementKind)
    question = Text()
    choices = JSONB(default="[]")
    is_required = Boolean(default=True)


class GigMedia(Table, tablename="gig_media"):
    """A picture, video or document that shows the work, in the seller's order. The cover is what lists show.

    A copy of a gig has rows of its own for the same files."""

    id = UUID(primary_key=True, default=None)
    gig = ForeignKey(Gig, on_delete=OnDelete.cascade, index=True)
    file = ForeignKey(Media, on_delete=OnDelete.restrict, index=True)
    kind = Varchar(length=16, choices=GigMediaKind)
    position = SmallInt(default=1)
    title = Varchar(length=120, default="")
    is_cover = Boolean(default=False)
    created_at = Timestamptz(default=TimestamptzNow())


class GigDay(Table, tablename="gig_days"):
    """What became of a gig on one day (UTC): what is trending is worked out from these."""

    id = BigSerial(primary_key=True)
    gig = ForeignKey(Gig, on_delete=OnDelete.cascade)
    day = Date(default=None, index=True)
    views = Integer(default=0)
    clicks = Integer(default=0)
    orders = Integer(default=0)


class GigTally(Table, tablename="gig_tallies"):
    """A batch of counted views and clicks that has been written: one that comes a second time is not counted again."""

    id = UUID(primary_key=True, default=None)
    at = Timestamptz(default=TimestamptzNow(), index=True)
