"""The studio in JupyterLab and Notebook 7: edit, preview, run, stop, save by keyboard."""

from __future__ import annotations

import re
from functools import partial

import nbformat
from playwright.sync_api import Locator, expect

from tests.browser.desk import READY, TIMEOUT, Desk, write_notebook
from tests.browser.server import Server
from tests.browser.studio_notebook import RECIPE, hostile, open_studio

FORMULA = "mjx-container, .MathJax, math"


def show(desk: Desk, server: Server, name: str, *cells: str) -> Locator:
    """The studio that the first cell opens, with its preview and estimate there."""
    desk.open(server, write_notebook(server.folder, name, *cells))
    desk.page.evaluate(READY)
    desk.page.evaluate("() => jupyterapp.commands.execute('notebook:run-cell')")
    studio = desk.page.locator(".synthnb-studio")
    expect(studio.get_by_text("Preview, row 1 of")).to_be_visible()
    hide = "() => { jupyterapp.shell.currentWidget.content.widgets[0].inputHidden = true; }"
    desk.page.evaluate(hide)
    return studio


def test_edit_run_and_save_by_keyboard(lab: Server, desk: Desk) -> None:
    studio = show(desk, lab, "studio.ipynb", open_studio(), "len(gadgets)")
    status = studio.locator(".synthnb-studio-status")
    expect(status).to_contain_text("about 6 requests")
    desk.shot("studio-fresh")
    keys = desk.page.keyboard

    prompt = studio.get_by_role("textbox", name="Prompt of text")
    holes = studio.locator(".synthnb-editor b")
    expect(holes).to_have_text(["{{ product }}", "{{ mood }}"])
    prompt.focus()
    keys.press("Control+End")
    keys.type(" Mention {{ moood }}.")
    wrong = studio.get_by_role("alert").filter(has_text="did you mean 'mood'?")
    expect(wrong).to_be_visible()
    keys.press("Control+Enter")
    expect(status).to_have_text("Nothing was sent: mend what is marked first.")
    expect(status).to_have_class(re.compile("synthnb-studio-wrong"))
    desk.shot("studio-wrong")
    for _ in range(len("od }}.")):
        keys.press("Backspace")
    keys.type("d }}.")
    expect(holes.last).to_have_text("{{ mood }}")
    drawn, field = (studio.locator(f".synthnb-editor > {part}") for part in ("div", "textarea"))
    assert drawn.bounding_box() == field.bounding_box()  # letter over letter
    expect(wrong).to_have_count(0)
    expect(studio.locator(".synthnb-studio-preview b").last).to_have_text(
        studio.locator(".synthnb-studio-preview b").nth(1).inner_text()
    )
    keys.type(" Be long.")
    keys.press("Control+Enter")  # at once: the last words are on their way
    expect(studio.locator(".sn-big").first).to_have_text("6 accepted")
    expect(studio.locator("ins, del")).to_have_count(0)
    expect(studio.get_by_role("cell", name="6 of 6")).to_be_visible()
    expect(prompt).to_be_focused()

    studio.get_by_role("slider", name="angry").focus()
    for key in ("ArrowRight", "a", "d", "d"):  # letters would change the notebook
        keys.press(key)
    notice = studio.locator(".synthnb-studio-notice")
    expect(notice).to_have_text(
        "Shown: version 1. The recipe has 1 change since; run to see it."
    )
    for place in (".synthnb-studio-yaml", ".synthnb-studio-edits"):
        expect(studio.locator(f"{place} ins")).to_have_text(["2.5"])
        expect(studio.locator(f"{place} del")).to_have_text(["2"])
    expect(desk.page.locator(".jp-Notebook .jp-Cell")).to_have_count(2)
    desk.shot("studio-changed")

    studio.get_by_role("button", name="Save").focus()
    keys.press("Enter")
    expect(status).to_have_text("Saved gadgets.synth.yaml")
    written = (lab.folder / "gadgets.synth.yaml").read_text("utf-8")
    asked = "who is {{ mood }}. Mention {{ mood }}. Be long."
    expected = RECIPE.replace("who is {{ mood }}.", asked).replace("angry: 2", "angry: 2.5")
    assert written == expected
    desk.theme("JupyterLab Dark")
    desk.page.wait_for_timeout(500)
    desk.shot("studio-dark")
    desk.theme("JupyterLab Light")
    desk.save()
    desk.open(lab, "studio.ipynb")
    expect(prompt).to_have_value(f"A review of a {{{{ product }}}} by someone {asked}")
    expect(studio.locator(".sn-big").first).to_have_text("6 accepted", timeout=TIMEOUT)
    without_kernel(lab, desk, written)


def without_kernel(lab: Server, desk: Desk, recipe: str) -> None:
    """What the saved notebook shows where no kernel has the widget: recipe and rows."""
    book = nbformat.read(lab.folder / "studio.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    output = book.cells[0].outputs[0]
    assert "6 accepted" in output.data["text/html"]
    kept = write_notebook(lab.folder, "kept-studio.ipynb", "", outputs=[output], kernel="gone")
    desk.open(lab, kept)
    desk.without_kernel()
    still = desk.page.locator(".jp-SynthnbStudio")
    expect(still.get_by_text("%synth studio gadgets opens it again")).to_be_visible()
    expect(still.locator("pre").first).to_have_text(recipe.rstrip())
    expect(still.locator(".sn-big")).to_have_text("6 accepted")
    expect(desk.page.get_by_text("Error displaying widget")).to_have_count(0)
    desk.shot("studio-still")


def test_a_run_leaves_the_kernel_free_and_can_be_stopped(lab: Server, desk: Desk) -> None:
    slow = "server.script(lambda n, body: Reply(delay=0.1 if n < 2 else 60))"
    recipe = RECIPE.replace("name: gadgets", "name: slow").replace("mood }}.", "mood }} now.")
    studio = show(desk, lab, "slow.ipynb", open_studio(recipe, slow), "6 * 7")
    studio.get_by_role("button", name="Run 6 rows").dblclick()  # the second is no Stop
    expect(studio.get_by_text("2 of 6 rows")).to_be_visible()
    live = studio.locator(".synthnb-studio-live > div")
    expect(live.first).to_have_text(re.compile("^2 accepted of 2 candidates, 6 wanted"))
    expect(live.nth(2)).to_have_text(re.compile(r"\w"))  # a row, before the run is over
    desk.shot("studio-running")
    desk.page.evaluate(
        "() => { const book = jupyterapp.shell.currentWidget.content; book.activeCellIndex = 1;"
        " return jupyterapp.commands.execute('notebook:run-cell'); }"
    )
    expect(desk.page.locator(".jp-OutputArea-output", has_text="42")).to_be_visible()
    studio.get_by_role("button", name="Stop").focus()
    desk.page.keyboard.press("Enter")
    expect(studio.locator(".sn-big").first).to_have_text("2 accepted")
    expect(live).to_have_count(0)
    expect(studio.get_by_role("button", name="Run 6 rows")).to_be_visible()
    desk.page.wait_for_timeout(2000)  # it is no longer waited for
    expect(desk.page.get_by_text("opens it again")).to_be_hidden()
    studio.get_by_role("textbox", name="Prompt of text").fill("A {{ mood }} poem.")
    expect(studio.locator("ins").first).to_be_visible()
    restart = "jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    desk.page.evaluate(f"() => {restart}")
    expect(desk.page.get_by_text("%synth studio slow opens it again")).to_be_visible()
    still = desk.page.locator(".jp-SynthnbStudio > .synthnb > pre")
    expect(still).to_contain_text('prompt: "A {{ mood }} poem."')  # no edit is lost
    rows = desk.page.locator(".jp-SynthnbStudio > .synthnb .sn-big")
    expect(rows).to_have_text("2 accepted")
    expect(studio).to_be_hidden()
    desk.shot("studio-restarted")


def test_columns_and_checks_by_keyboard(lab: Server, desk: Desk) -> None:
    recipe = RECIPE.replace("name: gadgets", "name: parts")
    studio = show(desk, lab, "parts.ipynb", open_studio(recipe))
    keys = desk.page.keyboard
    studio.get_by_role("button", name="edit").nth(1).press("Enter")
    mood = studio.get_by_role("textbox", name="mood as YAML")
    expect(mood).to_be_focused()
    mood.fill("{angry: 2, happy: x}")
    keys.press("Shift+Tab")
    expect(studio.get_by_role("alert").filter(has_text="a weight must be")).to_be_visible()
    mood.fill("{angry: 2, happy: 1, bored: 4}")
    for _ in range(2):
        keys.press("Shift+Tab")  # over remove to done
    expect(studio.locator("ins")).not_to_have_count(0)
    keys.press("Enter")
    expect(studio.get_by_role("slider", name="bored")).to_be_visible()
    expect(studio.get_by_role("button", name="edit").nth(1)).to_be_focused()

    studio.get_by_role("textbox", name="new column").fill("title")
    studio.get_by_role("button", name="add a column").press("Enter")
    expect(studio.get_by_role("textbox", name="title as YAML")).to_be_focused()
    studio.get_by_role("combobox", name="new check").select_option("near_duplicate")
    studio.get_by_role("button", name="add a check").press("Enter")
    check = studio.get_by_role("textbox", name="near_duplicate as YAML")
    expect(check).to_be_focused()
    check.fill("near_duplicate: {column: text, threshold: 0.7}")
    keys.press("Control+Enter")
    expect(studio.locator(".sn-big").first).to_have_text("6 accepted")
    yaml = studio.locator(".synthnb-studio-yaml")
    expect(yaml).to_contain_text('title: {prompt: "Write a short text: {{ text }}"}')
    expect(yaml).to_contain_text("{near_duplicate: {column: text, threshold: 0.7}}]")
    desk.shot("studio-parts")
    studio.get_by_role("button", name="Undo").press("Enter")
    expect(yaml.locator("ins")).to_contain_text(["title"])
    studio.get_by_role("slider", name="angry").press("ArrowRight")
    expect(yaml.locator("ins").first).to_have_text("2.5")
    keys.press("Control+Enter")
    expect(studio.get_by_role("button", name="diff of 2")).to_be_visible()
    expect(studio.get_by_role("button", name="Run 6 rows")).to_be_visible()
    diff = studio.get_by_text("From version 1 to 2")
    studio.get_by_role("button", name="diff of 2").press("Enter")
    expect(diff).to_be_visible()
    expect(studio.get_by_role("button", name="Close the diff")).to_be_focused()
    desk.shot("studio-diff")
    studio.get_by_role("button", name="open version 1").press("Enter")
    expect(studio.get_by_text("Shown: version 1. ")).to_be_visible()
    expect(studio.locator('tr[aria-current="true"] td').first).to_have_text("1")
    expect(studio.get_by_role("button", name="open version 1")).to_be_focused()
    desk.shot("studio-opened")


def test_labels_by_mouse_and_keyboard(lab: Server, desk: Desk) -> None:
    recipe = RECIPE.replace("name: gadgets", "name: labels")
    studio = show(desk, lab, "labels.ipynb", open_studio(recipe))
    keys, yaml = desk.page.keyboard, studio.locator(".synthnb-studio-yaml")
    chip = partial(studio.get_by_role, "button", exact=True)
    chip(name="add a label to product").click()
    for label in ("toaster", "fan"):  # one after the other, the field stays
        keys.type(label)
        keys.press("Enter")
        expect(chip(name=label)).to_be_visible()
    keys.type("kettle")
    keys.press("Enter")
    twice = studio.get_by_role("alert").filter(has_text="There is a label kettle already.")
    expect(twice).to_be_visible()
    expect(studio.get_by_role("textbox", name="new label of product")).to_have_value("kettle")
    keys.press("Escape")
    expect(chip(name="add a label to product")).to_be_focused()
    chip(name="laptop").click()
    keys.type("desktop")
    keys.press("Enter")
    expect(chip(name="desktop")).to_be_focused()
    chip(name="remove toaster").click()
    expect(chip(name="fan")).to_be_focused()
    expect(yaml.locator("ins")).to_contain_text(["desktop", "fan"])
    assert "product: [desktop, kettle, fan]" in yaml.inner_text().replace("laptop", "")

    chip(name="angry").focus()
    keys.press("Enter")
    keys.type("cross")
    keys.press("Enter")
    expect(chip(name="cross")).to_be_focused()
    keys.press("Tab")
    expect(studio.get_by_role("slider", name="cross")).to_be_focused()
    keys.press("ArrowRight")
    chip(name="happy").press("Delete")
    expect(chip(name="mixed")).to_be_focused()
    chip(name="weigh product").press("Enter")
    expect(studio.get_by_role("slider", name="fan")).to_be_visible()
    expect(chip(name="equal product")).to_be_focused()
    desk.shot("studio-labels")
    undo = chip(name="Undo")
    for _ in range(7):
        undo.press("Enter")
    expect(undo).to_be_disabled(timeout=TIMEOUT)
    expect(yaml.locator("ins, del")).to_have_count(0)
    desk.page.evaluate("() => jupyterapp.commands.execute('notebook:run-cell')")
    expect(undo).to_have_count(1)  # the old one went without an error, see ``Desk.check``
    expect(chip(name="laptop")).to_be_visible()

    session = "jupyterapp.shell.currentWidget.sessionContext"
    desk.page.evaluate(f"() => {session}.shutdown()")
    still = desk.page.get_by_text("%synth studio labels opens it again")
    expect(still).to_be_visible()
    expect(studio).to_be_hidden()
    desk.page.evaluate(f"() => {session}.changeKernel({{ name: 'python3' }})")
    desk.page.evaluate(READY)  # another one, which knows nothing of this studio
    expect(still).to_be_visible()
    expect(studio).to_be_hidden()


def test_hostile_recipes_and_rows_stay_text(lab: Server, desk: Desk) -> None:
    studio = show(desk, lab, "hostile-studio.ipynb", hostile())
    expect(studio.locator(".synthnb-chip", has_text="<script>")).to_be_visible()
    studio.get_by_role("button", name="Run").press("Enter")
    expect(studio.locator(".sn-big").first).to_contain_text("accepted")
    desk.page.wait_for_timeout(500)
    for acting in ("script", "img", "svg[onload]", "a[href]", "style", FORMULA):
        expect(studio.locator(acting)).to_have_count(0)
    desk.shot("studio-hostile")


def test_sliders_and_keys_in_notebook_7(notebook7: Server, desk: Desk) -> None:
    recipe = RECIPE.replace("name: gadgets", "name: seven")
    studio = show(desk, notebook7, "studio7.ipynb", open_studio(recipe))
    slider = studio.get_by_role("slider", name="mixed")
    slider.press("ArrowRight")
    expect(studio.locator(".synthnb-studio-yaml ins")).to_have_text(["1.5"])
    slider.press("Control+Enter")
    expect(studio.locator(".sn-big").first).to_have_text("6 accepted")
    desk.shot("studio-notebook7")
