from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from synthnb.batch import Batch
from synthnb.models import llama
from synthnb.recipe import Recipe
from tests.loopback import Loopback, Reply

CELL = "mood: {angry: 2, happy: 1}\n---\nA review by someone who is {{ mood }}."


def synth(shell: InteractiveShell, line: str, body: str = CELL) -> Any:
    return shell.run_cell_magic("synth", line, body)


def test_a_cell_makes_a_batch_and_binds_it(shell: InteractiveShell, lab: Loopback) -> None:
    batch = synth(shell, "my-reviews -n 6")
    assert isinstance(batch, Batch)
    assert len(batch) == 6
    assert shell.user_ns["my_reviews"] is batch
    assert shell.user_ns["_synth"] is batch
    assert set(batch["mood"]) == {"angry", "happy"}
    assert batch.version == 1
    assert batch.recipe.name == "my-reviews"


def test_the_same_cell_twice_asks_once(shell: InteractiveShell, lab: Loopback) -> None:
    first = synth(shell, "r -n 4")
    second = synth(shell, "r -n 4")
    assert len(lab.requests) == 4
    assert [*first] == [*second]
    synth(shell, "r -n 4 --no-cache")
    assert len(lab.requests) == 8


def test_flags_change_the_recipe_that_is_kept(shell: InteractiveShell, lab: Loopback) -> None:
    batch = synth(shell, "r -n 3 --seed 11 --model lab/big")
    assert (batch.recipe.seed, batch.recipe.model) == (11, "lab/big")
    assert {body["model"] for body in lab.bodies} == {"big"}


def test_nearer_settings_win(shell: InteractiveShell, lab: Loopback) -> None:
    shell.run_cell("%config SynthMagics.model = 'lab/big'")
    synth(shell, "a -n 1")
    synth(shell, "b -n 1", "model: lab/tiny\n---\nA review.")
    synth(shell, "c -n 1 --model lab/huge", "model: lab/tiny\n---\nA review.")
    assert [body["model"] for body in lab.bodies] == ["big", "tiny", "huge"]


def test_a_name_that_holds_something_else_is_left_alone(
    shell: InteractiveShell, lab: Loopback
) -> None:
    shell.user_ns["reviews"] = mine = [1, 2]
    with pytest.raises(UsageError, match=r"reviews holds something else \(list\) and is left"):
        synth(shell, "reviews -n 2")
    assert shell.user_ns["reviews"] is mine
    assert not lab.requests
    batch = synth(shell, "reviews -n 2 --as others")
    assert shell.user_ns["others"] is batch
    assert shell.user_ns["reviews"] is mine


def test_a_prompt_above_does_not_vanish_unsaid(
    shell: InteractiveShell, lab: Loopback, capsys: pytest.CaptureFixture[str]
) -> None:
    synth(shell, "r -n 1", "cheap: {prompt: Is it cheap?}\n---\nA review.")
    assert "takes the place of the prompt of 'cheap'" in capsys.readouterr().out
    synth(shell, "r -n 1", "text: {main: true}\ncheap: {prompt: Is it?}\n---\nA review.")
    synth(shell, "r -n 1 --kind quickstart", "Another review of a {{ product }}.")
    assert "takes the place" not in capsys.readouterr().out


def test_quiet_binds_and_shows_nothing(
    shell: InteractiveShell, lab: Loopback, capsys: pytest.CaptureFixture[str]
) -> None:
    assert synth(shell, "r -n 2 --quiet") is None
    assert len(shell.user_ns["r"]) == 2
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("line", "body", "message"),
    [
        ("r", "A review by {{ mod }}.", "mod"),
        ("r", "mood: [angry\n---\nA review.", "Line 2"),
        ("r", "modle: lab/tiny\n---\nA review.", "model"),
        ("r --model nowhere/x", "A review.", "There is no profile 'nowhere'"),
        ("r --model tiny", "A review.", "Line 1: model: there is no model 'tiny' under"),
        ("r", "checks:\n  - {lenght: {max: 9}}\n---\nA review.", "Line 3: checks: there is no"),
        ("r", "synthnb: 1\nname: r", "the recipe has no columns"),
        ("r --source absent.csv", "{{ q }}", "No variable and no file is called absent.csv"),
        ("r --source number", "{{ q }}", "number holds no table (int)"),
        ("r --replay absent.jsonl", "A review.", "absent.jsonl"),
        ("r --kind quickstrat", "A review.", "quickstart"),
        ("r --model openai/gpt-5", "A review.", "OPENAI_API_KEY"),
        ("r --budget 1", "A review.", "price"),
    ],
)
def test_what_cannot_run_is_one_line_and_sends_nothing(
    shell: InteractiveShell,
    lab: Loopback,
    monkeypatch: pytest.MonkeyPatch,
    line: str,
    body: str,
    message: str,
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    shell.user_ns["number"] = 3
    with pytest.raises(UsageError) as told:
        synth(shell, line, body)
    assert message in str(told.value)
    assert not lab.requests
    assert "r" not in shell.user_ns


def test_the_whole_error_is_there_for_those_who_want_it(
    shell: InteractiveShell, lab: Loopback
) -> None:
    shell.run_cell("%config SynthMagics.short_errors = False")
    with pytest.raises(Exception, match="mod") as told:
        synth(shell, "r", "A review by {{ mod }}.")
    assert not isinstance(told.value, UsageError)


def test_a_data_frame_is_a_source_and_is_saved_with_the_recipe(
    shell: InteractiveShell, lab: Loopback
) -> None:
    shell.user_ns["faq"] = pd.DataFrame({"q": ["why", "when"], "topic": ["a", "b"]})
    batch = synth(shell, "answers -n 2 --source faq", "Answer {{ q }} on {{ topic }}.")
    assert {"q", "topic", "text"} <= set(batch.columns)
    shell.run_line_magic("synth", "save answers")
    saved = Recipe.load("answers.synth.yaml")
    assert saved.source is not None and saved.source.path == "answers.source.parquet"
    del shell.user_ns["answers"]
    again = shell.run_line_magic("synth", "run answers")
    assert sorted(map(str, again)) == sorted(map(str, batch))


def test_a_file_is_a_source_too(shell: InteractiveShell, lab: Loopback) -> None:
    Path("faq.csv").write_text("q\nwhy\nwhen\n")
    batch = synth(shell, "answers -n 2 --source faq.csv", "Answer {{ q }}.")
    assert sorted(batch["q"]) == ["when", "why"]
    assert batch.recipe.source is not None and batch.recipe.source.path == "faq.csv"
    with_options = "source: {columns: [q], per_row: 2}\n---\nAnswer {{ q }}."
    twice = synth(shell, "more -n 4 --source faq.csv", with_options)
    assert len(twice) == 4


def test_a_recorded_cell_runs_again_without_a_model(
    shell: InteractiveShell, lab: Loopback
) -> None:
    first = synth(shell, "r -n 4 --record tape.jsonl")
    sent = len(lab.requests)
    again = synth(shell, "r -n 4 --replay tape.jsonl")
    assert len(lab.requests) == sent
    assert [*again] == [*first]
    assert (
        again._repr_mimebundle_()
        == synth(shell, "r -n 4 --replay tape.jsonl")._repr_mimebundle_()
    )
    Path("tape.jsonl").read_text("utf-8").encode("utf-8")


def test_a_dry_run_sends_nothing(
    shell: InteractiveShell, lab: Loopback, capsys: pytest.CaptureFixture[str]
) -> None:
    assert synth(shell, "r -n 50 --dry-run") is None
    assert "50 rows" in capsys.readouterr().out
    assert not lab.requests
    assert "r" not in shell.user_ns


def test_a_run_that_is_not_started_gives_its_model_back(
    shell: InteractiveShell, embedded_model: Path
) -> None:
    synth(shell, "r -n 2 --dry-run --model local/smollm2-135m")
    refused = "checks: [{lenght: {column: text, max: 9}}]\n---\nA review."
    with pytest.raises(UsageError):
        synth(shell, "r -n 2 --model local/smollm2-135m", refused)
    assert llama._engines == {}


class Torn(dict[str, Any]):
    """A row during whose reading somebody interrupts the kernel."""

    def _torn(self, *args: Any) -> Any:
        raise KeyboardInterrupt

    get = items = keys = __iter__ = __getitem__ = _torn  # type: ignore[assignment]


def test_an_interrupt_while_a_batch_is_painted_is_one_line(
    shell: InteractiveShell, lab: Loopback
) -> None:
    batch = synth(shell, "r -n 2")
    torn = [replace(record, values=Torn(text="x")) for record in batch.records]
    assert shell.display_formatter is not None
    with pytest.raises(KeyboardInterrupt) as told:
        shell.display_formatter.format(batch.replace(records=torn))
    (line,) = told.value._render_traceback_()  # type: ignore[attr-defined]
    assert "nothing is lost" in line


def test_a_large_run_off_this_machine_asks_or_names_the_flag(
    shell: InteractiveShell, lab: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match=r"Nothing was sent\. Add --budget USD"):
        synth(shell, "r -n 5000 --model far/big", "A review.")
    asked = []
    monkeypatch.setattr("synthnb.notebook.ask.can_ask", lambda shell: True)
    monkeypatch.setattr("builtins.input", lambda text: asked.append(text) or "n")
    with pytest.raises(UsageError, match="Nothing was sent"):
        synth(shell, "r -n 5000 --model far/big", "A review.")
    assert len(asked) == 1
    assert "far.example" in asked[0]


def test_a_run_in_the_background_becomes_the_batch(
    shell: InteractiveShell, lab: Loopback
) -> None:
    go_on = threading.Event()
    lab.script(lambda number, body: None if go_on.wait(60) else Reply(status=500))
    live = synth(shell, "r -n 3 --background")
    assert shell.user_ns["r"] is live
    assert "running" in repr(live)
    go_on.set()
    assert live.wait(60) is not None
    assert len(live) == 3
    end = time.monotonic() + 60
    while not isinstance(shell.user_ns["r"], Batch):
        assert time.monotonic() < end
        time.sleep(0.01)
    assert "text/html" in live._repr_mimebundle_()
    lab.script(lambda number, body: Reply(cut="hang"))
    slow = synth(shell, "s -n 3 --background")
    assert slow.stop(60).status == "interrupted"


def test_a_run_in_the_background_says_that_it_is_not_over(
    shell: InteractiveShell, lab: Loopback
) -> None:
    lab.script(lambda number, body: Reply(cut="hang"))
    live = synth(shell, "r -n 3 --background")
    for ask in (lambda: live.df, lambda: live.select(mood="angry"), lambda: live.rejected):
        with pytest.raises(AttributeError, match=r"r is still running: r\.wait\(\) gives the"):
            ask()
    for line in ("review r", "diff r", "show", "export r x.jsonl"):
        with pytest.raises(UsageError, match="r is still running"):
            shell.run_line_magic("synth", line)
    live.stop(60)
    assert list(live.df.columns) == list(live.wait().columns)  # the handle goes on as the batch
    assert shell.run_line_magic("synth", "show r") is not live


def test_a_kind_brings_its_samples_unless_rows_are_given(
    shell: InteractiveShell, lab: Loopback, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = [{"text": f"Cup {i} was cold.", "label": ["bad", "good"][i % 2]} for i in range(10)]
    shell.user_ns["mine"] = pd.DataFrame(mine)
    given = "source: {path: rows.jsonl}\n---\nOther words for {{ text }}"
    Path("rows.jsonl").write_text("\n".join(map(json.dumps, mine)))
    made = synth(shell, "a --kind augment --source mine -n 12 --model lab/tiny", "\n")
    assert made.recipe.source.per_row == 2 and made.recipe.source.license is None
    synth(shell, "b --kind augment -n 1 --dry-run --model lab/tiny", given)
    for kind in ("augment", "qa", "benchmark"):  # their samples are read, not written here
        synth(shell, f"c --kind {kind} -n 2 --dry-run --model lab/tiny", "\n")
    said = capsys.readouterr().out
    assert said.count(" rows, ") == 4 and "Samples" not in said
    assert [path.name for path in Path().iterdir()] == ["rows.jsonl"]
    Path("docs").mkdir()
    Path("docs/mine.txt").write_text("The shop opens at nine. It closes at six.")
    cited = synth(shell, "d --kind qa --source docs -n 1 --model lab/tiny", "\n")
    assert cited.recipe.source.documents == "docs" and cited.recipe.source.chunk.words == 40
    shell.run_line_magic("synth", "new qa --into other")
    again = shell.run_line_magic(
        "synth", "run other/qa.synth.yaml --source docs/*.txt -n 1 --model lab/tiny"
    )
    assert again.recipe.source.documents == "docs/*.txt"
    assert again.recipe.source.license is None  # that of the samples is not mine
    for kind in ("augment", "qa", "pretraining"):
        synth(shell, f"c --kind {kind} -n 2 --model lab/tiny", "\n")
    there = sorted(p.as_posix() for p in Path().rglob("*.*") if p.parts[0] != "other")
    assert there == ["docs/mine.txt", "reviews.csv", "rows.jsonl"]
    assert capsys.readouterr().out.count("to be replaced by your own: reviews.csv") == 1


def test_a_batch_runs_again_with_its_own_table_or_another(
    shell: InteractiveShell, lab: Loopback
) -> None:
    shell.user_ns["mine"] = [{"topic": "tea"}]
    shell.user_ns["other"] = [{"topic": "coffee"}]
    body = "source: {license: MIT, repeat: true}\n---\nA line on {{ topic }}."
    first = synth(shell, "r -n 2 --source mine", body)
    again = shell.run_line_magic("synth", "run r -n 3 --as a")
    assert [row["topic"] for row in again] == ["tea"] * 3
    assert first.recipe.source.license == again.recipe.source.license == "MIT"
    changed = shell.run_line_magic("synth", "run r -n 2 --as b --source other")
    assert [row["topic"] for row in changed] == ["coffee"] * 2
    assert changed.recipe.source.license is None


def test_a_line_changes_the_recipe_that_it_runs(shell: InteractiveShell, lab: Loopback) -> None:
    with pytest.raises(UsageError, match="called quickstart; %synth new writes one"):
        shell.run_line_magic("synth", "run quickstart")
    shell.run_line_magic("synth", "new quickstart")
    with pytest.raises(UsageError, match="did you mean 'quickstart'"):
        shell.run_line_magic("synth", "run quickstrat")
    assert not lab.requests
    batch = shell.run_line_magic("synth", "run quickstart -n 2 --seed 11 --model lab/big")
    assert (batch.recipe.seed, batch.recipe.model) == (11, "lab/big")
    assert {body["model"] for body in lab.bodies} == {"big"}


def test_kinds_recipes_and_saved_batches_run(shell: InteractiveShell, lab: Loopback) -> None:
    shell.run_line_magic("synth", "new quickstart")
    batch = shell.run_line_magic("synth", "run quickstart --model lab/tiny -n 3 --as qs")
    assert shell.user_ns["qs"] is batch
    assert len(batch.records) >= 3
    again = shell.run_line_magic("synth", "run qs -n 2 --as other")
    assert again.recipe.fingerprint == batch.recipe.fingerprint
    by_kind = synth(shell, "k -n 2 --kind quickstart --model lab/tiny", "A {{ mood }} line.")
    assert by_kind.recipe.prompts["text"].prompt == "A {{ mood }} line."


def test_the_output_is_plain_json(shell: InteractiveShell, lab: Loopback) -> None:
    bundle = synth(shell, "r -n 3")._repr_mimebundle_()
    text = json.dumps(bundle, allow_nan=False)
    for unstable in (str(Path.cwd()), lab.origin, "elapsed"):
        assert unstable not in text


def test_an_augmentation_in_one_line_is_saved_with_its_rows(
    shell: InteractiveShell, lab: Loopback
) -> None:
    shell.user_ns["df"] = pd.DataFrame({"text": ["good", "bad"], "label": [1, 0]})
    shell.run_cell("import synthnb; more = synthnb.augment(df, 'text', label='label')")
    assert sorted(shell.user_ns["more"]["label"]) == [0, 1]
    shell.run_line_magic("synth", "save more more.synth.yaml")
    assert len(pd.read_parquet("more.source.parquet")) == 2
    assert len(shell.run_line_magic("synth", "run more --as again")) == 2
