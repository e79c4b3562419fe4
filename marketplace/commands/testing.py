"""`test`: pytest from the project's folder. With `--coverage` first, measured, also in the processes tests start."""

import os
import subprocess
import sys
from argparse import Namespace

from marketplace.core.config import ROOT


def run(args: Namespace) -> int:
    os.chdir(ROOT)
    arguments = list(args.arguments)
    if arguments[:1] != ["--coverage"]:
        sys.stdout.flush()
        os.execv(sys.executable, [sys.executable, "-m", "pytest", *arguments])  # noqa: S606 - becomes it
    coverage = [sys.executable, "-m", "coverage"]
    subprocess.run([*coverage, "erase"], check=True)
    code = subprocess.run([*coverage, "run", "-m", "pytest", *arguments[1:]], check=False).returncode
    subprocess.run([*coverage, "combine", "--quiet"], check=False)
    subprocess.run([*coverage, "report", "--skip-covered", "--skip-empty"], check=False)
    return code
