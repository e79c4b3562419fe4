"""`test`: pytest from the project's folder. With `--coverage` first, measured, also in the processes tests start.

With `--benchmarks` first: no tests, but what the service reaches beside the raw limit of each path, as a table.
"""

import os
import subprocess
import sys
from argparse import Namespace
from typing import NoReturn

from marketplace.core.config import ROOT


def run(args: Namespace) -> int:
    os.chdir(ROOT)
    arguments = list(args.arguments)
    if arguments[:1] == ["--benchmarks"]:
        _become("tests.benchmarks", arguments[1:])
    if arguments[:1] != ["--coverage"]:
        _become("pytest", arguments)
    coverage = [sys.executable, "-m", "coverage"]
    subprocess.run([*coverage, "erase"], check=True)
    code = subprocess.run([*coverage, "run", "-m", "pytest", *arguments[1:]], check=False).returncode
    subprocess.run([*coverage, "combine", "--quiet"], check=False)
    subprocess.run([*coverage, "report", "--skip-covered", "--skip-empty"], check=False)
    return code


def _become(module: str, arguments: list[str]) -> NoReturn:
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606 - becomes it
