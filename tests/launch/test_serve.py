"""A running service: how it starts, shares its port, finishes what it began, and what it says when it cannot start."""

import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests import instances, servers
from tests.conftest import BASE_REDIS_URL, BASE_URL, DATABASE
from tests.launch.processes import eventually

SECRET = "0123456789abcdefghijklmnopqrstuvwxyz"
PRODUCTION = {
    "MARKETPLACE_ENV": "production", "MARKETPLACE_SECRET_KEY": SECRET, "MARKETPLACE_SMTP_HOST": "mail.example",
    "MARKETPLACE_PUBLIC_URL": "https://market.example",
}  # fmt: skip


@pytest.fixture(scope="module")
def environ() -> Iterator[dict[str, str]]:
    """A database and a Redis of this module's own."""
    with servers.database(BASE_URL, f"{DATABASE}_serve") as database_url:
        with servers.redis_database(BASE_REDIS_URL) as redis_url:
            yield {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "MARKETPLACE_WORKER_IN_PROCESS": "true"}


@pytest.fixture(scope="module")
def migrated(environ: dict[str, str]) -> dict[str, str]:
    assert run("migrate", environ=environ).process.returncode == 0
    return environ


def run(*args: str, environ: dict[str, str] | None = None) -> instances.Instance:
    """A command that ends by itself."""
    instance = instances.launch(*args, environ=environ)
    instance.process.wait(instances.PATIENCE)
    return instance


def one_line(instance: instances.Instance) -> str:
    """What a command that failed said: one line, no traceback."""
    lines = [line for line in instance.said.splitlines() if line]
    assert len(lines) == 1 and lines[0].startswith("marketplace: "), instance.said
    return lines[0]


def test_it_says_where_everything_is(migrated):
    service = instances.serve("--no-demo", environ=migrated)
    try:
        for address in (f"{service.url}/\n", f"{service.url}/api/docs\n", f"{service.url}/admin\n"):
            assert address in service.said
        assert "Data " in service.said and "password" not in service.said
        assert httpx.get(f"{service.url}/health/ready").json()["status"] == "ok"
    finally:
        assert service.terminate() == 0
    assert service.said.rstrip().endswith("Stopped.")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_it_orderly(migrated, number):
    service = instances.serve("--no-demo", environ=migrated)
    assert service.end(number) == 0
    assert "Traceback" not in service.said


def test_a_request_in_flight_is_answered_before_it_stops(migrated):
    service = instances.serve("--no-demo", environ=migrated)
    body = b'{"email": "nobody@example.com", "password": "a-password-of-nobody"}'
    url = httpx.URL(service.url)
    with socket.create_connection((url.host, url.port)) as conversation:
        conversation.sendall(
            b"POST /api/v1/auth/login HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n"
            b"connection: close\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body[:10])
        )
        time.sleep(0.3)  # the request is being read
        service.process.terminate()
        eventually(lambda: refuses(url), "the port is still open")
        conversation.sendall(body[10:])
        answer = b"".join(iter(lambda: conversation.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 401 ") and b'"success":false' in answer
    assert service.terminate() == 0


def refuses(url: httpx.URL) -> bool:
    try:
        socket.create_connection((url.host, url.port), timeout=1).close()
    except ConnectionRefusedError:
        return True
    return False


def test_several_processes_share_the_port_and_one_that_dies_is_replaced(migrated):
    service = instances.serve("--no-demo", "--workers", "2", environ=migrated)
    launcher = psutil.Process(service.process.pid)
    first = app_processes(launcher)
    assert len(first) == 2
    first[0].kill()
    eventually(lambda: len({p.pid for p in app_processes(launcher)} - {first[0].pid}) == 2, "no replacement came")
    assert httpx.get(f"{service.url}/health/live").status_code == 200
    everything = launcher.children(recursive=True)
    assert service.terminate() == 0
    # Python's own resource tracker ends when it sees that its parent has.
    eventually(lambda: not any(alive(process) for process in everything), "processes outlive their launcher")


def test_app_processes_end_when_their_launcher_is_killed(migrated):
    service = instances.serve("--no-demo", "--workers", "2", environ=migrated)
    everything = psutil.Process(service.process.pid).children(recursive=True)
    service.kill()
    eventually(lambda: not any(alive(process) for process in everything), "processes outlive their launcher")


def app_processes(launcher: psutil.Process) -> list[psutil.Process]:
    return [child for child in launcher.children() if alive(child) and "spawn_main" in " ".join(child.cmdline())]


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_taken_port_is_said_with_another_that_is_free(migrated):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        instance = run("serve", "--port", str(port), environ=migrated)
    assert instance.process.returncode == 1
    said = one_line(instance)
    assert f"Port {port} on 127.0.0.1 is taken" in said and "--port " in said


def test_an_unready_database_is_refused_in_production(environ):
    with servers.database(BASE_URL, f"{DATABASE}_empty") as empty:
        instance = run("serve", "--port", "0", environ=environ | PRODUCTION | {"DATABASE_URL": empty})
    assert instance.process.returncode == 1 and "Run `migrate` once" in one_line(instance)


WRONG = {
    "no address": ({"DATABASE_URL": "mysql://127.0.0.1/x"}, 2, "DATABASE_URL is no PostgreSQL address"),
    "nobody there": ({"DATABASE_URL": "postgresql://u:topsecret@127.0.0.1:9/x"}, 1, "127.0.0.1:9/x cannot be reached"),
    "redis no address": ({"REDIS_URL": "http://127.0.0.1"}, 2, "REDIS_URL is no Redis address"),
    "redis nobody there": ({"REDIS_URL": "redis://:topsecret@127.0.0.1:9/0"}, 1, "127.0.0.1:9/0 cannot be reached"),
    "redis no number": ({"REDIS_URL": "redis://127.0.0.1:6379/first"}, 2, "REDIS_URL names database 'first'"),
    "no number": ({"MARKETPLACE_DB_POOL_MAX": "many"}, 2, "MARKETPLACE_DB_POOL_MAX"),
    "no such choice": ({"MARKETPLACE_ENV": "staging"}, 2, "MARKETPLACE_ENV"),
    "no such host": ({"MARKETPLACE_HOST": "192.0.2.1"}, 2, "192.0.2.1 is no address of this machine"),
}


@pytest.mark.parametrize(("wrong", "code", "says"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_in_one_line_without_passwords(migrated, wrong, code, says):
    instance = run("serve", "--port", "0", environ=migrated | wrong)
    assert instance.process.returncode == code
    assert says in one_line(instance) and "topsecret" not in instance.said


def test_a_database_that_does_not_exist_is_named(migrated):
    url = servers.named(BASE_URL, "no_such_database")
    instance = run("serve", "--port", "0", environ=migrated | {"DATABASE_URL": url})
    assert instance.process.returncode == 1 and "no database 'no_such_database'" in one_line(instance)


@pytest.mark.parametrize(
    ("missing", "named"),
    [("MARKETPLACE_SECRET_KEY", "MARKETPLACE_SECRET_KEY"), ("MARKETPLACE_PUBLIC_URL", "MARKETPLACE_PUBLIC_URL"),
     ("REDIS_URL", "REDIS_URL"), ("DATABASE_URL", "DATABASE_URL"), ("MARKETPLACE_SMTP_HOST", "MARKETPLACE_SMTP_HOST")],
)  # fmt: skip
@pytest.mark.parametrize("command", ["serve", "worker"])
def test_production_refuses_what_is_unsafe(environ, missing, named, command):
    instance = run(command, environ=environ | PRODUCTION | {missing: ""})
    assert instance.process.returncode == 2
    said = one_line(instance)
    assert "refusing to start in production" in said and said.count(";") < 2 and f"{named} " in said


def test_a_misspelt_setting_is_pointed_out(migrated):
    service = instances.serve("--no-demo", environ=migrated | {"MARKETPLACE_SECRETKEY": "x"})
    service.terminate()
    assert "MARKETPLACE_SECRETKEY is set but is no setting" in service.said


def test_a_second_worker_process_works_and_stops(migrated):
    worker = instances.launch("worker", environ=migrated)
    eventually(lambda: "Working." in worker.said, "the worker did not start")
    assert worker.terminate() == 0
    assert "Traceback" not in worker.said


def test_metrics_are_of_all_processes(migrated):
    service = instances.serve("--no-demo", "--workers", "2", environ=migrated)
    with httpx.Client(base_url=service.url) as http:
        for _ in range(20):
            http.get("/api/v1/categories/", headers={"connection": "close"})
        for _ in range(8):  # whichever process answers
            told = http.get("/metrics", headers={"connection": "close"}).text
            assert 'route="/api/v1/categories",status="200"} 20.0' in told
    [child, _] = app_processes(psutil.Process(service.process.pid))
    folder = Path(child.environ()["PROMETHEUS_MULTIPROC_DIR"])
    assert service.terminate() == 0 and not folder.exists()
    assert "Stopped." in service.said
