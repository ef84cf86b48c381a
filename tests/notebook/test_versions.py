"""Versions and diffs as people type them, in a cell and in a terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from synthnb.cli import main
from synthnb.diff import Diff
from synthnb.diff.payload import MIME as DIFF
from synthnb.errors import StoreError
from synthnb.versions import History, open_version
from synthnb.versions.payload import MIME as HISTORY
from tests.loopback import Loopback, error

HEAD = "mood: {angry: 2, happy: 1}\n---\n"
FIRST = HEAD + "A review by someone who is {{ mood }}."
SECOND = HEAD + "A two-sentence review by someone who is {{ mood }}."


def synth(shell: InteractiveShell, line: str, body: str = FIRST) -> Any:
    return shell.run_cell_magic("synth", line, body)


def line(shell: InteractiveShell, words: str) -> Any:
    return shell.run_line_magic("synth", words)


def test_shift_enter_twice_is_one_version(shell: InteractiveShell, lab: Loopback) -> None:
    assert [synth(shell, "r -n 8").version for _ in range(2)] == [1, 1]
    assert synth(shell, "r -n 8", SECOND).version == 2
    assert synth(shell, "r -n 8").version == 1  # back to the first text
    known = line(shell, "history r")
    assert isinstance(known, History)
    assert [v.number for v in known] == [1, 2]
    assert known[1].changed == ("text.prompt",)
    assert known[1].words == "+two-sentence"
    assert "▁" in str(known) and "text.prompt" in str(known)
    assert known[0].when in str(known)  # nothing of a date is cut
    html = known._repr_mimebundle_()["text/html"]
    assert "%synth show r@2   %synth diff r@1 r@2</pre>" in html  # to copy where no view is


def test_a_studio_of_a_file_shows_the_rows_of_its_newest_version(
    shell: InteractiveShell, lab: Loopback
) -> None:
    for text in (FIRST, SECOND):
        synth(shell, "r -n 4", text)
    line(shell, "save r")
    del shell.user_ns["r"]  # as in a new kernel
    studio = line(shell, "studio r")
    assert studio.batch.version == 2 and studio.notice.text == ""
    assert studio.result.rows in studio.result.children
    file = Path("r.synth.yaml")
    file.write_text(file.read_text("utf-8").replace("angry: 2", "angry: 5"), "utf-8")
    edited = line(shell, "studio r")
    assert "angry: 5" in edited.draft.recipe.dumps()
    assert edited.notice.text.startswith("Shown: version 2. The recipe has 1 change since")
    file.rename("brandnew.synth.yaml")
    other = Path("brandnew.synth.yaml")
    other.write_text(other.read_text("utf-8").replace("name: r\n", "name: brandnew\n"), "utf-8")
    assert line(shell, "studio brandnew").batch is None


def test_rows_of_a_long_run_are_said_to_be_read(
    shell: InteractiveShell,
    lab: Loopback,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    synth(shell, "r -n 8")
    capsys.readouterr()
    line(shell, "show r@1")
    assert capsys.readouterr().out == ""  # few rows are there at once
    monkeypatch.setattr("synthnb.versions.opening.KEPT", 5)
    shell.user_ns["long"] = line(shell, "show r@1")
    assert capsys.readouterr().out.startswith("Reading 8 rows of r …\n")
    assert shell.user_ns["long"].distributions
    line(shell, "show long")
    assert capsys.readouterr().out == ""  # read already


def test_a_view_of_versions_can_name_them_in_code(
    shell: InteractiveShell, lab: Loopback
) -> None:
    synth(shell, "r -n 8")
    synth(shell, "r -n 8", SECOND)
    body = line(shell, "history r")._repr_mimebundle_()[HISTORY]
    assert (body["name"], body["total"]) == ("r", 2)
    assert [v["number"] for v in body["versions"]] == [1, 2]
    assert [v["changed"] for v in body["versions"]] == ["", "text.prompt: +two-sentence"]
    assert all(len(v["values"]) == len(body["figures"]) for v in body["versions"])
    made = line(shell, "diff r@1 r@2")
    body = made._repr_mimebundle_()[DIFF]
    names = [body[side]["version"] for side in ("old", "new")]
    assert names == ["r@1", "r@2"]
    assert str(line(shell, f"diff {' '.join(names)}")) == str(made)
    assert line(shell, f"rank {' '.join(names)}").pairs


def test_each_of_two_changes_runs_alone(
    shell: InteractiveShell, lab: Loopback, capsys: pytest.CaptureFixture[str]
) -> None:
    synth(shell, "r -n 8 --seed 3")
    synth(shell, "r -n 8 --seed 3", "params: {temperature: 0.2}\n" + SECOND)
    made = line(shell, "diff r@1 r@2")
    assert "two keys changed" in str(made)
    capsys.readouterr()
    for body in made._repr_mimebundle_()[DIFF]["alone"]:
        assert synth(shell, "r --vs 1", body).paired_with == 1
        assert "Recipe: 1 of" in capsys.readouterr().out
    assert [v.number for v in line(shell, "history r")] == [1, 2, 3, 4]


def test_show_opens_a_version_as_it_was(shell: InteractiveShell, lab: Loopback) -> None:
    first = synth(shell, "r -n 8")
    synth(shell, "r -n 8", SECOND)
    again = line(shell, "show r@1")
    assert again.hash == first.hash
    assert [*again] == [*first]
    assert (again.version, again.wanted, again.status) == (1, 8, "done")
    assert again.plan_targets == first.plan_targets
    assert str(again) == str(first)
    assert open_version("r").version == 2
    assert open_version(1, "r").hash == open_version(first.hash[:6]).hash == first.hash
    shell.run_line_magic("synth", "show r@1 --recipe")


def test_vs_shows_the_diff_and_then_the_batch(
    shell: InteractiveShell, lab: Loopback, capsys: pytest.CaptureFixture[str]
) -> None:
    synth(shell, "r -n 8")
    batch = synth(shell, "r -n 8 --vs 1", SECOND)
    assert batch.paired_with == 1 and shell.user_ns["r"].paired_with == 1
    shown = capsys.readouterr().out
    assert "Diff r, version 2 against version 1" in shown or "8 pairs of first" in shown


def test_vs_last_is_the_version_before(
    shell: InteractiveShell, lab: Loopback, capsys: pytest.CaptureFixture[str]
) -> None:
    assert synth(shell, "r -n 8 --vs last").paired_with is None
    assert "no earlier version" in capsys.readouterr().out
    assert synth(shell, "r -n 8 --vs last", SECOND).paired_with == 1
    assert synth(shell, "r -n 8 --vs last", SECOND).paired_with == 1  # again: the same


def test_an_unknown_version_is_refused_before_anything_is_sent(
    shell: InteractiveShell, lab: Loopback
) -> None:
    synth(shell, "reviews -n 2")
    sent = len(lab.requests)
    with pytest.raises(UsageError, match="no version 7; there is reviews@1"):
        synth(shell, "reviews -n 2 --vs 7", SECOND)
    with pytest.raises(UsageError, match="did you mean 'reviews'"):
        synth(shell, "reviews -n 2 --vs reviws@1", SECOND)
    with pytest.raises(UsageError, match="needs the end of the run"):
        synth(shell, "reviews -n 2 --vs 1 --background", SECOND)
    assert len(lab.requests) == sent


def test_diff_takes_versions_and_batches(shell: InteractiveShell, lab: Loopback) -> None:
    first = synth(shell, "r -n 8")
    second = synth(shell, "r -n 8 --as other", SECOND)
    made = line(shell, "diff r@1 r@2")
    assert isinstance(made, Diff)
    assert str(line(shell, "diff r other")) == str(second.diff(first)) == str(made)
    itself = "No difference: version 1 is compared with itself"
    assert str(line(shell, "diff r@1 r@1")).startswith(itself)
    assert str(line(shell, "diff r@1")) == str(made)  # against the newest
    assert str(line(shell, "diff r@2")) == str(made)  # the newest against the one before it
    assert str(line(shell, "diff other")) == str(made)  # against the one before it
    assert str(line(shell, "diff")) == str(made)  # the last batch
    assert str(line(shell, "diff r@1 2")) == str(made)
    for named in (1, "1", "r@1", "last"):  # in code as in the magic
        assert str(second.diff(named)) == str(made)
    with pytest.raises(StoreError, match="no version 7; there are r@1, r@2"):
        second.diff(7)
    with pytest.raises(StoreError, match=r"\(3, 'NAME@3', 'last'\), not list"):
        second.diff([first])
    with pytest.raises(UsageError, match=r"Which version\? Such as r@2\."):
        line(shell, "diff r@1 r@")


def test_diff_of_a_name_is_its_last_version_against_the_one_before(
    shell: InteractiveShell, lab: Loopback
) -> None:
    synth(shell, "r -n 8")
    with pytest.raises(UsageError, match="no earlier version here"):
        line(shell, "diff r")
    synth(shell, "r -n 8", SECOND)
    assert line(shell, "diff r").labels == ("version 1", "version 2")
    del shell.user_ns["r"], shell.user_ns["_synth"]
    assert line(shell, "diff r").labels == ("version 1", "version 2")
    synth(shell, "r -n 8")  # back to the first text: version 1 is the last one made
    assert line(shell, "diff r").labels == ("version 2", "version 1")
    assert line(shell, "diff r@2").labels == ("version 1", "version 2")  # as they are numbered


def test_versions_without_an_answer_are_not_compared(
    shell: InteractiveShell, lab: Loopback, capsys: pytest.CaptureFixture[str]
) -> None:
    lab.script(lambda number, body: error(401, "bad key"))
    synth(shell, "r -n 8")
    lab.script(None)
    synth(shell, "r -n 8 --vs last", FIRST + " Short.")
    assert "r has no earlier version with answers here" in capsys.readouterr().out
    lab.script(lambda number, body: error(401, "bad key"))
    synth(shell, "r -n 8 --vs last", SECOND)
    assert "r has no answers to compare." in capsys.readouterr().out
    with pytest.raises(UsageError, match="r@3 has no rows with text"):
        line(shell, "rank r@2 r@3")


def test_the_terminal_knows_the_same_versions(
    shell: InteractiveShell, lab: Loopback, capsys: pytest.CaptureFixture[str]
) -> None:
    first = synth(shell, "r -n 8")
    second = synth(shell, "r -n 8", SECOND)
    assert main(["history", "r", "--json"]) == 0
    table = json.loads(capsys.readouterr().out)
    assert [row["hash"] for row in table] == [first.hash, second.hash]
    assert table[0]["rows"] == 8 and table[1]["changed"] == ["text.prompt"]

    first.save(Path("a"))
    second.save(Path("b"))
    assert main(["diff", "a", "b"]) == 0
    folders = capsys.readouterr().out
    assert main(["diff", "r@1", "r@2"]) == 0
    versions = capsys.readouterr().out
    assert folders.splitlines()[1] == versions.splitlines()[1]
    assert "8 of 8 planned rows share mood and seed" in folders
    for words in (["r@1"], ["r@2"], ["r"], ["r@1", "2"]):
        assert main(["diff", *words]) == 0
        assert capsys.readouterr().out == versions
    assert main(["diff", "a", "r@9"]) == 2
    assert "no version 9" in capsys.readouterr().err


def test_a_replay_has_versions_and_the_same_output_each_time(
    shell: InteractiveShell, lab: Loopback, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synth(shell, "r -n 8 --record t.jsonl")
    synth(shell, "r -n 8 --record t.jsonl", SECOND)
    outputs = []
    for place in ("one", "two"):
        monkeypatch.setenv("SYNTHNB_HOME", str(home / place))
        for _ in range(2):  # the notebook is run again in the same home
            first = synth(shell, "r -n 8 --replay t.jsonl --model lab/tiny")
            second = synth(shell, "r -n 8 --replay t.jsonl --model lab/tiny --vs 1", SECOND)
            known = line(shell, "history r")
            assert (first.version, second.version) == (1, 2)
            shown = [second, second.diff(first), known]
            outputs.append(json.dumps([b._repr_mimebundle_() for b in shown]))
    assert len(set(outputs)) == 1
    assert str(known).count("tape") == 2  # where another run has its time


@pytest.mark.parametrize("name", ["r@1", "r"])
def test_every_verb_that_takes_a_batch_takes_a_version(
    shell: InteractiveShell, lab: Loopback, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    first = synth(shell, "r -n 8")
    del shell.user_ns["r"], shell.user_ns["_synth"]  # as after the kernel's restart
    assert line(shell, f"check {name}").rows == 8
    assert line(shell, f"review {name}").batch.hash == first.hash
    assert "requests" in str(line(shell, f"estimate {name}"))
    line(shell, f"export {name} r.jsonl")
    line(shell, f"save {name}")
    assert len(Path("r.jsonl").read_text("utf-8").splitlines()) == 8
    assert Path("r.synth.yaml").is_file()
    for verb in ("card", "terms"):
        line(shell, f"{verb} {name}")
    assert "8 rows" in capsys.readouterr().out
    assert line(shell, f"run {name}").hash == first.hash
    synth(shell, "r -n 8", SECOND)
    meter = line(shell, "collapse r@1 r@2")
    assert len(meter.stages) == 2
    with pytest.raises(UsageError, match="no version 7; there are r@1, r@2"):
        line(shell, "export r@7 other.jsonl")


def test_a_notebook_that_moved_is_told_where_its_versions_are(
    shell: InteractiveShell, lab: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synth(shell, "r -n 8")
    before = Path.cwd()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=f"r was made in {before}, not in this folder"):
        line(shell, "show r@1")


def test_a_folder_that_is_gone_is_told_in_one_line(
    shell: InteractiveShell, lab: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    for ask in (lambda: synth(shell, "r -n 8"), lambda: line(shell, "history r")):
        with pytest.raises(UsageError, match="The folder that this process works in is gone"):
            ask()
    assert lab.requests == []
