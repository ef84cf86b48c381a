"""A ranking from the first pair to the exported rows."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from synthnb.desks.ranking import MIME, desk_of
from synthnb.errors import SettingsError
from synthnb.export import TermsWarning
from synthnb.ranking import Ranking, RankingError
from synthnb.recipe import Recipe
from synthnb.types import Call
from tests.loopback import Loopback, Reply
from tests.notebook.conftest import lab_settings
from tests.ranking.samples import answers, judge_all, strength

pytestmark = pytest.mark.filterwarnings("ignore::synthnb.export.TermsWarning")


def test_the_order_of_the_models_is_recovered() -> None:
    ranking = answers(60).rank(pairs=180)
    judge_all(ranking, seed=1)
    result = ranking.result()
    names = [ranking.items.systems[s.system] for s in result.strengths]
    assert names == ["lab/a", "lab/b", "lab/c", "lab/d"]
    assert result.sentence.startswith("lab/a is better than")
    assert result.pairs == 180
    assert result.decided + result.ties + result.both_bad == 180


def test_it_goes_on_where_it_stopped() -> None:
    first = answers().rank(pairs=20)
    for _ in range(7):
        first.vote("left")
    again = answers().rank()
    assert (again.done, len(again.pairs)) == (7, 20)
    assert again.current == first.current
    again.undo()
    assert answers().rank().done == 6
    assert answers(seed=8).rank().done == 0  # other rows, another ranking


def test_more_pairs_are_asked_for_and_kept() -> None:
    ranking = answers().rank(pairs=20)
    ranking.vote("left")
    asked = [pair.unit for pair in ranking.pairs]
    assert ranking.more(5) == len(ranking.pairs) == 25
    assert [pair.unit for pair in ranking.pairs[:20]] == asked
    again = answers().rank()
    assert (again.done, len(again.pairs)) == (1, 25)
    everything = again.more(10_000)
    assert everything == len(answers().rank().pairs) == again.more() < 10_000


def test_raters_are_apart_and_their_agreement_is_said() -> None:
    batch = answers()
    for seed, who in enumerate(("ann", "ben", "eve")):
        judge_all(batch.rank(rater=who, pairs=30), seed=seed, noise=0.5)
    result = batch.rank(rater="ann").result()
    assert result.raters == ("ann", "ben", "eve")
    assert result.agreement is not None
    assert len(result.agreement.cohen) == 3
    assert result.agreement.krippendorff is not None and result.agreement.krippendorff > 0
    assert result.agreement.fleiss is not None
    assert "3 raters" in result.facts


def test_a_steady_rater_repeats_every_verdict_and_a_left_hander_none() -> None:
    steady = answers().rank(rater="steady", pairs=30)
    judge_all(steady, noise=0)
    assert (steady.result().repeats.same, steady.result().repeats.pairs) == (5, 5)
    left = answers().rank(rater="left")
    while left.current:
        left.vote("left")
    assert left.result().repeats.same == 0
    warned = "; but only 0 of 5 verdicts were the same when the sides were swapped"
    assert left.result().sentence.endswith(warned)
    assert "swapped" not in steady.result().sentence


def test_no_difference_has_no_sign() -> None:
    ranking = answers().rank(pairs=12)
    while ranking.current:
        ranking.vote("tie")
    shown = desk_of(ranking)
    for said in (shown.text(), shown.html()):
        assert "0.00" in said and "+0.00" not in said and "−0.00" not in said


def test_sides_do_not_tell_who_wrote_what() -> None:
    ranking = answers(60).rank(pairs=200)
    stronger = 0
    for item in ranking.shown:
        left, right = ranking.sides(item)
        stronger += strength(left) > strength(right)
    assert 0.4 < stronger / len(ranking.shown) < 0.6
    state = json.dumps(ranking._repr_mimebundle_()[MIME])
    assert "lab/a," not in state and '"model"' not in state


def test_ties_skips_and_bad_pairs_are_no_preferences(tmp_path: Path) -> None:
    batch = answers(12)
    ranking = batch.rank(pairs=12)
    said = iter(["left", "tie", "both_bad", "skip", "right"])
    while ranking.current:
        ranking.vote(next(said, "tie"))
    result = ranking.result()
    assert result.skipped == 1
    path = ranking.export(tmp_path / "rows.jsonl")
    rows = [json.loads(text) for text in path.read_text("utf-8").splitlines()]
    assert len(rows) == result.decided < result.pairs
    assert set(rows[0]) == {"prompt", "chosen", "rejected", "margin"}
    winner = rows[0]["chosen"][0]["content"]
    assert winner.split(" answers")[0] in ranking.items.systems


def test_what_people_dropped_or_edited_is_no_preference(tmp_path: Path) -> None:
    batch = answers(6)
    ranking = batch.rank(pairs=6)
    judge_all(ranking, noise=0)
    assert (len(ranking.preferences()), ranking.result().gone) == (6, [])
    dropped, edited = (pair.unit for pair in ranking.pairs[:2])
    batch.decisions.decide(dropped, "drop")
    batch.decisions.edit(edited, {"response": ["another", "text"]})
    made = ranking.preferences()
    assert [r.parents[0] for r in made.accepted] == [p.unit for p in ranking.pairs[2:]]
    said = "4 preference rows = 6 pairs − 1 with a dropped row − 1 with an edited answer"
    assert said in desk_of(ranking).text() and said in desk_of(ranking).html()
    assert said in repr(ranking.result())
    assert desk_of(ranking).state()["result"]["rows"] == 4
    assert made.notes[-1].endswith(", 1 with a dropped row, 1 with an edited answer")
    assert len(ranking.export(tmp_path / "rows.jsonl").read_text("utf-8").splitlines()) == 4
    for pair in ranking.pairs:
        batch.decisions.decide(pair.unit, "drop")
    with pytest.raises(RankingError, match="6 with a dropped row"):
        ranking.export(tmp_path / "none.jsonl")


def test_a_preference_has_the_request_as_its_prompt_or_else_the_question(
    tmp_path: Path,
) -> None:
    told = {"role": "user", "content": "Answer this in one line: Question 0?"}
    batch = answers(2)
    first = replace(batch.made[0], calls=(Call("response", "lab/a", (told,), "said"),))
    ranking = batch.replace(records=[first, batch.made[1]]).rank()
    judge_all(ranking, noise=0)
    rows = ranking.export(tmp_path / "rows.jsonl").read_text("utf-8").splitlines()
    prompts = {json.loads(row)["prompt"][0]["content"] for row in rows}
    assert prompts == {"Answer this in one line: Question 0?", "Question 1?"}


def test_answers_to_a_prompt_that_reads_no_column_stand_under_all_others() -> None:
    batch = answers(2)
    data = batch.recipe.to_dict()
    data["columns"]["response"]["prompt"] = "Say something."
    items = batch.replace(recipe=Recipe.from_dict(data)).rank().items
    assert items.shown == ("topic", "prompt")


def test_the_batch_itself_exports_what_people_ranked(tmp_path: Path) -> None:
    batch = answers(12)
    judge_all(batch.rank(pairs=12), noise=0)
    path = batch.export(tmp_path / "rows.jsonl", "trl-dpo")
    for text in path.read_text("utf-8").splitlines():
        row = json.loads(text)
        chosen, rejected = row["chosen"][0]["content"], row["rejected"][0]["content"]
        assert strength(chosen) > strength(rejected)


def test_nothing_decided_is_nothing_to_export(tmp_path: Path) -> None:
    with pytest.raises(RankingError, match="No pair is decided"):
        answers().rank().export(tmp_path / "rows.jsonl")


def test_one_answer_a_row_cannot_be_ranked() -> None:
    batch = answers(4)
    with pytest.raises(RankingError, match="one answer a row"):
        batch.rank(column="prompt")
    with pytest.raises(RankingError, match="answers has no column reply"):
        batch.rank(column="reply")


def judge(ranking: Ranking, home: Path, loopback: Loopback, *, first: bool = False) -> None:
    """A model that knows the truth, or that always takes what is shown first."""
    lab_settings(home, loopback.base_url)

    def script(number: int, body: object) -> Reply:
        assert isinstance(body, dict)
        data = json.loads(body["messages"][-1]["content"].splitlines()[1])
        verdict = "A" if first or strength(data["A"]) > strength(data["B"]) else "B"
        return Reply(text=orjson.dumps({"reasoning": "r", "verdict": verdict}).decode())

    loopback.script(script)
    ranking.judge("lab/tiny")


def test_a_judge_sees_the_same_pairs_in_both_orders(home: Path, loopback: Loopback) -> None:
    ranking = answers().rank(pairs=18)
    judge_all(ranking, noise=0)
    judge(ranking, home, loopback)
    (found,) = ranking.result().judges
    assert (found.model, found.pairs, found.flips) == ("lab/tiny", 18, 0)
    assert found.kappa.same == 18 and found.enough
    assert len(loopback.requests) == 36
    ranking.judge("lab/tiny")  # nothing is asked twice
    assert len(loopback.requests) == 36
    bodies = json.dumps([seen.body for seen in loopback.requests])
    assert "temperature 0" not in bodies
    assert answers().rank().result().judges[0].pairs == 18


@pytest.mark.parametrize("private", ["recipe", "source"])
def test_rows_that_stay_here_go_to_no_judge_elsewhere(home: Path, private: str) -> None:
    lab_settings(home, "https://models.example/v1")
    batch = answers(4)
    data = batch.recipe.to_dict()
    if private == "recipe":
        data["local_only"] = True
    else:
        data["source"] = {"path": "faq.csv", "local_only": True}
    ranking = batch.replace(recipe=Recipe.from_dict(data)).rank()
    with pytest.raises(SettingsError, match=r"models\.example"):
        ranking.judge("lab/tiny", budget=1.0)


def test_few_pairs_show_no_agreement(home: Path, loopback: Loopback) -> None:
    for who in ("ann", "ben"):
        judge_all(answers().rank(pairs=3, rater=who), noise=0)
    ranking = answers().rank(rater="ben")
    judge(ranking, home, loopback)
    few = "too few pairs (3)"
    said = f"ann and ben κ 1.00, {few}; Fleiss κ 1.00, {few}; Krippendorff α 1.00, {few}"
    assert said in desk_of(ranking).text()
    assert f"the usual bar): {few}. It agrees on 3 of 3." in desk_of(ranking).text()
    assert not ranking.result().judges[0].enough


def test_a_judge_that_takes_the_first_decides_nothing(home: Path, loopback: Loopback) -> None:
    ranking = answers().rank(pairs=18)
    judge_all(ranking, noise=0)
    judge(ranking, home, loopback, first=True)
    (found,) = ranking.result().judges
    assert (found.flips, found.first, found.kept) == (18, 18, 0)
    assert found.p < 0.001
    assert not found.enough
    assert "prefers the first answer" in str(ranking._repr_mimebundle_()["text/plain"])
    shown = repr(ranking.result())  # what a cell shows of judge() and result()
    assert "lab/tiny kept its winner on 0 of 18 pairs, κ = " in shown
    assert len(shown) < 400


def test_the_pairs_where_a_judge_differs_can_be_seen(home: Path, loopback: Loopback) -> None:
    ranking = answers().rank(pairs=18)
    desk = desk_of(ranking)
    asked = {"id": 1, "op": "differ", "model": "lab/tiny"}
    assert "Judge the rest first" in desk.answer(asked)["error"]
    judge_all(ranking, noise=0)
    judge(ranking, home, loopback, first=True)
    told = desk.answer(asked)
    assert told["total"] == len(told["rows"]) == ranking.result().judges[0].pairs == 18
    for row in told["rows"]:
        assert row["judge"] == "tie"
        better = "left" if strength(row["left"]) > strength(row["right"]) else "right"
        assert row["people"] == better
        assert row["question"].startswith("Question ")
    assert desk.answer({**asked, "model": "nobody"})["rows"] == []


def test_a_second_rater_sees_nothing_of_the_first_until_the_end(home: Path) -> None:
    ann, ben = answers().rank(pairs=12, rater="ann"), answers().rank(rater="ben")
    judge_all(ann, noise=0)
    desk = desk_of(ben)
    hidden = "blind: without the verdicts of ann until all pairs are judged"

    def seen() -> Any:
        return desk.answer({"id": 1, "op": "result"})["result"]

    assert desk.saved()["result"] is None and "better" not in desk.text() + desk.html()
    for _ in range(3):
        ben.vote("tie")
    assert (seen()["pairs"], seen()["decided"], seen()["rows"]) == (3, 0, 0)
    assert seen()["facts"] == f"3 pairs by ben · 0 decided, 3 ties · {hidden}"
    assert seen()["agreement"] is None
    assert desk.saved()["result"]["pairs"] == 3
    assert hidden in desk.text() and hidden in desk.html()
    assert "Judge the rest first" in desk.answer({"id": 1, "op": "export"})["error"]
    judge_all(ben, noise=0)
    assert (seen()["pairs"], seen()["decided"]) == (12, 12)
    assert seen()["facts"].startswith("12 pairs by 2 raters") and hidden not in seen()["facts"]
    assert seen()["rows"] == 12


def test_a_rater_is_called_by_name(home: Path) -> None:
    ranking = answers().rank(pairs=18, rater="ann")
    judge_all(ranking, noise=0)
    said = ranking.result().facts
    assert said.startswith("18 pairs by ann")
    assert said.endswith("ann repeated the verdict on 3 of 3 swapped pairs")


def test_terms_are_asked_at_export(tmp_path: Path) -> None:
    ranking = answers(6).rank(pairs=6)
    judge_all(ranking, noise=0)
    with pytest.warns(TermsWarning):
        ranking.export(tmp_path / "rows.jsonl")


def test_the_result_says_how_several_raters_become_one(home: Path) -> None:
    ann, you = answers(4).rank(pairs=4, rater="ann"), answers(4).rank(pairs=4)
    first = you.shown[0]
    you.vote("tie", first.id)
    assert "pooled" not in you.result().facts
    ann.vote("left", first.id)
    said = you.result()
    assert said.facts == (
        "1 pair by 2 raters · 1 decided · "
        "raters pooled: the side with more votes wins a pair, ties count for neither"
    )
    assert said.preferences[0].margin == 0.5


def test_the_export_of_a_view_asks_for_what_is_never_guessed_in_a_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    bare = answers(4)
    bare = bare.replace(recipe=bare.recipe.replace(license=None, purpose=None))
    ranking = bare.rank(pairs=4)
    judge_all(ranking, noise=0)
    desk = desk_of(ranking)
    assert desk.state()["unstated"] == ["license", "purpose"]
    refused = desk.answer({"id": 1, "op": "export"})["error"]
    assert refused.startswith("Preference rows are made to be trained on: write license: and")
    assert "…" not in refused
    cell = desk.state()["code"].replace('license=""', 'license="CC0-1.0"')
    cell = cell.replace('purpose=""', 'purpose="alignment"')
    with pytest.warns(TermsWarning):
        exec(cell, {"answers": bare})
    assert (tmp_path / "answers-preferences.jsonl").exists()
    assert "license=" not in desk_of(answers(4).rank()).state()["code"]
