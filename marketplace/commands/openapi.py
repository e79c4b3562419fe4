"""`openapi`: the schema on standard output, and nothing else there. Needs no server."""

import sys
from argparse import Namespace

import msgspec


def run(_: Namespace) -> int:
    from marketplace.app import create_app
    from marketplace.core.openapi import schema

    text = msgspec.json.encode(schema(create_app()))
    sys.stdout.buffer.write(msgspec.json.format(text, indent=2) + b"\n")
    return 0
