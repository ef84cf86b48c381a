"""What a test does at a notebook: open it, run it, look at an output."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import nbformat
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Route, expect

from tests.browser.server import Server

TIMEOUT = 60_000
"""Milliseconds to wait for anything; two busy cores are slow."""
expect.set_options(timeout=TIMEOUT)

KNOWN = (
    "reading 'schema'",  # Notebook 7 logs it without us
    "Failed to load resource",  # favicons, and what we block: see ``check``
    "WebSocket connection to",  # a kernel that is shut down on purpose
    "Comm not found for comm id",  # both ends closed it at once: an output drawn anew
    "Canceled future for create_subshell_request",  # Lab's own, as a kernel restarts
)

READY = """async () => {
  const widget = window.jupyterapp.shell.currentWidget;
  await widget.context.ready;
  await widget.sessionContext.ready;
  await widget.sessionContext.session.kernel.info;
}"""


class Desk:
    """One browser window. Requests to other machines are refused and remembered."""

    def __init__(self, browser: Browser, shots: Path) -> None:
        self.context = browser.new_context(viewport={"width": 1280, "height": 1000})
        self.context.set_default_timeout(TIMEOUT)
        self.page: Page = self.context.new_page()
        self.abroad: list[str] = []
        self.errors: list[str] = []
        self.dialogs: list[str] = []
        self.shots = shots
        self.known: set[str] = set()
        self.context.route("**/*", self._at_home)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._listen)
        self.page.on("dialog", self._dismiss)

    def __enter__(self) -> Desk:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.context.close()

    def _at_home(self, route: Route) -> None:
        parts = urlsplit(route.request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname != "127.0.0.1":
            self.abroad.append(route.request.url)
            route.abort()
        else:
            route.fallback()

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _dismiss(self, dialog: Any) -> None:
        if dialog.type != "beforeunload":
            self.dialogs.append(dialog.message)
        dialog.accept()

    def check(self) -> None:
        """Nothing was asked of another machine, no script of a row ran, nothing broke."""
        assert not self.abroad, self.abroad
        assert not self.dialogs, self.dialogs
        errors = [e for e in self.errors if not any(known in e for known in KNOWN)]
        assert not errors, errors

    def open(self, server: Server, name: str) -> None:
        """Show a notebook of the server's folder; in the light theme, the first time."""
        if server.url not in self.known:
            self.known.add(server.url)
            server.light()
        self.page.goto(server.page(name))
        self.page.wait_for_selector(".jp-Notebook .jp-Cell")

    def run_all(self) -> None:
        """Run every cell and wait for the last: idle badges are no sign of readiness."""
        self.page.evaluate(READY)
        self.page.evaluate("() => jupyterapp.commands.execute('notebook:run-all-cells')")

    def failures(self) -> list[str]:
        """Errors that cells show."""
        found: list[str] = self.page.evaluate(
            "() => jupyterapp.shell.currentWidget.content.widgets"
            ".flatMap(c => c.model.sharedModel.toJSON().outputs ?? [])"
            ".filter(o => o.output_type === 'error').map(o => `${o.ename}: ${o.evalue}`)"
        )
        return found

    def until(self, look: Callable[[], object], wanted: object = True) -> None:
        """Wait until what one looks at is this, where no locator tells it."""
        end = time.monotonic() + TIMEOUT / 1000
        while (found := look()) != wanted:
            assert time.monotonic() < end, f"{found!r} is not {wanted!r}"
            self.page.wait_for_timeout(50)

    def kept(self, mime: str) -> dict[str, Any]:
        """What the first output of this kind holds, which the next ``save`` writes."""
        found: dict[str, Any] = self.page.evaluate(
            "mime => jupyterapp.shell.currentWidget.content.model.toJSON().cells"
            ".flatMap(c => c.outputs ?? []).map(o => (o.data ?? {})[mime]).find(d => d) ?? {}",
            mime,
        )
        return found

    def scroll_to_cell(self, index: int) -> None:
        """Cells that are out of sight are not in the page."""
        scroll = "i => jupyterapp.shell.currentWidget.content.scrollToItem(i, 'start')"
        self.page.evaluate(scroll, index)

    def save(self) -> None:
        """Write the notebook as it is now: Lab ignores this while it saves by itself."""
        save = """async () => {
          await jupyterapp.commands.execute('docmanager:save');
          return !jupyterapp.shell.currentWidget.context.model.dirty;
        }"""
        self.until(lambda: self.page.evaluate(save))

    def without_kernel(self) -> None:
        """Answer the question for a kernel with none."""
        dialog = self.page.locator(".jp-Dialog")
        dialog.get_by_role("button", name="No Kernel").click()
        dialog.wait_for(state="detached")

    def theme(self, name: str) -> None:
        change = "name => jupyterapp.commands.execute('apputils:change-theme', {theme: name})"
        self.page.evaluate(change, name)
        light = str("Dark" not in name).lower()
        self.page.wait_for_selector(f"body[data-jp-theme-light='{light}']", state="attached")
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")  # it covers all

    def batch(self) -> Locator:
        """The first batch shown."""
        return self.page.locator(".synthnb").first

    def shot(self, name: str) -> None:
        """A picture to look at; pictures are never compared."""
        self.shots.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self.shots / f"{name}.png")


def write_notebook(
    folder: Path,
    name: str,
    *sources: str,
    outputs: list[Any] | None = None,
    kernel: str = "python3",
) -> str:
    """Save a notebook of code cells; ``outputs`` go to the last one. Returns its name."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    if outputs is not None:
        cells[-1].outputs = outputs
        cells[-1].execution_count = 1
    spec = {"name": kernel, "display_name": kernel, "language": "python"}
    book = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec})
    nbformat.write(book, folder / name)
    return name
