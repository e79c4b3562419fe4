"""The README says what is so: its settings are the settings, and its tour runs."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_type_hints

import msgspec
import pytest

from marketplace.core.config import Settings, variable
from marketplace.demo.load import load
from tests.instances import Instance

README = (Path(__file__).resolve().parents[1] / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.S | re.M)


@pytest.mark.parametrize("field", msgspec.structs.fields(Settings), ids=lambda field: field.name)
def test_every_setting_is_listed_with_its_meaning(field):
    hint = get_type_hints(Settings, include_extras=True)[field.name]
    description = next(meta.description for meta in hint.__metadata__ if getattr(meta, "description", None))
    [row] = re.findall(rf"^\| `{variable(field.name)}` \| (.*?) \| (.*) \|$", README, re.M)
    assert row[1] == description
    if field.name not in ("home", "secret_key"):  # they differ from place to place
        shown = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
        assert row[0] == (f"`{shown}`" if shown else "empty")


def test_no_setting_is_listed_that_is_none():
    listed = re.findall(r"^\| `((?:MARKETPLACE_|DATABASE_|REDIS_)\w+)` \|", README, re.M)
    assert listed == [variable(field.name) for field in msgspec.structs.fields(Settings)]


async def test_the_tour_runs(server: Instance, tmp_path: Path):
    await load(lambda _: None)
    script = "set -e\n" + "\n".join(blocks("bash")) + '\necho "AUCTION=$AUCTION ALICE=$ALICE"\n'
    ran = await asyncio.to_thread(
        subprocess.run,
        ["bash", "-c", script],
        capture_output=True,
        text=True,
        env=os.environ | {"BASE": server.url},
    )
    assert ran.returncode == 0, ran.stderr
    assert '"current_price":"20.50"' in ran.stdout and '"minimum":"21.00"' in ran.stdout
    assert '"intact":true' in ran.stdout
    assert "succeeded\nshipped\nreleased\n" in ran.stdout
    refusal = msgspec.json.decode(blocks("json")[0])
    assert msgspec.json.encode(refusal["errors"]).decode() in ran.stdout
    auction, alice = re.findall(r"AUCTION=(\S+) ALICE=(\S+)", ran.stdout)[0]

    [client] = blocks("python")
    (tmp_path / "client.py").write_text(client)
    heard = await asyncio.to_thread(
        subprocess.run, [sys.executable, tmp_path / "client.py", server.url, auction, alice],
        capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert heard.returncode == 0, heard.stderr
    assert "snapshot" in heard.stdout and "bid_placed" in heard.stdout
