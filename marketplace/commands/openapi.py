"""`openapi`: the schema on standard output, and nothing else there. Needs no server."""

import sys
from argparse import Namespace

import msgspec


def run(_: Namespace) -> int:
    from marketplace.app import create_app

    schema = msgspec.json.encode(create_app().openapi_schema.to_schema())
    sys.stdout.buffer.write(msgspec.json.format(schema, indent=2) + b"\n")
    return 0
