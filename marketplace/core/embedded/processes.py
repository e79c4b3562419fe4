"""The servers as processes: which of them run, asking them to stop, ending those that will not."""

import os
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from marketplace.core.embedded.place import Place

STOP_SECONDS = 30


def stop(place: Place) -> None:
    alive = running(place)
    if "postgres" in alive:
        send(alive["postgres"], signal.SIGINT)  # "fast": ends sessions, writes everything, leaves
    if ask(place.valkey_socket, b"SHUTDOWN\r\n") is None and "valkey" in alive:
        send(alive["valkey"], signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while any(is_running(pid, _mark(place, server)) for server, pid in alive.items()):
        if time.monotonic() > deadline:
            end(place, alive)
            return
        time.sleep(0.005)


def end(place: Place, pids: dict[str, int]) -> None:
    """What did not stop when asked is ended by force; both servers recover from their logs."""
    for server, pid in pids.items():
        if is_running(pid, _mark(place, server)):
            send(pid, signal.SIGQUIT if server == "postgres" else signal.SIGKILL)


def send(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def running(place: Place) -> dict[str, int]:
    """The process numbers of this place's servers that are alive."""
    noted = {"postgres": first_number(place.postmaster_pid), "valkey": first_number(place.valkey_pid)}
    return {server: pid for server, pid in noted.items() if is_running(pid, _mark(place, server))}


def _mark(place: Place, server: str) -> Path:
    """What tells this place's server from any other: it stands among the arguments of the process."""
    return place.cluster if server == "postgres" else place.valkey_socket


def is_running(pid: int, mark: Path) -> bool:
    return pid > 0 and str(mark) in arguments(pid)


def arguments(pid: int) -> str:
    """The command line of a process; empty for one that is gone or waits to be reaped."""
    if Path("/proc/self/cmdline").exists():
        with suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return ""
    return subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout


def first_number(file: Path) -> int:
    with suppress(OSError, ValueError, IndexError):
        return int(file.read_text().split()[0])
    return 0


def ask(where: Path, line: bytes = b"") -> bytes | None:
    """None when nobody listens; otherwise the first bytes of the answer to `line`."""
    with socket.socket(socket.AF_UNIX) as conversation:
        conversation.settimeout(2)
        try:
            conversation.connect(str(where))
            conversation.sendall(line)
            return conversation.recv(64) if line else b""
        except OSError:
            return None
