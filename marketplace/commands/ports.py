"""The port a service listens on, taken before anything slow begins."""

import errno
import socket

from marketplace.commands.checks import CheckFailed
from marketplace.core.config import ConfigError


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Who connects before the application is ready waits for it.

    Raises CheckFailed when the port is taken, ConfigError when the host is no address of this machine.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, there = min(found, key=lambda entry: entry[0] != socket.AF_INET)
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(there)
        listener.listen(2048)
    except socket.gaierror:
        raise ConfigError(_no_address(host)) from None
    except OSError as error:
        raise _refused(error, host, port) from None
    return listener


def _refused(error: OSError, host: str, port: int) -> Exception:
    if error.errno == errno.EADDRINUSE:
        return CheckFailed(
            f"Port {port} on {host} is taken. Stop what uses it, or choose another: --port {_free(host)}"
        )
    if error.errno == errno.EACCES:
        return CheckFailed(f"Port {port} needs more rights than this user has; choose one above 1023 with --port")
    return ConfigError(_no_address(host))


def _no_address(host: str) -> str:
    return f"{host} is no address of this machine; try --host 127.0.0.1, or --host 0.0.0.0 for all of its addresses"


def _free(host: str) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def address(host: str, listener: socket.socket) -> str:
    """What to type into a browser on this machine."""
    port = listener.getsockname()[1]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}"
