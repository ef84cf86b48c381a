"""Preference, benchmark, pre-training, augment, tabular: from ``new`` to an exported file.

Each runs its shipped recipe, unchanged, from the tape that its notebook replays.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import synthnb
from synthnb import Batch, Recipe
from synthnb.events import Event, RunEnded
from synthnb.like import compare
from synthnb.recipes import copy_kind
from synthnb.types import Row
from tests.kindtapes import tape
from tests.loopback import Loopback


def run(kind: str, folder: Path) -> Batch:
    recipe = synthnb.load(copy_kind(kind, folder)[0])
    batch = synthnb.generate(recipe, 4, replay=tape(kind))
    assert (batch.status, len(batch)) == ("done", 4)
    return batch


def rows_of(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_preferences_have_a_winner_and_leave_as_pairs(tmp_path: Path) -> None:
    batch = run("preference", tmp_path)
    for row in batch:
        clean, flawed = row["response"]
        assert "flaw" not in clean and flawed["flaw"]
    pairs = rows_of(batch.export(tmp_path / "pairs.jsonl", "trl-dpo"))
    for row, pair in zip(batch, pairs, strict=True):
        assert pair["chosen"][0]["content"] == row["response"][0]["answer"]
        assert pair["rejected"][0]["content"] == row["response"][1]["answer"]
        assert pair["margin"] == 1.0


def test_a_judge_ranks_in_both_orders(loopback: Loopback, tmp_path: Path) -> None:
    """A judge that likes one answer best, and one that always likes the first place."""
    recipe = _judged(tmp_path, loopback, "likes: gold")
    (record,) = synthnb.generate(recipe, 1).accepted
    (found,) = [r.value for r in record.checks if r.rule == "rank"]
    best = record.values["response"][found["chosen"]]["answer"]
    assert best.startswith("gold") and found["consistent"] == 1.0
    assert found["margin"] == 0.75, "it won both its pairs, the two others tied: 1 - 1/4"
    fooled = synthnb.generate(_judged(tmp_path, loopback, "likes: the first"), 1, cache=False)
    assert not len(fooled)
    assert {r["_synthnb"]["reasons"][0]["message"] for r in fooled.rejected} == {
        "a tie: no candidate is better"
    }


def _judged(folder: Path, server: Loopback, taste: str) -> Recipe:
    from synthnb.settings import config_file

    file = config_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'[profiles.lab]\nbase_url = "{server.base_url}"\n')
    words = iter(["gold", "silver", "tin"] * 100)

    def answer(number: int, body: Any) -> str:
        asked = body["messages"][-1]["content"]
        if "BEGIN DATA" not in asked:
            return f"{next(words)} answer number {number}"
        data = json.loads(asked.split("\n")[1])
        best = "A" if taste.endswith("first") or data["A"].startswith("gold") else "tie"
        if best == "tie" and data["B"].startswith("gold"):
            best = "B"
        return json.dumps({"reasoning": "because", "verdict": best})

    server.script(answer)
    return Recipe.loads(
        f"""
synthnb: 1
name: judged
description: "{taste}"
model: lab/writer
models: {{judge: lab/judge}}
columns:
  topic: [tea]
  response: {{prompt: "On {{{{ topic }}}}.", candidates: {{n: 3, temperatures: [0, 1]}}}}
checks: [{{rank: {{column: response, by: judge, orders: both}}}}]
target: {{rows: 1, max_candidates: 1}}
"""
    )


def test_benchmark_items_are_solved_analysed_and_held_out(tmp_path: Path) -> None:
    batch = run("benchmark", tmp_path)
    assert [row["difficulty"] for row in batch].count("hard") == 2
    for row in batch:
        carries = (row["a"] % 10 + row["b"]) > 9 or (row["a"] % 10 - row["b"]) < 0
        total = row["a"] + row["b"] if row["skill"] == "add" else row["a"] - row["b"]
        assert row["options"]["ABCD".index(row["key"])] == total
        assert len(set(row["options"])) == 4
        if row["difficulty"] == "hard":
            assert carries
        assert len(row["solved"]) == 3 and row["closed"] in "ABCD"
    report = synthnb.item_analysis(batch)
    assert len(report.items) == 4 and len(report.solvers) == 3 and report.chance == 0.25
    folder = batch.export(tmp_path / "task", "lm-eval")
    held = rows_of(folder / "benchmark.jsonl")
    shots = rows_of(folder / "benchmark_fewshot.jsonl")
    things = {row["item"]: row["thing"] for row in batch}
    assert len(held) + len(shots) == 4
    assert not {things[r["question"]] for r in held} & {things[r["question"]] for r in shots}


def test_pretraining_follows_its_quota(tmp_path: Path) -> None:
    batch = run("pretraining", tmp_path)
    assert batch["register"].count("story") == 2
    found = synthnb.coverage(batch, domain="field")
    assert found.counts("language") == {"en": 4} and len(found) == 4
    assert len(synthnb.coverage(tmp_path / "corpus")) == 8


def test_a_cell_that_cannot_be_filled_is_reported(loopback: Loopback, tmp_path: Path) -> None:
    """Documents on bees are always too short: the budget of candidates ends the run."""
    from synthnb.settings import config_file

    config_file().parent.mkdir(parents=True)
    config_file().write_text(f'[profiles.lab]\nbase_url = "{loopback.base_url}"\n')
    loopback.script(
        lambda number, body: "Bees." if "bee" in str(body["messages"][-1]) else None
    )
    recipe = Recipe.loads(
        """
synthnb: 1
model: lab/writer
columns:
  field: [bees, bridges]
  text: {prompt: "On {{ field }}."}
checks: [{length: {column: text, min: 20}}]
target: {rows: 4, quotas: {field: {bees: 2, bridges: 2}}, max_candidates: 9}
"""
    )
    heard: list[Event] = []
    batch = synthnb.generate(recipe, on_event=heard.append)
    assert batch.status == "exhausted" and batch["field"] == ["bridges"] * 2
    (ended,) = [event for event in heard if isinstance(event, RunEnded)]
    assert [dict(cell) for cell in ended.exhausted] == [
        {"cell": {"field": "bees"}, "wanted": 2, "accepted": 0, "why": "length (7)"}
    ]


def test_augmented_rows_keep_schema_label_and_parent(tmp_path: Path) -> None:
    batch = run("augment", tmp_path)
    source = (tmp_path / "reviews.csv").read_text()
    assert list(batch.df.columns) == ["text", "label"]
    for record in batch.accepted:
        assert record.source is not None and record.source["text"] in source
        assert record.values["label"] == record.source["label"]
        assert record.values["text"] != record.source["text"]
        assert {"edits", "label_kept"} <= {reason.rule for reason in record.checks}
    assert batch.export(tmp_path / "more.csv").read_text().startswith("text,label")


def test_tables_follow_the_real_one(tmp_path: Path) -> None:
    batch = run("tabular", tmp_path)
    assert all(isinstance(row["note"], str) and 15 <= len(row["note"]) <= 200 for row in batch)
    columns = {name: c for name, c in batch.recipe.columns.items() if name != "note"}
    numbers = batch.recipe.replace(columns=columns, checks=())
    found = compare(tmp_path / "patients.csv", synthnb.generate(numbers, 120))
    assert found.auc is not None and found.auc < 0.75 and found.copies == 0
    assert all(f.distance < 0.15 for f in found.columns)
    assert found.correlation is not None and found.correlation < 0.25
    rare = numbers.replace(target={"quotas": {"ward": {"maternity": 30}}})
    assert synthnb.generate(rare, 40)["ward"].count("maternity") == 30


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_gain_on_a_rare_class_is_measured(share: float) -> None:
    """Rows that carry the test's words help; words that every class has do not."""
    from synthnb.metrics import rare_class_gain

    words = ["stolen", "robbed", "taken", "grabbed", "snatched", "lifted"]
    train = [{"id": i, "text": f"my card was {w}", "y": "rare"} for i, w in enumerate(words)]
    train += [
        {"id": 10 + i, "text": f"please change pin {i} of my card", "y": "common"}
        for i in range(40)
    ]
    held = [{"id": 90 + i, "text": f"they {w} it", "y": "rare"} for i, w in enumerate(words)]
    held += [{"id": 99, "text": "please change it", "y": "common"}] * 6
    useful = [
        {"id": i, "text": f"they {words[(i + 1 + k) % 6]} it", "y": "rare"}
        for i in range(6) for k in range(3)
    ]  # fmt: skip
    useless = [{**row, "text": "my card"} for row in useful]
    rows = useful if share else useless
    base, over, arm = rare_class_gain(
        train, held, {"arm": rows}, text="text", label="y", rare="rare", id="id", few=3,
        seeds=range(6),
    )  # fmt: skip
    assert (base.gain, base.low, base.high, base.added) == (0.0, 0.0, 0.0, 0.0)
    assert over.added == 37 and arm.added == 9
    assert (arm.verdict == "better") == bool(share)


def _gain(
    arms: dict[str, list[dict[str, Any]]], rare: str = "1", column: str = "id"
) -> list[str]:
    from synthnb.metrics import rare_class_gain

    rows = [
        {"id": i, "text": f"word {'ab'[i % 3 > 0]} {i}", "y": int(i % 3 > 0)} for i in range(24)
    ]
    found = rare_class_gain(
        rows, rows, arms, text="text", label="y", rare=rare, id=column, few=3, seeds=range(3)
    )  # fmt: skip
    return [f"{arm.name} {arm.added:g}" for arm in found]


def test_a_gain_compares_labels_and_ids_as_text() -> None:
    made = [{"id": str(i), "text": "word a", "y": "0"} for i in range(24)]

    found = _gain({"arm": made}, rare="0")
    assert found == ["class weights 0", "random oversampling 13", "arm 3"]


@pytest.mark.parametrize(
    ("arm", "row", "told"),
    [
        ("arm", {"text": "a", "y": 1}, "arm 'arm': a row has no column 'id'"),
        ("class weights", {"id": 1, "text": "a", "y": 1}, "'class weights' is a baseline"),
        ("arm", {"id": 77, "text": "a", "y": 1}, "arm 'arm': no id of its rows"),
    ],
)
def test_arms_that_cannot_be_compared_are_refused(
    arm: str, row: dict[str, Any], told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        _gain({arm: [row]})


def test_training_rows_without_an_id_are_refused() -> None:
    with pytest.raises(ValueError, match="train: a row has no column 'key'"):
        _gain({}, column="key")
