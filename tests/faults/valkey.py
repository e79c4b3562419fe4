"""A Redis server of a test's own, to be killed, hung and emptied."""

import signal
import socket
import subprocess
import time
from pathlib import Path

import redis

from marketplace.core.embedded.place import Place
from marketplace.core.embedded.programs import valkey_program

PATIENCE = 30.0


class Valkey:
    """Keeps nothing on disk: after `kill` and `start` it is empty."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = valkey_program(Place(self.folder, self.folder))
        self.process = subprocess.Popen(
            [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
             "--dir", str(self.folder)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                with redis.Redis.from_url(self.url) as client:
                    client.ping()
                return
            except redis.RedisError:
                time.sleep(0.05)
        raise AssertionError("valkey did not start")

    def kill(self) -> None:
        self._send(signal.SIGKILL)
        assert self.process is not None
        self.process.wait(PATIENCE)

    def hang(self) -> None:
        """Stays connected and answers nothing."""
        self._send(signal.SIGSTOP)

    def go_on(self) -> None:
        self._send(signal.SIGCONT)

    def flush(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def _send(self, number: int) -> None:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
