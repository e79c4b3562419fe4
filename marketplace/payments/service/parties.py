"""Who stands on a document: a person or their company as they are now, or the platform as its settings say."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final
from uuid import UUID

from msgspec import Meta

from marketplace.accounts.house import HOUSE
from marketplace.core import db, platform
from marketplace.payments.documents import Party

NAME: Final = platform.define(
    "invoices.platform_name",
    Annotated[str, Meta(min_length=1, max_length=200)],
    "Marketplace",
    "The platform's legal name on the invoices it issues itself.",
)
ADDRESS: Final = platform.define(
    "invoices.platform_address",
    Annotated[str, Meta(max_length=600)],
    "",
    "The platform's address on its invoices; a line for each line.",
)
TAX_ID: Final = platform.define(
    "invoices.platform_tax_id", Annotated[str, Meta(max_length=40)], "", "The platform's tax number on its invoices."
)
PERSON: Final = """
SELECT u.username, concat_ws(' ', nullif(u.first_name, ''), nullif(u.last_name, '')) AS name, b.company_name,
  b.registration_number, b.tax_id, b.street_address, b.city, b.state, b.zip_code, b.country
FROM users u LEFT JOIN business_accounts b ON b."user" = u.id WHERE u.id = $1
"""


async def platform_party() -> Party:
    lines = [line.strip() for line in (await ADDRESS.value()).splitlines()]
    return Party(name=await NAME.value(), address=[line for line in lines if line], tax_id=await TAX_ID.value())


async def party_of(user_id: UUID | None, address: Mapping[str, Any] | None = None) -> Party:
    """The user (None or the house: the platform) for a document that is issued now. `address` is what an order was given, and wins.

    A private seller's own addresses are never taken: whoever buys from them would learn where they live.
    """
    if user_id in (None, HOUSE):
        return await platform_party()
    row = await db.fetch_row(PERSON, user_id)
    assert row is not None, "parties are accounts"
    given = envelope(address) if address else []
    name = row["company_name"] or (address or {}).get("full_name") or row["name"] or row["username"]
    return Party(
        name=name,
        address=[line for line in given if line != name] or envelope(dict(row)),
        tax_id=row["tax_id"] or "",
        registration_number=row["registration_number"] or "",
    )


def envelope(address: Mapping[str, Any]) -> Sequence[str]:
    """The lines of an address as accounts and orders hold it."""

    def text(*names: str) -> str:
        return " ".join(str(address[name]) for name in names if address.get(name))

    town = ", ".join(part for part in (text("city"), text("state", "zip_code")) if part)
    lines = [text("full_name"), text("street_address"), text("apartment"), town, text("country")]
    return [line for line in lines if line]
