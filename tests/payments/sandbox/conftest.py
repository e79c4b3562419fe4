from collections.abc import Callable, Iterator

import pytest

from marketplace.core import jobs, outbox
from tests.payments.sandbox.receiver import Receiver, receiving


@pytest.fixture
def receiver(configure: Callable[..., None]) -> Iterator[Receiver]:
    """Where the sandbox's webhooks go in this test; `outbox.drain()` delivers them."""
    with receiving() as server:
        configure(public_url=server.url)
        outbox.use_job_pusher(jobs.run_inline)
        yield server
        outbox.use_job_pusher(None)
