"""One-use tickets that open a socket, and which sessions have ended. Kept in Postgres, so sockets open without Redis."""

import hashlib
import secrets
from datetime import timedelta
from typing import Final
from uuid import UUID

from marketplace.accounts.states import AccountStatus
from marketplace.accounts.viewer import Viewer, viewer_columns, viewer_of
from marketplace.core import clock, db
from marketplace.core.errors import NotSignedIn

TICKET_SECONDS: Final = 60


class TicketInvalid(NotSignedIn):
    code = "ticket_invalid"
    default_message = "The ticket is not valid: unknown, used or expired. Ask for a new one."


async def issue_ticket(session_id: UUID) -> str:
    """A ticket of this session, good for `TICKET_SECONDS` and for one socket."""
    ticket = secrets.token_urlsafe(32)
    await db.execute(
        "INSERT INTO socket_tickets (token_hash, session, expires_at) VALUES ($1, $2, $3)",
        _hash(ticket), session_id, clock.now() + timedelta(seconds=TICKET_SECONDS),
    )  # fmt: skip
    return ticket


async def redeem_ticket(ticket: str) -> Viewer:
    """Use the ticket up. Raises TicketInvalid, or AccountBanned. Of two at once, one wins: the row is deleted once."""
    row = await db.fetch_row(
        "WITH used AS (DELETE FROM socket_tickets WHERE token_hash = $1 RETURNING session, expires_at) "
        f"SELECT {viewer_columns()} FROM used JOIN sessions s ON s.id = used.session JOIN users u ON u.id = s.user "
        "WHERE used.expires_at > now() AND s.ended_at IS NULL",
        _hash(ticket),
    )
    if row is None or row["status"] == AccountStatus.ERASED:
        raise TicketInvalid
    return viewer_of(row)


async def ended_sessions(session_ids: list[UUID]) -> set[UUID]:
    """Which of these no longer count: signed out, or the account is banned, erased or gone."""
    rows = await db.fetch(
        "SELECT s.id FROM sessions s JOIN users u ON u.id = s.user "
        "WHERE s.id = ANY($1::uuid[]) AND s.ended_at IS NULL AND u.status = 'active'",
        session_ids,
    )
    return set(session_ids) - {row["id"] for row in rows}


async def delete_stale_tickets() -> int:
    return await db.execute("DELETE FROM socket_tickets WHERE expires_at < now()")


def _hash(ticket: str) -> str:
    return hashlib.sha256(ticket.encode()).hexdigest()
