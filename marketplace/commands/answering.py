"""uvicorn around the application: one process, or several that share the port."""

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import uvicorn
from litestar import Litestar
from prometheus_client.multiprocess import mark_process_dead
from uvicorn.supervisors.multiprocess import Multiprocess

from marketplace.app import create_app
from marketplace.commands.checks import CheckFailed
from marketplace.commands.stopping import was_asked
from marketplace.core import embedded
from marketplace.core.config import settings

START_SECONDS = 60
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
SPARE_SECONDS = 5
"""How much longer than its grace periods a stop may take before the process is ended by force."""

Ready = Callable[[], None]


def answer(listener: socket.socket, workers: int, ready: Ready) -> None:
    """Serve until SIGTERM or SIGINT, then finish the requests in flight. Calls `ready` when the first can be answered."""
    if workers == 1:
        server = Server(_config("marketplace.app:create_app"), ready)
        server.run(sockets=[listener])
        started = server.started
    else:
        with shared_metrics():
            together = Together(_config("marketplace.commands.answering:one_of_several", workers), [listener], ready)
            together.run()
        started = together.started
    if not started:
        raise CheckFailed("The application did not start; the reason stands above.")


@contextlib.contextmanager
def shared_metrics() -> Iterator[None]:
    """A folder in which the processes count together, so that each of them tells /metrics of all."""
    if os.environ.get(METRICS_FOLDER):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="marketplace-metrics-", ignore_cleanup_errors=True) as folder:
        os.environ[METRICS_FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[METRICS_FOLDER]


def _config(factory: str, workers: int = 1) -> uvicorn.Config:
    config = settings()
    return uvicorn.Config(
        factory,
        factory=True,
        workers=workers,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=64 * 1024,
        ws_per_message_deflate=False,  # 1,000 sockets would each keep a compressor, for messages of some hundred bytes
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=config.trusted_proxies,
        timeout_keep_alive=75,  # longer than the proxy's, so that it never sends into a connection we just closed
        timeout_graceful_shutdown=config.drain_seconds,
    )


class Server(uvicorn.Server):
    """uvicorn's server that says when it is ready, and whose stop has an end."""

    def __init__(self, config: uvicorn.Config, ready: Ready) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if was_asked():
            self.should_exit = True
        elif self.started:
            self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        with super().capture_signals():
            before = signal.signal(signal.SIGHUP, self.handle_exit)  # the terminal was closed: stop as for Ctrl-C
            try:
                yield
            finally:
                signal.signal(signal.SIGHUP, before)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if not self.should_exit:
            end_if_it_hangs()
        super().handle_exit(sig, frame)


def end_if_it_hangs() -> None:
    """Requests drain, then jobs; what then still hangs is cut off. An embedded server is stopped by its keeper."""
    patience = threading.Timer(2 * settings().drain_seconds + SPARE_SECONDS, os._exit, [1])
    patience.daemon = True
    patience.start()


class Together(Multiprocess):
    """Several processes that share the port; one that dies is replaced."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket], ready: Ready) -> None:
        super().__init__(config, sockets)
        self._ready = ready
        self.started = False

    def init_processes(self) -> None:
        super().init_processes()
        self.started = all(process.wait_until_ready(START_SECONDS, self.should_exit) for process in self.processes)
        if self.started and not was_asked():
            self._ready()
        else:
            self.should_exit.set()

    def keep_subprocess_alive(self) -> None:
        before = {process.pid for process in self.processes}
        super().keep_subprocess_alive()
        for gone in before - {process.pid for process in self.processes}:
            mark_process_dead(gone)  # type: ignore[no-untyped-call] # its open sockets are no longer open

    def handle_hup(self) -> None:
        self.handle_term()

    def join_all(self) -> None:
        end_if_it_hangs()
        super().join_all()


def one_of_several() -> Litestar:
    """The application in a process of its own, which ends when the one that started it is gone."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a closed terminal tells the parent too, which ends us orderly
    config = settings()
    home = Path(config.home)
    place = embedded.locate(home)
    if config.database_url == place.database_url or config.redis_url == place.redis_url:
        embedded.hold(home)
    return create_app()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)
        end_if_it_hangs()
