"""The application ends when it is told to, however early."""

import asyncio

import pytest

from tests import instances


@pytest.mark.parametrize("lives", ["0", "0.001", "0.02"])
async def test_an_application_told_to_stop_while_it_starts_stops(app, lives):
    """In a process of its own: while it connects, a cancellation can get lost in a library."""
    instance = instances.launch(command=(instances.sys.executable, "-c", SCRIPT), environ={"LIVES": lives})
    assert await asyncio.to_thread(instance.process.wait, instances.PATIENCE) == 0, instance.said


SCRIPT = """
import asyncio, os
from marketplace.app import create_app

async def main():
    async with create_app().lifespan():
        await asyncio.sleep(float(os.environ["LIVES"]))

asyncio.run(main())
"""
