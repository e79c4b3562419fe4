"""Making the project's environment: uv, `.venv`, every locked version by its hash. Standard library only."""

import configparser
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from marketplace.__main__ import LOCKS, PYTHON, ROOT, STAMP, VENV, fingerprint, is_current

TOOLS = ROOT / ".data" / "tools"
UV_VERSION = "0.13.8"


class SetupError(Exception):
    """The environment cannot be made; the message is one line that says what to do."""


def prepare(wanted: set[str]) -> None:
    """Make the environment current, or end with one line that says what to do."""
    try:
        with one_at_a_time():
            if not is_current(wanted):
                make_environment(wanted)
    except SetupError as error:
        sys.exit(f"marketplace: {error}")
    except OSError as error:
        sys.exit(f"marketplace: {error.filename or ROOT} cannot be used: {error.strerror}. Is the folder yours?")
    except KeyboardInterrupt:
        sys.exit(130)


def make_environment(wanted: set[str]) -> None:
    if (VENV / "bin" / "pytest").exists():
        wanted = wanted | {"test"}  # a new lock must not take the test tools away
    sys.stderr.write(f"Setting up the environment in {VENV} (only now, and when the locked versions change)\n")
    STAMP.unlink(missing_ok=True)
    uv = find_uv()
    if not runs_this_python(PYTHON):
        run("Making .venv", [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)])
    lock = LOCKS["test" if "test" in wanted else "run"]  # the one for the tests holds everything
    sync = [
        uv,
        "pip",
        "sync",
        "--quiet",
        "--require-hashes",
        "--compile-bytecode",
        "--python",
        str(PYTHON),
    ]
    packages = lock.read_text().count("==")
    run(f"Installing {packages} packages", [*sync, str(lock)])
    ours = [str(ROOT / name) for name in ("marketplace", "piccolo_migrations")]
    subprocess.run(
        [PYTHON, "-m", "compileall", "-q", *ours], capture_output=True, check=False
    )  # faster starts, no more
    for site_packages in VENV.glob("lib/python*/site-packages"):
        (site_packages / "marketplace.pth").write_text(f"{ROOT}\n")
    new = STAMP.with_suffix(".new")
    new.write_text("".join(f"{name} {fingerprint(name)}\n" for name in sorted(wanted)))
    new.rename(STAMP)


def runs_this_python(python: Path) -> bool:
    try:
        said = subprocess.run([str(python), "-c", "import sys; print(sys.version)"], capture_output=True, text=True)
    except OSError:
        return False
    return said.stdout.strip() == sys.version.strip()


def find_uv() -> str:
    """uv as it is installed, or a pinned one in a private environment."""
    if (found := shutil.which("uv")) and subprocess.run([found, "--version"], capture_output=True).returncode == 0:
        return found
    for private in (TOOLS / "bin" / "uv", TOOLS / "lib" / "bin" / "uv"):
        if (
            private.exists()
            and UV_VERSION in subprocess.run([str(private), "--version"], capture_output=True, text=True).stdout
        ):
            return str(private)
    TOOLS.parent.mkdir(exist_ok=True)
    pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    if has("venv") and has("ensurepip"):
        run("Preparing the installer", [sys.executable, "-m", "venv", "--clear", str(TOOLS)])
        run(f"Fetching uv {UV_VERSION}", [str(TOOLS / "bin" / "python"), *pip, f"uv=={UV_VERSION}"])
        return str(TOOLS / "bin" / "uv")
    if has("pip"):
        target = str(TOOLS / "lib")
        run(f"Fetching uv {UV_VERSION}", [sys.executable, *pip, "--upgrade", "--target", target, f"uv=={UV_VERSION}"])
        return str(TOOLS / "lib" / "bin" / "uv")
    raise SetupError(NO_INSTALLER)


def has(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


NO_INSTALLER = (
    "this Python has no `ensurepip`, so no packages can be installed. On Debian or Ubuntu: apt install python3-venv. "
    "Or install uv, and start again."
)
NO_NETWORK = (
    "the packages could not be fetched. Is there a network? Behind a proxy set HTTPS_PROXY; with a mirror of the package "
    "index set UV_DEFAULT_INDEX and PIP_INDEX_URL. It said: {}"
)
SIGNS_OF_NO_NETWORK = (
    "error sending request", "dns error", "failed to fetch", "network is unreachable", "connection refused", "timed out",
    "name resolution", "failed to establish a new connection", "could not connect", "tunnel", "no matching distribution",
    "network connectivity is disabled",
)  # fmt: skip


def run(what: str, command: Sequence[str]) -> None:
    """Run a step, showing how long it takes. Raises SetupError with one line made of what it said."""
    began = time.monotonic()
    with tempfile.TemporaryFile("w+", errors="replace") as said:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=mirrors() | os.environ, cwd=str(ROOT)
        )
        try:
            while process.poll() is None:
                time.sleep(0.05)
                show(what, time.monotonic() - began, end="")
        except BaseException:
            process.kill()
            process.wait()
            show("", 0, end="")
            raise
        show(what, time.monotonic() - began, end="\n")
        if process.returncode:
            said.seek(0)
            raise SetupError(explain(what, said.read()))


def show(what: str, seconds: float, end: str) -> None:
    """A line that is written over on a terminal; elsewhere only the finished one."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K  {what} ... {seconds:.1f} s{end}" if what else "\r\033[K")
    elif end:
        sys.stderr.write(f"  {what} ... {seconds:.1f} s{end}")
    sys.stderr.flush()


def explain(what: str, said: str) -> str:
    if "no space left on device" in said.lower():
        return f"{what} failed: there is no space left on the disk of {ROOT}, or in the package cache; 1 GB is needed"
    lines = [line.strip(" \u2502\u251c\u2570\u2500\u25b6\u00d7") for line in said.splitlines() if line.strip()]
    lowered = said.lower()
    if "ensurepip" in lowered or "no module named" in lowered:
        return NO_INSTALLER
    if any(sign in lowered for sign in SIGNS_OF_NO_NETWORK):
        return NO_NETWORK.format(lines[-1] if lines else "nothing")
    return f"{what} failed: {' | '.join(lines[-3:])}"


def mirrors() -> dict[str, str]:
    """The index and certificates that pip is set up with, in the words of uv, which does not read pip's settings."""
    settings = configparser.ConfigParser(interpolation=None)
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser())
    with contextlib.suppress(configparser.Error, OSError):
        named = os.environ.get("PIP_CONFIG_FILE", "")
        settings.read(["/etc/pip.conf", Path("~/.pip/pip.conf").expanduser(), home / "pip" / "pip.conf", named])
    index = os.environ.get("PIP_INDEX_URL") or settings.get("global", "index-url", fallback="")
    certificates = os.environ.get("PIP_CERT") or settings.get("global", "cert", fallback="")
    given = {"UV_DEFAULT_INDEX": index, "SSL_CERT_FILE": certificates}
    if not os.access(Path("~").expanduser(), os.W_OK):
        given["UV_CACHE_DIR"] = str(ROOT / ".data" / "cache")
    return {name: value for name, value in given.items() if value}


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two starts in a fresh clone: the second waits, then finds the work done."""
    import fcntl

    TOOLS.parent.mkdir(exist_ok=True)
    with (TOOLS.parent / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.stderr.write("Another start is setting up the environment; waiting for it\n")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
