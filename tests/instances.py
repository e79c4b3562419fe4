"""Running instances of the service: real processes on ports of their own."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import httpx

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 120.0
"""Seconds after which something that must happen is taken for something that will not. No test measures it."""


@dataclass
class Instance:
    """`python -m marketplace.cli <args>`. Its output goes to a file, so it can never block on a reader."""

    process: subprocess.Popen[bytes]
    output: IO[bytes]
    url: str = ""
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def said(self) -> str:
        return Path(self.output.name).read_text(errors="replace")

    def terminate(self) -> int:
        """Ask it to stop, wait for it, tell its exit code."""
        return self.end(signal.SIGTERM)

    def kill(self) -> int:
        return self.end(signal.SIGKILL)

    def end(self, number: int) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def launch(
    *args: str,
    environ: Mapping[str, str] | None = None,
    command: Sequence[str] = (sys.executable, "-m", "marketplace.cli"),
    cwd: Path = ROOT,
) -> Instance:
    """Start a command. `environ` is laid over this process's own environment; an empty value takes a variable away."""
    merged = {name: value for name, value in (os.environ | (environ or {})).items() if value}
    output = tempfile.NamedTemporaryFile(prefix="marketplace-instance-")  # noqa: SIM115 - outlives this function
    process = subprocess.Popen(
        [*command, *args], cwd=cwd, env=merged, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
    )
    return Instance(process, output, environ=merged)


def serve(*args: str, environ: Mapping[str, str] | None = None, **how: object) -> Instance:
    """A service that answers, on a free port."""
    instance = launch("serve", "--port", "0", *args, environ=environ, **how)  # type: ignore[arg-type]
    return wait_until_it_answers(instance)


def wait_until_it_answers(instance: Instance, patience: float = PATIENCE) -> Instance:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if instance.process.poll() is not None:
            break
        if found := re.search(r"http://[\w.\[\]:]+:\d+", instance.said):
            instance.url = found.group()
            if _answers(instance.url):
                return instance
        time.sleep(0.05)
    said = instance.said
    instance.kill()
    raise AssertionError(f"the service did not come up:\n{said}")


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/live", timeout=5).status_code == 200
    except httpx.TransportError:
        return False
