"""From a clone and a bare Python to a running marketplace, as a newcomer does it."""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from marketplace.core.config import ROOT
from tests import instances
from tests.launch.processes import eventually, folder, gone, naming, reachable_by_nobody, server

NO_SERVERS = {"DATABASE_URL": "", "REDIS_URL": "", "PYTHONPATH": "", "MARKETPLACE_HOME": "", "PYTHONSAFEPATH": ""}


@pytest.fixture(scope="module")
def clone() -> Iterator[Path]:
    """The files of the project as they are now, without an environment or data."""
    for made in folder("marketplace-clone-"):
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).is_file():
                (made / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, made / name)
        yield made


def system_python() -> str:
    """A Python that is nobody's environment; for root, preferably one that other users can run."""
    base = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    for candidate in (Path("/usr/bin/python3"), base):
        if (
            candidate.exists()
            and subprocess.run([candidate, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]).returncode == 0
        ):
            return str(candidate)
    return sys.executable


def start(
    clone: Path, *args: str, environ: dict[str, str] | None = None, command: list[str] | None = None
) -> instances.Instance:
    return instances.launch(
        "-m",
        "marketplace",
        *args,
        environ=NO_SERVERS | (environ or {}),
        command=command or [system_python()],
        cwd=clone,
    )


def test_one_command_brings_up_everything_and_a_signal_takes_it_down(clone):
    """Then killed outright, started again from elsewhere: the data is still there, and nothing is left at the end."""
    service = instances.wait_until_it_answers(start(clone, "--port", "0"), patience=180)
    assert "Installing" in service.said and "Demo accounts" in service.said and str(clone / ".data") in service.said
    assert httpx.get(f"{service.url}/health/ready").json()["status"] == "ok"
    auctions = httpx.get(f"{service.url}/api/v1/auctions/active/").json()["data"]["count"]
    assert auctions > 0
    service.kill()
    eventually(lambda: service.process.poll() is not None, "it was killed")

    again = instances.launch(
        str(clone / "marketplace"), "--port", "0", environ=NO_SERVERS, command=[system_python()], cwd=Path("/")
    )
    instances.wait_until_it_answers(again)
    assert "Installing" not in again.said and "Bringing the database" not in again.said
    assert httpx.get(f"{again.url}/api/v1/auctions/active/").json()["data"]["count"] == auctions
    assert again.terminate() == 0
    assert naming(clone) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="the whole run is one by an ordinary user")
def test_root_runs_the_servers_as_nobody(clone):
    service = instances.wait_until_it_answers(start(clone, "--port", "0"), patience=180)
    try:
        for program in ("postgres", "valkey"):
            running = server(clone, program)
            assert running is not None and running.username() == "nobody"
    finally:
        service.terminate()
    assert naming(clone) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="the whole run is one by an ordinary user")
@pytest.mark.skipif(
    not reachable_by_nobody(Path(system_python()).resolve()), reason="no Python here that nobody may run"
)
def test_an_ordinary_user_needs_no_rights(clone):
    """As nobody, in a copy of its own that already has an environment (made by root, read by all)."""
    start(clone, "doctor").process.wait(180)
    nobody = pwd.getpwnam("nobody")
    for home in folder("marketplace-nobody-"):
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
        service = start(
            clone, "--port", "0", environ={"MARKETPLACE_HOME": str(home), "HOME": str(home)},
            command=["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", system_python()],
        )  # fmt: skip
        instances.wait_until_it_answers(service)
        assert {process.username() for process in naming(home)} == {"nobody"}
        assert service.terminate() == 0
        gone(home)


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """Just what the bootstrap needs to begin."""
    (tmp_path / "tests").mkdir()
    for name in (
        "requirements.lock",
        "tests/requirements.lock",
        "marketplace/__init__.py",
        "marketplace/__main__.py",
        "marketplace/bootstrap.py",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy2(ROOT / name, tmp_path / name)
    return tmp_path


WITHOUT = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name in {modules}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Missing())
"""


def fails(bare: Path, environ: dict[str, str]) -> str:
    instance = start(bare, environ=environ)
    assert instance.process.wait(120) == 1
    assert "Traceback" not in instance.said
    last = instance.said.strip().splitlines()[-1]
    assert last.startswith("marketplace: "), instance.said
    return last


def test_a_python_without_ensurepip_or_pip_is_told_what_to_install(bare):
    (bare / "sitecustomize.py").write_text(WITHOUT.format(modules=("ensurepip", "pip")))
    said = fails(bare, {"PATH": "/nowhere", "PYTHONPATH": str(bare)})
    assert "apt install python3-venv" in said


def test_without_a_network_it_says_so(bare):
    away = "http://127.0.0.1:9"
    environ = {
        "PATH": "/nowhere", "PIP_INDEX_URL": f"{away}/simple", "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull,
        "PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": "", "PIP_NO_CACHE_DIR": "1",
    }  # fmt: skip
    said = fails(bare, environ)
    assert "Is there a network?" in said and "UV_DEFAULT_INDEX" in said
    assert not (bare / ".venv" / "marketplace.stamp").exists()


def test_an_old_python_is_told_which_one_is_needed(bare):
    versions = Path(sys.base_prefix).parent  # pyenv keeps them side by side
    olds = [*versions.glob("3.[6789].*/bin/python3"), *versions.glob("3.10.*/bin/python3")]
    olds += [Path(found) for name in ("python3.9", "python3.10") if (found := shutil.which(name))]
    if not olds:
        pytest.skip("no old Python on this machine")
    done = subprocess.run([olds[0], "-m", "marketplace"], cwd=bare, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.startswith("marketplace needs Python 3.11 or newer; this is 3.")


def test_the_locks_hold_versions_and_hashes_and_no_addresses():
    run_lock, test_lock = ((ROOT / name).read_text() for name in ("requirements.lock", "tests/requirements.lock"))
    for lock in (run_lock, test_lock):
        assert "://" not in lock
        entries = [line for line in lock.splitlines() if line and not line.startswith(" ")]
        assert len(entries) > 50 and all("==" in line and line.endswith("\\") for line in entries)
    pinned = {line for line in run_lock.splitlines() if "==" in line}
    assert pinned <= {line for line in test_lock.splitlines() if "==" in line}


def test_an_environment_is_current_within_milliseconds_of_work(clone):
    """Warm, the bootstrap reads one stamp and one lock: it imports nothing that could make an environment."""
    start(clone, "doctor").process.wait(180)
    done = subprocess.run(
        [system_python(), "-X", "importtime", "-m", "marketplace", "doctor"],
        cwd=clone, env=os.environ | NO_SERVERS, capture_output=True, text=True,
    )  # fmt: skip
    assert "hashlib" in done.stderr and "marketplace.bootstrap" not in done.stderr
