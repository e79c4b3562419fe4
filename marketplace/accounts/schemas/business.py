from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from marketplace.accounts.schemas.addresses import Country, Phone, PostalCode

CompanyName = Annotated[str, Meta(min_length=1, max_length=200, examples=["Example Trading Ltd"])]


class BusinessChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """The fields to set; the others stay. The first time, `company_name` and `country` are needed."""

    company_name: CompanyName | UnsetType = UNSET
    country: Country | UnsetType = UNSET
    legal_form: Annotated[str, Meta(max_length=80, examples=["GmbH"])] | UnsetType = UNSET
    registration_number: Annotated[str, Meta(max_length=60)] | UnsetType = UNSET
    tax_id: Annotated[str, Meta(max_length=40, examples=["DE136695976"])] | UnsetType = UNSET
    business_email: Annotated[str, Meta(max_length=320)] | UnsetType = UNSET
    phone_number: Phone | UnsetType = UNSET
    website: Annotated[str, Meta(max_length=300)] | UnsetType = UNSET
    description: Annotated[str, Meta(max_length=4000)] | UnsetType = UNSET
    street_address: Annotated[str, Meta(max_length=300)] | UnsetType = UNSET
    city: Annotated[str, Meta(max_length=120)] | UnsetType = UNSET
    state: Annotated[str, Meta(max_length=120)] | UnsetType = UNSET
    zip_code: PostalCode | UnsetType = UNSET


class Business(Struct, frozen=True, kw_only=True):
    """`tax_id_kind` names the number whose check digits were found right, such as `vat`; null: that country's are not known."""

    id: UUID
    company_name: str
    legal_form: str
    registration_number: str
    tax_id: str
    tax_id_kind: str | None
    business_email: str
    phone_number: str
    website: str
    description: str
    street_address: str
    city: str
    state: str
    zip_code: str
    country: str
    country_code: str
    created_at: datetime
    updated_at: datetime
