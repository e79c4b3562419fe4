"""What somebody has begun without an account goes with them when they sign in. Each domain names the header that says what.

carried.carry("X-Cart-Token", adopt_cart)
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias
from uuid import UUID

import structlog

from marketplace.core import db

log = structlog.get_logger(__name__)

Adopt: TypeAlias = Callable[[UUID, str], Awaitable[None]]
"""Makes what the header's value names the account's own, in the transaction of the sign-in."""

MOST: Final = 200
"""Characters of a value that is looked at."""

_adopters: Final[dict[str, Adopt]] = {}


def carry(header: str, adopt: Adopt) -> None:
    if _adopters.setdefault(header.lower(), adopt) is not adopt:
        raise ValueError(f"{header} is registered twice")


def read(headers: Mapping[str, str]) -> Mapping[str, str]:
    """What a request brings along, by the header's name."""
    return {name: value for name in _adopters if 0 < len(value := headers.get(name, "")) <= MOST}


async def adopt(user_id: UUID, brought: Mapping[str, str]) -> None:
    """Hand it over. What fails stays with the guest: nobody is kept from signing in for it."""
    for name, value in brought.items():
        try:
            async with db.savepoint():
                await _adopters[name](user_id, value)
        except Exception as error:
            log.exception("carried.failed", header=name, exc_info=error)
