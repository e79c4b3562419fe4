"""Headless Chromium. Without one on the machine these tests are skipped, unless CI=true says that there must be one."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest

from tests.browser.cuttable import Cuttable
from tests.browser.windows import Window

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")


@pytest.fixture(scope="session")
def chromium() -> tuple[str, str]:
    if CHROMIUM and DRIVER:
        return CHROMIUM, DRIVER
    missing = "Chromium" if not CHROMIUM else "chromedriver"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{missing} is not installed, and CI=true says that the browser tests must run")
    pytest.skip(f"{missing} is not installed (Debian: apt install chromium chromium-driver)")


@pytest.fixture
def window(chromium: tuple[str, str]) -> Iterator[Callable[..., Window]]:
    """Open a browser with a profile of its own: `window(url)`, `window(url, phone=True)`."""
    opened: list[Window] = []

    def open_window(url: str, *, phone: bool = False) -> Window:
        opened.append(Window(*chromium, url=url, phone=phone))
        return opened[-1]

    yield open_window
    for one in opened:
        one.driver.quit()


@pytest.fixture
def cuttable(server) -> Iterator[Cuttable]:
    """The same server behind a wire that can be cut."""
    with Cuttable(server.url) as wire:
        yield wire
