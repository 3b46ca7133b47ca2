"""A browser for the tests in this folder; without one they are skipped, saying how to get it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.chromium import chromium, complaints, missing, show

if TYPE_CHECKING:
    from selenium.webdriver import Chrome


@pytest.fixture(scope="session")
def _chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    reason = missing()
    if reason:
        pytest.skip(reason)
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture
def browser(_chromium: Chrome) -> Iterator[Browser]:
    """A browser whose console must have nothing to say when the test ends."""
    complaints(_chromium)
    yield Browser(_chromium)
    assert complaints(_chromium) == []


class Browser:
    """What the tests ask of a page, in their words."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def open(self, page: Path, **window: Any) -> None:
        show(self.driver, page, **window)

    def run(self, script: str, *arguments: object) -> Any:
        return self.driver.execute_script(script, *arguments)

    def click(self, selector: str, place: int = 0) -> None:
        """A real click, at a place where the element can be hit."""
        element = self.driver.find_elements("css selector", selector)[place]
        self.run("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def press(self, keys: str, selector: str | None = None) -> None:
        focused = self.driver.switch_to.active_element
        target = focused if selector is None else self.driver.find_element("css selector", selector)
        target.send_keys(keys)

    def texts(self, selector: str) -> list[str]:
        """Text of every element that matches, whether it can be seen or not."""
        found: list[str] = self.run(
            "return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent.trim())", selector
        )
        return found

    def text(self, selector: str) -> str:
        (found,) = self.texts(selector)
        return found

    @property
    def accounts(self) -> list[str]:
        """Those on the page of the table that is shown."""
        return self.texts("#table > tbody > tr > td.account > button")
