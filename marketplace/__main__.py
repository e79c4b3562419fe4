"""`python3 -m marketplace`: sees to the project's own environment, then runs the command inside it.

Standard library only, for it runs before anything is installed. Its syntax is kept to what old Pythons can read, so that
they reach the line which says that they are too old.
"""

import os
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - the interpreter that runs this may be any
    sys.exit("marketplace needs Python 3.11 or newer; this is %d.%d." % sys.version_info[:2])  # noqa: UP031
if os.name != "posix":
    sys.exit("marketplace runs on Linux and macOS; on Windows, run it inside WSL.")

import hashlib
import platform
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "marketplace.stamp"
LOCKS = {"run": ROOT / "requirements.lock", "test": ROOT / "tests" / "requirements.lock"}
NEED_TEST_TOOLS = ("test",)


def main() -> None:
    if os.path.expanduser("~") == "~":  # noqa: PTH111 - a user whom the machine does not know, as containers have
        os.environ["HOME"] = "/"
    wanted = {"run", "test"} if sys.argv[1:2] and sys.argv[1] in NEED_TEST_TOOLS else {"run"}
    sys.path.insert(0, str(ROOT))  # also when started as `python3 path/to/marketplace`
    if not is_current(wanted):
        from marketplace import bootstrap

        bootstrap.prepare(wanted)
    if sys.executable == str(PYTHON) or Path(sys.prefix) == VENV:
        from marketplace.cli import main as command

        command()
    else:  # -P: a folder in the way that happens to be called marketplace is not looked at
        os.execv(PYTHON, [str(PYTHON), "-P", "-m", "marketplace", *sys.argv[1:]])  # noqa: S606 - becomes it


def is_current(wanted: "set[str]") -> bool:
    try:
        stamped = STAMP.read_text().splitlines()
    except OSError:
        return False
    return all(f"{name} {fingerprint(name)}" in stamped for name in wanted)


def fingerprint(name: str) -> str:
    """What an environment depends on: the locked versions, this Python, and where the project lies."""
    digest = hashlib.sha256(LOCKS[name].read_bytes())
    digest.update(f"{sys.version} {platform.machine()} {ROOT}".encode())
    return digest.hexdigest()


if __name__ == "__main__":
    main()
