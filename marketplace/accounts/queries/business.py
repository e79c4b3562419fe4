from typing import Final
from uuid import UUID

from marketplace.accounts.schemas.business import Business
from marketplace.core import rows

COLUMNS: Final = (
    "id, company_name, legal_form, registration_number, tax_id, nullif(tax_id_kind, '') AS tax_id_kind, business_email, "
    "phone_number, website, description, street_address, city, state, zip_code, country, country_code, created_at, updated_at"
)


async def find_business(user_id: UUID) -> Business | None:
    return await rows.one_or_none(Business, f'SELECT {COLUMNS} FROM business_accounts WHERE "user" = $1', user_id)
