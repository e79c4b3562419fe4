"""A browser window as a person uses it: look for what is written, press what is labelled."""

from typing import Any

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

PATIENCE = 30
PHONE = {"deviceMetrics": {"width": 390, "height": 844, "pixelRatio": 2.0, "touch": True}}


class Window:
    def __init__(self, chromium: str, driver: str, *, url: str, phone: bool = False) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        for argument in (
            "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--window-size=1280,900", "--lang=en"
        ):  # fmt: skip
            options.add_argument(argument)
        if phone:
            options.add_experimental_option("mobileEmulation", PHONE)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
        self.driver.get(url)

    def wait(self, for_what: Any, why: str = "") -> Any:
        """Until it is so. An element that the page redraws while it is looked at is looked for again."""
        waiting = WebDriverWait(
            self.driver, PATIENCE, poll_frequency=0.1, ignored_exceptions=[StaleElementReferenceException]
        )
        return waiting.until(lambda _: for_what(), why)

    def find(self, css: str) -> WebElement:
        """The first visible element; waits for it."""
        return self.wait(lambda: next((e for e in self._all(css) if e.is_displayed()), None), css)

    def _all(self, css: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def press(self, name: str, within: str = "body") -> None:
        """Press the visible button or link of this accessible name."""

        def pressed() -> bool:
            for element in self._all(f"{within} button, {within} a"):
                if element.is_displayed() and element.accessible_name.strip() == name:
                    element.click()
                    return True
            return False

        self._steadily(pressed, f"no button {name!r}")

    def type(self, label: str, text: str) -> None:
        """Type into the field with this label."""

        def typed() -> bool:
            for element in self._all("input"):
                if element.is_displayed() and element.accessible_name.strip() == label:
                    element.clear()
                    element.send_keys(text)
                    return True
            return False

        self._steadily(typed, f"no field {label!r}")

    def _steadily(self, deed: Any, why: str) -> None:
        """The page redraws parts of itself: what vanished between finding and using is looked for again."""
        from selenium.common.exceptions import StaleElementReferenceException

        def attempt() -> bool:
            try:
                return deed()
            except StaleElementReferenceException:
                return False

        self.wait(attempt, why)

    def keys(self, *keys: str) -> None:
        webdriver.ActionChains(self.driver).send_keys(*keys).perform()

    def role(self, role: str) -> str:
        """The text of the part of the room that has this part to play: price, standing, bids, countdown."""
        return " ".join(e.text for e in self._all(f"[data-role={role}]") if e.is_displayed())

    def reads(self, role: str, text: str) -> None:
        self._steadily(lambda: text in self.role(role), f"{role} never read {text!r}, but {self.role(role)!r}")

    def says(self, text: str) -> None:
        """A notice over the page with this text."""
        self._steadily(lambda: any(text in e.text for e in self._all(".toast")), f"never said {text!r}")

    def status(self, wanted: str) -> None:
        self._steadily(
            lambda: any(e.get_attribute("data-status") == wanted for e in self._all("[data-status]")), wanted
        )

    def bids(self) -> list[str]:
        """The amounts in the list of bids, newest first."""
        amounts: list[str] = self.driver.execute_script(
            "return [...document.querySelectorAll('[data-role=bids] .what')].map((one) => one.firstChild.textContent)"
        )
        return amounts

    def sign_in(self, email: str, password: str) -> None:
        self.press("Sign in", "header")
        self.type("E-mail", email)
        self.type("Password", password)
        self.keys(Keys.ENTER)
        self.wait(lambda: not self._all("dialog"), "the dialog stayed open")

    def unnamed(self) -> list[str]:
        """Controls that a screen reader could not name."""
        controls = [one for one in self._all("button, a, input, select") if one.is_displayed()]
        return [str(one.get_attribute("outerHTML")) for one in controls if not one.accessible_name.strip()]

    def complaints(self) -> list[str]:
        """What the browser's console holds against the page. Refusals (4xx) are answers, and stand there too."""
        return [
            entry["message"]
            for entry in self.driver.get_log("browser")
            if entry["level"] == "SEVERE" and "the server responded with a status of 4" not in entry["message"]
        ]
