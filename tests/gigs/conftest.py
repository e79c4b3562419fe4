from collections.abc import AsyncIterator

import pytest

from marketplace.core import platform


@pytest.fixture(autouse=True)
async def _settings_of_this_test() -> AsyncIterator[None]:
    """What one test sets is not what the next one reads."""
    yield
    await platform.forget()
