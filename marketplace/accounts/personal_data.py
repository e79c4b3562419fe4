"""What accounts itself holds about a person: for the copy, and for erasure."""

from uuid import UUID

from marketplace.accounts import privacy
from marketplace.accounts.privacy import Obligation, changing, rows
from marketplace.accounts.states import Role
from marketplace.core import db

privacy.exporter(
    "account",
    rows(
        "SELECT id, email, username, role, status, first_name, last_name, phone_number, language, email_verified_at, created_at, "
        "updated_at FROM users WHERE id = $1"
    ),
)
privacy.exporter(
    "profile",
    rows(
        "SELECT bio, headline, location, website, timezone, personality_data, show_presence, show_full_name, show_location, "
        'created_at, updated_at FROM profiles WHERE "user" = $1'
    ),
)
for _table, _columns in {
    "addresses": "id, address_type, full_name, phone_number, street_address, apartment, city, state, country, zip_code, is_default, created_at",
    "business_accounts": "company_name, legal_form, registration_number, tax_id, business_email, phone_number, website, description, "
    "street_address, city, state, zip_code, country, created_at",
    "skills": "name, level, years, created_at",
    "portfolio_items": "id, title, description, url, tags, completed_on, is_featured, created_at",
    "favorites": "target_type, target_id, created_at",
    "sessions": "user_agent, address, created_at, last_seen_at, ended_at, end_reason",
    "social_identities": "provider, subject, email, created_at",
    "identity_checks": "document_type, country_code, status, reason, submitted_at, decided_at",
}.items():
    privacy.exporter(_table, rows(f'SELECT {_columns} FROM {_table} WHERE "user" = $1 ORDER BY id'))
privacy.exporter(
    "uploads",
    rows(
        "SELECT id, purpose, filename, received_type, byte_size, sha256, subject, created_at FROM media WHERE owner = $1 AND state = 'ready' ORDER BY id"
    ),
)

privacy.eraser(
    "profile",
    changing(
        'DELETE FROM profiles WHERE "user" = $1', 'DELETE FROM addresses WHERE "user" = $1',
        'DELETE FROM business_accounts WHERE "user" = $1', 'DELETE FROM skills WHERE "user" = $1',
        'DELETE FROM portfolio_items WHERE "user" = $1',
        "DELETE FROM favorites WHERE \"user\" = $1 OR target_type = 'user' AND target_id = $1",
    ),
)  # fmt: skip
privacy.eraser(
    "sign_in",
    changing(
        "DELETE FROM refresh_tokens t USING sessions s WHERE s.id = t.session AND s.\"user\" = $1",
        "DELETE FROM socket_tickets t USING sessions s WHERE s.id = t.session AND s.\"user\" = $1",
        "UPDATE sessions SET user_agent = '', address = '' WHERE \"user\" = $1",
        'DELETE FROM link_tokens WHERE "user" = $1', 'DELETE FROM second_factors WHERE "user" = $1',
        'DELETE FROM recovery_codes WHERE "user" = $1', 'DELETE FROM social_identities WHERE "user" = $1',
        "DELETE FROM idempotency_keys WHERE scope = 'user:' || ($1::uuid)::text",
        "DELETE FROM live_messages WHERE to_user = $1",
    ),
)  # fmt: skip
privacy.eraser(
    "identity",
    changing(
        'DELETE FROM identity_checks WHERE "user" = $1',
        "UPDATE identity_checks SET decided_by = NULL WHERE decided_by = $1",
        "UPDATE identity_check_moves SET actor = NULL WHERE actor = $1",
    ),
)


async def _pictures_and_papers(user_id: UUID) -> list[tuple[str, str]]:
    """Each upload itself, or of a picture its largest size."""
    found = await db.fetch(
        "SELECT purpose, id, renditions -> -1 ->> 'key' AS key FROM media "
        "WHERE owner = $1 AND state = 'ready' AND jsonb_array_length(renditions) > 0 ORDER BY id",
        user_id,
    )
    return [(f"{row['purpose']}/{row['id']}.{row['key'].rpartition('.')[2]}", row["key"]) for row in found]


async def _a_role(user_id: UUID) -> list[Obligation]:
    if await db.fetch_val("SELECT role FROM users WHERE id = $1", user_id) == Role.USER:
        return []
    return [Obligation(kind="staff_role", message="Have your staff role taken away first.")]


privacy.files("uploads", _pictures_and_papers)
privacy.blocker("staff_role", _a_role)
