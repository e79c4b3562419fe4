"""A small HTTP server of a test's own, in the test's own event loop."""

import contextlib

from aiohttp import web


@contextlib.asynccontextmanager
async def listening(handler):
    """A server on 127.0.0.1 that gives every request to `handler`; its address."""
    runner = web.ServerRunner(web.Server(handler), shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
    finally:
        await runner.cleanup()
