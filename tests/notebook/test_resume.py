"""A killed run is announced where its notebook is opened again, and goes on."""

from __future__ import annotations

import pytest
from IPython.core.interactiveshell import InteractiveShell

from synthnb.api.stores import shared_store
from synthnb.batch import Batch
from synthnb.store.runs import HOST
from tests.loopback import Loopback, error

CELL = "mood: {angry: 2, happy: 1}\n---\nA review by someone who is {{ mood }}."


@pytest.fixture
def killed(shell: InteractiveShell, lab: Loopback) -> Batch:
    """A batch of less than it should be, its run left as ``kill -9`` leaves it."""
    lab.script(lambda number, body: None if number < 9 else error(401, "The key expired"))
    batch: Batch = shell.run_cell_magic("synth", "r -n 40", CELL)  # type: ignore[no-untyped-call]
    assert 0 < len(batch) < 40
    query = "UPDATE runs SET status = 'running', reason = '', owner = ?"
    shared_store()._write(lambda c: c.execute(query, (f"2000000@{HOST}",)))
    lab.reset()
    return batch


def test_it_is_announced_and_goes_on(
    shell: InteractiveShell, lab: Loopback, killed: Batch, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    shell.run_line_magic("reload_ext", "synthnb")
    said = capsys.readouterr().out
    assert said.startswith(f"run {killed.run} (r): {len(killed)} of 40 rows, killed just now")
    assert "%synth resume" in said and said.count("\n") == 1

    batch = shell.run_line_magic("synth", "resume")
    assert (len(batch), batch.run) == (40, killed.run)
    assert shell.user_ns["r"] is batch
    assert len(lab.requests) == 40 - batch.usage.cached <= 40 - len(killed)
    capsys.readouterr()
    shell.run_line_magic("reload_ext", "synthnb")
    shell.run_line_magic("synth", "resume --list")
    assert capsys.readouterr().out == "No run of this folder is unfinished.\n"


def test_what_is_kept_and_what_it_will_take(
    shell: InteractiveShell, lab: Loopback, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell_magic("synth", "r -n 4", CELL)  # type: ignore[no-untyped-call]
    sent = len(lab.requests)
    told = shell.run_line_magic("synth", "estimate r -n 500")
    assert told.rows == 500
    assert repr(told).startswith("500 rows, ")
    assert "from 4 rows made before" in str(told)
    shell.run_line_magic("synth", "store")
    assert "4 answers, 1 run, 4 rows" in capsys.readouterr().out
    assert len(lab.requests) == sent
