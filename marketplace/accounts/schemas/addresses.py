from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from marketplace.accounts.states import AddressType

FullName: TypeAlias = Annotated[str, Meta(min_length=1, max_length=160)]
Phone: TypeAlias = Annotated[str, Meta(max_length=32, examples=["+1234567890"])]
Street: TypeAlias = Annotated[str, Meta(min_length=1, max_length=300)]
Place: TypeAlias = Annotated[str, Meta(min_length=1, max_length=120)]
Country: TypeAlias = Annotated[
    str, Meta(min_length=2, max_length=80, description="ISO 3166 code, or the country's name.", examples=["USA"])
]
PostalCode: TypeAlias = Annotated[
    str, Meta(max_length=20, description="In the country's form; empty where it has none.", examples=["90001"])
]


class NewAddress(Struct, kw_only=True, forbid_unknown_fields=True):
    address_type: AddressType
    full_name: FullName
    street_address: Street
    city: Place
    country: Country
    zip_code: PostalCode
    phone_number: Phone = ""
    apartment: Annotated[str, Meta(max_length=120)] | None = None
    state: Annotated[str, Meta(max_length=120)] = ""
    is_default: bool = False


class AddressChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """The fields to change; the others stay."""

    address_type: AddressType | UnsetType = UNSET
    full_name: FullName | UnsetType = UNSET
    street_address: Street | UnsetType = UNSET
    city: Place | UnsetType = UNSET
    country: Country | UnsetType = UNSET
    zip_code: PostalCode | UnsetType = UNSET
    phone_number: Phone | UnsetType = UNSET
    apartment: Annotated[str, Meta(max_length=120)] | UnsetType | None = UNSET
    state: Annotated[str, Meta(max_length=120)] | UnsetType = UNSET
    is_default: bool | UnsetType = UNSET


class Address(Struct, frozen=True, kw_only=True):
    """`country` as the person wrote it, `country_code` what it means (ISO 3166-1 alpha-2)."""

    id: UUID
    address_type: AddressType
    full_name: str
    phone_number: str
    street_address: str
    apartment: str | None
    city: str
    state: str
    country: str
    country_code: str
    zip_code: str
    is_default: bool
    created_at: datetime
    updated_at: datetime
