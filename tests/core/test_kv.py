"""A Redis that leaves at the worst moment is a Redis that is away, whatever the event loop calls it."""

import asyncio
import sys

import pytest
import redis
import uvloop

from marketplace.core import kv


def test_a_server_that_hangs_up_in_mid_greeting_is_away():
    async def greet_and_leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async def ask() -> None:
        server = await asyncio.start_server(greet_and_leave, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        for _ in range(50):
            client = kv.connect(f"redis://127.0.0.1:{port}/0")
            with pytest.raises((redis.RedisError, OSError)):
                await client.ping()
            await client.aclose()
        server.close()

    if sys.version_info >= (3, 12):
        uvloop.run(ask())
    else:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(ask())


@pytest.mark.parametrize(
    ("url", "kind"), [("redis://h:1/2", "_Tcp"), ("rediss://h/0", "_Tls"), ("unix:///tmp/x.sock?db=3", "_Unix")]
)
def test_every_kind_of_address_is_understood(url, kind):
    pool = kv.connect(url).connection_pool
    assert pool.connection_class.__name__ == kind
    assert pool.connection_kwargs["socket_timeout"] == 2
