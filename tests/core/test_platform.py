from typing import Annotated

import pytest
from msgspec import Meta

from marketplace.core import platform
from marketplace.core.errors import ValidationFailed

SECONDS = platform.define("test.seconds", Annotated[int, Meta(ge=0)], 120, "A test's setting.")


@pytest.fixture(autouse=True)
async def fresh(tables):
    await platform.forget()
    yield
    await platform.forget()


async def test_a_setting_is_its_default_until_staff_change_it():
    assert await SECONDS.value() == 120
    assert await platform.change({"test.seconds": 60}, by=None) == {"test.seconds": (120, 60)}
    assert await SECONDS.value() == 60
    assert await platform.change({"test.seconds": 60}, by=None) == {}


async def test_a_wrong_value_changes_nothing():
    with pytest.raises(ValidationFailed) as refused:
        await platform.change({"test.seconds": -1}, by=None)
    assert "test.seconds" in refused.value.fields
    with pytest.raises(platform.UnknownSetting):
        await platform.change({"test.seconds": 5, "test.nothing": 1}, by=None)
    assert await SECONDS.value() == 120
