"""Real rows among synthetic ones: no leak, no double, the share shown, and the warning."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pandas as pd
import pytest

from synthnb.batch import Batch
from synthnb.charts.payload import payload
from synthnb.errors import SourceError
from synthnb.export import export
from synthnb.mixing import CollapseWarning, why_not_replace
from synthnb.recipe import Recipe, Split
from synthnb.types import Call, Record, Row

RECIPE = Recipe.loads(
    "synthnb: 1\nname: reviews\nlicense: CC0-1.0\npurpose: augmentation\n"
    "columns: {text: {prompt: Tell}, label: [good, bad]}"
)
WORDS = ["lamp", "river", "stone", "bird", "cloud", "road", "window", "garden", "coat", "bread"]


def told(i: int, who: str) -> str:
    a, b, c = WORDS[i % 10], WORDS[i * 3 % 10], WORDS[i // 10 % 10]
    return f"{who} number {i} saw the {a} beside a {b}{i} and said {c}{i + 1} was lost again"


def made(n: int = 30, who: str = "Ana") -> Batch:
    call = Call("text", "local/smollm2-135m", (), "")
    rows = [
        Record(
            i, {"text": told(i + len(who) * 100, who), "label": "good"}, id=f"{who}{i}",
            calls=(call,), parents=(f"p{i}",),
        )
        for i in range(n)
    ]  # fmt: skip
    return Batch(rows, RECIPE, name="reviews", wanted=n)


REAL: list[Row] = [
    {"text": f"Real words on day {i}: {told(i, 'we')}", "label": "bad"} for i in range(20)
]


def origins(batch: Batch) -> dict[str, int]:
    return dict(pd.Series([record.origin for record in batch.accepted]).value_counts())


def test_all_real_rows_are_added_unless_a_share_is_named() -> None:
    whole = made().mix(REAL)
    assert origins(whole) == {"synthetic": 30, "real": 20}
    assert whole.real_share == 0.4
    third = made().mix(pd.DataFrame(REAL), ratio=0.25)
    assert origins(third) == {"synthetic": 30, "real": 10}
    assert {r["_synthnb"]["generation"] for r in whole.rows} == {0, 1}
    assert made().mix(REAL, 0.25).hash == made().mix(REAL, 0.25).hash


def test_too_few_real_rows_are_all_taken_and_the_card_says_so() -> None:
    mixed = made().mix(REAL, ratio=0.8)
    assert mixed.real_share == 0.4
    assert "the real share is 40%, not 80%" in mixed.card()


def test_the_share_stands_on_every_view() -> None:
    mixed = made().mix(REAL, ratio=0.25, license="CC-BY-4.0")
    assert "25% real (10 rows)" in mixed.verdict
    assert "25% real" in str(mixed)
    bundle = mixed._repr_mimebundle_()
    assert "25% real" in str(bundle["text/html"])
    assert payload(mixed)["verdict"]["real_share"] == 0.25
    assert "real_share: 0.25" in mixed.card()
    assert "real_share" not in payload(made())["verdict"]


def test_a_synthetic_row_that_repeats_a_real_one_is_rejected() -> None:
    batch = made(3)
    exact = {"text": REAL[4]["text"], "label": "good"}
    near = {"text": str(REAL[5]["text"]) + " indeed", "label": "good"}
    copies = [Record(7, exact, id="c7"), Record(8, near, id="c8")]
    mixed = batch.replace(records=[*batch.records, *copies]).mix(REAL, ratio=0.5)
    assert [r["_synthnb"]["reasons"][0]["rule"] for r in mixed.rejected] == ["mix", "mix"]
    assert "2 synthetic rows repeated a real one" in mixed.card()
    assert origins(mixed) == {"synthetic": 3, "real": 3}


def test_rows_that_synthnb_wrote_stay_synthetic(tmp_path: Path) -> None:
    earlier = made(10, "Zacharias").export(tmp_path / "rows.jsonl")
    with pytest.warns(
        CollapseWarning, match="10 of 10 rows given as real were written by synthnb"
    ):
        mixed = made().mix(earlier)
    assert origins(mixed) == {"synthetic": 40}
    assert mixed.real_share == 0


def test_replacing_warns_with_the_figure_and_adding_does_not() -> None:
    with pytest.warns(
        CollapseWarning, match=r"grows 10-fold.*1\.55-fold.*20 rows falls to 59\.9%"
    ):
        replaced = made().mix(REAL, replace=True)
    assert origins(replaced) == {"synthetic": 20}
    with pytest.warns(CollapseWarning):
        half = made().mix(REAL, 0.5, replace=True)
    assert origins(half) == {"synthetic": 10, "real": 10}
    assert "10 real rows were replaced" in half.card()
    with pytest.warns(CollapseWarning):
        made().mix(REAL, ratio=0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made().mix(REAL, ratio=0.1)
    assert "variance" in why_not_replace(1)


def test_rounds_accumulate_without_repetitions() -> None:
    first = made(10, "Ana").mix(REAL, ratio=0.5, license="CC0-1.0")
    second = made(12, "Ana")
    records = [Record(90 + i, r.values, id=f"x{i}") for i, r in enumerate(second.records)]
    both = second.replace(records=records).accumulate(first)
    assert origins(both) == {"synthetic": 12, "real": 10}
    assert len(both.rejected) == 10
    assert both.real_license == "CC0-1.0"
    assert both.accumulate(first).hash == both.accumulate(first).hash
    assert len(made(5, "Ana").accumulate(made(5, "Ana"))) == 5


def test_a_split_of_a_mixture_keeps_a_real_row_with_its_children(tmp_path: Path) -> None:
    from synthnb.source import row_id

    ids = [row_id(row) for row in REAL]
    batch = made(40)
    children = [
        Record(r.index, r.values, id=r.id, calls=r.calls, parents=(ids[r.index % 20],))
        for r in batch.records
    ]
    recipe = RECIPE.replace(split=Split(eval=0.3))
    mixed = batch.replace(records=children, recipe=recipe).mix(REAL, license="CC0-1.0")
    done = export(mixed, tmp_path / "set", "hf")
    sides = {
        name: pd.read_parquet(done.path / "data" / f"{name}.parquet")["_synthnb"]
        for name in ("train", "test")
    }
    families = {
        name: {p for note in notes for p in note["parents"]}
        | {note["id"] for note in notes if note["origin"] == "real"}
        for name, notes in sides.items()
    }
    assert families["test"]
    assert not families["train"] & families["test"]


def test_what_cannot_be_mixed_is_said() -> None:
    with pytest.raises(SourceError, match="shares no column with the batch: it has other"):
        made().mix([{"other": "x"}])
    with pytest.raises(ValueError, match="from 0 up to below 1"):
        made().mix(REAL, ratio=1.0)


def test_equal_real_rows_keep_ids_of_their_own() -> None:
    mixed = made(2).mix([REAL[0], REAL[0]])
    ids = [json.dumps(row["_synthnb"]["id"]) for row in mixed.rows]
    assert len(set(ids)) == len(ids) == 4


def test_rows_of_a_table_are_copies_only_where_every_value_is_equal() -> None:
    recipe = Recipe.loads(
        "synthnb: 1\nname: wards\ncolumns: {ward: [a, b], age: {integer: [1, 90]}}"
    )
    rows = [Record(i, {"ward": "ab"[i % 2], "age": i}, id=f"t{i}") for i in range(30)]
    batch = Batch(rows, recipe, name="wards", wanted=30)
    mixed = batch.mix([{"ward": "ab"[i % 2], "age": i} for i in range(28, 48)])
    assert origins(mixed) == {"synthetic": 28, "real": 20}
    # Where real rows repeat each other, an equal row is no copy.
    coarse = batch.mix([{"ward": "a", "age": 2}] * 9)
    assert origins(coarse) == {"synthetic": 30, "real": 9}


def test_labels_alone_or_empty_texts_make_no_copies() -> None:
    for real in ([{"label": "good"}] * 5, [{"text": None, "label": "good"}] * 5):
        assert origins(made().mix(real)) == {"synthetic": 30, "real": 5}
    with pytest.raises(ValueError, match="below 1, got x"):
        made().mix(REAL, ratio="x")  # type: ignore[arg-type]
