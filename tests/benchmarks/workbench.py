"""The workbench in Chromium on a real JupyterLab: cells painted, brushes answered, bytes saved.

``python -m tests.benchmarks.workbench`` prints one line a figure. Cells are run for the
second time, so that the store has every answer; the server counts what is asked all the same.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.benchmarks.common import server, stats
from tests.browser import chromium
from tests.browser.desk import READY, Desk, write_notebook
from tests.browser.server import Server, serve

CELL = """%%synth {name} -n {rows} --seed 7
product: [laptop, kettle, headphones, backpack]
mood: {{angry: 2, happy: 2, mixed: 1}}
checks:
  - {{length: {{column: text, min: 20, max: 300}}}}
{more}---
A two-sentence review of a {{{{ product }}}} by someone who is {{{{ mood }}}}."""
NEAR = "  - {near_duplicate: {column: text, threshold: 0.8}}\n"
SIZES = ((200, NEAR, 1.0), (10_000, "", 4.0), (10_000, NEAR, 4.0))
"""Rows, a check that compares rows, and the seconds that are the goal."""
LONG = 100_000

RUN = """async ([cell, most]) => {
  const notebook = jupyterapp.shell.currentWidget.content;
  notebook.deselectAll();
  notebook.activeCellIndex = cell;
  document.querySelectorAll('.synthnb').forEach(node => (node.dataset.old = '1'));
  const start = performance.now();
  jupyterapp.commands.execute('notebook:run-cell');
  while (!document.querySelector('.synthnb:not([data-old]) tr.sn-row')) {
    if (performance.now() - start > most) throw Error('nothing was painted');
    await new Promise(requestAnimationFrame);
  }
  await new Promise(requestAnimationFrame);
  return performance.now() - start;
}"""
"""Milliseconds from the key to the frame in which the whole output is there."""

BRUSH = """async label => {
  const root = document.querySelector('.synthnb');
  const status = root.querySelector('.sn-chips [role=status]');
  const button = [...root.querySelectorAll('.sn-bar')].find(
    b => b.getAttribute('aria-label').startsWith(label));
  const before = status.textContent;
  const start = performance.now();
  button.click();
  while (status.textContent === before) {
    if (performance.now() - start > 20_000) throw Error('no answer');
    await new Promise(requestAnimationFrame);
  }
  await new Promise(requestAnimationFrame);
  return performance.now() - start;
}"""

SCROLL = """step => new Promise(done => {
  const frame = document.querySelector('.sn-window');
  const spent = [];
  let last = performance.now();
  const draw = now => {
    spent.push(now - last);
    last = now;
    frame.scrollTop += step;
    if (spent.length < 240) requestAnimationFrame(draw);
    else done(spent.sort((a, b) => a - b));
  };
  requestAnimationFrame(draw);
})"""
"""Milliseconds of 240 frames, sorted, while the table is scrolled by so many pixels each."""


def told(what: str, tries: list[float], goal: str) -> None:
    """One line: the best, and all tries."""
    every = ", ".join(f"{ms:.0f}" for ms in tries)
    print(f"{what:<48} {min(tries):6.0f} ms of {every}; goal {goal}", flush=True)


@contextmanager
def window(home: Path) -> Iterator[tuple[Server, Desk]]:
    """A fresh JupyterLab and a browser on it."""
    arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
    with serve("lab", home) as lab, sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium.find(), args=arguments)
        with Desk(opened, home) as desk:
            yield lab, desk
        opened.close()


def cells(lab: Server, desk: Desk, url: str) -> None:
    """Shift+Enter with every answer stored, to the whole output painted; what is saved."""
    sources = [
        CELL.format(name=f"rows{i}", rows=rows, more=more)
        for i, (rows, more, _) in enumerate(SIZES)
    ]
    name = write_notebook(lab.folder, "cells.ipynb", "%load_ext synthnb", *sources)
    desk.open(lab, name)
    desk.run_all()
    done = "() => document.querySelectorAll('.synthnb').length === " + str(len(SIZES))
    desk.page.wait_for_function(done, timeout=400_000)
    asked = stats(url)["requests"]
    for cell, (rows, more, goal) in enumerate(SIZES, 1):
        desk.scroll_to_cell(cell)
        tries = [desk.page.evaluate(RUN, [cell, 120_000]) for _ in range(3)]
        compared = ", compared" if more else ""
        told(f"cell to painted, {rows:,} stored answers{compared}", tries, f"{goal:g} s")
    print(f"requests meanwhile: {stats(url)['requests'] - asked}, goal 0")
    desk.save()
    desk.page.wait_for_timeout(1000)
    saved = (lab.folder / name).stat().st_size / 1000
    print(f"the notebook with all outputs: {saved:.0f} kB, goal 1,000 each")


def brushes(lab: Server, desk: Desk) -> None:
    """A bar pressed, to the rows of a long batch shown; frames while they are scrolled."""
    source = f"from tests.samples import many\nlong = many({LONG})\nlong"
    desk.open(lab, write_notebook(lab.folder, "brush.ipynb", source))
    desk.page.evaluate(READY)
    desk.run_all()
    desk.page.wait_for_selector("tr.sn-row", timeout=120_000)
    desk.page.wait_for_timeout(3000)
    labels = ("angry", "angry", "happy", "mixed", "laptop", "kettle")
    tries = [desk.page.evaluate(BRUSH, label) for label in labels]
    told(f"brush to rows, {LONG:,} rows", tries, "150 ms")
    print(f"the slowest of them: {max(tries):.0f} ms")
    for step, what in ((0, "standing still"), (40, "scrolled"), (-40, "scrolled back")):
        spent = desk.page.evaluate(SCROLL, step)
        said = f"{spent[120]:.0f} ms, 95% within {spent[228]:.0f} ms"
        print(f"{f'a frame of {LONG:,} rows {what}':<48} {said}", flush=True)


def main() -> None:
    """A server, a JupyterLab that knows it, a browser."""
    with tempfile.TemporaryDirectory() as folder, server() as url:
        home = Path(folder)
        config = home / "synthnb" / "config"
        config.mkdir(parents=True)
        profile = f'model = "lab/tiny"\n[profiles.lab]\nbase_url = "{url}"\nconcurrency = 64\n'
        (config / "synthnb.toml").write_text(profile, "utf-8")
        with window(home) as (lab, desk):
            cells(lab, desk, url)
            brushes(lab, desk)


if __name__ == "__main__":
    main()
