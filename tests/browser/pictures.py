"""The README's pictures, from a real JupyterLab: ``python -m tests.browser.pictures``.

They are looked at, never compared; draw them anew when the views look different.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser import chromium
from tests.browser.desk import Desk
from tests.browser.server import ROOT, serve

NOTEBOOK = "03_iterate.ipynb"
VIEWS = {"batch": (".synthnb:not(.sn-diff)", 0), "diff": (".sn-diff", 1)}
"""The views of the notebook that are drawn: which outputs, and the place among them."""
WIDTH, HEIGHT = 1180, 1900
MOST = 860
"""Pixels of a long view that are shown: its head says what it is."""


def main() -> None:
    """Run the notebook from its tape, then draw its views, light and dark."""
    pictures = ROOT / "notebooks" / "pictures"
    path = chromium.find()
    if path is None:
        sys.exit("no Chrome or Chromium: python -m tests.browser.chromium installs one")
    with (
        tempfile.TemporaryDirectory() as home,
        serve("lab", Path(home)) as server,
        sync_playwright() as playwright,
    ):
        shutil.copytree(ROOT / "notebooks", server.folder, dirs_exist_ok=True)
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        with Desk(browser, pictures) as desk:
            desk.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
            desk.open(server, NOTEBOOK)
            desk.run_all()
            desk.page.locator(".sn-history").wait_for(state="attached")
            desk.page.evaluate("jupyterapp.commands.execute('application:toggle-left-area')")
            for theme in ("Light", "Dark"):
                desk.theme(f"JupyterLab {theme}")
                for name in VIEWS:
                    draw(desk, name, pictures / f"{name}-{theme.lower()}.png")
        browser.close()


def draw(desk: Desk, name: str, file: Path) -> None:
    """One view, its head if it is long."""
    selector, place = VIEWS[name]
    view = desk.page.locator(selector).nth(place)
    for _ in range(2):  # what is drawn as it comes into sight moves the rest
        view.evaluate(
            "e => { e.style.scrollMarginTop = '40px'; e.scrollIntoView({block: 'start'}); }"
        )
        desk.page.wait_for_timeout(500)
    desk.page.mouse.move(0, 0)
    desk.page.wait_for_timeout(200)
    box = view.bounding_box()
    assert box is not None
    margin = 8
    desk.page.screenshot(
        path=file,
        clip={
            "x": box["x"] - margin,
            "y": box["y"] - margin,
            "width": box["width"] + 2 * margin,
            "height": min(box["height"] + 2 * margin, MOST),
        },
    )


if __name__ == "__main__":
    main()
