from typing import Any, Final
from uuid import UUID

from msgspec import UNSET, structs

from marketplace.accounts import countries
from marketplace.accounts.contact import normal_phone
from marketplace.accounts.errors import TooMany
from marketplace.accounts.queries.addresses import COLUMNS, get_address
from marketplace.accounts.queries.owners import lock_owner
from marketplace.accounts.schemas.addresses import Address, AddressChange, NewAddress
from marketplace.core import db, rows, text
from marketplace.core.errors import NotFound
from marketplace.core.ids import uuid7

MOST: Final = 50


async def add_address(user_id: UUID, new: NewAddress) -> Address:
    """Raises ValidationFailed, or TooMany beyond MOST. A new default takes the place of the old one of its type."""
    values = _checked(structs.asdict(new), country="", postal_code="")
    async with db.transaction():
        await lock_owner(user_id)
        if await db.fetch_val('SELECT count(*) FROM addresses WHERE "user" = $1', user_id) >= MOST:
            raise TooMany.of("addresses", MOST)
        if new.is_default:
            await _give_up_default(user_id, new.address_type)
        return await rows.one(
            Address,
            'INSERT INTO addresses (id, "user", address_type, full_name, phone_number, street_address, apartment, city, '
            "state, country, country_code, zip_code, is_default) "
            f"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING {COLUMNS}",
            uuid7(), user_id, values["address_type"], values["full_name"], values["phone_number"],
            values["street_address"], values["apartment"], values["city"], values["state"], values["country"],
            values["country_code"], values["zip_code"], values["is_default"],
        )  # fmt: skip


async def change_address(user_id: UUID, address_id: UUID, change: AddressChange) -> Address:
    """Raises NotFound or ValidationFailed. Turning `is_default` on takes it from the other address of the type."""
    given = {name: value for name, value in structs.asdict(change).items() if value is not UNSET}
    async with db.transaction():
        await lock_owner(user_id)
        before = await get_address(user_id, address_id)
        values = _checked(given, country=before.country, postal_code=before.zip_code)
        after = structs.asdict(before) | values
        if after["is_default"]:
            await _give_up_default(user_id, after["address_type"], keep=address_id)
        return await rows.one(
            Address,
            "UPDATE addresses SET address_type = $3, full_name = $4, phone_number = $5, street_address = $6, "
            "apartment = $7, city = $8, state = $9, country = $10, country_code = $11, zip_code = $12, is_default = $13, "
            f'updated_at = now() WHERE "user" = $1 AND id = $2 RETURNING {COLUMNS}',
            user_id, address_id, after["address_type"], after["full_name"], after["phone_number"],
            after["street_address"], after["apartment"] or "", after["city"], after["state"], after["country"],
            after["country_code"], after["zip_code"], after["is_default"],
        )  # fmt: skip


async def remove_address(user_id: UUID, address_id: UUID) -> None:
    """Raises NotFound. Orders keep their own copy."""
    if not await db.execute('DELETE FROM addresses WHERE "user" = $1 AND id = $2', user_id, address_id):
        raise NotFound


async def _give_up_default(user_id: UUID, address_type: str, keep: UUID | None = None) -> None:
    await db.execute(
        'UPDATE addresses SET is_default = false, updated_at = now() WHERE "user" = $1 AND address_type = $2 '
        "AND is_default AND id IS DISTINCT FROM $3",
        user_id, address_type, keep,
    )  # fmt: skip


def _checked(given: dict[str, Any], *, country: str, postal_code: str) -> dict[str, Any]:
    """The values as they are stored; a new country or postal code is checked against the other one."""
    values = dict(given)
    for name in ("full_name", "street_address", "city"):
        if name in values:
            values[name] = text.line(values[name], name, required=True)
    for name in ("apartment", "state"):
        if name in values:
            values[name] = text.line(values[name] or "", name)
    if "phone_number" in values:
        values["phone_number"] = normal_phone(values["phone_number"])
    if "country" in values or "zip_code" in values:
        values["country"] = text.line(values.get("country", country), "country", required=True)
        values["country_code"] = countries.country_code(values["country"])
        values["zip_code"] = countries.postal_code(values.get("zip_code", postal_code), values["country_code"])
    return values
