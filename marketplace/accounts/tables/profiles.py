from piccolo.columns import JSONB, UUID, Boolean, Date, ForeignKey, OnDelete, SmallInt, Text, Timestamptz, Varchar
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table

from marketplace.accounts.states import AddressType, SkillLevel
from marketplace.accounts.tables.identity import User
from marketplace.media.tables import Media


class Profile(Table, tablename="profiles"):
    """What a person says about themselves. At most one row a user; without one, every value is its default.

    `avatar` is the picture that is shown, `avatar_next` the latest upload until it is ready to take its place.
    """

    id = UUID(primary_key=True, default=None)
    user = ForeignKey(User, null=False, on_delete=OnDelete.cascade, unique=True)
    bio = Text(default="")
    headline = Varchar(length=120, default="")
    location = Varchar(length=120, default="")
    website = Varchar(length=300, default="")
    timezone = Varchar(length=64, default="UTC")
    personality_data = JSONB(default="{}")
    show_presence = Boolean(default=True)
    show_full_name = Boolean(default=True)
    show_location = Boolean(default=True)
    avatar = ForeignKey(Media, null=True, default=None, on_delete=OnDelete.set_null, index=True)
    avatar_next = ForeignKey(Media, null=True, default=None, on_delete=OnDelete.set_null, index=True)
    created_at = Timestamptz(default=TimestamptzNow())
    updated_at = Timestamptz(default=TimestamptzNow())


class Address(Table, tablename="addresses"):
    """A postal address. At most one default a user and type, by a partial unique index.

    `country` is what the person wrote, `country_code` what it means (ISO 3166-1 alpha-2).
    """

    id = UUID(primary_key=True, default=None)
    user = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    address_type = Varchar(length=16, choices=AddressType)
    full_name = Varchar(length=160)
    phone_number = Varchar(length=32, default="")
    street_address = Varchar(length=300)
    apartment = Varchar(length=120, default="")
    city = Varchar(length=120)
    state = Varchar(length=120, default="")
    country = Varchar(length=80)
    country_code = Varchar(length=2)
    zip_code = Varchar(length=20, default="")
    is_default = Boolean(default=False)
    created_at = Timestamptz(default=TimestamptzNow())
    updated_at = Timestamptz(default=TimestamptzNow())


class BusinessAccount(Table, tablename="business_accounts"):
    """The company a person trades as. `tax_id_kind` names the number whose form was checked; empty if none is known."""

    id = UUID(primary_key=True, default=None)
    user = ForeignKey(User, null=False, on_delete=OnDelete.cascade, unique=True)
    company_name = Varchar(length=200)
    legal_form = Varchar(length=80, default="")
    registration_number = Varchar(length=60, default="")
    tax_id = Varchar(length=40, default="")
    tax_id_kind = Varchar(length=20, default="")
    business_email = Varchar(length=320, default="")
    phone_number = Varchar(length=32, default="")
    website = Varchar(length=300, default="")
    description = Text(default="")
    street_address = Varchar(length=300, default="")
    city = Varchar(length=120, default="")
    state = Varchar(length=120, default="")
    zip_code = Varchar(length=20, default="")
    country = Varchar(length=80)
    country_code = Varchar(length=2)
    created_at = Timestamptz(default=TimestamptzNow())
    updated_at = Timestamptz(default=TimestamptzNow())


class Skill(Table, tablename="skills"):
    """Something a person can do; its name is unique for them without regard to case."""

    id = UUID(primary_key=True, default=None)
    user = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    name = Varchar(length=60)
    level = Varchar(length=16, choices=SkillLevel, default=SkillLevel.INTERMEDIATE)
    years = SmallInt(null=True, default=None)
    created_at = Timestamptz(default=TimestamptzNow())


class PortfolioItem(Table, tablename="portfolio_items"):
    """A piece of work a person shows."""

    id = UUID(primary_key=True, default=None)
    user = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    title = Varchar(length=120)
    description = Text(default="")
    url = Varchar(length=300, default="")
    tags = JSONB(default="[]")
    completed_on = Date(null=True, default=None)
    image = ForeignKey(Media, null=True, default=None, on_delete=OnDelete.set_null, index=True)
    is_featured = Boolean(default=False)
    created_at = Timestamptz(default=TimestamptzNow())
    updated_at = Timestamptz(default=TimestamptzNow())


class Favorite(Table, tablename="favorites"):
    """Something a person keeps. One row a user and target, however often it is asked for."""

    id = UUID(primary_key=True, default=None)
    user = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    target_type = Varchar(length=30)
    target_id = UUID()
    created_at = Timestamptz(default=TimestamptzNow())
