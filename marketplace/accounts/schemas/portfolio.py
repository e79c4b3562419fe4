"""What a person can do and has done."""

from datetime import date, datetime
from typing import Annotated, TypeAlias
from uuid import UUID

from litestar.datastructures import UploadFile
from msgspec import UNSET, Meta, Struct, UnsetType

from marketplace.accounts.states import SkillLevel
from marketplace.media.schemas import MediaOut

Title: TypeAlias = Annotated[str, Meta(min_length=1, max_length=120)]
Description: TypeAlias = Annotated[str, Meta(max_length=4000)]
WebAddress: TypeAlias = Annotated[str, Meta(max_length=300, examples=["https://example.com/work"])]
Tags: TypeAlias = Annotated[list[Annotated[str, Meta(min_length=1, max_length=40)]], Meta(max_length=20)]


class NewSkill(Struct, kw_only=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=60, examples=["Watch repair"])]
    level: SkillLevel = SkillLevel.INTERMEDIATE
    years: Annotated[int, Meta(ge=0, le=80)] | None = None


class Skill(Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    level: SkillLevel
    years: int | None
    created_at: datetime


class NewWork(Struct, kw_only=True, forbid_unknown_fields=True):
    title: Title
    description: Description = ""
    url: WebAddress = ""
    tags: Tags = []
    completed_on: date | None = None


class WorkChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """The fields to change; the others stay."""

    title: Title | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    url: WebAddress | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    completed_on: date | UnsetType | None = UNSET


class WorkImageForm(Struct, kw_only=True, forbid_unknown_fields=True):
    image: UploadFile


class Feature(Struct, kw_only=True, forbid_unknown_fields=True):
    is_featured: bool = True


class Work(Struct, frozen=True, kw_only=True):
    """A portfolio item."""

    id: UUID
    title: str
    description: str
    url: str
    tags: list[str]
    completed_on: date | None
    image: MediaOut | None
    is_featured: bool
    created_at: datetime
    updated_at: datetime
