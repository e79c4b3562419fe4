"""`worker`: relay, timers and jobs in a process of their own."""

import asyncio
import importlib
from argparse import Namespace

from marketplace.commands.database import bring_up_to_date
from marketplace.commands.servers import Stopped, needed_servers


def run(args: Namespace) -> int:
    try:
        with needed_servers(meanwhile=lambda: importlib.import_module("marketplace.worker")):
            from marketplace import worker

            asyncio.run(bring_up_to_date())
            print("Working. Ctrl-C stops it.", flush=True)
            return worker.main(args)
    except Stopped:
        return 0
