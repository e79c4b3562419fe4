"""A Redis that leaves at the worst moment is a Redis that is away, whatever the event loop calls it."""

import asyncio

import pytest
import redis
import uvloop

from marketplace.core import kv


def test_a_connection_that_broke_unnoticed_is_a_server_that_is_away():
    async def send_into_nothing() -> None:
        connection = await kv.connect().connection_pool.get_connection()
        connection._writer.transport.abort()
        await asyncio.sleep(0.01)  # uvloop closes the handle; redis-py still believes in it
        with pytest.raises((redis.RedisError, OSError)):
            await connection.send_packed_command(connection.pack_command("PING"), check_health=False)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(send_into_nothing())


@pytest.mark.parametrize(
    ("url", "kind"), [("redis://h:1/2", "_Tcp"), ("rediss://h/0", "_Tls"), ("unix:///tmp/x.sock?db=3", "_Unix")]
)
def test_every_kind_of_address_is_understood(url, kind):
    pool = kv.connect(url).connection_pool
    assert pool.connection_class.__name__ == kind
    assert pool.connection_kwargs["socket_timeout"] == 2
