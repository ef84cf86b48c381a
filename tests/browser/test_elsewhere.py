"""Widgets where no extension and no kernel is: as nbviewer and an exported page show them.

Their manager is the one of nbviewer, Voilà and Colab, from the state that a page keeps.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import anywidget
import pytest
from ipywidgets.embed import embed_snippet
from playwright.sync_api import Page, Route, expect

from synthnb.desks.ranking import desk_of as ranking_desk
from synthnb.desks.review import desk_of as review_desk
from synthnb.notebook.desk_widget import DeskWidget
from synthnb.notebook.studio import Studio
from synthnb.notebook.widgets import BatchWidget
from tests.browser.desk import TIMEOUT, Desk
from tests.browser.desk_notebook import support
from tests.browser.hostile import hostile_batch
from tests.browser.server import ROOT
from tests.samples import HOSTILE, batch_of

MODULES = ROOT / "labextension" / "node_modules"
CDN = {
    "require.js": MODULES / "requirejs" / "require.js",
    "embed-amd.js": MODULES / "@jupyter-widgets" / "html-manager" / "dist" / "embed-amd.js",
}
PAGE = """<!doctype html><html {html}><meta charset=utf-8><title>elsewhere</title>
<body {body}>{content}<script src=/elsewhere/require.js></script>
<script src=/elsewhere/embed-amd.js data-jupyter-widgets-cdn="/elsewhere/"
 data-jupyter-widgets-cdn-only></script>"""
NOWHERE = "http://127.0.0.1:9"


def show(desk: Desk, url: str, content: str = "", *, html: str = "", body: str = "") -> Page:
    """A page at that address, which need not be one, with the widgets' manager on it."""

    def answer(route: Route) -> None:
        name = urlsplit(route.request.url).path.removeprefix("/elsewhere/")
        if name == "page":
            page = PAGE.format(content=content, html=html, body=body)
            route.fulfill(body=page, content_type="text/html")
        elif name.startswith("anywidget@"):
            script = Path(anywidget.__file__).parent / "nbextension" / "index.js"
            route.fulfill(path=script, content_type="text/javascript")
        else:
            route.fulfill(path=CDN[name], content_type="text/javascript")

    desk.context.route(f"{url}/elsewhere/**", answer)
    desk.page.goto(f"{url}/elsewhere/page")
    return desk.page


def acts(page: Page) -> None:
    """Nothing of a row became more than text."""
    shown = page.locator("main, .widget-subarea")
    for acting in ("img", "iframe", "svg[onload]", "a[href]", "script", "style", "[onerror]"):
        expect(shown.locator(acting)).to_have_count(0)
    assert page.evaluate("() => window.hit") is None


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_saved_widgets_show_what_they_showed(desk: Desk, home: Path, theme: str) -> None:
    batch = hostile_batch()
    recipe = batch.recipe.replace(model="nowhere/to-be-asked")
    ranking = support().rank(pairs=2)
    shown = [BatchWidget(batch), DeskWidget(review_desk(batch_of(HOSTILE).review()))]
    shown += [DeskWidget(ranking_desk(ranking)), Studio(recipe, batch=batch)]
    content = embed_snippet(views=shown, requirejs=False, drop_defaults=False)
    content = content[content.index("<script type=") :]
    page = show(desk, NOWHERE, content, html="theme=dark" if theme == "dark" else "")
    expect(page.locator(".synthnb .sn-big").first).to_have_text("14 accepted")
    expect(page.locator(".synthnb-studio")).to_be_visible()
    page.locator("tr.sn-row").first.click()
    expect(page.get_by_text("Provenance").first).to_be_attached()
    gone = page.get_by_text("%synth review batch goes on where you stopped")
    expect(gone).to_be_visible(timeout=TIMEOUT)  # a kernel is looked for first, 5 s
    for view in (".synthnb", ".synthnb-studio"):
        assert light(page, view) == (theme == "light")
    desk.shot(f"elsewhere-saved-{theme}")
    acts(page)


def light(page: Page, view: str) -> bool:
    """Whether a view stands dark on light."""
    look = page.locator(view).first.evaluate("e => getComputedStyle(e).color")
    return sum(map(int, re.findall(r"\d+", look)[:3])) < 384
