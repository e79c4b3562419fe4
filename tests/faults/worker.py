"""`python -m tests.faults.worker`: a worker that knows the deeds of these tests, and is quick to look for lost jobs."""

import importlib
from datetime import timedelta

from marketplace import worker
from marketplace.core import jobs

if __name__ == "__main__":
    jobs.GRACE = timedelta(seconds=1)  # before the jobs are registered
    jobs.SILENCE_SECONDS = 4
    worker.UPKEEP["sweep"] = 1
    importlib.import_module("tests.faults.deeds")
    importlib.import_module("tests.factories.orders")
    raise SystemExit(worker.main())
