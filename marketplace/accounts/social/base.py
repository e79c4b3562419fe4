"""What every provider of social login can do, and how it refuses."""

from typing import Any, Protocol

from msgspec import Struct

from marketplace.core.errors import NotFound, NotSignedIn, Unavailable


class Attempt(Struct, frozen=True, kw_only=True):
    """One attempt to sign in. `nonce` and `verifier` (PKCE) are bound to `state`; providers use what their protocol has."""

    state: str
    nonce: str
    verifier: str
    redirect_uri: str


class Identity(Struct, frozen=True, kw_only=True):
    """Who somebody is at a provider. `subject` never changes; `email` counts as proven only if `email_verified`."""

    subject: str
    email: str = ""
    email_verified: bool = False
    name: str = ""


class Provider(Protocol):
    """A service that can say who somebody is. Talks to the network: never inside a transaction."""

    name: str
    trusts_email: bool
    """Whether an address this provider calls verified is proof to us."""

    async def authorization_url(self, attempt: Attempt) -> str:
        """Where to send the person. Raises ProviderAway."""

    async def identity_by_code(self, code: str, attempt: Attempt) -> Identity:
        """Who came back with this code. Raises SocialLoginFailed or ProviderAway."""

    async def identity_by_id_token(self, id_token: str, attempt: Attempt) -> Identity:
        """Who a token from the provider's own kit names. Raises SocialLoginFailed or ProviderAway."""


class UnknownProvider(NotFound):
    code = "unknown_provider"
    default_message = "There is no such way to sign in here."


class SocialLoginFailed(NotSignedIn):
    code = "social_login_failed"
    default_message = "The other service did not confirm who you are. Start again."


class ProviderAway(Unavailable):
    code = "provider_unavailable"
    default_message = "The other service does not answer. Try again in a moment, or sign in another way."


def text_of(answer: dict[str, Any], key: str, most: int = 255) -> str:
    """A string of a provider's answer; empty if it is missing, no string or too long."""
    value = answer.get(key)
    return value if isinstance(value, str) and len(value) <= most else ""
