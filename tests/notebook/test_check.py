"""``%synth check`` and ``%synth collapse`` return what a cell shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from synthnb.collapse.text import sample_texts
from synthnb.report import Report
from tests.samples import batch_of, sample_batch


@pytest.fixture(autouse=True)
def batches(shell: InteractiveShell) -> None:
    """Two batches and real rows among the user's variables."""
    shell.user_ns["reviews"] = sample_batch()
    shell.user_ns["rich"] = batch_of(sample_texts(60))
    shell.user_ns["real"] = [{"text": text} for text in sample_texts(200, 1)]


def test_check_reports_on_a_batch_and_writes_the_page(
    shell: InteractiveShell, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    found = shell.run_line_magic("synth", f"check reviews --html {page}")
    assert isinstance(found, Report) and found.rows == 24
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert shell.run_line_magic("synth", "check rich --real real").real_rows == 200
    assert shell.run_line_magic("synth", "check real").rows == 200


def test_collapse_meters_batches_against_real_rows(shell: InteractiveShell) -> None:
    found = shell.run_line_magic("synth", "collapse rich reviews --real real")
    assert len(found.stages) == 2
    assert not any(point.alarm for point in found.stages[0].points.values())
    with pytest.raises(UsageError, match="give real rows"):
        shell.run_line_magic("synth", "collapse rich")
