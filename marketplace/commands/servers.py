"""The servers a command needs: those the environment names, or embedded ones for as long as the command runs."""

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from marketplace.commands.checks import look_at_database, look_at_redis
from marketplace.commands.stopping import no_more_signals
from marketplace.core import embedded
from marketplace.core.config import Settings, settings


class Servers(Struct, frozen=True):
    """`place` is None when both servers are somebody else's."""

    config: Settings
    place: embedded.Place | None
    postgres_embedded: bool
    valkey_embedded: bool


@contextmanager
def needed_servers(meanwhile: Callable[[], object] = lambda: None) -> Iterator[Servers]:
    """Both servers running and reachable, their URLs in the environment and the settings.

    `meanwhile` is done while they start; they need not be there yet, but their names are.
    """
    config = settings()
    postgres, valkey = not config.database_url, not config.redis_url
    home = Path(config.home)
    name_embedded(embedded.locate(home), postgres, valkey)
    aside = threading.Thread(target=meanwhile, daemon=True)
    aside.start()
    if not (postgres and valkey):
        asyncio.run(_reach(config))
    with contextlib.ExitStack() as stack:
        place = None
        if postgres or valkey:
            place = stack.enter_context(embedded.servers(home, postgres=postgres, valkey=valkey))
            stack.callback(no_more_signals)
        aside.join()
        yield Servers(settings(), place, postgres, valkey)


def name_embedded(place: embedded.Place, postgres: bool, valkey: bool) -> None:
    """Their addresses follow from the place alone, so code that reads settings may be imported before they run."""
    if postgres:
        os.environ["DATABASE_URL"] = place.database_url
    if valkey:
        os.environ["REDIS_URL"] = place.redis_url
    settings.cache_clear()


async def _reach(config: Settings) -> None:
    if config.database_url:
        await look_at_database(config.database_url)
    if config.redis_url:
        await look_at_redis(config.redis_url)
