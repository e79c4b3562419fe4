from uuid import UUID

from msgspec import Struct

from marketplace.notifications.details import Details
from marketplace.notifications.kinds import Kind


class LettersWanted(Struct, frozen=True, kw_only=True, tag="letters_wanted"):
    """These people want this notification by mail. At most `service.LETTERS` of them in one event."""

    kind: Kind
    details: Details
    user_ids: list[UUID]
