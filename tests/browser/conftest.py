"""Fixtures: one browser and one server of each kind for all browser tests.

They end with this package: Playwright keeps an event loop running in the main thread, and
other tests start their own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser import chromium
from tests.browser.desk import Desk
from tests.browser.server import Server, serve


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    if path is None:
        message = "no Chrome or Chromium: python -m tests.browser.chromium installs one"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        opened = playwright.chromium.launch(executable_path=path, args=arguments)
        yield opened
        opened.close()


@pytest.fixture(scope="package")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve("lab", tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(scope="package")
def notebook7(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve("notebook", tmp_path_factory.mktemp("notebook")) as server:
        yield server


@pytest.fixture
def desk(browser: Browser) -> Iterator[Desk]:
    """A fresh window; at its end nothing was asked of another machine, nothing broke."""
    with Desk(browser, Path("build/screenshots")) as opened:
        yield opened
        opened.check()
