"""Benchmarks: what the service reaches, beside the raw limit of the same path, as one table.

    python3 -m marketplace test --benchmarks [name...]

Starts what it needs, listens on 127.0.0.1 only, and takes a few minutes. Nothing here decides whether a test passes.
"""

import importlib
import os
import platform
import resource
import sys

import psutil

from tests.benchmarks import place
from tests.benchmarks.table import HEAD, line

NAMES = ("cached_get", "bids", "list", "write", "shop", "checkout", "ledger", "payment", "broadcast", "start")
"""In the order they run: bids check every invariant afterwards, which the many rows of the lists are not made to hold."""


def main(names: list[str]) -> None:
    if unknown := set(names) - set(NAMES):
        sys.exit(f"No benchmark {', '.join(sorted(unknown))}. There are: {', '.join(NAMES)}.")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    memory = psutil.virtual_memory().total / 2**30
    print(f"{os.cpu_count()} cores, {memory:.0f} GB, Python {platform.python_version()}; load before: {busy()}\n")
    print(HEAD, flush=True)
    with place.place():
        for name in [name for name in NAMES if name in names or not names]:
            for row in importlib.import_module(f"tests.benchmarks.bench_{name}").run():
                print(line(row), flush=True)
    print(f"\nload after: {busy()}")


def busy() -> str:
    """How many processes wanted the cores: above their number, milliseconds say little and ratios still something."""
    return f"{os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    main(sys.argv[1:])
