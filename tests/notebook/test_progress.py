from __future__ import annotations

import subprocess
import sys

import pytest
from IPython.core.interactiveshell import InteractiveShell

from synthnb.events import Notice, Progress, RowDone, RunStarted
from synthnb.notebook.progress import Heard, Painter, progress_text, someone_watches
from synthnb.types import Call, Reason, Record, Usage

LATEST = Progress(15, 4, 24, 8, Usage(completion_tokens=738, cost=None), 1.0)


def test_the_running_verdict_reads_as_the_final_one() -> None:
    head, facts = progress_text(LATEST)
    assert head == "15 accepted"
    assert facts == (
        "of 19 candidates, 24 wanted · 15 rows/s · 0.6 s left · 738 tokens · cost unknown"
    )


def test_nothing_is_guessed_before_the_first_row() -> None:
    _, facts = progress_text(Progress(0, 0, 24, 4, Usage(), 3.0))
    assert facts == "of 0 candidates, 24 wanted"


def test_a_terminal_gets_one_line_in_place(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    painter = Painter(shell)
    painter.hear(RunStarted("r", 24))
    painter.paint()
    painter.hear(LATEST)
    painter.paint()  # too soon after the last one
    painter.close()
    said = capsys.readouterr().err
    assert said.count("\r") == 3
    assert "0 accepted of 0 candidates, 24 wanted" in said


def test_hostile_notices_stay_text() -> None:
    from synthnb.notebook.progress import _html

    assert "<script" not in _html(LATEST, "<script>alert(1)</script>")
    shown = _html(LATEST, "", ["$x$ <img src=x onerror=alert(1)>"])
    assert "<img" not in shown and "$x$" not in shown  # and nothing is typeset


def test_the_newest_rows_stand_below_the_bar() -> None:
    from synthnb.notebook.progress import _html

    heard = Heard(3)
    heard.hear(RunStarted("r", 24, main="text"))
    assert heard.rows == ["", "", ""]  # nothing jumps when rows arrive
    why = (Reason("length", 4, "too short"),)
    heard.hear(RowDone(Record(0, {"text": "It\nbroke."}, accepted=False, reasons=why)))
    assert heard.rows == ["rejected: length · It broke.", "", ""]
    for i in range(5):
        heard.hear(RowDone(Record(i, {"mood": "happy", "text": f"row {i}"}, accepted=True)))
    assert heard.rows == ["row 2", "row 3", "row 4"]
    shown = _html(LATEST, "", heard.rows)
    assert shown.index("row 2") > shown.index("</progress>")


def test_a_newest_row_is_its_main_column_wherever_that_stands() -> None:
    heard = Heard(3)
    heard.hear(RunStarted("r", 24, main="text"))
    heard.hear(RowDone(Record(0, {"text": "A ticket.", "colour": "red"}, accepted=True)))
    cut = (Reason("truncated", 60, "cut off"),)
    call = Call("text", "local/tiny", (), "A ticket that")
    row = {"tone": "polite"}
    heard.hear(RowDone(Record(1, row, accepted=False, reasons=cut, calls=(call,))))
    heard.hear(RowDone(Record(2, row, accepted=False, reasons=(Reason("timeout", None, ""),))))
    assert heard.rows == [
        "A ticket.",
        "rejected: truncated · A ticket that",
        'rejected: timeout · {"tone": "polite"}',
    ]


def test_progress_can_be_switched_off(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert someone_watches(shell)
    monkeypatch.setenv("SYNTHNB_PROGRESS", "off")
    assert not someone_watches(shell)
    painter = Painter(shell)
    painter.hear(LATEST)
    painter.hear(Notice("the server asked to wait"))
    painter.paint()
    painter.close()
    assert capsys.readouterr().err == ""


def test_painting_imports_nothing_that_an_interrupt_would_break() -> None:
    code = (  # numpy stays half imported for good where an interrupt comes meanwhile
        "import sys; from synthnb.notebook.progress import _html; "
        "from tests.notebook.test_progress import LATEST; before = {*sys.modules}; "
        "_html(LATEST, 'notice', ['row']); print({*sys.modules} - before)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr
