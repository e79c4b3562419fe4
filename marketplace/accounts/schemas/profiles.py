"""A person as they see themselves, and as others see them."""

from datetime import datetime
from typing import Annotated, Any, TypeAlias
from uuid import UUID

from litestar.datastructures import UploadFile
from msgspec import UNSET, Meta, Struct, UnsetType

from marketplace.accounts.schemas.portfolio import Skill, Work
from marketplace.accounts.states import AccountStatus, Role

Name: TypeAlias = Annotated[str, Meta(max_length=80)]
Personality: TypeAlias = Annotated[
    dict[str, Any],
    Meta(
        description="Free-form answers about oneself: at most 8192 bytes of JSON, nested at most 6 deep.",
        examples=[{"interests": ["technology", "music"], "communication_style": "friendly"}],
    ),
]

AvatarSizes: TypeAlias = Annotated[
    dict[str, str], Meta(description="Addresses of the square picture by its side in pixels: 100, 300 and 500.")
]


class AvatarForm(Struct, kw_only=True, forbid_unknown_fields=True):
    """The picture, under one of its names."""

    avatar: UploadFile | None = None
    image: UploadFile | None = None
    file: UploadFile | None = None


class Privacy(Struct, frozen=True, kw_only=True):
    """What others may see."""

    show_presence: bool = True
    show_full_name: bool = True
    show_location: bool = True


class PrivacyChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """The switches to change; the others stay."""

    show_presence: bool | UnsetType = UNSET
    show_full_name: bool | UnsetType = UNSET
    show_location: bool | UnsetType = UNSET


class OwnProfile(Struct, frozen=True, kw_only=True):
    """Everything a person's own profile holds. `is_verified` is about the e-mail address, `identity_verified` about the papers."""

    id: UUID
    email: str
    username: str
    first_name: str
    last_name: str
    full_name: str
    phone_number: str
    role: Role
    is_verified: bool
    identity_verified: bool
    bio: str
    headline: str
    location: str
    website: str
    language: str
    timezone: str
    personality_data: dict[str, Any]
    privacy: Privacy
    avatar: str | None
    avatar_sizes: AvatarSizes | None
    avatar_processing: bool
    avatar_error: Annotated[str | None, Meta(description="Why the latest upload was refused.")]
    has_business_account: bool
    subscription_status: str
    created_at: datetime
    updated_at: datetime


class ProfileChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """The fields to change; the others stay. `full_name` stands for `first_name` and `last_name` together.

    `email` is only understood so that it can be refused with the way to change it.
    """

    first_name: Name | UnsetType = UNSET
    last_name: Name | UnsetType = UNSET
    full_name: Annotated[str, Meta(max_length=160)] | UnsetType = UNSET
    phone_number: Annotated[str, Meta(max_length=32, examples=["+1234567890"])] | UnsetType = UNSET
    bio: Annotated[str, Meta(max_length=4000)] | UnsetType = UNSET
    headline: Annotated[str, Meta(max_length=120)] | UnsetType = UNSET
    location: Annotated[str, Meta(max_length=120)] | UnsetType = UNSET
    website: Annotated[str, Meta(max_length=300, examples=["https://example.com"])] | UnsetType = UNSET
    language: Annotated[str, Meta(max_length=35, examples=["en", "zh-CN"])] | UnsetType = UNSET
    timezone: Annotated[str, Meta(max_length=64, examples=["Europe/Paris"])] | UnsetType = UNSET
    personality_data: Personality | UnsetType = UNSET
    privacy: PrivacyChange | UnsetType = UNSET
    email: Annotated[str, Meta(max_length=320, description="Cannot be changed here.")] | UnsetType = UNSET


class PublicBusiness(Struct, frozen=True, kw_only=True):
    """The company somebody trades as; tax and registration numbers stay private."""

    company_name: str
    description: str
    website: str
    country: str


class PublicProfile(Struct, frozen=True, kw_only=True):
    """What anybody may see of a person. What they hide is null; so is presence while it cannot be known."""

    id: UUID
    username: str
    name: str
    first_name: str | None
    last_name: str | None
    avatar: str | None
    avatar_sizes: AvatarSizes | None
    bio: str
    headline: str
    location: str | None
    website: str
    language: str
    is_verified: bool
    identity_verified: bool
    business: PublicBusiness | None
    skills: list[Skill]
    portfolio: list[Work]
    favorites_count: int
    online: bool | None
    last_seen_at: datetime | None
    created_at: datetime


class UserRow(Struct, frozen=True, kw_only=True):
    """An account in the staff's list."""

    id: UUID
    email: str
    username: str
    first_name: str
    last_name: str
    full_name: str
    phone_number: str
    role: Role
    status: AccountStatus
    ban_reason: str
    is_verified: bool
    identity_verified: bool
    created_at: datetime
    last_seen_at: datetime | None
