"""What was shown before goes on while a cell runs: a batch, a review, a studio."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.desk import Desk, write_notebook
from tests.browser.server import Server
from tests.browser.studio_notebook import RECIPE, open_studio

BATCH = "%load_ext synthnb\nfrom tests.samples import *\nreviews = sample_batch()\nreviews"
REVIEW = "reviews.review()"
HOLD = """
import time
from pathlib import Path
Path({begun!r}).touch()
while not Path({over!r}).exists(): time.sleep(0.02)
"""
START = """code => {
  const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const run = { over: false };
  run.done = kernel.requestExecute({ code }).done.then(() => { run.over = true; });
  return run;
}"""


def test_views_answer_while_a_cell_runs(lab: Server, desk: Desk, tmp_path: Path) -> None:
    begun, over = tmp_path / "begun", tmp_path / "over"
    desk.page.set_viewport_size({"width": 1280, "height": 2600})
    studio_cell = open_studio(RECIPE.replace("gadgets", "running"))  # others have that name
    desk.open(lab, write_notebook(lab.folder, "running.ipynb", BATCH, REVIEW, studio_cell))
    desk.run_all()
    page, keys = desk.page, desk.page.keyboard
    batch, review, studio = (
        page.locator(part) for part in (".jp-SynthnbBatch", ".sn-desk", ".synthnb-studio")
    )
    expect(studio.get_by_text("Preview, row 1 of")).to_be_visible()
    expect(review.get_by_role("button", name="Keep")).to_be_visible()  # the kernel is there
    expect(batch.locator(".sn-hints")).to_contain_text("keep")
    held = page.evaluate_handle(START, HOLD.format(begun=str(begun), over=str(over)))
    while not begun.exists():
        page.wait_for_timeout(50)

    review.locator(".sn-card").focus()
    keys.press("k")
    expect(review.locator(".sn-big")).to_have_text("1 of 31 reviewed")
    expect(batch.locator(".sn-big")).to_have_text("25 accepted")
    batch.locator("tr.sn-rejected").first.focus()
    keys.press("k")
    expect(batch.locator(".sn-big")).to_have_text("26 accepted")
    studio.get_by_role("textbox", name="Prompt of text").fill("A {{ mood }} poem.")
    keys.press("Control+Enter")
    expect(studio.locator(".sn-big").first).to_have_text("6 accepted")
    expect(studio.locator("ins")).to_have_count(0)  # they are of the recipe as it was typed
    assert held.evaluate("run => run.over") is False
    desk.shot("running-cell")
    over.touch()
    held.evaluate("run => run.done")
