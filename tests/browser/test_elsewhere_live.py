"""Widgets with a kernel where no extension is: as Colab, VS Code and Voilà run them."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.desk import Desk
from tests.browser.server import TOKEN, Server
from tests.browser.studio_notebook import hostile
from tests.browser.test_elsewhere import CDN, acts, show
from tests.browser.test_live_batch import live

HERE = Path(__file__).parent
ELSEWHERE = """
import os
os.environ.pop("JPY_SESSION_NAME", None)
os.environ["VSCODE_PID"] = "1"
"""


def blank(desk: Desk, lab: Server, theme: str = "light") -> Page:
    """An empty page of the server: only to such a one Chromium gives a socket to a kernel."""
    page = show(desk, lab.url)  # answers for modules that the manager asks for
    page.goto(f"{lab.url}/login")
    page.evaluate(
        """theme => { document.body.replaceChildren(); document.head.replaceChildren();
          document.documentElement.setAttribute('theme', theme); }""",
        theme,
    )
    for name in CDN:
        page.add_script_tag(path=CDN[name])
    return page


def run(page: Page, lab: Server, code: str) -> None:
    """What a cell shows, in a kernel of the server."""
    page.add_script_tag(path=HERE / "elsewhere.js")
    page.evaluate("args => elsewhere(...args)", [lab.url, TOKEN, ELSEWHERE + code])


def test_a_hostile_batch_lives(lab: Server, desk: Desk) -> None:
    page = blank(desk, lab)
    run(page, lab, "from tests.browser.hostile import *\nrows = hostile_batch()\nrows")
    batch = page.locator(".synthnb").first
    expect(batch.locator(".sn-big")).to_have_text("14 accepted")
    rows = batch.locator("tr.sn-row")
    for i in range(rows.count()):
        rows.nth(i).click()
    expect(batch.get_by_text("Provenance").nth(rows.count() - 1)).to_be_attached()
    batch.locator(".sn-bar").nth(2).click()
    expect(batch.get_by_role("status")).to_contain_text("accepted")
    desk.shot("elsewhere-batch")
    acts(page)
    batch.get_by_role("button", name="Clear Esc").click()
    live(batch)
    batch.locator("tr.sn-row").first.focus()
    page.keyboard.press("k")  # the kernel restores the rejected row
    expect(batch.locator(".sn-big")).to_have_text("15 accepted")


def test_reviews_and_rankings_live(lab: Server, desk: Desk) -> None:
    page = blank(desk, lab, "dark")
    code = (
        "from tests.browser.desk_notebook import support\n"
        "from tests.samples import HOSTILE, batch_of\n"
        "from IPython.display import display\n"
        "display(batch_of(HOSTILE).review(), support(hostile=True).rank(pairs=12))"
    )
    run(page, lab, code)
    review, rank = (page.locator(".sn-desk").nth(i) for i in (0, 1))
    expect(rank.locator(".sn-ans").first).to_be_visible()
    expect(review.get_by_role("button", name="Keep")).to_be_visible()  # its kernel is there
    review.locator(".sn-card").focus()
    page.keyboard.press("d")
    expect(review.locator(".sn-big")).to_have_text("1 of 10 reviewed")
    rank.locator(".sn-ans").first.focus()
    page.keyboard.press("1")
    expect(rank.locator("[role=progressbar]")).to_have_attribute("aria-valuenow", "1")
    desk.shot("elsewhere-desks-dark")
    acts(page)


def test_a_studio_lives(lab: Server, desk: Desk) -> None:
    page = blank(desk, lab)
    run(page, lab, hostile())
    studio = page.locator(".synthnb-studio").first
    expect(studio.locator(".synthnb-chip", has_text="<script>")).to_be_visible()
    studio.get_by_role("button", name="Run").press("Enter")
    expect(studio.locator(".synthnb .sn-big").first).to_contain_text("accepted")
    desk.shot("elsewhere-studio")
    acts(page)
