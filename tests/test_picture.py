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
from nbconvert import exporters

from synthnb.batch import Batch
from synthnb.charts.picture import batch_sheet, html_sheet
from synthnb.charts.raster import drawn
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
    assert "nul␀ lone⟨U+D800⟩ zero⟨U+200B⟩width⟨U+FEFF⟩" in text_of(svg)


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


def test_columns_stay_within_the_sheet() -> None:
    cells = "".join(f"<td>column {i} with words</td>" for i in range(40))
    svg = html_sheet(f"<table><tr>{cells}</tr></table>").svg()
    places = [float(x) for x in re.findall(r'<text x="([\d.]+)"', svg)]
    assert len(set(places)) == 40
    assert max(places) < 860


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
