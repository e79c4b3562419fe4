"""Who uses the servers, and the keeper that stops them for users who were killed."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from marketplace.core.embedded.place import Place, locate, make_folders
from marketplace.core.embedded.processes import end, running, send, stop
from marketplace.core.embedded.start import start_postgres, start_valkey

KEEPER_PERIOD = 0.5
DISMISS_SECONDS = 5
KEEPER = "import sys; sys.path.append(sys.argv[1]); from marketplace.core.embedded.users import main; main()"
PROJECT = Path(__file__).resolve().parents[3]

_our_keepers: dict[Path, subprocess.Popen[bytes]] = {}
"""By home: the keepers that are our children, to be waited for."""


@contextmanager
def servers(home: Path, *, postgres: bool = True, valkey: bool = True, fsync: bool = True) -> Iterator[Place]:
    """Start (or adopt) the servers asked for, and stop them afterwards unless somebody else still uses them.

    `fsync=False` is for data that may be lost with the machine. Raises EmbeddedError.
    """
    place = locate(home)
    make_folders(place)
    starts: list[Callable[[], None]] = []
    if postgres:
        starts.append(lambda: start_postgres(place, fsync))
    if valkey:
        starts.append(lambda: start_valkey(place))
    with (place.home / "mutex").open("w") as mutex, (place.home / "users").open("w") as users:
        try:
            with _locked(mutex), _undisturbed():
                fcntl.flock(users, fcntl.LOCK_SH)
                _ensure_keeper(place)
                with ThreadPoolExecutor(2) as pool:
                    for started in [pool.submit(start) for start in starts]:
                        started.result()
            yield place
        finally:
            with _locked(mutex), _undisturbed():
                _leave(place, users)


def hold(home: Path) -> None:
    """Count this process among the users for as long as it lives: it may outlive the one that started the servers."""
    users = os.open(locate(home).home / "users", os.O_RDWR)
    fcntl.flock(users, fcntl.LOCK_SH)


def _leave(place: Place, users: TextIO) -> None:
    if _nobody_uses(users):
        stop(place)
        _dismiss_keeper(place)


def _nobody_uses(users: TextIO) -> bool:
    """Whether our own lock is the only one. If so it is let go of; the mutex keeps newcomers out meanwhile."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fcntl.flock(users, fcntl.LOCK_UN)
        return False
    fcntl.flock(users, fcntl.LOCK_UN)
    return True


def keep(place: Place) -> None:
    """Wait until nobody uses the servers, stop them, end. Sent away with SIGTERM by a last user that stopped them itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with (
        (place.home / "mutex").open("w") as mutex,
        (place.home / "users").open("w") as users,
        (place.home / "keeper").open("a+") as alone,
    ):
        try:
            fcntl.flock(alone, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        alone.truncate(0)
        alone.write(str(os.getpid()))
        alone.flush()
        last_seen: dict[str, int] = {}
        while True:
            last_seen |= running(place)
            with _locked(mutex):
                if _nobody_uses(users):
                    stop(place)
                    if not place.home.exists():  # somebody removed the folder under running servers
                        end(place, last_seen)
                    return
            time.sleep(KEEPER_PERIOD)


def _ensure_keeper(place: Place) -> None:
    if _keeper_pid(place) is not None:
        return
    with place.log("keeper").open("ab") as log:
        keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", KEEPER, str(PROJECT), str(place.home), str(place.run)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True,
        )  # fmt: skip
    _our_keepers[place.home] = keeper


def _keeper_pid(place: Place) -> int | None:
    with (place.home / "keeper").open("a+") as alone:
        try:
            fcntl.flock(alone, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            alone.seek(0)
            return int(alone.read() or 0)
    return None


def _dismiss_keeper(place: Place) -> None:
    """Held by us, the mutex keeps it from being in the middle of something."""
    if keeper := _our_keepers.pop(place.home, None):  # it may be so new that it has not made itself known
        keeper.terminate()
        keeper.wait()
    deadline = time.monotonic() + DISMISS_SECONDS
    while (pid := _keeper_pid(place)) is not None and time.monotonic() < deadline:
        if pid:
            send(pid, signal.SIGTERM)
        time.sleep(0.005)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Signals wait until the block is done: what is raised in the middle of a start would leave a server half-started,
    known to nobody.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, lambda number, _: came.append(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)
    if came:
        signal.raise_signal(came[0])


@contextmanager
def _locked(file: TextIO) -> Iterator[None]:
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def main() -> None:
    keep(Place(Path(sys.argv[2]), Path(sys.argv[3])))
