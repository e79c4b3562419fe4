"""`serve`: the servers, the database as the code expects it, demo data, and the application on a port."""

import asyncio
import importlib
import os
import sys
from argparse import Namespace
from pathlib import Path

from marketplace.commands.checks import where
from marketplace.commands.database import bring_up_to_date, current_database
from marketplace.commands.ports import address, listen
from marketplace.commands.servers import Servers, needed_servers
from marketplace.commands.stopping import Stopped
from marketplace.core.config import PREFIX, settings, unknown


def run(args: Namespace) -> int:
    config = settings()
    for name in unknown(os.environ):
        say(f"{name} is set but is no setting; is it misspelt?")
    host = args.host or config.host
    with listen(host, config.port if args.port is None else args.port) as listener:
        url = address(host, listener)
        if f"{PREFIX}PUBLIC_URL" not in os.environ:
            os.environ[f"{PREFIX}PUBLIC_URL"] = url
            settings.cache_clear()
        with_demo = args.demo and config.env != "production"
        try:
            with needed_servers(meanwhile=import_application) as servers:
                asyncio.run(prepare(with_demo))
                from marketplace.commands.answering import answer

                answer(listener, args.workers or config.workers, ready=lambda: welcome(servers, url, with_demo))
        except Stopped:
            pass
        say("Stopped.")
    return 0


def import_application() -> None:
    """The slow part of a warm start, done while the servers start."""
    importlib.import_module("marketplace.app")
    importlib.import_module("marketplace.commands.answering")


async def prepare(with_demo: bool) -> None:
    if not with_demo:
        await bring_up_to_date()
        return
    from marketplace.demo.load import load

    async with current_database():
        await load(say)


def welcome(servers: Servers, url: str, with_demo: bool) -> None:
    config = servers.config
    lines = [
        "",
        f"  Marketplace     {url}/",
        f"  API docs        {url}/api/docs",
        f"  Admin           {url}/admin",
    ]
    if with_demo:
        from marketplace.demo.things import PASSWORD, PEOPLE

        lines += ["", f"  Demo accounts, all with the password {PASSWORD}"]
        lines += [f"    {person.email:<28}{person.role}" for person in PEOPLE]
    lines += [
        "",
        f"  PostgreSQL      {_kind(servers.postgres_embedded)} {where(config.database_url)}",
        f"  Valkey          {_kind(servers.valkey_embedded)} {where(config.redis_url)}",
        f"  Data            {_folders(servers)}",
        "",
        "  Ctrl-C stops everything; the data stays.",
        "",
    ]
    say("\n".join(lines))


def _kind(is_embedded: bool) -> str:
    return "embedded, at" if is_embedded else "at"


def _folders(servers: Servers) -> str:
    home = Path(servers.config.home)
    if servers.place is None or servers.place.home == home.resolve():
        return str(home)
    return f"{servers.place.home} (servers), {home} (files, mail)"


def say(line: str) -> None:
    print(line, file=sys.stdout, flush=True)
