from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from marketplace.accounts import figures, pictures
from marketplace.accounts.queries.portfolio import skills_json, works_json
from marketplace.accounts.schemas.portfolio import Skill, Work
from marketplace.accounts.schemas.profiles import (
    OwnProfile,
    Privacy,
    PublicBusiness,
    PublicProfile,
)
from marketplace.accounts.schemas.reputation import Reputation
from marketplace.core import db
from marketplace.core.errors import NotFound

FULL_NAME: Final = "trim(u.first_name || ' ' || u.last_name)"
IDENTITY_VERIFIED: Final = (
    "EXISTS (SELECT FROM identity_checks c WHERE c.user = u.id AND c.status = 'approved') AS identity_verified"
)
FAVORITES_COUNT: Final = (
    "(SELECT count(*) FROM favorites f WHERE f.target_type = 'user' AND f.target_id = u.id) AS favorites_count"
)
_AVATAR: Final = "LEFT JOIN media m ON m.id = p.avatar AND m.state = 'ready'"
_ONE: Final = "u.id = $1 AND u.status = 'active'"
_BY_NAME: Final = "lower(u.username) = lower($1) AND u.status = 'active'"


async def get_own_profile(user_id: UUID) -> OwnProfile:
    """Raises NotFound for an account that is not active."""
    row = await db.fetch_row(
        f"SELECT u.id, u.email, u.username, u.first_name, u.last_name, {FULL_NAME} AS full_name, u.phone_number, u.role, "
        f"u.email_verified_at IS NOT NULL AS is_verified, {IDENTITY_VERIFIED}, u.language, u.created_at, "
        "greatest(u.updated_at, p.updated_at) AS updated_at, "
        "coalesce(p.bio, '') AS bio, coalesce(p.headline, '') AS headline, coalesce(p.location, '') AS location, "
        "coalesce(p.website, '') AS website, coalesce(p.timezone, 'UTC') AS timezone, "
        "coalesce(p.personality_data, '{}')::text AS personality_data, m.renditions::text AS avatar, "
        "coalesce(n.state IN ('receiving', 'pending'), false) AS avatar_processing, "
        "CASE n.state WHEN 'refused' THEN n.reason END AS avatar_error, "
        "coalesce(p.show_presence, true) AS show_presence, coalesce(p.show_full_name, true) AS show_full_name, "
        "coalesce(p.show_location, true) AS show_location, "
        f"EXISTS (SELECT FROM business_accounts b WHERE b.user = u.id) AS has_business_account, {figures.PROFILE.columns} "
        f"FROM users u LEFT JOIN profiles p ON p.user = u.id {_AVATAR} LEFT JOIN media n ON n.id = p.avatar_next WHERE {_ONE}",
        user_id,
    )  # fmt: skip
    if row is None:
        raise NotFound
    seen = dict(row)
    privacy = Privacy(**{name: seen.pop(name) for name in Privacy.__struct_fields__})
    sizes = pictures.avatar_sizes(seen.pop("avatar"))
    return msgspec.convert(
        seen
        | {
            "personality_data": msgspec.json.decode(row["personality_data"]),
            "privacy": privacy,
            "avatar_sizes": sizes,
            "avatar": sizes[pictures.SHOWN] if sizes else None,
        },
        OwnProfile,
    )


async def get_public_profile(who: UUID | str) -> tuple[PublicProfile, bool]:
    """Anybody's profile by id or username, and whether they show their presence (which is not read here).

    Raises NotFound for nobody, and for somebody who is banned or erased.
    """
    row = await db.fetch_row(
        f"SELECT u.id, u.username, u.first_name, u.last_name, {FULL_NAME} AS full_name, u.language, u.created_at, "
        f"u.email_verified_at IS NOT NULL AS is_verified, {IDENTITY_VERIFIED}, p.bio, p.headline, p.location, p.website, "
        "m.renditions::text AS avatar, coalesce(p.show_presence, true) AS show_presence, "
        "coalesce(p.show_full_name, true) AS show_full_name, coalesce(p.show_location, true) AS show_location, "
        "b.company_name, b.description AS company_description, b.website AS company_website, b.country, "
        f"{FAVORITES_COUNT}, "
        f"{skills_json('u.id')} AS skills, {works_json('u.id')} AS portfolio "
        f"FROM users u LEFT JOIN profiles p ON p.user = u.id {_AVATAR} LEFT JOIN business_accounts b ON b.user = u.id "
        f"WHERE {_condition(who)}",
        who,
    )  # fmt: skip
    if row is None:
        raise NotFound
    return _as_public(row), row["show_presence"]


def _as_public(row: asyncpg.Record) -> PublicProfile:
    shows_name = row["show_full_name"]
    sizes = pictures.avatar_sizes(row["avatar"])
    business = (
        PublicBusiness(
            company_name=row["company_name"], description=row["company_description"],
            website=row["company_website"], country=row["country"],
        )
        if row["company_name"]
        else None
    )  # fmt: skip
    return PublicProfile(
        id=row["id"],
        username=row["username"],
        name=(row["full_name"] if shows_name else "") or row["username"],
        first_name=row["first_name"] if shows_name else None,
        last_name=row["last_name"] if shows_name else None,
        avatar=sizes[pictures.SHOWN] if sizes else None,
        avatar_sizes=sizes,
        bio=row["bio"] or "",
        headline=row["headline"] or "",
        location=(row["location"] or "") if row["show_location"] else None,
        website=row["website"] or "",
        language=row["language"],
        is_verified=row["is_verified"],
        identity_verified=row["identity_verified"],
        business=business,
        skills=msgspec.json.decode(row["skills"], type=list[Skill]),
        portfolio=msgspec.json.decode(row["portfolio"], type=list[Work]),
        favorites_count=row["favorites_count"],
        online=None,
        last_seen_at=None,
        created_at=row["created_at"],
    )


async def get_reputation(who: UUID | str) -> Reputation:
    """Raises NotFound for nobody, and for somebody who is banned or erased."""
    row = await db.fetch_row(
        f"SELECT u.id AS user_id, u.username, u.created_at AS member_since, u.email_verified_at IS NOT NULL AS is_verified, "
        f"{IDENTITY_VERIFIED}, EXISTS (SELECT FROM business_accounts b WHERE b.user = u.id) AS is_business, "
        f"{FAVORITES_COUNT}, {figures.REPUTATION.columns} FROM users u WHERE {_condition(who)}",
        who,
    )  # fmt: skip
    if row is None:
        raise NotFound
    return msgspec.convert(dict(row), Reputation)


def _condition(who: UUID | str) -> str:
    return _ONE if isinstance(who, UUID) else _BY_NAME
