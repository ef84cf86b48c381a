from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import altair as alt
import pytest

from synthnb import charts
from synthnb.batch import Batch
from synthnb.charts.bins import bar_name
from synthnb.charts.columns import label_of
from synthnb.charts.distributions import distributions, histogram
from synthnb.recipe import Recipe
from synthnb.types import Reason, Record
from tests.samples import HOSTILE, RECIPE, batch_of, many, recipe, record, sample_batch

PNG = b"\x89PNG"


def test_every_spec_is_valid_for_altair_and_small() -> None:
    specs = charts.specs(sample_batch())
    assert list(specs) == [
        "product", "mood", "length", "nearest", "judge: on topic", "judge: mood ok",
        "rejections",
    ]  # fmt: skip
    for spec in specs.values():
        alt.Chart.from_dict({k: v for k, v in spec.items() if k != "$schema"})
        assert len(json.dumps(spec)) < 4000


def test_displaying_a_batch_never_imports_altair_or_pandas() -> None:
    code = (
        "import sys; from tests.samples import sample_batch as s; s()._repr_mimebundle_();"
        "print([m for m in ('altair', 'pandas', 'openai', 'IPython') if m in sys.modules])"
    )
    root = Path(__file__).parents[1]
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_charts_can_be_customised_and_still_display_offline() -> None:
    batch = sample_batch()
    shown = batch.charts()
    assert list(batch.charts()) == list(shown)  # and as often as one likes
    wide = shown["mood"].properties(width=500)
    assert isinstance(wide, alt.LayerChart)
    bundle = wide._repr_mimebundle_()
    assert set(bundle) == {"image/png", "text/plain"}
    assert bundle["image/png"].startswith(PNG)
    assert shown._repr_mimebundle_()["image/png"].startswith(PNG)


def test_charts_are_saved_as_files(tmp_path: Path) -> None:
    paths = charts.save_all(sample_batch(), tmp_path / "charts")
    assert [p.name for p in paths] == [
        "product.png", "mood.png", "length.png", "nearest.png",
        "judge_on_topic.png", "judge_mood_ok.png", "rejections.png",
    ]  # fmt: skip
    assert all(p.read_bytes().startswith(PNG) for p in paths)


def test_a_column_of_any_name_stays_in_the_folder(tmp_path: Path) -> None:
    recipe = sample_batch().recipe
    rows = [record(i, {"../../up": "ab"[i % 2], "text": "some words"}) for i in range(8)]
    paths = charts.save_all(Batch(rows, recipe), tmp_path / "charts")
    assert all(p.parent == tmp_path / "charts" for p in paths)


def test_a_chart_fetches_nothing() -> None:
    spec = charts.specs(sample_batch())["mood"] | {"data": {"url": "http://127.0.0.1:9/x.csv"}}
    with pytest.raises(ValueError, match="External data url not allowed"):
        charts.png(spec)


def test_hostile_labels_are_drawn_as_text() -> None:
    rows = [record(i, {"mood": HOSTILE[i % 3], "text": "words"}) for i in range(9)]
    for spec in charts.specs(Batch(rows, sample_batch().recipe)).values():
        assert charts.png(spec).startswith(PNG)


def test_a_bar_is_named_as_the_front_end_names_it_without_a_kernel() -> None:
    cases = json.loads(Path(__file__).with_name("labels.json").read_text("utf-8"))
    assert [bar_name(label_of(value)) for value, _ in cases] == [name for _, name in cases]


def test_many_labels_are_gathered() -> None:
    rows = [record(i, {"mood": f"m{i}", "text": "words"}) for i in range(40)]
    chart = distributions(Batch(rows, sample_batch().recipe))[0]
    assert len(chart.bars) == 12
    assert sum(bar.count for bar in chart.bars) == 40
    assert chart.bars[-1].label == "32 others"


def test_an_integer_column_is_measured_against_an_even_draw() -> None:
    text = RECIPE.replace("  mood: {angry", "  words: {integer: [1, 10]}\n  mood: {angry")
    batch = batch_of([], text)
    rows = [record(i, {"words": i % 10 + 1, "text": "words"}) for i in range(50)]
    chart = next(c for c in distributions(batch.replace(records=rows)) if c.id == "words")
    assert chart.kind == "histogram"
    assert sum(bar.count for bar in chart.bars) == 50
    assert sum(bar.planned or 0 for bar in chart.bars) == pytest.approx(50)
    plans = [layer for layer in charts.spec(chart)["layer"] if _y(layer) == "planned"]
    assert len(plans) == 1 and plans[0]["mark"]["type"] == "rule"
    (length,) = (c for c in sample_batch().distributions if c.id == "length")
    assert "planned" not in [_y(layer) for layer in charts.spec(length)["layer"]]


def _y(layer: dict[str, Any]) -> str | None:
    return layer["encoding"].get("y", {}).get("field")


def test_labels_without_a_plan_are_said_by_the_most_frequent() -> None:
    text = "synthnb: 1\ncolumns:\n  mood: {prompt: A mood., choices: [angry, happy]}\n"
    text += "  text: {prompt: 'A review, {{ mood }}.'}\n"
    rows = [record(i, {"mood": "angry" if i % 3 else "happy", "text": "w"}) for i in range(30)]
    (chart,) = (
        c for c in distributions(batch_of([], text).replace(records=rows)) if c.id == "mood"
    )
    assert chart.finding == "Most often angry, 20 rows."


@pytest.mark.parametrize(
    ("values", "whole"),
    [([5.0], True), ([1.0, 1.0], True), ([0.1, 0.9], False), ([-3.0, 4000.0], True)],
)
def test_bins_hold_every_value_and_stay_few(values: list[float], whole: bool) -> None:
    bars = histogram(values, [], whole=whole)
    assert sum(bar.count for bar in bars) == len(values)
    assert len(bars) <= 13
    assert bars[0].lo is not None and bars[0].lo <= min(values)


def test_nearest_rows_say_how_many_were_compared() -> None:
    batch = many(4000)
    (chart,) = (chart for chart in batch.distributions if chart.id == "nearest")
    assert chart.total == 2000 < len(batch)
    assert " of the first 2,000 rows (0.8 or more)." in chart.finding
    assert chart.unit == "similarity 0–1, first 2,000 rows"
    (few,) = (c for c in sample_batch().distributions if c.id == "nearest")
    assert "among" not in few.finding


def test_the_finding_on_near_copies_agrees_with_a_map_that_has_rejected_rows_too() -> None:
    made = Recipe.loads(
        "synthnb: 1\ncolumns: {text: {prompt: x}}\n"
        "checks: [{near_duplicate: {column: text, threshold: 0.7}}]\n"
    )

    def finding(close: float, *, accepted: bool) -> str:
        why = (Reason("near_duplicate", close, "", "text", accepted),)
        first = Record(0, {"text": "A broken lamp."}, id="a")
        again = Record(
            1, {"text": "One lamp, broken."}, accepted, () if accepted else why, why, id="b"
        )
        (chart,) = (c for c in Batch([first, again], made).distributions if c.id == "nearest")
        return chart.finding

    assert finding(0.75, accepted=False).startswith("No near copies kept; ")
    assert finding(0.3, accepted=True).startswith("No near copies; ")
    assert finding(0.75, accepted=True) == "Near copies: 1 row (0.7 or more)."


def test_each_criterion_of_a_judge_has_its_chart_and_its_least_score() -> None:
    text = RECIPE.replace("min: 3}}", "min: {on topic: 3, mood ok: 4}}}")
    batch = batch_of([], text).replace(records=sample_batch().made)
    own = {chart.id: chart.limits for chart in distributions(batch)}
    assert (own["judge: on topic"], own["judge: mood ok"]) == ((3.0,), (4.0,))


def test_candidates_are_several_answers_a_row_and_no_labels() -> None:
    text = "synthnb: 1\ncolumns:\n  label: {prompt: Which, choices: [a, b]%s}\n"
    answers = [{"answer": "a", "model": "lab/x"}, {"answer": "b", "model": "lab/x"}]
    several, one = text % ", candidates: {n: 2}", text % ""
    for given, value, titles in ((several, answers, []), (one, "a", ["label"])):
        batch = Batch([record(i, {"label": value}) for i in range(3)], recipe(given))
        assert [c.title for c in distributions(batch) if c.kind == "category"] == titles
