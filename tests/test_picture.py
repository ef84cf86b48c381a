"""Outputs as pictures: for PDF and wherever neither the view nor HTML is shown."""

from __future__ import annotations

import base64
import json
import re
import struct
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import nbformat
import pytest
from nbconvert import exporters

from synthnb.batch import Batch
from synthnb.charts.picture import batch_sheet, html_sheet
from synthnb.charts.raster import drawn
from synthnb.charts.sheet import WIDE, fitted
from synthnb.charts.static_html import batch_html
from tests.browser.hostile import hostile_batch
from tests.samples import HOSTILE, batch_of, sample_batch

SVG = "{http://www.w3.org/2000/svg}"
OUTPUTS = """
import json
from ipykernel.kernelapp import IPKernelApp
from tests.samples import sample_batch
IPKernelApp.instance()
from synthnb.notebook.studio import Studio
new, old = sample_batch(), sample_batch(version=2)
studio = Studio(new.recipe.replace(model="nowhere/none"), batch=new)
shown = [x._repr_mimebundle_() for x in (new, new.diff(old), new.review(), studio)]
print(json.dumps([[sorted(x), x["image/png"]] for x in shown]))
"""


def text_of(svg: str) -> str:
    """What the picture says, in the order in which it is drawn."""
    return " ".join("".join(node.itertext()) for node in ET.fromstring(svg).iter(f"{SVG}text"))


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    wide, high = struct.unpack(">II", png[16:24])
    return wide, high


def test_a_picture_holds_verdict_charts_and_first_rows() -> None:
    svg = batch_sheet(sample_batch()).svg()
    said = text_of(svg)
    assert said.startswith("24 accepted of 31 candidates")
    for there in ("Look first:", "funnel", "near_duplica…", "tick = planned", "headphones",
                  "First 6 of 24 accepted rows"):  # fmt: skip
        assert there in said
    assert said.index("funnel") < said.index("product") < said.index("mood")
    assert svg.count("<rect") > 30
    assert "stroke-dasharray" in svg  # the limits of the length
    png = drawn(svg)
    wide, high = size(png)
    assert (wide, high) == (1105, round(float(ET.fromstring(svg).attrib["height"]) * 1.25))
    assert len(png) < 60_000


def test_letters_are_drawn() -> None:
    empty, full = (drawn(html_sheet(f"<p>{said}</p>").svg()) for said in ("", "Some words."))
    assert size(empty) == size(full)
    assert len(full) > 2 * len(empty)


def test_hostile_text_is_only_text() -> None:
    batch = hostile_batch()
    for sheet in (batch_sheet(batch), html_sheet(batch_html(batch_of(HOSTILE)))):
        svg = sheet.svg()
        tags = {node.tag.removeprefix(SVG) for node in ET.fromstring(svg).iter()}
        assert tags == {"svg", "rect", "g", "text", "tspan", "path"} & tags
        assert not re.search(r"<[^>]*(href|onload|onerror|url\()", svg)
        assert size(drawn(svg))[1] <= 1600
    assert "<script>alert(1)</script>" in text_of(svg)
    assert "nul⟨U+0000⟩ lone⟨U+D800⟩ zero⟨U+200B⟩width⟨U+FEFF⟩" in text_of(svg)


def test_odd_text_is_drawn_and_a_long_sheet_ends() -> None:
    odd = "\ufffe\uffff\x0b" + "e" + "\u0301" * 500 + " 日本語 العربية 👩‍👩‍👧 " + "W" * 9000
    svg = html_sheet(f"<table><tr><th>{odd}</th><td>{odd}</td></tr></table>").svg()
    assert size(drawn(svg))[1] < 200
    assert svg.count("\u0301") <= 6
    long = html_sheet("<table>" + "<tr><td>row</td></tr>" * 5000 + "</table>").svg()
    assert text_of(long).endswith("row …")
    assert size(drawn(long))[1] <= 1600
    assert size(drawn(html_sheet("").svg()))[0] == 1105
    assert "0 accepted" in text_of(batch_sheet(Batch([], sample_batch().recipe)).svg())


@pytest.mark.parametrize("mark", ["\u0301", "\u0489", "\u0e49", "\u20dd", "\u0903"])
def test_a_heap_of_marks_of_any_script_is_thinned(mark: str) -> None:
    heap = "b" + mark * 3000
    svg = html_sheet(f"<table><tr><td>{heap}</td><td>x</td></tr></table><p>{heap}</p>").svg()
    assert text_of(svg) == f"b{mark * 3} x b{mark * 3}"
    svg = html_sheet(f"<p>{('b' + mark * 3) * 100}</p>").svg()
    most = max(line.count("b") for line in re.findall("<tspan >([^<]+)", svg))
    # The font puts some over their letter and draws the others as boxes, side by side.
    assert most == 100 if mark == "\u0301" else most <= WIDE / 29


def test_long_runs_of_spaces_are_laid_out_at_once() -> None:
    spaces = "a" + " " * 400_000 + "b"  # each letter measured anew took 23 s for 19,000
    svg = html_sheet(f"<pre>{spaces}</pre><p>{spaces}</p><pre>{'W' * 400_000}</pre>").svg()
    assert text_of(svg).split()[:4] == ["a", "…", "a", "b"]
    assert fitted("W" * 400_000, 100) == "WWWWWWW…"
    assert fitted(" " * 400_000, 100) == "…"
    cut = [fitted("some words", wide) for wide in (70, 60, 5)]
    assert cut == ["some words", "some wo…", "…"]


def test_columns_stay_within_the_sheet_and_text_within_its_column() -> None:
    cells = "".join(f"<td>column {i} with words</td>" for i in range(40))
    svg = html_sheet(f"<table><tr>{cells}</tr></table>").svg()
    cell = r'<svg x="([\d.]+)" width="([\d.]+)" height="[\d.]+"><text'  # cuts off what is wider
    boxes = [(float(x), float(wide)) for x, wide in re.findall(cell, svg)]
    assert len(boxes) == 40
    ends = [x + wide for x, wide in boxes]
    assert all(end < x + 0.2 for end, (x, _) in zip(ends, boxes[1:], strict=False))
    assert max(ends) < WIDE + 0.2


def test_what_a_kernel_shows_has_a_picture_and_exports_take_it(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OUTPUTS],
        cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    for kinds, png in found:
        assert {"image/png", "text/html", "text/plain"} < set(kinds)
        assert size(base64.b64decode(png))[0] == 1105
    assert "image/png" not in sample_batch()._repr_mimebundle_()  # none without a notebook

    data = sample_batch()._repr_mimebundle_() | {"image/png": found[0][1]}
    output = nbformat.v4.new_output("execute_result", data, execution_count=1)  # type: ignore[no-untyped-call]
    cell = nbformat.v4.new_code_cell("reviews", outputs=[output], execution_count=1)  # type: ignore[no-untyped-call]
    book = nbformat.v4.new_notebook(cells=[cell])  # type: ignore[no-untyped-call]
    for name in ("html", "slides", "markdown"):  # rows as a table, no picture
        page, _ = exporters.get_exporter(name)().from_notebook_node(book)
        assert ">headphones<" in page
        assert ".png" not in page
        assert found[0][1][:60] not in page.replace("\n", "")
    # LaTeX, and so PDF, has no HTML; to convert to it takes pandoc, so it is only asked here.
    order = exporters.LatexExporter().config.NbConvertBase.display_data_priority
    assert next(kind for kind in order if kind in data) == "image/png"
