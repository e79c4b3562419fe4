"""The tables of accounts, by subject; import them from here."""

from marketplace.accounts.tables.identity import (
    LinkToken,
    RecoveryCode,
    RefreshToken,
    SecondFactor,
    Session,
    SocialIdentity,
    User,
)
from marketplace.accounts.tables.privacy import DataExport
from marketplace.accounts.tables.profiles import Address, BusinessAccount, Favorite, PortfolioItem, Profile, Skill
from marketplace.accounts.tables.sockets import SocketTicket
from marketplace.accounts.tables.verification import IdentityCheck, IdentityCheckMove, IdentityDocument

__all__ = [
    "Address",
    "BusinessAccount",
    "DataExport",
    "Favorite",
    "IdentityCheck",
    "IdentityCheckMove",
    "IdentityDocument",
    "LinkToken",
    "PortfolioItem",
    "Profile",
    "RecoveryCode",
    "RefreshToken",
    "SecondFactor",
    "Session",
    "Skill",
    "SocialIdentity",
    "SocketTicket",
    "User",
]
