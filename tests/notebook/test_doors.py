"""What a batch's view offers to do next works as it is offered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from synthnb.api.stores import shared_store
from synthnb.batch import Batch
from synthnb.notebook.doors import doors
from synthnb.notebook.names import find_version_or_batch
from synthnb.recipe import Recipe
from tests.loopback import Loopback, Reply, error

CELL = "mood: {angry: 2, happy: 1}\n---\nA review by someone who is {{ mood }}."


@pytest.fixture(autouse=True)
def current(shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shell is the one that ``get_ipython`` gives."""
    monkeypatch.setattr(InteractiveShell, "_instance", shell)


def synth(shell: InteractiveShell, line: str, body: str = CELL) -> Any:
    return shell.run_cell_magic("synth", line, body)


def going_on(batch: Batch) -> dict[str, str]:
    offered = {str(door["label"]): str(door["code"]) for door in doors(batch, "r")}
    return {label: code for label, code in offered.items() if " resume " in code}


def test_each_version_resumes_its_own_run(shell: InteractiveShell, lab: Loopback) -> None:
    lab.script(lambda number, body: None if number < 3 else error(401, "The key expired"))
    first = synth(shell, "r -n 10")
    second = synth(shell, "r -n 10", CELL + " Short.")
    lab.reset()
    assert going_on(first) == {"Resume": f"%synth resume {first.run}"}
    assert going_on(second) == {"Resume": f"%synth resume {second.run}"}
    shell.run_cell(going_on(first)["Resume"])
    again = shell.user_ns["r"]
    assert (again.run, len(again), going_on(again)) == (first.run, 10, {})


@pytest.mark.parametrize(
    ("line", "head", "label", "more"),
    [
        ("r -n 40 --budget 0.3", "", "Raise budget", " --budget "),
        ("r -n 40", "budget: {minutes: 0.02}\n", "Resume", ""),
        ("r -n 40", "budget: {tokens: 600}\n", None, ""),
    ],
)
def test_a_cap_is_raised_where_a_flag_can(
    shell: InteractiveShell, lab: Loopback, home: Path,
    line: str, head: str, label: str | None, more: str,
) -> None:  # fmt: skip
    with (home / "config" / "synthnb.toml").open("a") as file:
        file.write("\n[profiles.lab.price]\ninput = 1000\noutput = 1000\n")
    if "minutes" in head:
        lab.script(lambda number, body: Reply(delay=0.05 if number < 3 else 5))
    batch = synth(shell, line, f"{head}params: {{max_tokens: 100}}\n{CELL}")
    assert (batch.status, len(batch) < 40) == ("budget", True), batch.reason
    assert list(going_on(batch)) == ([label] if label else [])
    assert all(f"resume {batch.run}{more}" in code for code in going_on(batch).values())


def test_the_view_of_an_older_version_acts_on_that_one(
    shell: InteractiveShell, lab: Loopback
) -> None:
    first = synth(shell, "r -n 4")
    shown = {str(door["label"]): str(door["code"]) for door in doors(first, "r")}
    synth(shell, "r -n 4", CELL + " Short.")  # the name holds other rows from here on
    for label in ("Review", "Export", "Save recipe"):
        shell.run_cell(shown[label])
    assert shown["Review"] == "%synth review r@1"
    assert shell.user_ns["_"].batch.version == 1
    rows = [json.loads(line) for line in Path("r.jsonl").read_text("utf-8").splitlines()]
    assert [row["text"] for row in rows] == first["text"]
    assert Recipe.load(Path("r.synth.yaml")).fingerprint == first.recipe.fingerprint


def test_a_version_by_its_number_has_its_table_in_memory(
    shell: InteractiveShell, lab: Loopback
) -> None:
    shell.user_ns["orders"] = [{"order": "A late lamp."}, {"order": "A wrong cup."}]
    made = synth(shell, "r --source orders", "---\nA complaint: {{ order }}")
    shell.user_ns["other"] = shell.user_ns.pop("r")
    assert find_version_or_batch(shell.user_ns, "r@1") is made
    shell.run_line_magic("synth", "save r@1")
    assert Path("r.source.parquet").is_file()  # it is in no store


def test_a_run_that_made_no_row_leaves_the_name_and_stands_between_no_versions(
    shell: InteractiveShell, lab: Loopback, capsys: pytest.CaptureFixture[str]
) -> None:
    first = synth(shell, "r -n 4")
    lab.script(lambda number, body: error(401, "The key expired"))
    assert not synth(shell, "r -n 4", CELL + " Short.").records
    assert shell.user_ns["r"] is first and shell.user_ns["_synth"] is first
    assert "No row was made: r is as it was." in capsys.readouterr().out
    lab.reset()
    synth(shell, "r -n 4", CELL + " Long.")
    third = shell.user_ns["r"]
    shown = {str(door["label"]): str(door["code"]) for door in doors(third, "r")}
    assert shown["Diff with 1"] == "%synth diff r@1 r@3"
    known = shell.run_line_magic("synth", "history r")
    assert [version.candidates for version in known] == [4, 0, 4]
    assert known[2].words == "+Long."
    page = known._repr_mimebundle_()["text/html"]
    assert "%synth diff r@1 r@3</pre>" in page and "r@2" not in page
    shared_store().prune(runs_kept=1)
    known = shell.run_line_magic("synth", "history r")
    assert [version.pruned for version in known] == [True, False, False]
