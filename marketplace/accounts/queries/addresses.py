from typing import Final
from uuid import UUID

from marketplace.accounts.schemas.addresses import Address
from marketplace.accounts.states import AddressType
from marketplace.core import rows
from marketplace.core.envelope import Envelope, Page
from marketplace.core.filters import Filters, Listing
from marketplace.core.pagination import ListQuery, Order

COLUMNS: Final = (
    "id, address_type, full_name, phone_number, street_address, nullif(apartment, '') AS apartment, city, state, country, "
    "country_code, zip_code, is_default, created_at, updated_at"
)


class AddressFilters(Filters):
    address_type: AddressType | None = None
    is_default: bool | None = None


ADDRESSES: Final = Listing(
    "addresses", AddressFilters, key=Order("id", "uuid"), default="created_at",
    ordering={"created_at": Order("created_at", "timestamptz"), "is_default": Order("is_default", "boolean")},
)  # fmt: skip


async def list_addresses(user_id: UUID, listing: ListQuery[AddressFilters]) -> Envelope[Page[Address]]:
    wanted = listing.filters
    found = listing.rows("addresses").columns(COLUMNS).where('"user" = {}', user_id)
    found = found.when("address_type = {}", wanted.address_type).when("is_default = {}", wanted.is_default)
    return await found.page(Address)


async def get_address(user_id: UUID, address_id: UUID) -> Address:
    """One's own, also for what must be delivered or billed. Raises NotFound."""
    return await rows.one(
        Address, f'SELECT {COLUMNS} FROM addresses WHERE "user" = $1 AND id = $2', user_id, address_id
    )  # fmt: skip
