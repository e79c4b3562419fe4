from typing import Any, Final
from uuid import UUID
from zoneinfo import available_timezones

from msgspec import UNSET, structs

from marketplace.accounts.contact import normal_email, normal_phone
from marketplace.accounts.queries.owners import lock_owner
from marketplace.accounts.queries.profiles import get_own_profile
from marketplace.accounts.schemas.profiles import OwnProfile, ProfileChange
from marketplace.accounts.tables import Profile, User
from marketplace.core import clock, db, text
from marketplace.core.errors import ValidationFailed
from marketplace.core.i18n import LANGUAGES, language_of
from marketplace.core.ids import uuid7

Values = dict[Any, Any]
ZONES: Final = frozenset(available_timezones())
EMAIL_FIXED: Final = (
    "The address cannot be changed here: POST /auth/email/change/ sends a link to the new one, which moves the account."
)


async def change_profile(user_id: UUID, change: ProfileChange) -> OwnProfile:
    """Change what is given and leave the rest. Raises ValidationFailed."""
    account, profile = _account_values(change), _profile_values(change)
    async with db.transaction():
        await lock_owner(user_id)
        if change.email is not UNSET:
            await _refuse_other_email(user_id, change.email)
        if account:
            await User.update(account | {User.updated_at: clock.now()}).where(User.id == user_id)
        if profile:
            await ensure_profile(user_id)
            await Profile.update(profile | {Profile.updated_at: clock.now()}).where(Profile.user == user_id)
        return await get_own_profile(user_id)


async def ensure_profile(user_id: UUID) -> None:
    await db.execute(
        'INSERT INTO profiles (id, "user") VALUES ($1, $2) ON CONFLICT ("user") DO NOTHING', uuid7(), user_id
    )  # fmt: skip


async def _refuse_other_email(user_id: UUID, email: str) -> None:
    """Sending one's own address back, as a client that returns the whole profile does, changes nothing and is fine."""
    if normal_email(email) != await db.fetch_val("SELECT email FROM users WHERE id = $1", user_id):
        raise ValidationFailed.of("email", EMAIL_FIXED)


def _account_values(change: ProfileChange) -> Values:
    values: Values = {}
    if change.full_name is not UNSET:
        if change.first_name is not UNSET or change.last_name is not UNSET:
            raise ValidationFailed.of("full_name", "Send either full_name, or first_name and last_name.")
        first, _, last = text.line(change.full_name, "full_name").partition(" ")
        values |= {User.first_name: _name(first, "full_name"), User.last_name: _name(last, "full_name")}
    if change.first_name is not UNSET:
        values[User.first_name] = text.line(change.first_name, "first_name")
    if change.last_name is not UNSET:
        values[User.last_name] = text.line(change.last_name, "last_name")
    if change.phone_number is not UNSET:
        values[User.phone_number] = normal_phone(change.phone_number)
    if change.language is not UNSET:
        values[User.language] = _language(change.language)
    return values


def _profile_values(change: ProfileChange) -> Values:
    values: Values = {}
    if change.bio is not UNSET:
        values[Profile.bio] = text.prose(change.bio, "bio")
    if change.headline is not UNSET:
        values[Profile.headline] = text.line(change.headline, "headline")
    if change.location is not UNSET:
        values[Profile.location] = text.line(change.location, "location")
    if change.website is not UNSET:
        values[Profile.website] = text.web_address(change.website, "website")
    if change.timezone is not UNSET:
        values[Profile.timezone] = _timezone(change.timezone)
    if change.personality_data is not UNSET:
        values[Profile.personality_data] = text.small_json(change.personality_data, "personality_data")
    if change.privacy is not UNSET:
        switches = structs.asdict(change.privacy).items()
        values |= {getattr(Profile, name): value for name, value in switches if value is not UNSET}
    return values


def _name(part: str, field: str) -> str:
    if len(part) > 80:
        raise ValidationFailed.of(field, "First and last name have at most 80 characters each.")
    return part


def _language(tag: str) -> str:
    language = language_of(tag)
    if not tag.lower().replace("_", "-").startswith(language):
        raise ValidationFailed.of("language", f"Known: {', '.join(LANGUAGES)}.")
    return language


def _timezone(name: str) -> str:
    if name not in ZONES:
        raise ValidationFailed.of("timezone", "Use a name of the IANA time zone database, such as Europe/Paris or UTC.")
    return name
