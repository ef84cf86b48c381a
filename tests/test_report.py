"""The report: planted faults are found, words are right, pages are safe, big tables quick."""

from __future__ import annotations

import json
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.batch import Batch
from synthnb.charts.findings import look_first
from synthnb.cli import main
from synthnb.collapse.text import sample_texts
from synthnb.errors import SourceError
from synthnb.recipe import Recipe
from synthnb.report import check, report
from synthnb.report.copying import copies
from synthnb.report.value import ColumnCheck
from synthnb.types import Record
from tests.samples import HOSTILE, batch_of, sample_batch

REAL = [{"text": text, "label": "ab"[i % 2]} for i, text in enumerate(sample_texts(400, 1))]


def rows(texts: list[str]) -> list[dict[str, Any]]:
    return [{"text": text, "label": "ab"[i % 2]} for i, text in enumerate(texts)]


def test_no_interval_leaves_the_range_of_its_figure() -> None:
    few = rows([" ".join(f"w{place * 5 + i}" for i in range(6)) for place in range(8)])
    few[-1]["text"] = few[0]["text"]
    for found in (report(few, real=rows(sample_texts(16, 4))), report(few)):
        for measure in found.measures:
            assert measure.low is None or measure.low >= 0, measure
            if measure.id.startswith("distinct"):
                assert measure.high is not None and measure.high <= 1, measure


def test_as_good_as_real_rows_gives_no_alarm() -> None:
    found = report(rows(sample_texts(400, 2)), real=REAL)
    assert [m.word for m in found.measures].count("worse") <= 2
    assert found["distinct_2"].word == "no evidence"
    assert abs((found["c2st"].value or 0) - 0.5) < 0.08
    low, high = found["distinct_2"].baseline or (0, 0)
    assert low < (found["distinct_2"].value or 0) < high
    assert found["coverage"].word == "no evidence"
    assert len(found.steps) == 3


def test_less_varied_rows_are_worse_and_the_steps_say_so() -> None:
    narrow = sample_texts(40, 2) * 10
    found = report(rows([f"{text} Number {i}." for i, text in enumerate(narrow)]), real=REAL)
    for name in ("distinct_2", "self_repetition", "compression_ratio", "vendi", "coverage"):
        assert found[name].word == "worse", name
    assert found.alarms and "worse" in found.verdict


def test_more_varied_rows_are_better() -> None:
    rng = np.random.default_rng(0)
    words = [f"w{n}" for n in range(5000)]
    varied = [" ".join(rng.choice(words, 12)) for _ in range(400)]
    found = report(rows(varied), real=REAL)
    assert found["distinct_2"].word == "better"
    assert found["c2st"].word == "worse"


def test_planted_copies_are_found_with_their_source_row() -> None:
    made = sample_texts(300, 3)
    source = "It rained for a week in the small town by the sea and nobody there was surprised."
    made[17] = source + " So they say."
    made[18] = REAL[3]["text"]
    found = report(rows(made), real=[*REAL, {"text": source, "label": "a"}])
    assert found.copying is not None
    assert (found.copying.exact, found.copying.near) == (1, 2)
    assert found.copying.longest >= 16
    assert found.copying.row == made[17] and found.copying.source == source
    assert "copy the source" in found.steps[0].do


def test_a_copy_is_shown_beside_its_source_even_where_it_is_short_or_has_no_spaces() -> None:
    real = [
        {"text": t}
        for t in ["Off we go", "今日は天気が良いので散歩に行きました", *sample_texts(40)]
    ]
    for made, source in (
        ("off we  go", "Off we go"),
        ("今日は天気が良いので散歩に行きました。", None),
    ):
        found = report([*rows(sample_texts(40, 8)), {"text": made, "label": "a"}], real=real)
        assert found.copying is not None and found.copying.near >= 1
        best = report([{"text": made}] * 2, real=real).copying
        assert best is not None and best.row == made
        assert best.source == (source or real[1]["text"])
        shown = report([{"text": made}] * 2, real=real)
        for view in (str(shown), shown.to_html(), str(shown._repr_mimebundle_()["text/html"])):
            assert best.source in view


def test_the_run_that_long_documents_share_is_found_whatever_they_repeat() -> None:
    """Comparing such rows word by word would take minutes."""
    run = [f"word{i % 97}" for i in range(500)]
    made = ["ha"] * 20_000 + run + ["so"] * 9
    real = ["oh"] * 20_000 + run + ["ha"] * 20_000
    found = copies([" ".join(made), "A short one."], [" ".join(real), "Another short one."])

    assert found.longest == 20_000 and found.span == " ".join(made[:20_000])
    found = copies([" ".join(made[19_000:])], [" ".join(real[:-19_900])])
    assert found.longest == 500 and found.span == " ".join(run)


def test_one_copy_and_one_address_among_thirty_thousand_rows_are_found() -> None:
    """Nothing planted may fall through a sample."""
    made = [
        f"Row {i} is about {i * 7919 % 30011} and {i * 104729 % 30011}." for i in range(30_000)
    ]
    real = [f"Real {i} tells of {i * 7919 % 9973} or {i * 31 % 9973}." for i in range(25_000)]
    made[29_998] = real[24_999]
    made[15_001] += " Mail to jane.doe@example.com."
    found = report(rows(made), real=[{"text": text} for text in real])
    assert found.personal == {"text": {"email": 1}} and found.personal_rows == 30_000
    assert found.copying is not None and found.copying.exact == 1


def test_rows_that_follow_what_the_model_saw_too_closely() -> None:
    seen, unseen = sample_texts(200, 1), sample_texts(200, 9)
    near = [f"Well: {text}" for text in seen]
    found = report(rows(near), real=rows(seen), holdout=rows(unseen))
    assert found.copying is not None and (found.copying.dcr_share or 0) > 0.9
    assert report(rows(near), real=rows(seen)).copying.dcr_share is None  # type: ignore[union-attr]


def test_many_named_labels_are_classes_and_spread_like_shares() -> None:
    rng = np.random.default_rng(0)

    def noise(count: int) -> list[dict[str, str]]:
        drawn = rng.integers(0, 30, (count, 2)).tolist()
        return [{"text": f"note {a} of the day", "label": f"kind {b}"} for a, b in drawn]

    found = report(noise(600), real=noise(1200), label="label")["tstr"]
    assert found.baseline is not None and found.real is not None
    assert found.baseline[1] - found.real < 0.05  # that of R squared is 0.06


def test_a_giveaway_is_named() -> None:
    made = [f"As an AI, I say: {text}" for text in sample_texts(300, 2)]
    found = report(rows(made), real=REAL)
    assert (found["c2st"].value or 0) > 0.95
    assert any("AI" in name and weight > 0 for name, weight in found.giveaways)


def test_training_on_them_is_compared_with_training_on_real_rows() -> None:
    rng = np.random.default_rng(0)

    def labelled(count: int, flip: float) -> list[dict[str, str]]:
        good = rng.random(count) < 0.5
        return [
            {
                "text": f"a {'fine' if g else 'bad'} thing {n}",
                "label": "yn"[int(g ^ (f < flip))],
            }
            for n, (g, f) in enumerate(zip(good, rng.random(count), strict=True))
        ]

    real = labelled(400, 0.0)
    assert report(labelled(300, 0.0), real=real)["tstr"].value == 1.0
    wrong = report(labelled(300, 1.0), real=real)["tstr"]
    assert wrong.word == "worse" and (wrong.value or 0) < 0.2 and wrong.real == 1.0


def test_a_small_change_of_a_number_is_said_and_asks_for_no_step() -> None:
    real = [{"age": float(i)} for i in range(1000)]

    def aged(shift: int) -> ColumnCheck:
        made = [{"age": float(i + shift)} for i in range(1000)]
        (age,) = report(made, real=real).columns
        return age

    assert [(aged(n).word, aged(n).clear) for n in (0, 75, 150)] == [
        ("no evidence", False),
        ("changed", False),
        ("changed", True),
    ]


def test_columns_against_the_plan_and_against_real_rows() -> None:
    recipe = Recipe.loads(
        "synthnb: 1\ncolumns:\n  mood: {angry: 1, happy: 1}\n  text: {prompt: '{{ mood }}'}"
    )
    records = [Record(i, {"mood": "angry", "text": t}) for i, t in enumerate(sample_texts(60))]
    found = report(Batch(records, recipe))
    (mood,) = found.columns
    assert mood.against == "plan" and mood.word == "changed"
    assert mood.figures["total_variation"] == pytest.approx(0.5)
    assert "quotas" in found.steps[0].do
    assert "changed; farthest: angry, 100%, planned 50%." in str(found)

    rng = np.random.default_rng(0)
    real = [
        {"age": float(a), "ward": str(w)}
        for a, w in zip(rng.normal(50, 9, 500), "abcab" * 100, strict=True)
    ]
    made = [{"age": float(a), "ward": "a"} for a in rng.normal(60, 9, 500)]
    age, ward = report(made, real=real).columns
    assert age.word == "changed" and 8 < age.figures["wasserstein"] < 12
    assert ward.finding == "Never written: b, c."
    same = [
        {"age": float(a), "ward": str(w)}
        for a, w in zip(rng.normal(50, 9, 500), "abcab" * 100, strict=True)
    ]
    assert {c.word for c in report(same, real=real).columns} == {"no evidence"}


@pytest.mark.parametrize("seed", range(4))
def test_rows_like_the_real_ones_ask_for_nothing(seed: int) -> None:
    """Words are called at 95%, one in twenty by chance; steps only follow from clear ones."""
    rng = np.random.default_rng(seed)
    words = np.array([f"w{n}" for n in range(3000)])
    shares = 1 / np.arange(1, 3001)

    def drawn(count: int) -> list[dict[str, str | float]]:
        return [
            {
                "text": " ".join(
                    rng.choice(words, rng.integers(10, 40), p=shares / shares.sum())
                ),
                "label": str(rng.choice(["a", "b", "c"])),
                "score": float(rng.normal()),
            }
            for _ in range(count)
        ]

    found = report(drawn(150), real=drawn(300))
    assert found.headline == "Nothing alarming beside the real rows", str(found)
    assert found.compared.count("no evidence") >= 13


def test_empty_rows_are_counted_and_nothing_in_common_is_said() -> None:
    gaps = report([{"text": t if i % 3 else None} for i, t in enumerate(sample_texts(60))])
    assert gaps["empty"].value == pytest.approx(1 / 3)
    assert "without text" in gaps.steps[0].do
    assert "rows without text" in str(report([{"text": None}] * 20))
    apart = report([{"n": i, "m": i * i} for i in range(50)], real=REAL)
    assert "nothing to compare with 400" in apart.verdict
    assert report(pd.DataFrame()).headline == "No rows to check"
    huge = [{"n": 10**400, "text": text} for text in sample_texts(30)]
    assert json.dumps(report(huge, real=huge).to_dict(), allow_nan=False)


def test_rows_that_begin_alike_are_found_as_in_the_view_of_the_batch() -> None:
    sorry = [f"I'm sorry for {text}" for text in sample_texts(4)]
    recipe = Recipe.loads("synthnb: 1\ncolumns: {text: {prompt: A text}}")
    texts = [*sorry, *sample_texts(4, 1)]
    batch = Batch([Record(i, {"text": text}) for i, text in enumerate(texts)], recipe)
    finding = look_first(batch)
    assert finding is not None and finding.text == "4 of 8 rows begin “I'm sorry for …”."
    found = report(batch)
    assert found.headline == "1 thing to look at before training"
    assert found["openings"].note == finding.text.rstrip(".") == found.steps[0].why.rstrip(".")
    letters = [{"text": f"I'm sorry for {text}"} for text in sample_texts(60, 2)]
    beside = report([{"text": text} for text in sorry * 5], real=letters)
    assert beside["openings"].real == 1.0
    assert not any("beginnings" in step.do for step in beside.steps)
    assert "begin alike" not in str(report(rows(sample_texts(12))))


def test_personal_data_come_before_style() -> None:
    made = sample_texts(100)
    made[5] += " Write to ana.lopez@example.com."
    found = report(rows(made))
    assert found.personal == {"text": {"email": 1}}
    assert "personal data" in found.steps[0].do
    assert "names of people" in found.steps[0].why


@pytest.mark.parametrize(
    "texts",
    [[], ["one"], ["", "  "], ["same"] * 50, ["😀😀 🎉"] * 30, ["猫が好きです"] * 19,
     HOSTILE, ["word"] * 9],
)  # fmt: skip
def test_odd_rows_give_figures_or_dashes_never_nan(texts: list[str]) -> None:
    for real in (None, REAL[:40], [{"text": ""}], [{"other": 1}]):
        found = report([{"text": text} for text in texts], real=real)
        body = json.dumps(found.to_dict(), allow_nan=False)
        for shown in (str(found), body, found.to_html(), *found._repr_mimebundle_().values()):
            assert "nan" not in str(shown).lower().replace("financ", "")


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not any(name.startswith("on") or name in ("src", "href") for name, _ in attrs)


def test_hostile_rows_stay_text_on_the_page_and_in_the_cell() -> None:
    rows = [{"<b>n</b>": text * 3, "text": text * 3, "label": text} for text in HOSTILE * 5]
    found = report(rows, real=[{"text": t * 3, "label": t} for t in HOSTILE * 5])
    page, cell = found.to_html(), str(found._repr_mimebundle_()["text/html"])
    assert not {"script", "img", "iframe", "a", "b"} & (Tags(page).tags - {"b"})
    assert Tags(cell).tags <= {"p", "b", "ol", "li", "br", "table", "tr", "th", "td", "span"}
    assert "<script>alert" not in page and "onerror=alert(1)>" not in page.replace("&gt;", "")
    assert "prefers-color-scheme" in page and "http" not in page.replace("http-equiv", "")


def test_pictures_are_drawn_only_beside_real_rows() -> None:
    made = rows(sample_texts(40, 2))
    assert "real rows as green line" in report(made, real=REAL).to_html()
    page = report(made).to_html()
    assert "green line" not in page and "<circle" not in page


def test_a_file_and_a_folder_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, real = tmp_path / "rows.jsonl", tmp_path / "real.csv"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows(sample_texts(60))), "utf-8")
    real.write_text("text,label\n" + "".join(f'"{r["text"]}",{r["label"]}\n' for r in REAL))
    assert (
        main(["check", str(file), "--real", str(real), "--html", str(tmp_path / "r.html")]) == 0
    )
    out = capsys.readouterr().out
    assert "against 400 of real.csv" in out and "Next\n1. " in out
    assert (tmp_path / "r.html").read_text("utf-8").startswith("<!doctype html>")
    assert main(["check", str(file), "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert body["rows"] == 60 and body["measures"]["distinct_2"]["value"] > 0
    assert main(["check", str(tmp_path / "none.csv")]) == 2

    folder = sample_batch().save(tmp_path / "run")
    found = check(folder)
    assert found.rows == 24 and found.text == "text"
    assert {c.against for c in found.columns} == {"plan"}
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError):
        check(tmp_path / "empty")


def test_a_batch_reports_beside_its_own_source() -> None:
    batch = batch_of([f"{text} Yes." for text in sample_texts(40)])
    found = batch.report(REAL)
    assert found.real_rows == 400 and "Report" in repr(found)
    assert batch.report().real is None


def test_ten_thousand_rows_in_seconds() -> None:
    made = rows(sample_texts(10_000, 4))
    start = time.process_time()
    found = report(made, real=REAL)
    assert time.process_time() - start < 15  # 5 s on two idle cores: tests/benchmarks/report.py
    assert found.rows == 10_000


def test_real_rows_that_are_mixed_in_are_no_copies_of_themselves(tmp_path: Path) -> None:
    mixed = batch_of([f"{text} Yes indeed." for text in sample_texts(60, 3)]).mix(REAL[:20])
    for found in (mixed.report(REAL), check(mixed.save(tmp_path / "run"), REAL)):
        assert found.rows == 60 and found.copying is not None and found.copying.exact == 0
        assert "20 real rows mixed in" in str(found)
