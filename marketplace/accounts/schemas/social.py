"""Bodies and answers of social login."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from marketplace.accounts.schemas.auth import Secret

LongSecret = Annotated[str, Meta(min_length=1, max_length=20_000)]


class SocialStart(Struct, forbid_unknown_fields=True):
    """Where the provider sends the person back to; one of the allowed addresses, the first of them if left out."""

    redirect_uri: Annotated[str, Meta(max_length=2000)] | None = None


class SocialStarted(Struct, kw_only=True):
    """Send the person to `authorization_url`. Keep `code_verifier` where only this browser has it, and send it back with the code.

    A provider's own kit takes `nonce` instead, and gives an id_token.
    """

    authorization_url: str
    state: str
    code_verifier: str
    nonce: str
    expires_in: int


class SocialAnswer(Struct, forbid_unknown_fields=True, kw_only=True):
    """What came back: `code` with the `code_verifier` of the start, or an `id_token`; and the `state` of the start."""

    state: Secret
    code: Annotated[str, Meta(min_length=1, max_length=4000)] | None = None
    code_verifier: Secret | None = None
    id_token: LongSecret | None = None


class SocialProviderOut(Struct):
    name: str


class SocialLinkOut(Struct, kw_only=True):
    """An account elsewhere that opens this one."""

    provider: str
    email: str
    created_at: datetime
    last_used_at: datetime
