"""Rows that try to act, wherever a row is shown: nothing runs, nothing is fetched."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.desk import READY, Desk, write_notebook
from tests.browser.server import Server
from tests.browser.test_live_batch import live, value

IMPORT = "from tests.browser.hostile import *\n"
ACTIVE = (
    "script, img, iframe, object, embed, style, link, a, details:not(.sn-earlier), "
    "mjx-container, .MathJax, [onerror], [onload], [ontoggle], [data-commandlinker-command]"
)


@pytest.fixture(params=["lab", "notebook7"])
def server(request: pytest.FixtureRequest) -> Server:
    """Each test runs in JupyterLab and in Notebook 7."""
    found: Server = request.getfixturevalue(request.param)
    return found


def run(desk: Desk, server: Server, name: str, code: str, shown: str) -> Locator:
    """Run one cell; what it shows."""
    desk.open(server, write_notebook(server.folder, name, IMPORT + code))
    desk.page.evaluate(READY)
    desk.run_all()
    output = desk.page.locator(f".jp-OutputArea-output {shown}").first
    expect(output).to_be_visible()
    return output


def inert(desk: Desk, output: Locator) -> None:
    """Only text is there, in as much room as there is, and the page is as it was."""
    assert output.locator(ACTIVE).count() == 0
    assert output.evaluate("e => e.scrollWidth <= e.clientWidth + 1")
    assert desk.page.evaluate("() => window.hit") is None
    expect(desk.page.locator(".jp-Notebook .jp-Cell")).to_have_count(1)
    desk.check()


def test_a_batch_its_rows_and_all_its_filters(server: Server, desk: Desk) -> None:
    batch = run(desk, server, "hostile-live.ipynb", "rows = hostile_batch()\nrows", ".synthnb")
    rows = batch.locator("tr.sn-row")
    for i in range(rows.count()):
        rows.nth(i).click()
    expect(batch.get_by_text("Provenance").nth(rows.count() - 1)).to_be_attached()
    inert(desk, batch)
    batch.get_by_role("button", name="Recipe", exact=True).click()
    for chart in (".sn-step", ".sn-bar"):
        for button in batch.locator(chart).all():
            button.click()
        inert(desk, batch)
        desk.shot(f"hostile-filters-{server.app}")
        batch.get_by_role("button", name="Clear Esc").click()
    # A rule is found by its name, however that is shown.
    batch.locator(".sn-step").nth(1).click()
    expect(batch.get_by_role("status")).to_contain_text("1 of 7 rejected")
    desk.until(lambda: value(desk, "len(rows.selection)"), "1")
    live(batch)
    batch.locator("tr.sn-row").first.focus()
    desk.page.keyboard.press("k")
    expect(batch.locator(".sn-big")).to_have_text("15 accepted")


def test_a_diff_and_what_stands_for_it_without_the_extension(
    server: Server, desk: Desk
) -> None:
    code = "made = hostile_batch(2, ' <b>new</b> words').diff(hostile_batch())\nmade"
    view = run(desk, server, "hostile-diff.ipynb", code, ".sn-diff")
    pairs = view.locator("tr.sn-pair")
    for i in range(pairs.count()):
        pairs.nth(i).click()
    inert(desk, view)
    desk.shot(f"hostile-diff-open-{server.app}")


def test_static_html_as_a_viewer_shows_it(lab: Server, desk: Desk) -> None:
    code = (
        "from IPython.display import HTML\nnew = hostile_batch(2)\n"
        "both = new, new.diff(hostile_batch())\n"
        "HTML(''.join(x._repr_mimebundle_()['text/html'] for x in both))"
    )
    shown = run(
        desk, lab, "hostile-static.ipynb", code, ".jp-RenderedHTML, .jp-RenderedHTMLCommon"
    )
    expect(shown).to_contain_text("14 accepted")
    assert shown.locator(ACTIVE).count() == 0
    assert desk.page.evaluate("() => window.hit") is None
    desk.shot("hostile-static")


def test_a_card_and_errors_where_they_are_rendered(lab: Server, desk: Desk) -> None:
    """A README opens as Markdown in Lab; what a server said stands in the output."""
    code = (
        "from IPython.display import Markdown, display\n"
        "from synthnb.errors import SynthError\n"
        "batch = hostile_batch()\n"
        "display(Markdown(batch.replace(recipe=acting_recipe()).card()))\n"
        "print(batch, SynthError(ACTING[6]))\n"
        "raise SynthError('\\n'.join(ACTING[:18]))"
    )
    card = run(desk, lab, "hostile-card.ipynb", code, "p, .jp-RenderedMarkdown")
    expect(card).to_contain_text("Limits and known failures")
    ours = ".jp-InternalAnchorLink, [href*='cv.iptc.org']"
    acting = [part.strip() for part in ACTIVE.split(",") if part.strip() != "a"]
    assert card.locator(f"{', '.join(acting)}, a:not({ours})").count() == 0
    for stream in desk.page.locator(".jp-RenderedText").all():
        assert stream.locator("script, img, iframe, style, svg").count() == 0
        assert "\x1b" not in stream.inner_text()
    assert desk.page.evaluate("() => window.hit") is None
    desk.shot("hostile-card")
