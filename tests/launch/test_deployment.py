"""The image and the compose file, as far as they can be read without a container engine."""

import re
import shlex
import shutil
import subprocess

import pytest
import yaml

from marketplace.core.config import ROOT, read, unknown, unsafe

GIVEN = {"MARKETPLACE_SECRET_KEY": "0123456789abcdefghijklmnopqrstuv", "POSTGRES_PASSWORD": "a1", "S3_SECRET_KEY": "b2"}


def interpolated(text: str) -> str:
    """`${NAME:?why}` and `${NAME:-default}`, as compose fills them in."""

    def value(found: "re.Match[str]") -> str:
        name, kind, rest = found.groups()
        if kind == ":?":
            return GIVEN[name]
        return GIVEN.get(name, rest or "")

    return re.sub(r"\$\{(\w+)(:[-?])?([^}]*)\}", value, text)


COMPOSE = yaml.safe_load(interpolated((ROOT / "docker-compose.yml").read_text()))
SERVICES = COMPOSE["services"]
OURS = ("app", "worker", "migrate")
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_the_production_shape_is_complete():
    assert {"proxy", "app", "worker", "migrate", "postgres", "valkey", "storage", "mail"} <= SERVICES.keys()
    assert SERVICES["postgres"]["image"].startswith("postgres:18")
    assert all(SERVICES[name]["deploy"]["replicas"] > 1 for name in ("app", "worker"))
    assert all(":" in service["image"] for name, service in SERVICES.items() if name not in OURS)
    assert [name for name, service in SERVICES.items() if "80:80" in service.get("ports", [])] == ["proxy"]


def test_its_settings_exist_and_are_safe():
    for name in OURS:
        environ = {key: str(value or "") for key, value in SERVICES[name]["environment"].items()}
        assert unknown(environ) == []
        config = read(environ | {"MARKETPLACE_ENV": "production"})
        assert unsafe(config) == []
        assert config.worker_in_process is False
        assert "MARKETPLACE_ENV=production" in DOCKERFILE


@pytest.mark.skipif(not shutil.which("docker-compose"), reason="no compose on this machine")
def test_compose_reads_its_file_without_its_secrets():
    command = ["docker-compose", "-f", str(ROOT / "docker-compose.yml"), "config", "--quiet"]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


def test_a_secret_that_nobody_made_is_refused():
    for name in OURS:
        environ = {key: str(value or "") for key, value in SERVICES[name]["environment"].items()}
        assert unsafe(read(environ | {"MARKETPLACE_SECRET_KEY": ""})) != []


def test_the_service_is_no_superuser_and_its_queue_forgets_nothing():
    assert SERVICES["app"]["environment"]["DATABASE_URL"].startswith("postgresql://marketplace:")
    assert "POSTGRES_USER" not in SERVICES["postgres"]["environment"], "the service's role is not that of the server"
    assert "noeviction" in SERVICES["valkey"]["command"]


def test_what_a_service_waits_for_can_tell_that_it_is_ready():
    for service in SERVICES.values():
        for other, how in (service.get("depends_on") or {}).items():
            if how["condition"] == "service_healthy":
                assert other == "app" or "healthcheck" in SERVICES[other]
            else:
                assert SERVICES[other]["restart"] == "no"
    assert "HEALTHCHECK" in DOCKERFILE


def test_volumes_are_declared():
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert used == set(COMPOSE["volumes"])


def test_a_stop_waits_longer_than_requests_and_jobs_may_take():
    seconds = int(SERVICES["app"]["stop_grace_period"].removesuffix("s"))
    assert seconds > 2 * read({}).drain_seconds


def test_the_image_holds_what_it_copies_and_runs_as_nobody_in_particular():
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert ignored[0] == "*"
    allowed = [line[1:] for line in ignored if line.startswith("!")]
    for line in DOCKERFILE.splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            for source in shlex.split(line)[1:-1]:
                assert (ROOT / source).exists() and source.split("/")[0] in allowed, source
    assert re.search(r"^USER marketplace$", DOCKERFILE, re.M)


def test_commands_of_the_services_exist():
    from marketplace.cli import parser

    for name in OURS:
        assert parser().parse_args(SERVICES[name]["command"]).run is not None
