"""`python -m tests.races.forking SOCKET`: imports the service once, and forks a process for everybody who connects.

Whoever connects sends one line, the order; the connection is then the process's standard input and output. It all ends with
this program's standard input, so also when the tests are killed.
"""

import asyncio
import atexit
import gc
import importlib
import os
import random
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import uuid_utils
from msgspec import Struct


class Order(Struct, frozen=True):
    """`deed` is `module:function`, called with the job once the process is told to go."""

    deed: str
    job: Any
    environ: dict[str, str]


@cache
def address() -> str:
    """The socket of this process's own; it is listened on when this returns."""
    folder = tempfile.TemporaryDirectory(prefix="marketplace-crew-")
    atexit.register(folder.cleanup)
    path = str(Path(folder.name, "s"))
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env=os.environ | {"MARKETPLACE_DB_POOL_MAX": "6"},
    )  # fmt: skip
    assert process.stdin and process.stdout
    atexit.register(process.wait)
    atexit.register(process.stdin.close)
    assert process.stdout.readline() == b"ready\n", "the service could not be imported"
    return path


def _main(path: str) -> None:
    import marketplace.app  # noqa: F401 - as every process of the service, and what tests call over HTTP

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children
    with socket.socket(socket.AF_UNIX) as listener, selectors.DefaultSelector() as selector:
        listener.bind(path)
        listener.listen(64)
        selector.register(listener, selectors.EVENT_READ)
        selector.register(sys.stdin.fileno(), selectors.EVENT_READ)
        gc.freeze()
        print("ready", flush=True)
        while all(key.fileobj is listener for key, _ in selector.select()):
            connection, _ = listener.accept()
            with connection:
                order = _read(connection)
                importlib.import_module(order.deed.partition(":")[0])  # once for all who come for it
                if not os.fork():
                    listener.close()
                    _be_a_child(connection, order)


def _read(connection: socket.socket) -> Order:
    line = b""
    while not line.endswith(b"\n"):
        line += connection.recv(65536) or b"\n"
    return msgspec.json.decode(line, type=Order)


def _be_a_child(connection: socket.socket, order: Order) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(connection.fileno(), sys.stdin.fileno())
    os.dup2(connection.fileno(), sys.stdout.fileno())
    connection.close()
    os.environ.update(order.environ)
    random.seed()
    uuid_utils.reseed_rng()  # what was born together must not think the same
    try:
        asyncio.run(_work(order))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        sys.stdout.flush()
        os._exit(0)  # what ends a process of Python's own belongs to the one that was forked


async def _work(order: Order) -> None:
    from marketplace.core import db, logs
    from marketplace.core.config import settings

    settings.cache_clear()
    logs.configure()  # what is said goes to standard error: the other is for the result
    module, _, name = order.deed.partition(":")
    db.DB.acquire_timeout = 60.0  # whoever races may have to wait: it is about who wins
    await db.connect()
    try:
        print("ready", os.getpid(), flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        function = getattr(importlib.import_module(module), name)
        print(msgspec.json.encode(await function(order.job)).decode(), flush=True)
    finally:
        await db.disconnect()


if __name__ == "__main__":
    _main(sys.argv[1])
