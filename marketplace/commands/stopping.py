"""How every command stops when it is asked to. Standard library only: it is set up before anything slow is imported."""

import signal
from types import FrameType

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

_asked = False


class Stopped(SystemExit):
    """SIGTERM, Ctrl-C or a closed terminal: what is to be ended is ended on the way out."""


def stop_on_signal() -> None:
    """Turn SIGTERM and Ctrl-C into an orderly way out through every `finally`.

    uvicorn raises the signal again after its own shutdown: with the default handler that would end the process there
    and then, with the embedded servers still running.
    """
    for number in STOP_SIGNALS:
        signal.signal(number, _leave)


def _leave(number: int, _: FrameType | None) -> None:
    global _asked
    _asked = True
    raise Stopped(128 + number)


def was_asked() -> bool:
    """Whether a signal came. Python drops what is raised in some places (a finalizer, an import's clean-up), so who is about
    to wait for long looks here first.
    """
    return _asked


def no_more_signals() -> None:
    """From here on the way out is not to be interrupted."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
