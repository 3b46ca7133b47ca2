"""A headless Chromium for tests and pictures. As a program: says how to get one where there is none, exit code 1."""

from __future__ import annotations

import base64
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from selenium import webdriver

_FLAGS: Sequence[str] = (
    "--headless",
    "--no-sandbox",  # the tests may run as root
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=en",
)


def missing() -> str | None:
    """Why there is no browser here, and how to get one; None when there is."""
    if shutil.which("chromium") and shutil.which("chromedriver"):
        return None
    return "needs Chromium and its driver: apt-get install chromium chromium-driver"


@contextmanager
def chromium(profile: Path) -> Iterator[webdriver.Chrome]:
    """A browser with an empty profile that keeps every message of the console."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(shutil.which("chromedriver"), env=os.environ | {"HOME": str(profile)})
    driver = webdriver.Chrome(options=options, service=service)
    try:
        yield driver
    finally:
        driver.quit()


def show(driver: webdriver.Chrome, page: Path, *, width: int = 1280, height: int = 900, dark: bool = False) -> None:
    """Open a page from the disk in a window of that size."""
    _command(
        driver,
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
    )
    scheme: Literal["dark", "light"] = "dark" if dark else "light"
    _command(driver, "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    driver.get(page.as_uri())


def picture(driver: webdriver.Chrome, target: Path, *, most: int | None = None, top: str | None = None) -> None:
    """A PNG of the page, `most` pixels high at most. `top`: selector of what it begins with, not the page's head."""
    size = _command(driver, "Page.getLayoutMetrics", {})["cssContentSize"]
    y = 0 if top is None else driver.find_element("css selector", top).rect["y"] - 24
    height = min(size["height"] - y, most or size["height"])
    clip = {"x": 0, "y": y, "width": size["width"], "height": height, "scale": 1}
    taken = _command(driver, "Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
    target.write_bytes(base64.b64decode(taken["data"]))


def complaints(driver: webdriver.Chrome) -> list[str]:
    """What the console said since it was last asked; any of it is a fault of the page."""
    return [str(entry["message"]) for entry in driver.get_log("browser")]  # type: ignore[no-untyped-call]


def _command(driver: webdriver.Chrome, name: str, parameters: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = driver.execute_cdp_cmd(name, parameters)
    return answer


if __name__ == "__main__":
    sys.exit(missing())
