from enum import StrEnum

from marketplace.core.states import Machine


class Role(StrEnum):
    """What an account may do for the house. Each role includes the ones before it."""

    USER = "user"
    MODERATOR = "moderator"
    MANAGER = "manager"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        return list(Role).index(self)

    def includes(self, other: "Role") -> bool:
        return self.rank >= other.rank


class AccountStatus(StrEnum):
    ACTIVE = "active"
    BANNED = "banned"
    ERASED = "erased"


S = AccountStatus
ACCOUNT: Machine[AccountStatus] = Machine({
    S.ACTIVE: frozenset({S.BANNED, S.ERASED}),
    S.BANNED: frozenset({S.ACTIVE, S.ERASED}),
    S.ERASED: frozenset(),
})  # fmt: skip
