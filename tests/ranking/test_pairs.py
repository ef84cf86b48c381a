"""Which pairs are shown: every question, every two systems, blind and balanced."""

from __future__ import annotations

from collections import Counter

from synthnb.ranking import Pair, choose, schedule
from synthnb.ranking.items import candidates
from tests.ranking.samples import answers


def test_every_question_comes_once_before_any_comes_twice() -> None:
    pairs = choose(candidates(answers(40)), 40, seed=3)
    assert len({pair.unit for pair in pairs}) == 40
    together = Counter((pair.a, pair.b) for pair in pairs)
    assert len(together) == 6
    assert max(together.values()) - min(together.values()) <= 1


def test_more_pairs_keep_those_that_were_chosen() -> None:
    items = candidates(answers(10))
    assert choose(items, 50, seed=1)[:20] == choose(items, 20, seed=1)
    assert len(choose(items, 10_000, seed=1)) == 60


def test_raters_judge_the_same_pairs_in_their_own_order_and_sides() -> None:
    pairs = choose(candidates(answers(30)), 30, seed=1)
    ann, ben = schedule(pairs, "ann", seed=1), schedule(pairs, "ben", seed=1)
    assert {item.id for item in ann if not item.again} == {p.id for p in pairs}
    assert [item.pair for item in ann] != [item.pair for item in ben]
    assert schedule(pairs, "ann", seed=1) == ann


def test_sides_are_fair_coins() -> None:
    shown = schedule([Pair(str(i), 0, 1) for i in range(2000)], "ann", seed=5)
    first = [item for item in shown if not item.again]
    assert 900 < sum(item.swapped for item in first) < 1100


def test_repeats_come_later_with_the_sides_swapped() -> None:
    shown = schedule([Pair(str(i), 0, 1) for i in range(60)], "ann", seed=5)
    again = [(place, item) for place, item in enumerate(shown) if item.again]
    assert len(again) == 10
    for place, item in again:
        before = next(i for i, s in enumerate(shown) if s.pair == item.pair and not s.again)
        assert shown[before].swapped is not item.swapped
        assert place - before > 5


def test_sides_turn_into_answers_and_back() -> None:
    for item in schedule([Pair("x", 0, 1), Pair("y", 0, 1)], "ann"):
        for verdict in ("left", "right", "tie", "both_bad", "skip"):
            assert item.sides(item.sides(verdict)) == verdict
