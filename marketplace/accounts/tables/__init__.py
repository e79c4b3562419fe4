"""The tables of accounts, by subject; import them from here."""

from marketplace.accounts.tables.identity import Session, User

__all__ = ["Session", "User"]
