"""`replay`: recorded auctions through the real services."""

import asyncio
import importlib
from argparse import Namespace
from pathlib import Path

from marketplace.commands.checks import CheckFailed
from marketplace.commands.database import current_database
from marketplace.commands.servers import needed_servers


def run(args: Namespace) -> int:
    file = Path(args.file)
    if not file.is_file():
        raise CheckFailed(f"{file} is no file.")
    with needed_servers(meanwhile=lambda: importlib.import_module("marketplace.wiring")):
        return asyncio.run(_replay(file, args.json))


async def _replay(file: Path, as_json: bool) -> int:
    from marketplace.auctions import replay

    async with current_database():
        return await replay.main(file, as_json=as_json)
