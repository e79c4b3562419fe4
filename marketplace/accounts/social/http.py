"""Calls to providers: short, bounded, without redirects."""

import logging
from collections.abc import Mapping
from typing import Any, Final

import httpx
import msgspec
import structlog

from marketplace.accounts.social.base import ProviderAway, SocialLoginFailed

log = structlog.get_logger(__name__)
# It logs whole addresses at INFO, and some providers want their secret in the address.
logging.getLogger("httpx").setLevel(logging.WARNING)

TIMEOUT: Final = httpx.Timeout(10.0, connect=5.0)
MOST_BYTES: Final = 1_000_000


async def call(
    method: str,
    url: str,
    *,
    params: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
) -> dict[str, Any]:
    """The JSON object a provider answers with. Raises SocialLoginFailed for a 4xx or no object, ProviderAway for silence or a 5xx."""
    try:
        async with (
            httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False) as client,
            client.stream(
                method, url, params=params, data=form, headers=headers, auth=auth or httpx.USE_CLIENT_DEFAULT
            ) as answer,
        ):
            body = await _read(answer)
    except httpx.HTTPError as error:
        log.warning("social.provider_away", host=httpx.URL(url).host, error=type(error).__name__)
        raise ProviderAway(headers={"Retry-After": "5"}) from None
    if answer.status_code >= 500:
        log.warning("social.provider_away", host=httpx.URL(url).host, status=answer.status_code)
        raise ProviderAway(headers={"Retry-After": "5"})
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError:
        found = None
    if answer.status_code != 200 or not isinstance(found, dict):
        log.info("social.refused", host=httpx.URL(url).host, status=answer.status_code)
        raise SocialLoginFailed
    return found


async def _read(answer: httpx.Response) -> bytes:
    body = b""
    async for chunk in answer.aiter_bytes():
        body += chunk
        if len(body) > MOST_BYTES:
            raise SocialLoginFailed
    return body
