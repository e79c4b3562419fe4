"""The providers there are, by name. Each is a folder: its client, its webhooks, and how its words become ours."""

from collections.abc import Callable

from marketplace.core import db
from marketplace.core.config import settings
from marketplace.core.errors import ValidationFailed
from marketplace.payments.providers.base import Provider, ProviderUnknown

_factories: dict[str, Callable[[], Provider | None]] = {}


def offer(name: str, make: Callable[[], Provider | None]) -> None:
    """Make a provider known. `make` is called at each use, reads the settings, keeps its own client, and returns None
    where the settings do not configure it."""
    _factories[name] = make


def available() -> dict[str, Provider]:
    """The providers that are configured, by name."""
    made = {name: make() for name, make in _factories.items()}
    return {name: provider for name, provider in made.items() if provider is not None}


def provider(name: str, field: str = "payment_method") -> Provider:
    """Raises ValidationFailed that names those there are."""
    known = available()
    if name not in known:
        raise ValidationFailed.of(field, f"There is no payment method {name!r}. Known: {', '.join(sorted(known))}.")
    return known[name]


def default() -> str:
    """The provider that is meant where none is named: the settings' one, or the first that is configured."""
    return settings().payment_provider or next(iter(available()), "")


def calling(name: str) -> Provider:
    """The provider, about to be called: every call goes through here, one expression each.

        outcome = await providers.calling(payment.provider).create(charge)

    Refuses inside a transaction, for a call may take as long as a network does. Raises ProviderUnknown where the settings
    no longer configure it: what was begun with it waits until they do.
    """
    assert not db.in_transaction(), f"{name} is called inside a transaction"
    found = available().get(name)
    if found is None:
        raise ProviderUnknown(f"The payment provider {name!r} is not configured.")
    return found
