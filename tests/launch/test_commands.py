"""Commands that do one thing and end."""

import http.server
import json
import os
import threading
from collections.abc import Iterator

import pytest

from tests import servers
from tests.conftest import BASE_REDIS_URL, BASE_URL, DATABASE
from tests.launch.test_serve import PRODUCTION, one_line, run


@pytest.fixture(scope="module")
def environ() -> Iterator[dict[str, str]]:
    with servers.database(BASE_URL, f"{DATABASE}_commands") as database_url:
        with servers.redis_database(BASE_REDIS_URL) as redis_url:
            yield {"DATABASE_URL": database_url, "REDIS_URL": redis_url}


@pytest.fixture(scope="module")
def migrated(environ: dict[str, str]) -> dict[str, str]:
    first, again = run("migrate", environ=environ), run("migrate", environ=environ)
    assert first.process.returncode == again.process.returncode == 0
    assert "ran 20" in first.said and "ran" not in again.said.replace("The database", "")
    return environ


def test_the_schema_and_nothing_else_is_printed():
    instance = run("openapi", environ={"DATABASE_URL": "", "REDIS_URL": ""})
    schema = json.loads(instance.said)
    assert instance.process.returncode == 0
    assert schema["openapi"].startswith("3.1") and "/api/v1/auth/login" in schema["paths"]


def test_doctor_finds_everything_in_order(migrated):
    instance = run("doctor", environ=migrated)
    assert instance.process.returncode == 0, instance.said
    for word in ("PostgreSQL", "Migrations    all have run", "would refuse: MARKETPLACE_SECRET_KEY", "litestar"):
        assert word in instance.said


def test_doctor_says_what_is_broken(migrated):
    wrong = migrated | {"REDIS_URL": "redis://:topsecret@127.0.0.1:9/0", "MARKETPLACE_SECRETKEY": "x"}
    instance = run("doctor", environ=wrong)
    assert instance.process.returncode == 1
    assert "! Redis" in instance.said and "! Setting       MARKETPLACE_SECRETKEY" in instance.said
    assert "topsecret" not in instance.said


def test_doctor_finds_migrations_that_have_not_run(environ):
    with servers.database(BASE_URL, f"{DATABASE}_behind") as url:
        instance = run("doctor", environ=environ | {"DATABASE_URL": url})
    assert instance.process.returncode == 1 and "have not run; run `migrate`" in instance.said


def test_doctor_says_when_the_database_is_ahead_of_the_code(migrated):
    url = migrated["DATABASE_URL"]
    servers.fetch(url, "INSERT INTO migration (name, app_name, ran_on) VALUES ('2099-01-01', 'marketplace', now())")
    instance = run("doctor", environ=migrated)
    servers.fetch(url, "DELETE FROM migration WHERE name = '2099-01-01'")
    assert instance.process.returncode == 0 and "1 more have run than this code knows" in instance.said


def test_doctor_tries_the_store_and_the_mail_server(migrated):
    wrong = {
        "MARKETPLACE_SMTP_HOST": "127.0.0.1", "MARKETPLACE_SMTP_PORT": "9", "MARKETPLACE_S3_BUCKET": "media",
        "MARKETPLACE_S3_ENDPOINT": "http://127.0.0.1:9", "MARKETPLACE_S3_ACCESS_KEY": "key",
        "MARKETPLACE_S3_SECRET_KEY": "topsecret",
    }  # fmt: skip
    instance = run("doctor", environ=migrated | wrong)
    assert instance.process.returncode == 1 and "topsecret" not in instance.said
    assert "! Files         bucket media cannot be reached" in instance.said
    assert "! Mail          nothing listens at 127.0.0.1:9" in instance.said


def test_doctor_names_what_is_unsafe_in_production(migrated):
    instance = run("doctor", environ=migrated | PRODUCTION | {"MARKETPLACE_PUBLIC_URL": "http://market.example"})
    assert instance.process.returncode == 1
    assert "! Production    would refuse: MARKETPLACE_PUBLIC_URL" in instance.said


def test_an_admin_made_from_the_command_line_can_sign_in(migrated):
    environ = migrated | {"MARKETPLACE_ADMIN_PASSWORD": "correct horse battery"}
    wanted = ("create-admin", "--email", "root@example.com", "--username", "root_admin", "--role", "manager")
    instance = run(*wanted, environ=environ)
    assert instance.process.returncode == 0, instance.said
    [user] = servers.fetch(
        migrated["DATABASE_URL"],
        "SELECT username, role, email_verified_at IS NOT NULL AS proven, password_hash LIKE '$argon2id$%' AS hashed, "
        "(SELECT count(*) FROM sessions s WHERE s.user = u.id AND ended_at IS NULL) AS sessions, "
        "(SELECT count(*) FROM audit_log a WHERE a.object_id = u.id::text AND a.action = 'user.role_changed') AS audited "
        "FROM users u WHERE email = 'root@example.com'",
    )
    assert tuple(user) == ("root_admin", "manager", True, True, 0, 1)

    taken = ("create-admin", "--email", "other@example.com", "--username", "root_admin")
    refused = run(*taken, environ=environ)
    assert refused.process.returncode == 1 and "username" in one_line(refused)
    assert servers.fetch(migrated["DATABASE_URL"], "SELECT count(*) FROM users")[0]["count"] == 1


@pytest.mark.parametrize(
    ("password", "says"), [("short", "password"), ("", "Set MARKETPLACE_ADMIN_PASSWORD, or run this at a terminal")]
)
def test_an_admin_needs_a_good_password(migrated, password, says):
    environ = migrated | {"MARKETPLACE_ADMIN_PASSWORD": password}
    instance = run("create-admin", "--email", "a@example.com", "--username", "another", environ=environ)
    assert instance.process.returncode == 1 and says in one_line(instance)


def test_reconcile_finds_what_does_not_hold(migrated):
    assert "The books agree" in run("reconcile", environ=migrated).said
    url = migrated["DATABASE_URL"]
    servers.fetch(
        url,
        "INSERT INTO outbox (kind, handler, body, created_at, due_at, attempts, last_error) "
        "VALUES ('test', 'nobody', '{}', now() - interval '1 hour', now() - interval '1 hour', 0, '')",
    )
    instance = run("reconcile", environ=migrated)
    assert instance.process.returncode == 1
    assert "BROKEN: no outbox row is unsent for longer than a minute" in instance.said
    servers.fetch(url, "DELETE FROM outbox")


@pytest.mark.parametrize("arguments", [["--port", "http"], ["--workers", "0"], ["nonsense"], ["replay"]])
def test_a_command_that_is_asked_wrongly_says_how(arguments):
    instance = run(*arguments)
    assert instance.process.returncode == 2 and "usage: python3 -m marketplace" in instance.said


def test_a_command_there_is_not_is_told_those_there_are():
    said = run("nonsense").said
    assert "there is no command 'nonsense'" in said and "create-admin" in said


@pytest.mark.parametrize("is_somebody", [True, False])
def test_demo_says_when_the_service_is_not_there(is_somebody):
    """Nobody listens, or somebody who is not the service."""
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as other:
        url = f"http://127.0.0.1:{other.server_port}" if is_somebody else "http://127.0.0.1:9"
        threading.Thread(target=other.serve_forever, daemon=True).start()
        instance = run("demo", "--url", url)
        other.shutdown()
    assert instance.process.returncode == 1 and "Traceback" not in instance.said
    assert f"Is the service running at {url}?" in instance.said


def test_replay_of_a_file_that_is_not_there(migrated):
    instance = run("replay", os.devnull + "/nothing.csv", environ=migrated)
    assert instance.process.returncode == 1 and "is no file" in one_line(instance)
