"""``%synth review``, ``rank`` and ``more`` as people type them."""

from __future__ import annotations

from typing import Any

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from synthnb.decisions import row_id
from synthnb.desks.ranking import desk_of
from synthnb.errors import StoreError
from synthnb.ranking import Ranking
from synthnb.review import Queue
from tests.loopback import Loopback

HEAD = "mood: {angry: 2, happy: 1}\n---\n"
FIRST = HEAD + "A review by someone who is {{ mood }}."
SECOND = HEAD + "A two-sentence review by someone who is {{ mood }}."
MANY = "text: {candidates: {n: 3}}\n---\nOn tea."


def synth(shell: InteractiveShell, line: str, body: str = FIRST) -> Any:
    return shell.run_cell_magic("synth", line, body)  # type: ignore[no-untyped-call]


def line(shell: InteractiveShell, words: str) -> Any:
    return shell.run_line_magic("synth", words)


def test_review_survives_the_kernel(shell: InteractiveShell, lab: Loopback) -> None:
    synth(shell, "r -n 6")
    queue = line(shell, "review r")
    assert isinstance(queue, Queue)
    queue.drop()
    again = line(shell, "review r@1")
    assert (again.done, len(again.batch)) == (1, 5)
    assert len(line(shell, "review r --rejected")) == 0


def test_two_versions_are_ranked(shell: InteractiveShell, lab: Loopback) -> None:
    synth(shell, "r -n 8")
    synth(shell, "r -n 8", SECOND)
    ranking = line(shell, "rank r@2 r@1 --rater ann --pairs 6")
    assert isinstance(ranking, Ranking)
    assert ranking.items.systems == ("version 1", "version 2")
    while (item := ranking.current) is not None:
        sides = ranking.sides(item)
        newer = ranking.unit(item).options[1].value
        ranking.vote("left" if sides[0] == newer else "right")
    assert (
        ranking.result().sentence == "Version 2 is preferred: 6 of 6 decided, 95% 54% to 100%"
    )
    again = line(shell, "rank r@1 r@2 --rater ann")
    assert again.done == len(again)
    rows = list(again.preferences())
    assert len(rows) == 6
    assert "two-sentence" in rows[0]["prompt"]
    unit = again.unit(again.pairs[0])
    for place, version in enumerate(("r@1", "r@2")):  # a row of either side
        home = again.items.home(unit, place)
        assert home is not None
        line(shell, f"review {version}").drop(row_id(home[1]))
        assert len(again.preferences()) == 5
        line(shell, f"review {version}").undo()
        assert len(again.preferences()) == 6


def test_a_preference_has_the_prompt_of_its_chosen_answer(
    shell: InteractiveShell, lab: Loopback
) -> None:
    synth(shell, "r -n 8")
    synth(shell, "r -n 8", SECOND)
    ranking = line(shell, "rank r@2 r@1 --pairs 2")
    wins = {}
    for place, pair in enumerate(ranking.pairs):  # one for each version
        item = next(s for s in ranking.shown if s.pair == pair)
        wins[pair.id] = place
        ranking.vote(item.sides("ab"[place]), item.id)
    rows = [(r.id, r.values["prompt"], r.calls) for r in ranking.preferences().accepted]
    assert [("two-sentence" in prompt) for key, prompt, _ in rows] == [
        bool(wins[key]) for key, _, _ in rows
    ]
    assert all(calls[0].messages[-1]["content"] == prompt for _, prompt, calls in rows)
    asked = "that of the chosen answer; in 2 rows the rejected one was written for another"
    assert asked in desk_of(ranking).text() and asked in ranking.preferences().notes[-1]


def test_no_evidence_yet_says_what_would_tell(shell: InteractiveShell, lab: Loopback) -> None:
    synth(shell, "r -n 8")
    synth(shell, "r -n 8", SECOND)
    ranking = line(shell, "rank r@1 r@2 --pairs 6")
    for place, pair in enumerate(ranking.pairs):
        for item in (s for s in ranking.shown if s.pair == pair):
            ranking.vote(item.sides("a" if place < 2 else "b"), item.id)
    said = "If 4 of 6 is their share, about 40 decided pairs tell; "
    assert f"{said}2 more pairs of these rows can be judged." in desk_of(ranking).text()
    ranking.more(2)
    while ranking.current is not None:
        ranking.vote("tie")
    ended = f"{said}all pairs of these rows are judged: more take more rows."
    assert ended in desk_of(ranking).text()
    assert desk_of(ranking).state()["result"]["ahead"] == ended


def test_the_other_version_is_named_as_a_diff_names_it(
    shell: InteractiveShell, lab: Loopback
) -> None:
    synth(shell, "r -n 4")
    batch = synth(shell, "r -n 4", SECOND)
    both = ("version 1", "version 2")
    for other in (1, "r@1", "last"):
        assert batch.rank(other).items.systems == both
        assert line(shell, f"rank r {other}").items.systems == both
    with pytest.raises(StoreError, match="no version 7"):
        batch.rank(7)


def test_candidates_are_ranked(shell: InteractiveShell, lab: Loopback) -> None:
    synth(shell, "c -n 3", MANY)
    ranking = line(shell, "rank c")
    assert ranking.items.column == "text"
    with pytest.raises(UsageError, match="one answer a row"):
        synth(shell, "r -n 4")
        line(shell, "rank r")


@pytest.mark.parametrize("begin", ["review c", 'rank c --rater "ann b"'])
def test_an_output_names_what_goes_on_with_it_and_with_no_later_version(
    shell: InteractiveShell, lab: Loopback, begin: str
) -> None:
    synth(shell, "c -n 3", MANY)
    first = line(shell, begin)
    first.keep() if isinstance(first, Queue) else first.vote("left")
    (saved,) = (v for k, v in first._repr_mimebundle_().items() if k.endswith("v1+json"))
    synth(shell, "c -n 3 --seed 9", MANY)
    assert line(shell, begin).done == 0
    assert line(shell, saved["command"].removeprefix("%synth ")).done == 1


def test_other_seeds_are_no_pairs(shell: InteractiveShell, lab: Loopback) -> None:
    synth(shell, "r -n 8")
    synth(shell, "r -n 8 --seed 9", SECOND)
    with pytest.raises(UsageError, match="Not paired: seeds differ"):
        line(shell, "rank r@1 r@2")


def test_more_shows_the_change_and_offers_the_cell(
    shell: InteractiveShell, lab: Loopback, capsys: pytest.CaptureFixture[str]
) -> None:
    synth(shell, "r -n 6")
    asked: list[str] = []
    shell.set_next_input = lambda text, replace=False: asked.append(text)
    capsys.readouterr()
    line(shell, "more r --like 1,2 --unlike 3")
    said = capsys.readouterr().out
    assert "2 examples added" in said and "+" in said
    assert asked[0].startswith("%%synth r\n") and "examples:" in asked[0]
    with pytest.raises(UsageError, match="Name rows"):
        line(shell, "more r")
    with pytest.raises(UsageError, match="no row 99"):
        line(shell, "more r --like 99")


def test_more_runs_at_once(shell: InteractiveShell, lab: Loopback) -> None:
    synth(shell, "r -n 6")
    made = line(shell, "more r --like 1 --run -n 4")
    assert made.version == 2 and len(made) == 4
    assert len(made.recipe.prompts["text"].examples) == 1
