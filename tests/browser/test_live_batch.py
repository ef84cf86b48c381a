"""The view while its kernel holds the batch: all rows, decisions, selections, the map."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.desk import Desk, write_notebook
from tests.browser.server import Server

LOAD = "%load_ext synthnb\nfrom tests.samples import *\nreviews = sample_batch()\nreviews"
MANY = "from tests.samples import many\nreviews = many(10_000)\nreviews"


@pytest.fixture(params=["lab", "notebook7"])
def server(request: pytest.FixtureRequest) -> Server:
    """Each test runs in JupyterLab and in Notebook 7."""
    found: Server = request.getfixturevalue(request.param)
    return found


def value(desk: Desk, code: str) -> str:
    """What the notebook's kernel says a piece of code is."""
    found: Any = desk.page.evaluate(
        """async code => {
          const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
          const ask = kernel.requestExecute({ code, store_history: false });
          let said = '';
          ask.onIOPub = m => {
            if (m.header.msg_type === 'execute_result') said = m.content.data['text/plain'];
            if (m.header.msg_type === 'error') said = m.content.evalue;
          };
          await ask.done;
          return said;
        }""",
        code,
    )
    return str(found)


def start(desk: Desk, server: Server, name: str, *cells: str) -> Locator:
    desk.open(server, write_notebook(server.folder, name, *cells))
    desk.run_all()
    batch = desk.batch()
    expect(batch.locator(".sn-big")).to_be_visible()
    live(batch)
    return batch


def live(batch: Locator) -> None:
    """Wait until the kernel answers: before that, keys decide nothing."""
    expect(batch.locator(".sn-hints")).to_contain_text("keep")


def test_a_click_selects_rows_in_python_and_becomes_a_cell(server: Server, desk: Desk) -> None:
    batch = start(desk, server, "select.ipynb", LOAD)
    batch.get_by_role("button", name="angry, 10 rows, planned 9.6").click()
    insert = batch.get_by_role("button", name="Insert as code cell")
    expect(insert).to_be_visible()
    selected = "set(reviews.selection.df['mood']), len(reviews.selection)"
    desk.until(lambda: value(desk, selected), "({'angry'}, 10)")
    desk.shot(f"live-selected-{server.app}")
    insert.click()
    cell = desk.page.locator(".jp-Cell").nth(1)
    expect(cell).to_contain_text("reviews.select(mood='angry').df")


def test_a_rejected_row_is_restored_by_click_and_by_key(server: Server, desk: Desk) -> None:
    batch = start(desk, server, "restore.ipynb", LOAD)
    row = batch.locator("tr.sn-rejected").first
    row.click()
    batch.get_by_role("button", name="Restore k").click()
    expect(batch.locator(".sn-big")).to_have_text("25 accepted")
    assert value(desk, "len(reviews.df)") == "25"
    desk.shot(f"live-restored-{server.app}")
    batch.locator("tr.sn-rejected").first.focus()
    desk.page.keyboard.press("k")
    expect(batch.locator(".sn-big")).to_have_text("26 accepted")
    desk.page.keyboard.press("u")
    expect(batch.locator(".sn-big")).to_have_text("25 accepted")
    desk.page.keyboard.press("Escape")
    desk.save()
    desk.open(server, "restore.ipynb")
    expect(desk.batch().locator(".sn-big")).to_have_text("25 accepted")


def test_many_rows_are_a_window_on_the_kernel(server: Server, desk: Desk) -> None:
    batch = start(desk, server, "many.ipynb", MANY)
    expect(batch.locator(".sn-count")).to_have_text(
        "10,000 rows: 8,000 accepted, 2,000 rejected"
    )
    rows = batch.locator("tr.sn-row")
    expect(batch.locator(".sn-table")).to_have_attribute("aria-rowcount", "10001")
    assert rows.count() < 60
    frame = batch.locator(".sn-window")
    frame.evaluate("e => e.scrollTop = e.scrollHeight")
    expect(batch.locator("tr.sn-row[aria-rowindex='10001']")).to_contain_text("row 9999")
    assert rows.count() < 60
    batch.get_by_role("button", name="angry, ").click()
    expect(batch.get_by_role("status")).to_contain_text("of 8,000 accepted")
    expect(rows.first).to_contain_text("angry")
    batch.get_by_role("button", name="length", exact=True).click()
    batch.get_by_role("button", name="length", exact=True).click()
    desk.page.wait_for_timeout(400)
    desk.shot(f"live-many-{server.app}")
    keys = desk.page.keyboard
    rows.first.focus()
    keys.press("End")
    focused = batch.locator("tr.sn-row:focus")
    last = batch.locator(".sn-table").get_attribute("aria-rowcount")
    expect(focused).to_have_attribute("aria-rowindex", str(last))
    for key in ("Home", "PageDown", *["ArrowDown"] * 30):
        keys.press(key)
    expect(focused).to_have_attribute("aria-rowindex", "42")
    expect(focused).to_contain_text("row ")  # until it is here there is nothing to open
    keys.press("Enter")
    expect(batch.get_by_text("Provenance")).to_be_visible()
    batch.locator(".sn-search").fill("row 4242")
    expect(rows).to_have_count(1)


def test_after_a_reload_the_same_kernel_answers(server: Server, desk: Desk) -> None:
    name = "reload.ipynb"
    batch = start(desk, server, name, MANY)
    batch.get_by_role("button", name="happy, ").click()
    expect(batch.get_by_role("button", name="Insert as code cell")).to_be_visible()
    desk.until(lambda: value(desk, "set(reviews.selection.df['mood'])"), "{'happy'}")
    desk.save()
    desk.open(server, name)
    again = desk.batch()
    expect(again.get_by_role("button", name="remove filter mood = happy")).to_be_visible()
    expect(again.locator("tr.sn-row").first).to_contain_text("happy")
    again.get_by_role("button", name="Clear Esc").click()
    expect(again.locator(".sn-count")).to_contain_text("10,000 rows")
    expect(again.locator("tr.sn-row[aria-rowindex='2']")).to_contain_text("row 0 ")
    again.locator(".sn-window").evaluate("e => e.scrollTop = e.scrollHeight / 2")
    expect(again.locator("tr.sn-row[aria-rowindex='5001']")).to_contain_text("row 4999")


def test_a_kernel_that_restarts_takes_its_rows_along(lab: Server, desk: Desk) -> None:
    batch = start(desk, lab, "restart.ipynb", MANY)
    expect(batch.locator(".sn-count")).to_contain_text("10,000 rows")
    desk.page.evaluate(
        "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    )
    expect(batch.locator(".sn-link")).to_contain_text("%synth show reviews@1 opens it")
    expect(batch.locator(".sn-count")).to_contain_text("first 200 of 10,000 rows saved here")
    batch.get_by_role("button", name="angry, ").click()
    expect(batch.get_by_role("status")).to_contain_text("accepted")
    desk.shot("live-gone")


def test_two_views_of_one_batch_agree(lab: Server, desk: Desk) -> None:
    batch = start(desk, lab, "two.ipynb", LOAD, "reviews")
    second = desk.page.locator(".synthnb").nth(1)
    live(second)
    batch.get_by_role("button", name="angry, 10 rows").click()
    expect(second.get_by_role("button", name="remove filter mood = angry")).to_be_visible()
    second.locator("tr.sn-rejected").first.focus()
    desk.page.keyboard.press("k")
    expect(batch.locator(".sn-big")).to_have_text("25 accepted")
    expect(second.locator(".sn-big")).to_have_text("25 accepted")
    second.get_by_role("button", name="Clear Esc").click()
    expect(batch.get_by_role("button", name="remove filter mood = angry")).to_have_count(0)


def test_a_busy_kernel_is_told_and_waited_for(server: Server, desk: Desk) -> None:
    hold = "import time\nend = time.time() + 6\nwhile time.time() < end: sum(range(10**6))"
    batch = start(desk, server, "busy.ipynb", MANY)
    expect(batch.locator(".sn-count")).to_contain_text("10,000 rows")
    desk.page.evaluate(
        """code => { jupyterapp.shell.currentWidget.sessionContext.session.kernel
          .requestExecute({ code }); }""",
        hold,
    )
    desk.page.wait_for_timeout(300)
    batch.get_by_role("button", name="angry, ").click()
    expect(batch.get_by_role("status")).to_contain_text("of 8,000 accepted")
    expect(batch.locator(".sn-link")).to_be_hidden()


def test_the_map_selects_by_mouse_and_by_keys(lab: Server, desk: Desk) -> None:
    batch = start(desk, lab, "map.ipynb", LOAD)
    canvas = batch.locator(".sn-canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    mouse = desk.page.mouse
    mouse.move(box["x"] + 3, box["y"] + 3)
    mouse.down()
    mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 3, steps=4)
    mouse.up()
    chip = batch.get_by_role("button", name="remove filter region of the map")
    expect(chip).to_be_visible()
    expect(batch.get_by_role("status")).to_contain_text("of 24 accepted")
    desk.until(lambda: value(desk, "0 < len(reviews.selection) < 24"), "True")
    desk.shot("live-map")
    desk.page.keyboard.press("Escape")
    expect(chip).to_have_count(0)
    canvas.focus()
    desk.page.keyboard.press("ArrowRight")
    desk.page.keyboard.press("Shift+ArrowUp")
    expect(chip).to_be_visible()


def test_the_map_of_many_texts_comes_from_the_kernel(lab: Server, desk: Desk) -> None:
    batch = start(desk, lab, "mapmany.ipynb", MANY)
    batch.get_by_role("button", name="Map all 10,000").click()
    expect(batch.locator(".sn-map h4")).to_contain_text("10,000 texts")
    batch.get_by_role("button", name="angry, ").click()
    expect(batch.get_by_role("status")).to_contain_text("of 8,000 accepted")
    desk.theme("JupyterLab Dark")
    desk.page.wait_for_timeout(400)
    desk.shot("live-map-many-dark")
    desk.theme("JupyterLab Light")
