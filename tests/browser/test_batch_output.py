"""The output of a cell, in real JupyterLab and Notebook 7."""

from __future__ import annotations

import os
import shutil

import nbformat
import pytest
from playwright.sync_api import expect

from synthnb.charts.payload import MIME
from tests.browser.desk import Desk, write_notebook
from tests.browser.server import ROOT, Server
from tests.samples import HOSTILE, batch_of, sample_batch

CELL = "from tests.samples import sample_batch\nsample_batch()"


@pytest.fixture(params=["lab", "notebook7"])
def server(request: pytest.FixtureRequest) -> Server:
    """Each test runs in JupyterLab and in Notebook 7."""
    found: Server = request.getfixturevalue(request.param)
    return found


def saved(batch: object) -> list[nbformat.NotebookNode]:
    """The output as a notebook on disk holds it."""
    data = batch._repr_mimebundle_()  # type: ignore[attr-defined]
    return [nbformat.v4.new_output("execute_result", data, execution_count=1)]


def test_live_output_and_after_reload(server: Server, desk: Desk) -> None:
    name = write_notebook(server.folder, "live.ipynb", CELL)
    desk.open(server, name)
    desk.run_all()
    batch = desk.batch()
    expect(batch.locator(".sn-big")).to_have_text("24 accepted")
    expect(batch.locator("tr.sn-row")).to_have_count(31)
    batch.scroll_into_view_if_needed()
    desk.shot(f"live-{server.app}")

    desk.save()
    desk.open(server, name)
    expect(batch.locator(".sn-big")).to_have_text("24 accepted")


def test_reopened_without_kernel_it_still_filters(server: Server, desk: Desk) -> None:
    name = write_notebook(
        server.folder, "gone.ipynb", CELL, outputs=saved(sample_batch()), kernel="gone"
    )
    desk.open(server, name)
    desk.without_kernel()
    batch = desk.batch()
    expect(batch.locator(".sn-big")).to_have_text("24 accepted")

    batch.get_by_role("button", name="angry, 10 rows, planned 9.6").click()
    expect(batch.locator("tr.sn-row")).to_have_count(16)
    expect(batch.get_by_role("status")).to_have_text("10 of 24 accepted, 6 of 7 rejected")
    batch.get_by_role("button", name="remove filter mood = angry").click()
    expect(batch.locator("tr.sn-row")).to_have_count(31)

    batch.get_by_role("button", name="judge ≥ 3 took 3 rows").click()
    expect(batch.locator("tr.sn-row")).to_have_count(3)
    batch.get_by_role("button", name="Show the").click()
    desk.shot(f"filtered-{server.app}")


def pixels(desk: Desk) -> str:
    """The map as it is drawn."""
    drawn: str = desk.batch().locator("canvas").evaluate("c => c.toDataURL()")
    return drawn


def test_dark_theme_and_an_open_row(server: Server, desk: Desk) -> None:
    name = write_notebook(
        server.folder, "dark.ipynb", CELL, outputs=saved(sample_batch()), kernel="gone"
    )
    desk.open(server, name)
    desk.without_kernel()
    light = desk.batch().evaluate("e => getComputedStyle(e).backgroundColor")
    lit = pixels(desk)
    desk.theme("JupyterLab Dark")
    desk.until(lambda: pixels(desk) != lit)  # a canvas keeps its colours unless drawn again
    batch = desk.batch()
    assert batch.evaluate("e => getComputedStyle(e).backgroundColor") != light
    batch.locator("tr.sn-row").nth(3).click()
    expect(batch.get_by_text("Rendered prompt")).to_be_visible()
    expect(batch.get_by_text("Provenance")).to_be_visible()
    desk.shot(f"dark-{server.app}")
    desk.theme("JupyterLab Light")


def test_keyboard_alone(lab: Server, desk: Desk) -> None:
    name = write_notebook(
        lab.folder, "keys.ipynb", CELL, outputs=saved(sample_batch()), kernel="gone"
    )
    desk.open(lab, name)
    desk.without_kernel()
    batch, keys = desk.batch(), desk.page.keyboard
    batch.get_by_role("button", name="laptop").focus()
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(batch.get_by_role("button", name="remove filter product = kettle")).to_be_visible()
    keys.press("/")
    keys.type("lid broke")
    expect(batch.locator("tr.sn-row")).to_have_count(2)
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(batch.get_by_text("Raw answer")).to_be_visible()
    keys.press("Escape")
    expect(batch.locator("tr.sn-row")).to_have_count(31)
    cells = desk.page.locator(".jp-Notebook .jp-Cell")
    for key in ("a", "b", "x", "d", "d"):  # would change the notebook in command mode
        keys.press(key)
    desk.page.wait_for_timeout(300)
    expect(cells).to_have_count(1)
    expect(batch.locator("tr.sn-row")).to_have_count(31)  # not the empty cell after a cut
    keys.press("Escape")
    assert desk.page.evaluate("() => document.activeElement.closest('.synthnb')") is None


def test_hostile_rows_stay_text(server: Server, desk: Desk) -> None:
    name = write_notebook(
        server.folder, "hostile.ipynb", CELL, outputs=saved(batch_of(HOSTILE)), kernel="gone"
    )
    desk.open(server, name)
    desk.without_kernel()
    batch = desk.batch()
    rows = batch.locator("tr.sn-row")
    expect(rows).to_have_count(len(HOSTILE))
    for i in range(len(HOSTILE)):
        rows.nth(i).click()
    expect(batch.locator("tr.sn-detail")).to_have_count(len(HOSTILE))
    expect(rows.first).to_contain_text("<script>alert(1)</script>")
    assert (
        batch.locator("script, img, svg, a, style, iframe, .MathJax, mjx-container").count()
        == 0
    )
    desk.page.wait_for_timeout(300)
    desk.shot(f"hostile-{server.app}")


def test_a_bare_page_shows_the_widget(lab: Server, desk: Desk) -> None:
    """As VS Code and Colab do: no extension, the bundle of the anywidget alone."""
    from pathlib import Path

    import synthnb

    assert synthnb.__file__ is not None
    bundle = Path(synthnb.__file__).parent / "notebook" / "static" / "batch.js"
    desk.context.route(
        f"{lab.url}/bare/*",
        lambda route: route.fulfill(
            body=bundle.read_text("utf-8") if route.request.url.endswith(".js") else "<p id=a>",
            content_type="text/javascript"
            if route.request.url.endswith(".js")
            else "text/html",
        ),
    )
    desk.page.goto(f"{lab.url}/bare/page")
    desk.page.evaluate(
        """async ([url, payload]) => {
          const { default: widget } = await import(url);
          const model = { get: () => payload, on() {}, off() {} };
          const el = document.body.appendChild(document.createElement('div'));
          window.end = widget.render({ model, el });
        }""",
        [f"{lab.url}/bare/batch.js", sample_batch()._repr_mimebundle_()[MIME]],
    )
    expect(desk.batch().locator(".sn-big")).to_have_text("24 accepted")
    assert desk.batch().evaluate("e => getComputedStyle(e).fontSize") == "13px"
    desk.shot("bare")
    desk.page.evaluate("() => window.end()")
    expect(desk.page.locator(".synthnb")).to_have_count(0)


def test_the_quickstart_runs_from_its_tape(lab: Server, desk: Desk) -> None:
    if not list((ROOT / "notebooks" / "tapes").glob("quickstart*.jsonl")):
        message = "no tape of the quickstart: make tapes"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    shutil.copytree(ROOT / "notebooks", lab.folder / "notebooks")
    desk.open(lab, "notebooks/01_quickstart.ipynb")
    desk.page.evaluate("() => jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    expect(desk.page.locator(".synthnb")).to_have_count(0)
    desk.run_all()
    assert desk.failures() == []
    desk.scroll_to_cell(3)
    expect(desk.batch().locator(".sn-big")).to_have_text("24 accepted")
    desk.batch().scroll_into_view_if_needed()
    desk.shot("quickstart")


def test_the_command_inserts_a_cell_that_loads_and_runs(lab: Server, desk: Desk) -> None:
    name = write_notebook(lab.folder, "insert.ipynb", "1 + 1")
    desk.open(lab, name)
    desk.page.evaluate("async () => { await jupyterapp.shell.currentWidget.context.ready; }")
    desk.page.evaluate("() => jupyterapp.commands.execute('synthnb:insert-cell')")
    desk.page.evaluate("() => jupyterapp.commands.execute('synthnb:insert-cell')")
    sources = desk.page.evaluate(
        "() => jupyterapp.shell.currentWidget.content.widgets.map("
        "c => c.model.sharedModel.getSource().split('\\n')[0])"
    )
    first = "%%synth reviews -n 12"
    assert sources == ["1 + 1", "%load_ext synthnb", first, first]


def test_recipe_files_have_their_own_type(lab: Server, desk: Desk) -> None:
    (lab.folder / "reviews.synth.yaml").write_text("synthnb: 1\n", "utf-8")
    desk.open(lab, write_notebook(lab.folder, "types.ipynb", "1"))
    types = desk.page.evaluate(
        "() => jupyterapp.docRegistry.getFileTypesForPath('a/reviews.synth.yaml')"
        ".map(t => t.name)"
    )
    assert types[0] == "synthnb-recipe"
