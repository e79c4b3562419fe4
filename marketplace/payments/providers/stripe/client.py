"""Stripe's SDK, asked from our event loop: its answers as structs, its errors as ours, its keys in no log."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final, Generic, TypeVar
from weakref import WeakKeyDictionary

import httpcore  # noqa: F401 - httpx imports it with its first client, which would hold up the event loop for 0.2 s
import httpx
import msgspec
import stripe as sdk
import structlog
from msgspec import Struct

from marketplace.payments.providers.base import ProviderRefused, ProviderUnknown
from marketplace.payments.providers.stripe.objects import ErrorBody, Listed

log = structlog.get_logger(__name__)

TIMEOUT: Final = httpx.Timeout(20.0, connect=5.0)
API: Final = "https://api.stripe.com"
PAGE: Final = 100

sdk.enable_telemetry = False

T = TypeVar("T")
Item = TypeVar("Item", bound=Listed)
Call = Callable[..., Awaitable[sdk.StripeObject]]

_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, str], sdk.StripeClient]] = WeakKeyDictionary()


def client(key: str, base: str) -> sdk.StripeClient:
    """The client of this event loop. It never repeats a call by itself: who calls it knows whether that is safe."""
    ours = _clients.setdefault(asyncio.get_running_loop(), {})
    known = ours.get((key, base))
    if known is None:
        known = ours[key, base] = sdk.StripeClient(
            key,
            base_addresses={"api": base.rstrip("/") or API},
            http_client=sdk.HTTPXClient(timeout=TIMEOUT),
            max_network_retries=0,
        )
    return known


class Declined(Exception):
    """The bank said no. `error` may hold the intent as it stands now."""

    def __init__(self, error: ErrorBody) -> None:
        super().__init__(error.code)
        self.error = error


class AskedBefore(Exception):
    """Our key was used before, with other words: what it made then is what there is."""


class _Answer(Struct):
    error: ErrorBody


class Page(Struct, Generic[Item]):
    data: list[Item]
    has_more: bool = False


async def ask(
    kind: type[T], call: Call, params: Mapping[str, Any], *, extras: Mapping[str, Any] | None = None, key: str = ""
) -> T:
    """What Stripe answers. `key` makes the call safe to repeat; `extras` are parameters it can do without.

    Raises Declined, AskedBefore, ProviderRefused with the reason in Stripe's words, ProviderUnknown; that too where
    Stripe does not accept our key.
    """
    options = {"idempotency_key": key} if key else {}
    try:
        try:
            answer = await call({**params, **(extras or {})}, options)
        except sdk.InvalidRequestError as error:
            # Servers that stand in for Stripe know fewer parameters than it does, and refuse the rest.
            if not extras or not _is_unknown_parameter(error):
                raise
            answer = await call(dict(params), options)
    except sdk.StripeError as error:
        raise _ours(error) from None  # Stripe's has the whole exchange in it
    assert answer.last_response is not None
    return msgspec.json.decode(answer.last_response.body, type=kind)


async def find(kind: type[T], call: Call, params: Mapping[str, Any]) -> T | None:
    """What Stripe answers, None where it knows nothing of it."""
    try:
        return await ask(kind, call, params)
    except NotThere:
        return None


async def pages(
    kind: type[Item], call: Call, params: Mapping[str, Any], *, extras: Mapping[str, Any] | None = None
) -> AsyncIterator[Item]:
    """Each object of a list, newest first. A list that the server does not have is empty, and the log says so."""
    after: dict[str, Any] = {}
    while True:
        try:
            page: Page[Item] = await ask(Page[kind], call, {**params, "limit": PAGE, **after}, extras=extras)  # type: ignore[valid-type]
        except NotThere:
            log.warning("payments.stripe_has_no_such_list", kind=kind.__name__)
            return
        for thing in page.data:
            yield thing
        if not page.has_more or not page.data:
            return
        after = {"starting_after": page.data[-1].id}


class NotThere(ProviderRefused):
    """Stripe has no object, or no list, of that name."""


def _is_unknown_parameter(error: sdk.InvalidRequestError) -> bool:
    return error.code == "parameter_unknown" or (error.user_message or "").startswith("Unexpected ")


def _ours(error: sdk.StripeError) -> Exception:
    status = error.http_status or 0
    if isinstance(error, sdk.CardError):
        return Declined(_body(error))
    if isinstance(error, sdk.IdempotencyError):
        return AskedBefore()
    if isinstance(error, sdk.AuthenticationError | sdk.PermissionError):
        # For whoever runs this to mend: no payment, refund or payout fails because a key was just being replaced.
        log.error("payments.stripe_key_refused", status=status, request_id=error.request_id)
        return ProviderUnknown()
    if status == 404:
        return NotThere(reason=_reason(error))
    if isinstance(error, sdk.InvalidRequestError):
        return ProviderRefused(reason=_reason(error), provider_code=error.code or "")
    log.warning("payments.provider_away", host="stripe", status=status, error=type(error).__name__)
    return ProviderUnknown()


def _reason(error: sdk.StripeError) -> str:
    return error.user_message or "Stripe gave no reason."


def _body(error: sdk.StripeError) -> ErrorBody:
    try:
        return msgspec.json.decode(error.http_body or b"", type=_Answer).error
    except msgspec.MsgspecError:
        return ErrorBody(code=error.code)
