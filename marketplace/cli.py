"""The commands of `python3 -m marketplace`: what they are called and take. Each imports its work when it is run."""

import argparse
import importlib
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from marketplace.commands.stopping import stop_on_signal

PROGRAM = "python3 -m marketplace"
COMMANDS = (
    "serve", "worker", "migrate", "demo", "replay", "create-admin", "reconcile", "openapi", "doctor", "test",
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and end with its exit code: 0 done, 1 it failed, 2 it was asked wrongly."""
    stop_on_signal()
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["test"]:  # everything after it is pytest's
        sys.exit(_run("testing", "run")(Namespace(arguments=given[1:])))
    if given and not given[0].startswith("-") and given[0] not in COMMANDS:
        parser().error(f"there is no command {given[0]!r}; there are {', '.join(COMMANDS)}")
    if not given or (given[0] not in COMMANDS and given[0] not in ("-h", "--help")):
        given.insert(0, "serve")
    args = parser().parse_args(given)
    from marketplace.commands.checks import CheckFailed
    from marketplace.core.config import ConfigError
    from marketplace.core.embedded import EmbeddedError

    try:
        sys.exit(args.run(args))
    except ConfigError as error:
        _fail(2, error)
    except (CheckFailed, EmbeddedError) as error:
        _fail(1, error)


def _fail(code: int, error: Exception) -> NoReturn:
    print(f"marketplace: {error}", file=sys.stderr)
    sys.exit(code)


def parser() -> ArgumentParser:
    top = ArgumentParser(prog=PROGRAM, description="An open marketplace. Without a command: serve.")
    commands = top.add_subparsers(title="commands", metavar="")
    add_serve(commands)
    command(commands, "worker", "work through jobs, timers and events beside app processes", _run("working", "run"))
    command(commands, "migrate", "bring the database up to date", _run("database", "migrate"))
    add_demo(commands)
    add_replay(commands)
    add_create_admin(commands)
    command(
        commands,
        "reconcile",
        "check every invariant, and our books beside the providers' records",
        _run("database", "reconcile"),
    )
    command(commands, "openapi", "print the API's schema as JSON", _run("openapi", "run"))
    command(commands, "doctor", "say what is configured, reachable, migrated and unsafe", _run("doctor", "run"))
    command(
        commands,
        "test",
        "run the tests; what follows goes to pytest (first --coverage: measure it; --benchmarks [name...]: measure speed)",
        None,
    )
    return top


def command(commands: Any, name: str, does: str, run: Callable[[Namespace], int] | None) -> ArgumentParser:
    made: ArgumentParser = commands.add_parser(name, help=does, description=does.capitalize() + ".")
    made.set_defaults(run=run)
    return made


def add_serve(commands: Any) -> None:
    serve = command(commands, "serve", "serve API, pages, admin and sockets (the default)", _run("serve", "run"))
    serve.add_argument("--host", help="address to listen on (127.0.0.1)")
    serve.add_argument("--port", type=between(0, 65535), help="port to listen on (8000); 0 takes a free one")
    serve.add_argument("--workers", type=between(1, 256), help="app processes that share the port (1)")
    serve.add_argument("--no-demo", dest="demo", action="store_false", help="do not load demo data")


def add_demo(commands: Any) -> None:
    demo = command(commands, "demo", "let bidders bid against each other in a running instance", _run("demo", "run"))
    demo.add_argument("--url", default="http://127.0.0.1:8000", help="the running instance (%(default)s)")
    demo.add_argument("--bidders", type=between(2, 100), default=6, help="how many bid (%(default)s)")
    demo.add_argument("--seconds", type=between(1, 86_400), help="stop by itself after so long")


def add_replay(commands: Any) -> None:
    replay = command(commands, "replay", "place recorded bids again and compare the prices", _run("replay", "run"))
    replay.add_argument("file", metavar="FILE.csv", help="recorded bids")
    replay.add_argument("--json", action="store_true", help="print the summary as JSON, as the last line")


def add_create_admin(commands: Any) -> None:
    about = "make a staff account; the password is asked for, or read from MARKETPLACE_ADMIN_PASSWORD"
    admin = command(commands, "create-admin", about, _run("database", "create_admin"))
    admin.add_argument("--email", required=True)
    admin.add_argument("--username", required=True)
    admin.add_argument("--role", choices=("moderator", "manager", "admin"), default="admin", help="(%(default)s)")


def between(low: int, high: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is no number from {low} to {high}")
        return int(text)

    return number


def _run(module: str, function: str) -> Callable[[Namespace], int]:
    def run(args: Namespace) -> int:
        code: int = getattr(importlib.import_module(f"marketplace.commands.{module}"), function)(args)
        return code

    return run


if __name__ == "__main__":
    main()
