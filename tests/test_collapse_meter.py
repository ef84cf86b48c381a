"""The meter: quiet when nothing changes, as often as it says; loud when variety is lost."""

from __future__ import annotations

import json

import numpy as np
import pytest

from synthnb.batch import Batch
from synthnb.collapse.meter import meter
from synthnb.collapse.text import sample_texts
from synthnb.recipe import Recipe
from synthnb.types import Record

RECIPE = Recipe.loads("synthnb: 1\ncolumns: {text: {prompt: Write a sentence.}}")


def batch(texts: list[str], version: int, generation: int = 1) -> Batch:
    rows = [Record(i, {"text": t}, generation=generation) for i, t in enumerate(texts)]
    return Batch(rows, RECIPE, name="news", version=version)


def narrowed(seed: int, keep: int, count: int = 120) -> list[str]:
    rng = np.random.default_rng(seed)
    few = sample_texts(keep, seed)
    return [few[i] for i in rng.integers(0, keep, count)]


def test_false_alarms_are_as_rare_as_it_says() -> None:
    texts = sample_texts(20_000, 7)
    rng = np.random.default_rng(0)
    alarms = runs = 0
    for seed in range(30):
        drawn = [texts[i] for i in rng.choice(len(texts), 120, replace=False)]
        found = meter([drawn[:40]], real=drawn[40:], rate=0.1, seed=seed)
        runs, alarms = runs + 1, alarms + found.alarm
    # Holm at 10%: 30 runs give 3 on average, 8 or more in 1 of 100 such tests.
    assert alarms <= 7, f"{alarms} false alarms in {runs}"


@pytest.mark.parametrize("keep", [20, 40])
def test_lost_variety_is_called(keep: int) -> None:
    found = meter([narrowed(3, keep)], real=sample_texts(400, 1))
    assert found.alarm and found.tests == 4
    points = found.stages[0].points
    assert points["distinct_2"].alarm and points["vendi"].value < points["vendi"].reference


def test_generations_of_a_model_trained_on_itself() -> None:
    versions = [
        batch(sample_texts(120, 2), 1),
        batch(narrowed(3, 60), 2),
        batch(narrowed(4, 9), 3),
    ]
    found = versions[-1].collapse(*versions[:-1], real=sample_texts(400, 1))
    assert [stage.name for stage in found.stages] == ["news@1", "news@2", "news@3"]
    assert not any(p.alarm for p in found.stages[0].points.values())
    assert any(p.alarm for p in found.stages[1].points.values())
    assert found.verdict.startswith("Variety is being lost since news@2: ")
    assert "false alarms at most 5% of the time" in found.verdict


def test_without_real_rows_the_first_stage_is_the_reference() -> None:
    found = meter({"May": sample_texts(120, 1), "June": narrowed(3, 10)})
    assert (found.reference, found.alarm) == ("May", True)
    with pytest.raises(ValueError, match="at least two stages"):
        meter([sample_texts(50)])


def test_stages_too_small_to_measure_say_how_many_rows_are_needed() -> None:
    found = meter([sample_texts(5, 1), sample_texts(5, 2)])
    assert found.verdict == "Not measured: needs 12 rows, and 24 in stage 1"


def test_depths_of_one_batch_are_stages() -> None:
    first, second = batch(sample_texts(80, 1), 1), batch(narrowed(2, 6, 80), 1, generation=2)
    both = first.replace(records=(*first.records, *second.records))
    found = meter(both)
    assert found.reference == "generation 1" and found.alarm


def test_labels_that_vanish_are_called() -> None:
    real = [{"text": t, "label": "abcd"[i % 4]} for i, t in enumerate(sample_texts(300, 1))]
    made = [{"text": t, "label": "aaab"[i % 4]} for i, t in enumerate(sample_texts(100, 2))]
    found = meter([made], real=real, label="label")
    points = found.stages[0].points
    assert points["label_entropy"].alarm and points["label_entropy"].reference > 1.9
    assert not points["distinct_2"].alarm


@pytest.mark.parametrize(
    "texts", [["x"] * 40, ["猫が好きです"] * 40, ["😀"] * 40, ["a b"] * 5, ["", " "] * 20]
)
def test_odd_rows_give_figures_or_a_reason(texts: list[str]) -> None:
    found = meter([texts], real=sample_texts(100))
    assert found.alarm or found.stages[0].note
    body = json.dumps(found.to_dict(), allow_nan=False)
    assert "NaN" not in body and "nan" not in str(found)


@pytest.mark.parametrize(
    ("stages", "says"),
    [([], "no rows"), ([[]], "no rows"), ([[1, 2]], "texts"), ({}, "no stages")],
)
def test_what_is_no_stage_is_said(stages: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        meter(stages, real=sample_texts(50))


def test_a_few_rows_that_come_again_and_again_are_called() -> None:
    rng = np.random.default_rng(1)
    few = sample_texts(5, 9)
    rows = [few[rng.integers(5)] if rng.random() < 0.4 else t for t in sample_texts(150, 5)]
    assert meter([rows], real=sample_texts(400, 6)).alarm
    assert not meter([sample_texts(150, 5)], real=sample_texts(400, 6)).alarm


def test_it_draws_itself_and_text_stays_text() -> None:
    found = meter({"<b>x</b>": narrowed(1, 9)}, real=sample_texts(100))
    shown = found._repr_mimebundle_()
    assert "<b>x</b>" not in str(shown["text/html"]) and "&lt;b&gt;x" in str(shown["text/html"])
    assert len(found.chart().to_dict()["concat"]) == 4
    assert " !" in str(found) and "█" in str(found)
