"""localstripe as a program, on a free port of 127.0.0.1 that it prints.

Its own starter listens on every address, and keeps its objects in one file of /tmp that all its runs share.
"""

import socket

from aiohttp import web
from localstripe import resources, server

if __name__ == "__main__":
    resources.Store.dump_to_disk = lambda self: None
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    web.run_app(server.app, sock=listening, print=None)
