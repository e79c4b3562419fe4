from typing import Any
from uuid import UUID

from msgspec import UNSET, structs

from marketplace.accounts import countries, taxids
from marketplace.accounts.contact import normal_email, normal_phone
from marketplace.accounts.queries.business import COLUMNS, find_business
from marketplace.accounts.queries.owners import lock_owner
from marketplace.accounts.schemas.business import Business, BusinessChange
from marketplace.core import db, rows, text
from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7

_LINES = ("legal_form", "registration_number", "street_address", "city", "state")
_COLUMNS = (
    "company_name", "legal_form", "registration_number", "tax_id", "tax_id_kind", "business_email", "phone_number", "website",
    "description", "street_address", "city", "state", "zip_code", "country", "country_code",
)  # fmt: skip


async def set_business(user_id: UUID, change: BusinessChange) -> Business:
    """Make the business account, or change what is given. Raises ValidationFailed."""
    given = {name: value for name, value in structs.asdict(change).items() if value is not UNSET}
    async with db.transaction():
        await lock_owner(user_id)
        before = await find_business(user_id)
        missing = [name for name in ("company_name", "country") if name not in given] if before is None else []
        if missing:
            raise ValidationFailed(fields={name: ["This field is required the first time."] for name in missing})
        values = _checked((structs.asdict(before) if before else {}) | given)
        places = ", ".join(f"${i}" for i in range(3, 3 + len(_COLUMNS)))
        return await rows.one(
            Business,
            f'INSERT INTO business_accounts (id, "user", {", ".join(_COLUMNS)}) VALUES ($1, $2, {places}) '
            f'ON CONFLICT ("user") DO UPDATE SET {", ".join(f"{name} = EXCLUDED.{name}" for name in _COLUMNS)}, '
            f"updated_at = now() RETURNING {COLUMNS}",
            uuid7(), user_id, *(values.get(name, "") for name in _COLUMNS),
        )  # fmt: skip


def _checked(whole: dict[str, Any]) -> dict[str, Any]:
    """The values as they are stored. The whole account is checked: a new country makes an old tax number wrong."""
    values = dict(whole)
    values["company_name"] = text.line(values["company_name"], "company_name", required=True)
    values["country"] = text.line(values["country"], "country", required=True)
    values["country_code"] = code = countries.country_code(values["country"])
    for name in _LINES:
        values[name] = text.line(values.get(name, ""), name)
    values["description"] = text.prose(values.get("description", ""), "description")
    values["website"] = text.web_address(values.get("website", ""), "website")
    values["phone_number"] = normal_phone(values.get("phone_number", ""))
    email = values.get("business_email", "")
    values["business_email"] = normal_email(email, "business_email") if email else ""
    zip_code = values.get("zip_code", "")
    values["zip_code"] = countries.postal_code(zip_code, code) if zip_code else ""
    values["tax_id"], values["tax_id_kind"] = taxids.check_tax_id(values.get("tax_id", ""), code)
    return values
