"""What a diff says of two batches, and when it refuses to say anything."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from synthnb.batch import Batch
from synthnb.diff import diff
from synthnb.diff.payload import MAX_BYTES, MIME
from synthnb.diff.rows import shown_rows
from synthnb.diff.sentences import figure
from synthnb.recipe import Recipe
from synthnb.types import Call, Reason, Record
from tests.diff.versions import changed_recipe, two_versions
from tests.samples import HOSTILE, batch_of, sample_batch

MOODS = """\
synthnb: 1
name: r
seed: 7
columns:
  mood: [angry, happy]
  text: {prompt: "A review by someone who is {{ mood }}."}
"""


def rows(texts: list[str], seed: int = 7, **more: object) -> Batch:
    recipe = Recipe.loads(MOODS).replace(seed=seed)
    records = [
        Record(i, {"mood": ("angry", "happy")[i % 2], "text": text}, id=f"r{i}")
        for i, text in enumerate(texts)
    ]
    return Batch(records, recipe, name="r", **more)  # type: ignore[arg-type]


def test_the_diff_of_two_versions_reads_from_verdict_to_rows() -> None:
    old, new = two_versions()
    text = str(new.diff(old))
    first, second, *_ = text.splitlines()
    assert re.fullmatch(r"(\d+ (worse|better|changed|no evidence)(, )?)+", first)
    assert second == (
        "reviews, version 3 against 2 · 31 of 31 planned rows share product, mood and seed"
    )
    assert re.search(r"^Recipe: 1 of 1\d keys changed$", text, re.MULTILINE)
    assert "31 pairs of first answers" in text
    assert re.search(r"^length +148\.\d .* to .* no evidence$", text, re.MULTILINE)
    assert "10,000 paired bootstrap resamples" in text
    assert "Dot and line" not in text  # nothing is drawn here
    assert re.search(r"With \d intervals expect 0.\d+ false calls", text)
    assert re.search(r"The outcome differs in \d+ of 31 pairs", text)


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (0.25, 1, "0.3"), (-0.25, 1, "−0.3"), (0.125, 2, "0.13"), (2.5, 0, "3"),
        (1234.5, 1, "1,234.5"), (-0.0001, 3, "0.000"), (1e12, 1, "1,000,000,000,000.0"),
    ],
)  # fmt: skip
def test_figures_are_rounded_as_in_the_view(value: float, digits: int, shown: str) -> None:
    assert figure(value, digits) == shown  # toFixed, thousands apart
    assert figure(1e299, digits).startswith("100,000,000")  # no number is too large


def test_what_is_drawn_is_what_is_said() -> None:
    made = diff(*two_versions())
    drawn = made._repr_mimebundle_()[MIME]["metrics"]
    assert len(drawn) == len(made.results)
    for metric, result in zip(drawn, made.results, strict=True):
        assert (metric["id"], metric["unit"]) == (result.measure.id, result.measure.unit)
        assert metric["low"] <= metric["change"] <= metric["high"]
        low, change, high = metric["scaled"]
        assert low <= change <= high
        assert change == pytest.approx(result.change / result.spread, abs=1e-4)


def test_pairs_are_a_table() -> None:
    made = diff(*two_versions())
    apart = [pair for pair in made.pairs if pair.outcomes[0] != pair.outcomes[1]]
    table = made.pairs_df(apart)
    names = ["row", "product", "mood", "version_2", "version_3"]
    assert [*table] == [*names, "version_2_outcome", "version_3_outcome"]
    assert len(table) == 13 and len(made.pairs_df()) == 31
    first = table.iloc[0]
    assert (first["row"], first["version_2_outcome"]) == (1, "repetition")
    assert first["version_3"].startswith("I told a friend")


def test_two_changed_keys_cannot_be_told_apart() -> None:
    one = str(diff(*two_versions()))
    two = str(diff(*two_versions(temperature=0.7)))
    assert "can be put down" not in one
    assert "Two keys changed, so no change can be put down to one of them." in two


def test_keys_that_change_no_row_are_told_apart_from_those_that_do() -> None:
    old, new = two_versions(temperature=0.7)
    data = new.recipe.to_dict() | {"budget": {"tokens": 77_000}}
    three = str(diff(old, new.replace(recipe=Recipe.from_dict(data))))
    assert re.search(r"^Recipe: 3 of 1\d keys changed, 2 of them can change", three, re.M)
    assert "Two of the changed keys can change rows, so no change can be put down" in three
    data = old.recipe.to_dict() | {"budget": {"tokens": 77_000}}
    one = str(diff(old, new.replace(recipe=Recipe.from_dict(data))))
    assert re.search(r"^Recipe: 1 of 1\d keys changed, none of them can change", one, re.M)
    assert "No changed key can change rows, so this is chance or the model." in one


def test_only_first_answers_count_accepted_or_not() -> None:
    old, new = rows(["a b c", "d e f"] * 4), rows(["a b c", "d e f"] * 4)
    again = Record(0, {"mood": "angry", "text": "x" * 900}, attempt=1, id="again")
    lost = replace(new.made[3], accepted=False, reasons=(Reason("length", 5),))
    new = new.replace(records=[*new.made[:3], lost, *new.made[4:], again], wanted=8)
    made = diff(old, new)
    found = {r.measure.id: r for r in made.results}
    assert (found["accepted"].old, found["accepted"].new) == (1.0, 0.875)
    assert "length" not in found  # nothing moved: the long one is no first answer


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (rows(["a"] * 8, seed=8), "seeds differ (7, 8)"),
        (
            rows(["a"] * 8).replace(
                records=[
                    Record(i, {"mood": "angry", "text": "a"}, id=f"r{i}") for i in range(8)
                ]
            ),
            "mood differs in 4 of 8 planned rows",
        ),
        (
            rows(["a"] * 8).replace(
                records=[
                    Record(i, {"mood": "angry", "text": "a"}, parents=("p",)) for i in range(8)
                ]
            ),
            "source rows differ in 8 of 8 planned rows",
        ),
    ],
)
def test_broken_pairing_takes_the_place_of_the_verdict(other: Batch, why: str) -> None:
    made = diff(rows(["the cat sat", "a dog ran", "it is late", "so what"] * 2), other)
    assert made.verdict == f"Not paired: {why}. Shown as two separate batches."
    assert str(made).startswith(made.verdict)
    assert not made.pairs and all(r.verdict is None for r in made.results)
    assert "no evidence" not in str(made)
    body = made._repr_mimebundle_()[MIME]
    assert body["paired"] is False
    assert all(m["low"] is None and m["verdict"] is None for m in body["metrics"])


def test_an_attribute_that_only_one_has_does_not_break_pairs() -> None:
    old, new = rows(["a b"] * 8), rows(["a c"] * 8)
    data = old.recipe.to_dict()
    data["columns"] = {"tone": ["dry"], **data["columns"]}
    new = new.replace(
        recipe=Recipe.from_dict(data),
        records=[replace(r, values={"tone": "dry", **r.values}) for r in new.made],
    )
    assert "8 of 8 planned rows share mood and seed; only one has tone" in str(diff(old, new))


def test_rows_that_only_one_side_has_are_no_pairs() -> None:
    old, new = rows(["a b"] * 12), rows(["a c"] * 8)
    for made in (diff(old, new), diff(new, old)):
        assert len(made.pairs) == 8
        assert "8 of 8 planned rows" in str(made)


def test_long_batches_are_compared_on_their_first_rows() -> None:
    made = diff(rows(["one two"] * 1200), rows(["one two three"] * 1200))
    assert len(made.pairs) == 1000
    assert "the first 1,000 planned rows share mood and seed" in str(made)


def test_what_was_written_of_an_answer_without_a_value_is_shown() -> None:
    old = rows(["It is fine.", "It is loud."])
    told = Call("text", "lab/tiny", (), "It is fine and it")
    other = Call("mood", "lab/tiny", (), "happy")
    cut = replace(
        old.made[0], values={"mood": "angry"}, accepted=False,
        reasons=(Reason("truncated", None, "cut off"),), calls=(told, other),
    )  # fmt: skip
    new = old.replace(records=(cut, *old.made[1:]))
    side = next(s for s in shown_rows(diff(old, new), 10, 400) if s.place == 0).new
    assert side is not None and side.tag == "rejected: truncated"
    assert "".join(piece for _, piece in side.parts) == "It is fine and it"


def test_plain_html_marks_what_is_shared_apart_from_what_differs() -> None:
    long = "I will keep it, but only when it comes with a free upgrade and a new box."
    other = (
        "The battery is clean and the laptop a lifesaver. I have one of these at home. "
        "Best laptop ever and I will keep it but only just, no more."
    )
    made = diff(rows([long, "The lid is loose."] * 4), rows([other, "The lid is loud."] * 4))
    html = made._repr_mimebundle_()["text/html"]
    assert "<mark>I will keep it, but only</mark> when" in html
    assert "The lid is <del>loose</del>." in html and "The lid is <ins>loud</ins>." in html
    assert "<del>I will keep" not in html
    apart = diff(made.old, made.new.replace(recipe=made.new.recipe.replace(seed=8)))
    html = apart._repr_mimebundle_()["text/html"]
    assert "attributes</th>" not in html and "<i>angry</i><br>I will keep" in html


def test_nothing_stands_where_nothing_was_measured() -> None:
    old, new = rows(["a b c"] * 8), rows(["a b c"] * 8)
    made = diff(old, new.replace(recipe=new.recipe.replace(params={"top_p": 0.9})))
    assert made.verdict == "No metric differs"
    assert "95%" not in str(made) and "95%" not in made._repr_mimebundle_()["text/html"]


def test_the_same_batch_differs_in_nothing() -> None:
    batch = sample_batch()
    assert str(diff(batch, batch.replace(version=9))).startswith(
        "No difference: the same recipe made the same rows"
    )
    made = batch.diff(batch)
    assert made.same
    itself = f"No difference: version {batch.version} is compared with itself\nreviews"
    assert str(made) == itself
    assert made._repr_mimebundle_()[MIME]["rows"] == []


def test_other_checks_accept_other_shares_and_that_is_no_better_prompt() -> None:
    old, new = rows(["a b c", "d e f"] * 8), rows(["a b c", "d e f"] * 8)
    short = (Reason("length", 5),)
    old = old.replace(records=[replace(r, accepted=False, reasons=short) for r in old.made])
    data = old.recipe.to_dict() | {"checks": [{"length": {"column": "text", "min": 9}}]}
    strict = old.replace(recipe=Recipe.from_dict(data))
    (accepted,) = diff(old, new).results
    assert accepted.verdict == "better"
    (accepted,) = diff(strict, new).results
    assert (accepted.verdict, accepted.change) == ("changed", 1.0)
    assert accepted.measure.unit == "share of first answers, checks differ"


def judged(scores: list[tuple[int, int]], **options: object) -> Batch:
    """Rows with the scores of a judge for two criteria."""
    batch = rows(["a b c"] * len(scores))
    data = batch.recipe.to_dict()
    rubric = {"clear": "1-5", "kind": "1-5"}
    data["checks"] = [{"judge": {"model": "lab/j", "rubric": rubric, **options}}]
    records = [
        replace(
            record,
            checks=tuple(
                Reason(f"judge: {name}", score, f"{name} {score} of 5: so", passed=True)
                for name, score in zip(rubric, found, strict=True)
            ),
        )
        for record, found in zip(batch.made, scores, strict=True)
    ]
    return batch.replace(records=records, recipe=Recipe.from_dict(data))


def test_each_criterion_of_a_judge_is_a_metric() -> None:
    old = judged([(2, 4), (3, 4), (2, 5), (3, 5)] * 4)
    better = judged([(4, 4), (5, 4), (4, 5), (5, 5)] * 4, min=3)
    (clear,) = [r for r in diff(old, better).results if r.change]
    assert (clear.measure.label, clear.old, clear.new) == ("judge: clear", 2.5, 4.5)
    assert clear.verdict == "better"  # what the judge asks for at least changes no score
    chart = next(c for c in diff(old, better).charts if c.title == "Judge: clear")
    assert [(bar.label, bar.old, bar.new) for bar in chart.bars] == [
        ("2", 8, 0), ("3", 8, 0), ("4", 0, 8), ("5", 0, 8),
    ]  # fmt: skip
    other = judged([(4, 4), (5, 4), (4, 5), (5, 5)] * 4, model="lab/other")
    (clear,) = [r for r in diff(old, other).results if r.change]
    assert (clear.verdict, clear.measure.unit) == ("changed", "score, judges differ")


def test_few_pairs_show_nothing_whatever_they_say() -> None:
    made = diff(rows(["short"] * 5), rows(["a very much longer text than that"] * 5))
    assert {r.verdict for r in made.results} == {"too few pairs"}
    assert made.verdict == f"{len(made.results)} with too few pairs"
    assert "Fewer than 6 pairs cannot show a change." in str(made)


def test_a_metric_of_few_pairs_is_not_measured_beside_others_that_are() -> None:
    """Where most answers were lost, no metric of texts hides behind the 8 pairs."""
    old, new = rows(["a b c", "d e f"] * 4), rows(["a longer b c", "d e f"] * 4)
    lost = (Reason("truncated", None, "cut off"),)
    none = [
        replace(r, values={"mood": r.values["mood"]}, accepted=False, reasons=lost)
        for r in old.made[4:]
    ]
    made = diff(old.replace(records=[*old.made[:4], *none]), new)
    assert "8 pairs of first answers" in str(made)
    found = {r.measure.id: r for r in made.results}
    assert (found["length"].n, found["length"].verdict) == (4, "too few pairs")
    assert found["accepted"].n == 8
    assert re.search(r"^length .* too few pairs \(4\)$", str(made), re.MULTILINE)
    assert "Fewer than 6 pairs cannot show a change. Fewer pairs have: " in str(made)
    assert "length 4" in str(made).splitlines()[-3]
    body = made._repr_mimebundle_()
    metric = next(m for m in body[MIME]["metrics"] if m["id"] == "length")
    assert (metric["verdict"], metric["pairs"], metric["low"]) == ("too few pairs", 4, None)
    assert "<td>too few pairs (4)</td>" in body["text/html"]


def test_answers_cut_off_no_more_are_no_second_improvement() -> None:
    new = rows(["a b c", "d e f"] * 8)
    lost = (Reason("truncated", None, "cut off"),)
    cut = [replace(r, accepted=False, reasons=lost) for r in new.made[:10]]
    old = new.replace(records=[*cut, *new.made[10:]])
    made = diff(old, new)
    assert {r.measure.id: r.verdict for r in made.results} == {
        "accepted": "better",
        "truncated": "better",
    }
    assert made.verdict == "1 better"
    assert made._repr_mimebundle_()[MIME]["verdict"]["counts"]["better"] == 1
    assert "With 1 interval, accepted and truncated counted once, expect 0.05" in str(made)
    assert "resamples, shares with half a pair added each way and one without" in str(made)
    other = replace(old.made[0], reasons=(Reason("length", 5),))
    apart = diff(old.replace(records=[other, *old.made[1:]]), new)
    assert apart.verdict == "2 better"  # not all that was lost was cut off
    assert "With 2 intervals expect 0.1 false calls" in str(apart)


def test_expected_false_calls_are_what_the_tables_say() -> None:
    """Three intervals: 3 × 0.05, and one table in seven."""
    old, new = rows(["a b c", "d e f"] * 8), rows(["a b c d", "d e f"] * 8)
    own = {"words": lambda row: len(row["text"].split()), "a": lambda row: len(row["text"])}
    said = str(new.diff(old, metrics=own))
    assert "With 3 intervals expect 0.15 false calls: about one such table in seven" in said
    assert "shares with" not in said


def test_metrics_of_your_own_join_the_table() -> None:
    old, new = rows(["Why so?", "No."] * 8), rows(["Why so?"] * 16)
    made = new.diff(old, metrics={"asks": lambda row: "?" in row["text"]})
    asks = next(r for r in made.results if r.measure.label == "asks")
    assert (asks.old, asks.new, asks.verdict) == (0.5, 1.0, "changed")
    assert "asks" in made.df["metric"].tolist()


def test_a_model_that_the_settings_chose_is_a_change() -> None:
    def written(model: str) -> Batch:
        batch = rows(["a b c"] * 6)
        call = Call("text", model, (), "a b c", completion_tokens=3)
        return batch.replace(records=[replace(r, calls=(call,)) for r in batch.made])

    made = diff(written("lab/small"), written("lab/big"))
    assert made.recipe.changed == ("model",)
    assert "- model: lab/small\n+ model: lab/big" in str(made.recipe)


def test_decisions_of_people_change_no_comparison() -> None:
    old, new = two_versions()
    new = new.replace(run="some-run")
    before = str(diff(old, new))
    new.decisions.tag(new.made[1].id, "odd")
    assert str(diff(old, new)) == before
    new.decisions.decide(new.made[1].id, "drop")
    told = " · as the runs made them: 1 decision by hand does not count"
    assert str(diff(old, new)).replace(told, "") == before != str(diff(old, new))


def test_the_output_is_bounded_and_the_same_each_time() -> None:
    texts = [f"row {i} " + "blåbær \U0001f600 " * 400 for i in range(400)]
    old, new = batch_of(texts), batch_of([t[::-1] for t in texts], version=2)
    bundles = [json.dumps(diff(old, new)._repr_mimebundle_()) for _ in range(2)]
    assert bundles[0] == bundles[1]
    body = json.loads(bundles[0])[MIME]
    assert len(json.dumps(body, ensure_ascii=False).encode()) <= MAX_BYTES
    assert body["total_rows"] == 400 and 20 < body["saved_rows"] == len(body["rows"])


def test_hostile_rows_are_text_everywhere() -> None:
    old = batch_of(HOSTILE)
    new = batch_of([text + " <b>x</b>" for text in HOSTILE], version=2)
    recipe = changed_recipe()
    data = recipe.to_dict()
    data["columns"]["text"]["prompt"] = "<script>alert(1)</script> {{ mood }}\n\u202e$x$"
    bundle = diff(old, new.replace(recipe=Recipe.from_dict(data)))._repr_mimebundle_()
    html = bundle["text/html"]
    allowed = {"p", "b", "i", "br", "table", "tr", "th", "td", "pre", "del", "ins", "span"}
    assert set(re.findall(r"<(\w+)", html)) <= allowed
    assert not re.search(r"<\w+[^>]* on\w+=", html)
    assert "$" not in re.sub(r"<span>\$</span>", "", html)
    for shown in (html, bundle["text/plain"], json.dumps(bundle[MIME], ensure_ascii=False)):
        assert "\u202e" not in shown and "\x1b" not in shown and "\x00" not in shown
