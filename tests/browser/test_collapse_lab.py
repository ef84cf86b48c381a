"""The collapse lab in real JupyterLab: a button and a slider change the chart."""

from __future__ import annotations

import re
import shutil

from playwright.sync_api import expect

from tests.browser.desk import TIMEOUT, Desk, write_notebook
from tests.browser.server import ROOT, Server

CELL = "import synthnb\nsynthnb.collapse_lab(n=20, t=20, chains=200)"


def test_a_button_and_a_slider_change_the_chart(lab: Server, desk: Desk) -> None:
    desk.open(lab, write_notebook(lab.folder, "collapse.ipynb", CELL))
    desk.run_all()
    view = desk.page.locator(".sn-lab")
    chart = view.locator("svg").first
    median = chart.locator("path[data-curve='median']")
    expect(view.get_by_role("radio", name="Replace")).to_be_checked(timeout=TIMEOUT)
    expect(chart.locator("path[data-curve='theory']")).to_have_count(1)
    before = median.get_attribute("d")
    desk.shot("collapse-lab")

    view.get_by_role("radio", name="Accumulate", exact=True).click()
    expect(view.get_by_text("Nothing is thrown away.")).to_be_visible(timeout=TIMEOUT)
    expect(median).not_to_have_attribute("d", before or "", timeout=TIMEOUT)
    expect(view.get_by_role("slider", name="keeps a right row")).to_be_disabled()

    view.get_by_role("radio", name="Accumulate and verify").click()
    expect(chart.locator("path[data-curve='theory']")).to_have_count(0, timeout=TIMEOUT)
    expect(view.get_by_role("slider", name="keeps a right row")).to_be_enabled()
    desk.shot("collapse-lab-verify")

    generations = view.get_by_role("slider", name="Generations")
    generations.focus()
    desk.page.keyboard.press("End")
    expect(view.locator("label", has_text="Generations").locator("output")).to_have_text("200")
    label = re.compile("Variance over 200 generations: accumulate and verify ends at")
    expect(chart).to_have_attribute("aria-label", label, timeout=TIMEOUT)


def test_the_notebook_runs_in_light_and_dark(lab: Server, desk: Desk) -> None:
    shutil.copytree(ROOT / "notebooks", lab.folder / "notebooks", dirs_exist_ok=True)
    desk.open(lab, "notebooks/02_collapse.ipynb")
    desk.run_all()
    desk.scroll_to_cell(2)
    view = desk.page.locator(".sn-lab")
    expect(view.locator("svg")).to_have_count(2, timeout=TIMEOUT)
    assert desk.failures() == []
    view.scroll_into_view_if_needed()
    desk.shot("collapse-notebook")
    light = view.evaluate("e => getComputedStyle(e).color")
    desk.theme("JupyterLab Dark")
    expect(desk.page.locator("#jupyterlab-splash")).to_have_count(0, timeout=TIMEOUT)
    assert view.evaluate("e => getComputedStyle(e).color") != light
    desk.shot("collapse-notebook-dark")
    desk.scroll_to_cell(len(desk.page.locator(".jp-Cell").all()) - 1)
    desk.theme("JupyterLab Light")
