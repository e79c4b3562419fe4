"""The embedded servers: who stops them, who adopts them, and what may have happened to their folder before."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
import redis

from marketplace.core import embedded
from marketplace.core.embedded import start
from tests.launch.processes import end_all, eventually, folder, gone, naming, server

USE = """
import sys, time, pathlib
from marketplace.core import embedded
with embedded.servers(pathlib.Path(sys.argv[1]), fsync=False):
    print("up", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A folder with a cluster in it, whose servers are stopped."""
    for made in folder("marketplace-launch-"):
        with embedded.servers(made, fsync=False):
            pass
        yield made


@pytest.fixture(autouse=True)
def _nothing_left(home: Path) -> Iterator[None]:
    yield
    end_all(home)


def a_user_of(home: Path) -> "subprocess.Popen[str]":
    """Another process that has the servers up. It leaves when its input is closed."""
    user = subprocess.Popen(
        [sys.executable, "-c", USE, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert user.stdout is not None and user.stdout.readline() == "up\n"
    return user


def answers(place: embedded.Place) -> bool:
    async def ask() -> int:
        connection = await asyncpg.connect(place.database_url)
        try:
            return int(await connection.fetchval("SELECT 1"))
        finally:
            await connection.close()

    with redis.Redis.from_url(place.redis_url) as valkey:
        return asyncio.run(ask()) == 1 and valkey.ping() is True


def test_both_answer_and_nothing_is_left_afterwards(home):
    with embedded.servers(home, fsync=False) as place:
        assert answers(place)
        assert place.run.stat().st_mode & 0o777 == 0o700
    assert naming(home) == []


def test_who_leaves_last_stops_them(home):
    with embedded.servers(home, fsync=False) as place:
        second = a_user_of(home)
    assert answers(place)
    second.communicate()
    assert naming(home) == []


def test_only_the_missing_server_is_started(home):
    with embedded.servers(home, postgres=False):
        assert server(home, "valkey") and not server(home, "postgres")
    with embedded.servers(home, valkey=False, fsync=False):
        assert server(home, "postgres") and not server(home, "valkey")


def test_they_stop_when_their_only_user_is_killed(home):
    user = a_user_of(home)
    user.kill()
    user.wait()
    gone(home)


@pytest.mark.parametrize("delay", [0.05, 0.15, 0.25, 0.4])
def test_ctrl_c_in_the_middle_of_a_start_leaves_nothing(home, delay):
    """Whatever it interrupts: what has begun is finished, then stopped."""
    user = subprocess.Popen(
        [sys.executable, "-c", USE, str(home)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    time.sleep(delay)
    os.killpg(user.pid, signal.SIGINT)
    user.communicate(timeout=60)
    assert naming(home) == []


def test_a_start_after_a_kill_adopts_what_runs(home):
    user = a_user_of(home)
    postgres = server(home, "postgres")
    for process in naming(home):  # the launcher and its keeper, as when somebody ends all that is ours
        if "python" in process.name():
            process.kill()
            process.wait()
    user.wait()
    with embedded.servers(home, fsync=False) as place:
        assert server(home, "postgres") == postgres
        assert answers(place)
    assert naming(home) == []


def test_servers_that_were_killed_start_again_with_their_data(home):
    async def remember(place: embedded.Place, sql: str) -> object:
        connection = await asyncpg.connect(place.database_url)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    with embedded.servers(home) as place:
        asyncio.run(remember(place, "CREATE TABLE kept AS SELECT 42 AS it"))
        end_all(place.cluster)
        eventually(lambda: server(home, "postgres") is None, "postgres was killed")
    with embedded.servers(home) as place:
        assert asyncio.run(remember(place, "SELECT it FROM kept")) == 42


def test_a_process_number_that_became_somebody_elses_is_no_obstacle(home):
    """After a crash postmaster.pid stays; in a container its number soon belongs to another process: here, to us."""
    place = embedded.locate(home)
    for left in (place.postmaster_pid, place.valkey_pid):
        left.write_text(f"{os.getpid()}\n{place.cluster}\n1\n5432\n{place.run}\n\n")
    with embedded.servers(home, fsync=False) as place:
        assert answers(place)


def test_a_cluster_that_was_half_made_is_made_anew():
    for home in folder("marketplace-half-"):
        (home / "postgres" / "new").mkdir(parents=True)
        (home / "postgres" / "new" / "PG_VERSION").write_text("18")
        with embedded.servers(home, valkey=False, fsync=False):
            assert server(home, "postgres")


def test_a_folder_with_a_long_name_still_gets_its_sockets():
    for outer in folder("marketplace-long-"):
        home = outer / ("x" * 90)
        with embedded.servers(home, postgres=False) as place:
            assert len(str(place.valkey_socket)) < 100 and place.run.stat().st_mode & 0o777 == 0o700


def test_a_folder_of_somebody_else_is_refused_with_a_way_out(home, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 4242)
    with pytest.raises(embedded.EmbeddedError, match=r"belongs to user .*MARKETPLACE_HOME"):
        with embedded.servers(home):
            raise AssertionError


@pytest.mark.skipif(os.geteuid() != 0, reason="only root could take them")
def test_root_does_not_take_over_the_folders_of_a_user():
    for made in folder("marketplace-launch-"):
        for path in (made, made / "run"):
            path.mkdir(mode=0o700, exist_ok=True)
            os.chown(path, 4242, 4242)
        with pytest.raises(embedded.EmbeddedError, match=r"belongs to user 4242.* Run as the user who made it"):
            with embedded.servers(made):
                raise AssertionError
        assert (made / "run").stat().st_uid == 4242


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Can't open the log file", "Can't open the log file"),
        ("initdb: error: No space left on device", "no space left on the disk of"),
        ("could not look up effective user ID 7", "has no name on this machine"),
    ],
)
def test_a_program_that_fails_is_quoted_with_its_reason_of_this_time(home, monkeypatch, said, told):
    (home / "logs" / "setup.log").write_text("FATAL: the reason of another day\n")
    for made in folder("marketplace-program-"):
        program = made / "valkey-server"
        program.write_text(f'#!/bin/sh\necho "{said}"\necho "removing what was made"\nexit 1\n')
        program.chmod(0o755)
        monkeypatch.setattr(start, "valkey_program", lambda _, program=program: program)
        with pytest.raises(embedded.EmbeddedError) as refusal:
            with embedded.servers(home, postgres=False):
                raise AssertionError
    assert told in str(refusal.value)
    assert "removing" not in str(refusal.value) and "another day" not in str(refusal.value)


def test_a_program_that_is_not_there_is_named(home, monkeypatch):
    monkeypatch.setenv("MARKETPLACE_VALKEY_BIN", "/nowhere/valkey-server")
    with pytest.raises(embedded.EmbeddedError, match="/nowhere/valkey-server cannot be run"):
        with embedded.servers(home, postgres=False):
            raise AssertionError
    assert naming(home) == []
