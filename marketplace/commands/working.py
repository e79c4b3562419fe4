"""`worker`: relay, timers and jobs in a process of their own."""

import asyncio
import importlib
from argparse import Namespace

from marketplace.commands.database import bring_up_to_date
from marketplace.commands.servers import needed_servers
from marketplace.commands.stopping import Stopped, was_asked


def run(_: Namespace) -> int:
    try:
        with needed_servers(meanwhile=lambda: importlib.import_module("marketplace.worker")):
            from marketplace import worker

            asyncio.run(bring_up_to_date())
            print("Working. Ctrl-C stops it.", flush=True)
            return worker.main(was_asked)
    except Stopped:
        return 0
