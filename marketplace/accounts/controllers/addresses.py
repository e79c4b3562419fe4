from uuid import UUID

from litestar import Controller, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.accounts.queries.addresses import ADDRESSES, AddressFilters, get_address, list_addresses
from marketplace.accounts.schemas.addresses import Address, AddressChange, NewAddress
from marketplace.accounts.service import addresses
from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.pagination import ListQuery

ONE = "/{address_id:uuid}"


class AddressController(Controller):
    path = "/auth/me/addresses"
    tags = ("Addresses",)

    @get(operation_id="listAddresses", opt={"listing": ADDRESSES})
    async def list_own(
        self, listing: NamedDependency[ListQuery[AddressFilters]], viewer: NamedDependency[Viewer]
    ) -> Envelope[Page[Address]]:
        """Your own addresses."""
        return await list_addresses(viewer.id, listing)

    @post(operation_id="addAddress")
    async def add(self, data: JSONBody[NewAddress], viewer: NamedDependency[Viewer]) -> Envelope[Address]:
        """Add an address. A new default replaces the old one of its type. Refuses with `too_many` beyond 50."""
        return ok(await addresses.add_address(viewer.id, data), "Address added")

    @get(ONE, operation_id="getAddress")
    async def show(self, address_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[Address]:
        """One of your own addresses."""
        return ok(await get_address(viewer.id, address_id))

    @put(ONE, operation_id="putAddress")
    async def replace(
        self, address_id: FromPath[UUID], data: JSONBody[AddressChange], viewer: NamedDependency[Viewer]
    ) -> Envelope[Address]:
        """Change an address. What is left out stays as it is."""
        return ok(await addresses.change_address(viewer.id, address_id, data), "Address updated")

    @patch(ONE, operation_id="changeAddress")
    async def change(
        self, address_id: FromPath[UUID], data: JSONBody[AddressChange], viewer: NamedDependency[Viewer]
    ) -> Envelope[Address]:
        """Change an address. What is left out stays as it is."""
        return ok(await addresses.change_address(viewer.id, address_id, data), "Address updated")

    @delete(ONE, operation_id="removeAddress")
    async def remove(self, address_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> None:
        """Remove an address. Orders keep their own copy of it."""
        await addresses.remove_address(viewer.id, address_id)
