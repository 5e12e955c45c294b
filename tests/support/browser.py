"""A real headless Chromium, where there is one; what its absence means is said once, here."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

PROGRAMS = ("chromium", "chromedriver")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def missing() -> str:
    """Name what is not there, or nothing."""
    return ", ".join(name for name in PROGRAMS if shutil.which(name) is None)


def required() -> bool:
    """Whether a missing browser is a failure, as it is on our own machines."""
    return os.environ.get("RECONCILER_TEST_NO_SKIP") == "1"


@contextmanager
def chromium(profile: Any) -> Iterator[Any]:
    """Start a browser with a fresh profile and without any network; skip, or fail where that is asked for."""
    if missing():
        (pytest.fail if required() else pytest.skip)(f"{missing()} is not installed")
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = shutil.which("chromium") or ""
    for flag in (*FLAGS, f"--user-data-dir={profile}", "--window-size=1280,1000"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    driver.set_page_load_timeout(60)
    try:
        yield driver
    finally:
        driver.quit()
