"""Fixtures: one browser and one server of each kind for all browser tests.

They end with this package: Playwright keeps an event loop running in the main thread, and
other tests start their own.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser import chromium
from tests.browser.desk import Desk
from tests.browser.server import ROOT, Server, serve


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


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture
def desk(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Desk]:
    """A fresh window; at its end nothing was asked of another machine, nothing broke.

    A failed test leaves a picture.
    """
    with Desk(browser, ROOT / "build" / "screenshots") as opened:
        yield opened
        if request.node.stash.get(FAILED, False):
            opened.shot(f"failed-{request.node.name}")
        else:
            opened.check()
