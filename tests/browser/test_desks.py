"""Review and ranking in real JupyterLab, by keyboard alone."""

from __future__ import annotations

import nbformat
from playwright.sync_api import expect

from tests.browser.desk import Desk, write_notebook
from tests.browser.desk_notebook import support
from tests.browser.server import Server

REVIEW = "from tests.samples import sample_batch\nbatch = sample_batch()\nbatch.review()"
RANK = "from tests.browser.desk_notebook import support\nsupport().rank(pairs=12)"
REVIEW_DATA = "application/vnd.synthnb.review.v1+json"
RANK_DATA = "application/vnd.synthnb.rank.v1+json"

JUDGED = """
import random
from synthnb.settings import config_file
from tests.browser.desk_notebook import support
from tests.loopback import Loopback, Reply

server = Loopback().__enter__()
config_file().parent.mkdir(parents=True, exist_ok=True)
config_file().write_text(f'[profiles.lab]\\nbase_url = "{server.base_url}"\\n')
verdict = '{"reasoning": "r", "verdict": "%s"}'
server.script(lambda n, body: Reply(text=verdict % ("A" if n % 3 else "B")))
rng, batch = random.Random(3), support(16)
for who in ("ann", "ben", "you"):
    ranking = batch.rank(pairs=14, rater=who)
    while ranking.current:
        left, _ = ranking.sides(ranking.current)
        said = "left" if "Settings" in str(left) else "right"
        ranking.vote(said if rng.random() < 0.8 else "tie")
ranking.judge("lab/tiny")
ranking
"""


def outputs(server: Server, name: str, cell: int) -> nbformat.NotebookNode:
    """The saved output of a cell."""
    book = nbformat.read(server.folder / name, as_version=4)  # type: ignore[no-untyped-call]
    found: nbformat.NotebookNode = book.cells[cell].outputs[0]
    return found


def test_review_by_keyboard(lab: Server, desk: Desk) -> None:
    name = write_notebook(lab.folder, "review.ipynb", REVIEW)
    desk.open(lab, name)
    desk.run_all()
    view = desk.page.locator(".sn-desk")
    expect(view.locator(".sn-big")).to_have_text("0 of 31 reviewed")
    expect(view.locator(".sn-card")).to_be_focused()
    desk.shot("review-light")
    keys = desk.page.keyboard
    keys.press("k")
    expect(view.locator(".sn-big")).to_have_text("1 of 31 reviewed")
    keys.press("d")
    expect(view.locator(".sn-facts")).to_contain_text("1 dropped")
    keys.press("e")
    expect(view.locator("textarea")).to_be_focused()
    desk.page.keyboard.press("Control+a")
    keys.type("A better row.")
    desk.shot("review-edit-light")
    keys.press("Control+Enter")
    expect(view.locator(".sn-big")).to_have_text("3 of 31 reviewed")
    expect(view.locator(".sn-card")).to_contain_text("A better row.")
    expect(view.locator(".sn-card")).to_contain_text("edited")
    expect(view.locator(".sn-card")).to_be_focused()  # the form is closed
    keys.press("t")
    keys.type("funny, short")
    keys.press("Enter")
    expect(view.locator(".sn-taglist")).to_contain_text("funny")
    expect(view.locator(".sn-card")).to_be_focused()
    keys.press("u")
    keys.press("u")
    expect(view.locator(".sn-big")).to_have_text("2 of 31 reviewed")
    desk.theme("JupyterLab Dark")
    desk.shot("review-dark")
    desk.until(lambda: desk.kept(REVIEW_DATA).get("done"), 2)
    desk.save()
    saved = outputs(lab, name, 0)
    state = saved.data[REVIEW_DATA]
    assert (state["done"], state["counts"]["dropped"]) == (2, 1)
    assert "2 of 31 rows reviewed" in saved.data["text/html"]


def test_ranking_by_keyboard(lab: Server, desk: Desk) -> None:
    name = write_notebook(lab.folder, "rank.ipynb", RANK)
    desk.open(lab, name)
    desk.run_all()
    view = desk.page.locator(".sn-desk")
    expect(view.locator(".sn-big")).to_have_text("Which answer is better?")
    expect(view.locator(".sn-ans").first).to_be_focused()
    desk.shot("rank-light")
    keys = desk.page.keyboard
    for done, key in enumerate("1201bs2u?", 1):
        keys.press(key)
        count = {8: 6, 9: 6}.get(done, done)
        expect(view.locator("[role=progressbar]")).to_have_attribute(
            "aria-valuenow", str(count)
        )
    expect(view.locator(".sn-rubric.sn-all")).to_be_visible()
    desk.theme("JupyterLab Dark")
    desk.shot("rank-dark")
    keys.press("Escape")
    expect(view.get_by_role("button", name="Go on ranking")).to_be_visible()
    desk.shot("rank-so-far-dark")
    keys.press("Enter")
    for done in range(7, 15):
        left = view.locator(".sn-ans").first.inner_text()
        keys.press("1" if "Settings" in left else "2")
        if done < 14:
            bar = view.locator("[role=progressbar]")
            expect(bar).to_have_attribute("aria-valuenow", str(done))
    expect(view.locator(".sn-bt tbody tr")).to_have_count(4)
    desk.shot("rank-result-dark")
    desk.theme("JupyterLab Light")
    desk.shot("rank-result-light")
    desk.until(lambda: desk.kept(RANK_DATA).get("done"), 14)
    desk.save()
    kept = outputs(lab, name, 0)
    assert kept.data[RANK_DATA]["done"] == 14
    assert "14 of 14 pairs judged by you" in kept.data["text/html"]

    desk.open(lab, name)
    expect(view.locator(".sn-bt tbody tr")).to_have_count(4)


def saved(thing: object) -> list[nbformat.NotebookNode]:
    """The output as a notebook on disk holds it."""
    data = thing._repr_mimebundle_()  # type: ignore[attr-defined]
    made = nbformat.v4.new_output("execute_result", data, execution_count=1)  # type: ignore[no-untyped-call]
    return [made]


def test_without_a_kernel_the_last_result_is_there(lab: Server, desk: Desk) -> None:
    ranking = support().rank(pairs=12)
    while ranking.current:
        left, _ = ranking.sides(ranking.current)
        ranking.vote("left" if "Settings" in str(left) else "right")
    name = write_notebook(lab.folder, "kept.ipynb", RANK, outputs=saved(ranking), kernel="gone")
    desk.open(lab, name)
    desk.without_kernel()
    view = desk.page.locator(".sn-desk")
    expect(view.locator(".sn-bt tbody tr")).to_have_count(4)
    expect(view.locator(".sn-link")).to_contain_text("%synth rank support")
    expect(view.get_by_role("button", name="Undo")).to_have_count(0)


def test_a_review_goes_on_after_a_restart(lab: Server, desk: Desk) -> None:
    cell = REVIEW.replace("sample_batch()\n", "sample_batch(run='browser-review')\n")
    desk.open(lab, write_notebook(lab.folder, "restart.ipynb", cell))
    desk.run_all()
    view = desk.page.locator(".sn-desk")
    big, keys = view.locator(".sn-big"), desk.page.keyboard
    expect(view.locator(".sn-card")).to_be_focused()
    keys.press("d")
    expect(big).to_have_text("1 of 31 reviewed")
    keys.press("t")
    keys.type("odd")
    keys.press("Enter")
    expect(view.locator(".sn-taglist")).to_contain_text("odd")
    desk.until(lambda: desk.kept(REVIEW_DATA).get("counts", {}).get("tagged"), 1)
    desk.page.evaluate(
        "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    )
    expect(view.locator(".sn-link")).to_contain_text("%synth review reviews")
    desk.run_all()
    expect(view.locator(".sn-card")).to_be_focused()
    expect(view.locator(".sn-facts")).to_contain_text("1 dropped · 1 tagged")
    keys.press("u")
    expect(view.locator(".sn-facts")).not_to_contain_text("tagged")
    keys.press("u")
    expect(big).to_have_text("0 of 31 reviewed")


def test_raters_and_a_judge_side_by_side(lab: Server, desk: Desk) -> None:
    desk.open(lab, write_notebook(lab.folder, "judge.ipynb", JUDGED))
    desk.run_all()
    view = desk.page.locator(".sn-desk")
    expect(view.get_by_role("heading", name="Judge against people")).to_be_visible()
    expect(view.get_by_role("rowheader", name="ann and ben, Cohen κ")).to_be_visible()
    show = view.get_by_role("button", name="disagreements")
    rows = view.locator(".sn-differ tbody tr")
    count = int(show.inner_text().split()[2])
    show.press("Enter")
    expect(rows).to_have_count(count)
    desk.shot("rank-judge")
    desk.page.set_viewport_size({"width": 900, "height": 1300})
    wide = "e => e.scrollWidth - e.clientWidth"
    for part in (".sn-bt", ".sn-conf", ".sn-bias"):
        assert view.locator(part).evaluate(wide) <= 1
        assert view.evaluate(
            "(e, p) => e.querySelector(p).getBoundingClientRect().right"
            " <= e.getBoundingClientRect().right + 1",
            part,
        )
    desk.shot("rank-judge-narrow")
    show.press("Enter")
    expect(rows).to_have_count(0)


def test_hostile_rows_stay_text_in_a_review(lab: Server, desk: Desk) -> None:
    cell = "from tests.samples import HOSTILE, batch_of\nbatch_of(HOSTILE).review()"
    desk.open(lab, write_notebook(lab.folder, "hostile-review.ipynb", cell))
    desk.run_all()
    view = desk.page.locator(".sn-desk")
    expect(view.locator(".sn-card")).to_be_focused()
    for done in range(1, 11):
        desk.page.keyboard.press("e")
        expect(view.locator("textarea")).to_be_focused()
        desk.page.keyboard.press("Escape")
        desk.page.keyboard.press("kd"[done % 2])
        expect(view.locator("[role=progressbar]")).to_have_attribute("aria-valuenow", str(done))
        assert view.locator("script, img, a, style, mjx-container").count() == 0
    desk.shot("review-hostile")


def test_hostile_answers_stay_text(lab: Server, desk: Desk) -> None:
    cell = RANK.replace("support()", "support(hostile=True)")
    name = write_notebook(lab.folder, "hostile-rank.ipynb", cell)
    desk.open(lab, name)
    desk.run_all()
    view = desk.page.locator(".sn-desk")
    bar = view.locator("[role=progressbar]")
    expect(view.locator(".sn-ans").first).to_be_focused()
    for done in range(1, 8):
        desk.page.keyboard.press("1")
        expect(bar).to_have_attribute("aria-valuenow", str(done))
        assert view.locator("script, img, a, style").count() == 0
    desk.shot("rank-hostile")
