"""`demo`: bidders in a running instance."""

import importlib
from argparse import Namespace


def run(args: Namespace) -> int:
    code: int = importlib.import_module("marketplace.demo").main(args)
    return code
