"""Versions from cells: compared, listed, opened again, also after the kernel restarted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.desk import READY, Desk, write_notebook
from tests.browser.server import Server
from tests.browser.test_live_batch import value
from tests.loopback import Loopback, Reply

CELL = """\
%%synth {name} -n 12 --seed 7 --model wire/{model} {more}
mood: [angry, happy]
---
{prompt} about {{{{ mood }}}} people."""


def cell(
    prompt: str = "Words", more: str = "", model: str = "tiny", name: str = "words"
) -> str:
    return CELL.format(prompt=prompt, more=more, model=model, name=name)


@pytest.fixture
def wire(lab: Server) -> Iterator[Loopback]:
    """A model on this machine that the server's kernels know as ``wire``; slow if asked."""
    with Loopback() as server:
        server.script(
            lambda number, body: Reply(delay=1 if body and body["model"] == "slow" else 0)
        )
        config = lab.folder.parent / "synthnb" / "config" / "synthnb.toml"
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(
            f'[profiles.wire]\nbase_url = "{server.base_url}"\nconcurrency = 2\n', "utf-8"
        )
        yield server
        config.unlink()


def run(desk: Desk, index: int) -> None:
    """Run one cell."""
    desk.page.evaluate(
        """i => { const { content } = jupyterapp.shell.currentWidget;
          content.deselectAll(); content.activeCellIndex = i;
          jupyterapp.commands.execute('notebook:run-cell'); }""",
        index,
    )


def output(desk: Desk, index: int) -> Locator:
    return desk.page.locator(f".jp-Notebook .jp-Cell[data-windowed-list-index='{index}']")


def test_versions_outlive_the_kernel(lab: Server, desk: Desk, wire: Loopback) -> None:
    history = "%synth history words"
    name = write_notebook(
        lab.folder, "versions.ipynb", "%load_ext synthnb", cell(),
        cell("Short words", "--vs last"), history, "%synth show words@1",
    )  # fmt: skip
    desk.page.set_viewport_size({"width": 1280, "height": 2000})
    desk.open(lab, name)
    desk.page.evaluate(READY)
    for index in (0, 1, 2):
        run(desk, index)
    batch = output(desk, 2).locator(".synthnb:not(.sn-diff)")
    expect(batch.locator(".sn-facts")).to_contain_text("version 2, paired with 1")
    expect(output(desk, 2).locator(".sn-diff .sn-facts")).to_contain_text(
        "12 of 12 planned rows"
    )
    batch.get_by_role("button", name="Diff with 1").click()
    inserted = output(desk, 3)
    expect(inserted).to_contain_text("%synth diff words@1 words@2")
    expect(inserted.locator(".sn-diff .sn-big")).to_be_visible()

    desk.page.evaluate(
        "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    )
    desk.page.evaluate(READY)
    asked = len(wire.requests)
    for index in (0, 4, 5):
        run(desk, index)
    table = output(desk, 4).locator(".sn-history table")
    expect(table).to_contain_text("text.prompt")
    expect(table.locator("tbody tr")).to_have_count(2)
    shown = output(desk, 5).locator(".synthnb")
    expect(shown.locator(".sn-facts")).to_contain_text("version 1")
    desk.shot("versions-after-restart")
    assert desk.failures() == []
    assert len(wire.requests) == asked


def test_a_history_leads_on_by_keyboard_alone(lab: Server, desk: Desk, wire: Loopback) -> None:
    name = write_notebook(
        lab.folder, "steps.ipynb", "%load_ext synthnb", cell(more="--quiet", name="steps"),
        cell("Short words", "--quiet", name="steps"), "%synth history steps",
    )  # fmt: skip
    desk.page.set_viewport_size({"width": 1280, "height": 2400})
    desk.open(lab, name)
    desk.page.evaluate(READY)
    for index in (0, 1, 2, 3):
        run(desk, index)
    history = output(desk, 3).locator(".sn-history")
    expect(history.locator("thead svg")).not_to_have_count(0)
    keys = desk.page.keyboard
    history.get_by_role("button", name="Show version 2").focus()
    keys.press("ArrowDown")
    keys.press("ArrowUp")
    keys.press("ArrowRight")
    keys.press("Enter")
    compared = output(desk, 4)
    expect(compared).to_contain_text("%synth diff steps@1 steps@2")
    view = compared.locator(".sn-diff")
    expect(view.locator(".sn-facts")).to_contain_text("version 2 against 1")
    assert history.evaluate("e => e.scrollWidth <= e.clientWidth")
    desk.shot("history")

    view.locator(".sn-bin:enabled").last.focus()
    keys.press("Enter")
    expect(view.locator(".sn-chip")).to_be_visible()
    chosen = view.locator("tr.sn-pair").count()
    view.get_by_role("button", name="Insert as code cell").focus()
    keys.press("Enter")
    expect(output(desk, 5)).to_contain_text("changes.pairs_df(chosen)")
    run(desk, 5)
    pairs = output(desk, 5)
    expect(pairs.locator("table.dataframe tbody tr")).to_have_count(chosen)
    counted = pairs.locator(".jp-InputPrompt").inner_text()
    compared.locator(".jp-InputPrompt").first.click()
    pairs.locator(".jp-InputPrompt").click(modifiers=["Shift"])
    expect(desk.page.locator(".jp-Cell.jp-mod-selected")).to_have_count(2)
    view.get_by_role("button", name="Swap sides").focus()
    keys.press("Enter")
    expect(compared).to_contain_text("%synth diff steps@2 steps@1")
    expect(view.locator(".sn-facts")).to_contain_text("version 1 against 2")
    assert pairs.locator(".jp-InputPrompt").inner_text() == counted  # did not run again
    desk.page.evaluate(
        "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    )  # the next button loads the extension again
    view.get_by_role("button", name="Swap sides").focus()
    keys.press("Enter")
    expect(view.locator(".sn-facts")).to_contain_text("version 2 against 1")
    view.get_by_role("button", name="Rank these pairs").focus()
    keys.press("Enter")
    expect(output(desk, 5)).to_contain_text("%synth rank steps@1 steps@2")
    expect(output(desk, 5).get_by_text("Which answer is better?")).to_be_visible()
    assert desk.failures() == []
    desk.theme("JupyterLab Dark")
    desk.page.wait_for_timeout(300)
    desk.shot("history-dark")
    desk.theme("JupyterLab Light")


def test_a_run_in_one_notebook_does_not_hold_up_another(
    lab: Server, desk: Desk, wire: Loopback
) -> None:
    slow = write_notebook(
        lab.folder, "slow.ipynb", "%load_ext synthnb", cell(model="slow", name="tardy")
    )
    desk.open(lab, slow)
    desk.page.evaluate(READY)
    desk.run_all()
    expect(desk.page.get_by_role("progressbar")).to_be_visible()
    quick = write_notebook(lab.folder, "quick.ipynb", "%load_ext synthnb", cell(name="brisk"))
    desk.open(lab, quick)
    desk.page.evaluate(READY)
    desk.run_all()
    expect(desk.batch().locator(".sn-big")).to_have_text("12 accepted")
    desk.open(lab, slow)  # its run went on without anyone looking
    desk.page.evaluate(READY)
    assert value(desk, "len(tardy)") == "12"
