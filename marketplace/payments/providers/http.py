"""Calling a provider: one client a process and event loop, and silence told apart from refusal."""

import asyncio
from collections.abc import Mapping
from typing import Final
from weakref import WeakKeyDictionary

import httpx
import structlog

from marketplace.payments.providers.base import ProviderUnknown

log = structlog.get_logger(__name__)

TIMEOUT: Final = httpx.Timeout(20.0, connect=5.0)
MOST_BYTES: Final = 1_048_576

_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = WeakKeyDictionary()


async def call(
    method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes | None = None,
    auth: tuple[str, str] | None = None,
) -> httpx.Response:  # fmt: skip
    """The provider's answer, refusals (4xx) among them. Raises ProviderUnknown when there is none, or it is a 5xx or 429.

    Redirects are not followed: a provider's API sends none.
    """
    try:
        answer = await client().request(
            method, url, headers=headers, content=content, auth=auth or httpx.USE_CLIENT_DEFAULT
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        log.warning("payments.provider_away", host=httpx.URL(url).host, error=type(error).__name__)
        raise ProviderUnknown from error
    if answer.status_code >= 500 or answer.status_code == 429 or len(answer.content) > MOST_BYTES:
        log.warning("payments.provider_away", host=httpx.URL(url).host, status=answer.status_code)
        raise ProviderUnknown
    return answer


def client() -> httpx.AsyncClient:
    """This event loop's client, for calls whose answer is wanted whatever it is."""
    loop = asyncio.get_running_loop()
    client = _clients.get(loop)
    if client is None or client.is_closed:
        client = _clients[loop] = httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False)
    return client
