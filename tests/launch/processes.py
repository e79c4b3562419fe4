"""Looking at processes from outside, as the operator of the machine would."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

PATIENCE = 60.0


def naming(where: object) -> list[psutil.Process]:
    """Living processes that have a path among their arguments: our launchers, keepers and servers of that folder."""
    return [process for process in psutil.process_iter() if str(where) in _arguments(process)]


def _arguments(process: psutil.Process) -> str:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return ""
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def server(where: object, program: str) -> psutil.Process | None:
    """The PostgreSQL or Valkey that keeps its data below a folder."""
    return next((process for process in naming(where) if program in process.name()), None)


def eventually(what: Callable[[], bool], why: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline, why
        time.sleep(0.05)


def gone(where: object) -> None:
    """Wait until nothing of a folder runs any more."""
    eventually(lambda: not naming(where), f"still running: {[_arguments(process) for process in naming(where)]}")


def end_all(where: object) -> None:
    """For the end of a test that may have failed halfway."""
    for process in naming(where):
        if process.pid != os.getpid():
            process.kill()


def reachable_by_nobody(path: Path) -> bool:
    return all(part.stat().st_mode & 0o001 for part in (path, *path.parents))


def folder(prefix: str) -> Iterator[Path]:
    """A temporary folder that other users may enter, gone afterwards with all that runs in it."""
    import shutil
    import tempfile

    made = Path(tempfile.mkdtemp(prefix=prefix)).resolve()
    made.chmod(0o755)
    try:
        yield made
    finally:
        end_all(made)
        shutil.rmtree(made, ignore_errors=True)
