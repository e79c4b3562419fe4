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


class LinkPurpose(StrEnum):
    """What a one-use secret is good for."""

    VERIFY_EMAIL = "verify_email"
    CHANGE_EMAIL = "change_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - a name
    SECOND_FACTOR = "second_factor"
    SOCIAL_STATE = "social_state"


class SessionEnd(StrEnum):
    """Why a session ended."""

    LOGGED_OUT = "logged_out"
    ENDED = "ended"
    PASSWORD = "password"  # noqa: S105 - a name
    REUSE = "reuse"
    BANNED = "banned"
    ERASED = "erased"


S = AccountStatus
ACCOUNT: Machine[AccountStatus] = Machine({
    S.ACTIVE: frozenset({S.BANNED, S.ERASED}),
    S.BANNED: frozenset({S.ACTIVE, S.ERASED}),
    S.ERASED: frozenset(),
})  # fmt: skip


class AddressType(StrEnum):
    SHIPPING = "shipping"
    BILLING = "billing"
    OTHER = "other"


class SkillLevel(StrEnum):
    BEGINNER = "beginner"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"
    EXPERT = "expert"


class DocumentType(StrEnum):
    PASSPORT = "passport"
    ID_CARD = "id_card"
    DRIVING_LICENCE = "driving_licence"
    RESIDENCE_PERMIT = "residence_permit"


class DocumentSide(StrEnum):
    FRONT = "front"
    BACK = "back"
    SELFIE = "selfie"


class VerificationStatus(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


V = VerificationStatus
VERIFICATION: Machine[VerificationStatus] = Machine({
    V.PENDING: frozenset({V.APPROVED, V.REJECTED}),
    V.APPROVED: frozenset({V.REJECTED}),
    V.REJECTED: frozenset(),
})  # fmt: skip
"""A rejected person submits a new check; an approval may be taken back when it proves wrong."""


class ExportStatus(StrEnum):
    PENDING = "pending"
    READY = "ready"
    EXPIRED = "expired"
