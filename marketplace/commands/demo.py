"""`demo`: bidders in a running instance."""

from argparse import Namespace

from marketplace.demo import bidders


def run(args: Namespace) -> int:
    return bidders.run(args)
