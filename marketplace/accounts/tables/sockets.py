from piccolo.columns import ForeignKey, OnDelete, Timestamptz, Varchar
from piccolo.table import Table

from marketplace.accounts.tables.identity import Session


class SocketTicket(Table, tablename="socket_tickets"):
    """A one-use pass to open a WebSocket with, for clients that cannot send a header. Only its hash is kept."""

    token_hash = Varchar(length=64, primary_key=True)
    session = ForeignKey(Session, on_delete=OnDelete.cascade, index=True)
    expires_at = Timestamptz(index=True)
