"""How long a batch's view takes: charts, bytes, questions to the kernel, a real browser.

``python -m tests.benchmarks.explore [--browser]`` prints one line a figure.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from synthnb.charts.payload import MIME
from synthnb.explore.door import answer
from tests.samples import many, sample_batch

MILLION = 1_000_000
LONG = 100_000
ANGRY = {"kind": "values", "chart": "mood", "values": ["angry"]}
MIDDLE = {"kind": "range", "chart": "length", "lo": 60, "hi": 120}


def told(name: str, goal: str, work: Callable[[], object], times: int = 1) -> None:
    """Print the best of some tries, in ms."""
    best = min(_seconds(work) for _ in range(times))
    print(f"{name:58} {best * 1000:9.1f} ms   goal {goal}", flush=True)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def charts() -> None:
    """Aggregating, and what the output weighs."""
    answer(sample_batch(), {"id": 0, "op": "rows"})  # imports
    batch = many(MILLION)
    told(f"charts of {MILLION:,} rows", "1 s", lambda: batch.distributions)
    for size in (24, 10_000, MILLION):
        shown = batch if size == MILLION else many(size)
        start = time.perf_counter()
        bundle: Any = shown._repr_mimebundle_()
        spent = (time.perf_counter() - start) * 1000
        body, whole = (len(json.dumps(part).encode()) for part in (bundle[MIME], bundle))
        kb = f"{whole / 1000:.1f} kB, of which payload {body / 1000:.1f} kB; goal 1 MB"
        print(f"{f'output of {size:,} rows':58} {spent:9.1f} ms   {kb}", flush=True)


def questions() -> None:
    """The kernel's part of a brush, the transport left out."""
    batch = many(LONG)
    state: dict[str, Any] = {"id": 1, "op": "rows", "start": 0, "end": 100}
    told(f"first question about {LONG:,} rows", "-", lambda: answer(batch, state))
    for name, more in (
        ("one bar", {"filters": [ANGRY]}),
        ("a bar and a range", {"filters": [ANGRY, MIDDLE]}),
        (
            "a region of the map",
            {"filters": [{"kind": "region", "x": [0, 400], "y": [0, 900]}]},
        ),
        ("another region", {"filters": [{"kind": "region", "x": [9, 400], "y": [0, 900]}]}),
        ("a search", {"search": "lid broke"}),
        ("another search", {"search": "answered twice"}),
        ("sorted by text", {"sort": {"column": "text", "descending": False}}),
        ("sorted, another bar", {"sort": {"column": "text"}, "filters": [ANGRY]}),
        ("the next window", {"filters": [ANGRY], "start": 9000, "end": 9100}),
    ):
        told(f"  {name}", "150 ms", lambda more=more: answer(batch, state | more))


PAINTED = """async code => {
  const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const cell = jupyterapp.shell.currentWidget.content.activeCell;
  cell.model.sharedModel.setSource(code);
  document.querySelectorAll('.synthnb').forEach(n => n.remove());
  const start = performance.now();
  jupyterapp.commands.execute('notebook:run-cell');
  while (!document.querySelector('.synthnb tr.sn-row')) {
    await new Promise(requestAnimationFrame);
  }
  await new Promise(requestAnimationFrame);
  return performance.now() - start;
}"""

BRUSHED = """async label => {
  const root = document.querySelector('.synthnb');
  const status = root.querySelector('.sn-chips [role=status]');
  const button = [...root.querySelectorAll('.sn-bar')].find(
    b => b.getAttribute('aria-label').startsWith(label));
  const before = status.textContent;
  const start = performance.now();
  button.click();
  while (status.textContent === before) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  return performance.now() - start;
}"""


def browser() -> None:
    """In Chromium on JupyterLab: a run's output painted, a brush answered."""
    from playwright.sync_api import sync_playwright

    from tests.browser import chromium
    from tests.browser.desk import Desk, write_notebook
    from tests.browser.server import serve

    setup = (
        "from tests.samples import *\nbatches = {n: many(n) for n in (200, 10_000, 100_000)}"
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        serve("lab", Path(folder)) as server,
        sync_playwright() as playwright,
    ):
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        path = chromium.find()
        opened = playwright.chromium.launch(executable_path=path, args=arguments)
        with Desk(opened, Path(folder)) as desk:
            desk.open(server, write_notebook(server.folder, "bench.ipynb", setup))
            desk.run_all()
            desk.page.wait_for_timeout(15_000)
            for size, goal in ((200, "1 s"), (10_000, "4 s"), (100_000, "-")):
                spent = [
                    desk.page.evaluate(PAINTED, f"batches[{size}].replace(wanted={i})")
                    for i in range(3)
                ]
                best = f"best of 3: {min(spent):.0f} ms, goal {goal}"
                print(f"cell to painted, {size:,} rows, {best}")
            desk.page.wait_for_timeout(3000)
            spent = [
                desk.page.evaluate(BRUSHED, label)
                for label in ("angry", "angry", "happy", "mixed", "laptop", "kettle")
            ]
            print(f"brush to rows at 100,000: {[round(s) for s in spent]} ms, goal 150 ms")
        opened.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--browser", action="store_true")
    if parser.parse_args().browser:
        browser()
    else:
        charts()
        questions()


if __name__ == "__main__":
    main()
