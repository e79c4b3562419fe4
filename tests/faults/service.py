"""`python -m tests.faults.service serve ...`: the service, and what the tests have for sale."""

import importlib

from marketplace import cli

if __name__ == "__main__":
    importlib.import_module("tests.factories.orders")
    cli.main()
