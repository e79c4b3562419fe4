"""Starting one server: make its data when there is none, then run it in the background."""

import os
import shlex
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from marketplace.core.embedded.place import NAME, EmbeddedError, Place, as_nobody
from marketplace.core.embedded.processes import ask, first_number, is_running
from marketplace.core.embedded.programs import postgres_programs, valkey_program

START_SECONDS = 60
NOBODY = 2**31 - 2
"""A process number that no system gives out."""
LINGER_SECONDS = 15
LINGERING = "pre-existing shared memory block"
"""What PostgreSQL says while sessions of a killed predecessor are still about to leave."""


def start_postgres(place: Place, fsync: bool) -> None:
    if ask(place.postgres_socket) is not None:
        return None
    programs = postgres_programs(place)
    if not place.cluster.exists():
        _make_cluster(place, programs)
    else:
        _forget_dead_postmaster(place)
    options = {
        "listen_addresses": "", "unix_socket_directories": str(place.run), "unix_socket_permissions": "0700",
        "max_connections": "200", "timezone": "UTC", "jit": "off", "fsync": "on" if fsync else "off",
        "full_page_writes": "on" if fsync else "off",
    }  # fmt: skip
    start = [
        programs / "pg_ctl", "-D", place.cluster, "-w", "-t", START_SECONDS, "-l", place.log("postgres"),
        "-o", " ".join(f"-c {name}={shlex.quote(value)}" for name, value in options.items()), "start",
    ]  # fmt: skip
    deadline = time.monotonic() + LINGER_SECONDS
    while True:
        try:
            return _run(place, *start)
        except EmbeddedError:
            why = _last_words(place)
            if LINGERING not in why or time.monotonic() > deadline:
                raise EmbeddedError(f"PostgreSQL did not start: {why} (more in {place.log('postgres')})") from None
            time.sleep(0.1)


def _last_words(place: Place) -> str:
    with suppress(OSError):
        lines = place.log("postgres").read_text(errors="replace").splitlines()
        return next((line for line in reversed(lines) if "FATAL" in line), "it gave no reason")
    return "it gave no reason"


def _make_cluster(place: Place, programs: Path) -> None:
    """Built aside and renamed, so that an interrupted one leaves nothing half-made."""
    new = place.cluster.with_name("new")
    shutil.rmtree(new, ignore_errors=True)
    version = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    major = int(version.split()[2].split(".")[0])
    if major < 15:
        raise EmbeddedError(f"{programs} holds PostgreSQL {major}; 15 or newer is needed.")
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if major >= 17 else []
    _run(
        place, programs / "initdb", "-D", new, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync",
        "--no-locale", *locale,
    )  # fmt: skip
    setup = f"create role {NAME} login createdb\ncreate database {NAME} owner {NAME}\n"
    _run(place, programs / "postgres", "--single", "-F", "-D", new, "postgres", stdin=setup)
    new.rename(place.cluster)


def _forget_dead_postmaster(place: Place) -> None:
    """After a crash the number in postmaster.pid may be another process's by now, or that of one nobody has reaped.

    PostgreSQL would then refuse to start. The file stays, with a number that is certainly nobody's: from its other
    lines PostgreSQL learns whether sessions of the dead server still linger.
    """
    for left in (place.postmaster_pid, place.run / ".s.PGSQL.5432.lock"):
        pid = first_number(left)
        if pid and not is_running(pid, place.cluster):
            left.write_text("\n".join([str(NOBODY), *left.read_text().split("\n")[1:]]))


def start_valkey(place: Place) -> None:
    if ask(place.valkey_socket) is None:
        place.valkey_pid.unlink(missing_ok=True)
        _run(
            place, valkey_program(place), "--port", 0, "--unixsocket", place.valkey_socket, "--unixsocketperm", 700,
            "--dir", place.home / "valkey", "--appendonly", "yes", "--save", "", "--databases", 64,
            "--daemonize", "yes", "--pidfile", place.valkey_pid, "--logfile", place.log("valkey"),
        )  # fmt: skip
    end = time.monotonic() + START_SECONDS
    while not (ask(place.valkey_socket, b"PING\r\n") or b"").startswith(b"+PONG"):
        if time.monotonic() > end:
            raise EmbeddedError(f"Valkey did not start; see {place.log('valkey')}.")
        time.sleep(0.005)


def _run(place: Place, *command: object, stdin: str = "") -> None:
    """Run to the end as the servers' user, out of reach of the terminal's Ctrl-C.

    Output goes to a file: a daemon would hold a pipe open for ever.
    """
    log = place.log("setup")
    with log.open("ab") as out, tempfile.TemporaryFile("w+") as typed:
        before = out.tell()
        typed.write(stdin)
        typed.seek(0)
        words = [str(word) for word in command]
        environ = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        try:
            code = subprocess.run(
                words, stdout=out, stderr=out, stdin=typed, cwd="/", env=environ,
                start_new_session=True, **as_nobody(),
            ).returncode  # fmt: skip
        except OSError as error:
            raise EmbeddedError(f"{words[0]} cannot be run: {error}") from None
    if code:
        said = log.read_bytes()[before:].decode(errors="replace")
        raise EmbeddedError(f"{Path(words[0]).name} failed: {_reason(place, said)} (more in {log.parent})")


def _reason(place: Place, said: str) -> str:
    """One line: what to do where we know it, otherwise what sounds most like the reason."""
    if "No space left on device" in said:
        return f"there is no space left on the disk of {place.home}; about 200 MB are needed"
    if "could not look up effective user ID" in said:
        return (
            f"PostgreSQL cannot run as user {os.geteuid()}, who has no name on this machine. "
            "Start as a user who has one, or set DATABASE_URL"
        )
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if any(word in line.lower() for word in ("fatal", "error", "can't", "could not"))]
    return " | ".join((telling or lines)[-2:]) or "it gave no reason"
