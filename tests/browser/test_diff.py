"""The diff of two versions in real JupyterLab and Notebook 7."""

from __future__ import annotations

import nbformat
import pytest
from playwright.sync_api import Locator, expect

from synthnb.diff import Diff, diff
from tests.browser.desk import TIMEOUT, Desk, write_notebook
from tests.browser.server import Server
from tests.diff.versions import two_versions
from tests.samples import HOSTILE, batch_of

CELL = "from tests.diff.versions import two_versions\nold, new = two_versions()\nnew.diff(old)"


@pytest.fixture(params=["lab", "notebook7"])
def server(request: pytest.FixtureRequest) -> Server:
    """Each test runs in JupyterLab and in Notebook 7."""
    found: Server = request.getfixturevalue(request.param)
    return found


def saved(made: Diff) -> list[nbformat.NotebookNode]:
    """The output as a notebook on disk holds it."""
    data = made._repr_mimebundle_()
    return [nbformat.v4.new_output("execute_result", data, execution_count=1)]


def shown(desk: Desk) -> Locator:
    """The first diff on the page."""
    return desk.page.locator(".synthnb.sn-diff").first


def opened(server: Server, desk: Desk, name: str, made: Diff) -> Locator:
    """A saved diff, without a kernel."""
    book = write_notebook(
        server.folder, f"{name}.ipynb", CELL, outputs=saved(made), kernel="gone"
    )
    desk.open(server, book)
    desk.without_kernel()
    return shown(desk)


def test_a_live_diff_in_light_and_dark(server: Server, desk: Desk) -> None:
    name = write_notebook(server.folder, "diff.ipynb", CELL)
    desk.page.set_viewport_size({"width": 1400, "height": 1900})
    desk.open(server, name)
    desk.run_all()
    view = shown(desk)
    said = "1 worse, 1 better, 6 no evidence"
    expect(view.locator(".sn-big")).to_have_text(said, timeout=TIMEOUT)  # the kernel starts
    expect(view.locator(".sn-metrics tbody tr")).to_have_count(8)
    expect(view.locator("tr.sn-pair")).to_have_count(13)
    assert desk.failures() == []
    desk.shot(f"diff-light-{server.app}")
    light = view.evaluate("e => getComputedStyle(e).backgroundColor")
    desk.theme("JupyterLab Dark")
    assert view.evaluate("e => getComputedStyle(e).backgroundColor") != light
    desk.shot(f"diff-dark-{server.app}")
    desk.theme("JupyterLab Light")


def test_charts_lead_to_pairs_without_a_kernel(server: Server, desk: Desk) -> None:
    view = opened(server, desk, "diff-saved", diff(*two_versions()))
    pairs = view.locator("tr.sn-pair")
    expect(pairs).to_have_count(13)
    view.get_by_role("button", name="length, 7 rows in version 3, 1 in version 2").click()
    expect(pairs).to_have_count(8)
    view.get_by_role("button", name="remove filter").click()
    expect(pairs).to_have_count(31)


def test_a_diff_by_keyboard_alone(lab: Server, desk: Desk) -> None:
    view = opened(lab, desk, "diff-keys", diff(*two_versions()))
    keys = desk.page.keyboard
    pairs = view.locator("tr.sn-pair")
    pairs.first.focus()
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    expect(pairs.nth(2)).to_be_focused()
    keys.press("ArrowUp")
    expect(pairs.nth(1)).to_be_focused()
    keys.press("Enter")
    expect(view.get_by_text("Rendered prompt of text").first).to_be_visible()
    desk.shot("diff-open-pair")
    cells = desk.page.locator(".jp-Notebook .jp-Cell")
    for key in ("a", "b", "x", "d", "d"):  # would change the notebook in command mode
        keys.press(key)
    desk.page.wait_for_timeout(300)
    expect(cells).to_have_count(1)
    expect(view.get_by_text("Rendered prompt of text").first).to_be_visible()
    keys.press("Escape")
    expect(pairs).to_have_count(31)
    keys.press("Escape")
    assert desk.page.evaluate("() => document.activeElement.closest('.synthnb')") is None


def test_broken_pairing_is_said_first(lab: Server, desk: Desk) -> None:
    old, new = two_versions()
    made = diff(old, new.replace(recipe=new.recipe.replace(seed=8)))
    view = opened(lab, desk, "diff-unpaired", made)
    expect(view.locator(".sn-big")).to_have_text(
        "Not paired: seeds differ (7, 8). Shown as two separate batches."
    )
    expect(view.get_by_text("no evidence")).to_have_count(0)
    desk.shot("diff-unpaired")


def test_hostile_rows_stay_text(server: Server, desk: Desk) -> None:
    old = batch_of(HOSTILE, version=1)
    new = batch_of([f"{text} <b>bold</b>" for text in HOSTILE], version=2)
    view = opened(server, desk, "diff-hostile", diff(old, new))
    rows = view.locator("tr.sn-pair")
    expect(rows).to_have_count(len(HOSTILE))
    expect(rows.first).to_contain_text("<script>alert(1)</script> <b>bold</b>")
    inert = "script, img, a, style, iframe, tbody b, .MathJax, mjx-container"
    assert view.locator(inert).count() == 0
    desk.page.wait_for_timeout(300)
    desk.shot(f"diff-hostile-{server.app}")
