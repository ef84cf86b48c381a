"""Strengths: the order is found, intervals hold what they promise, little says little."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import beta

from synthnb.metrics import bradley_terry, cohen_kappa, fleiss_kappa, krippendorff_alpha
from synthnb.ranking import Game, agreement, choose_threshold, kappa, strengths
from synthnb.ranking.items import Items, Option, Unit
from synthnb.ranking.pairs import Pair
from synthnb.ranking.result import Result, conclude
from synthnb.ranking.scores import PRIOR, needed, share_interval
from synthnb.types import Record

TRUE = (0.9, 0.3, -0.3, -0.9)


def games(rng: random.Random, n: int, true: tuple[float, ...] = TRUE) -> list[Game]:
    made = []
    for unit in range(n):
        a, b = rng.sample(range(len(true)), 2)
        won = rng.random() < 1 / (1 + math.exp(true[b] - true[a]))
        made.append(Game(str(unit), a, b, float(won)))
    return made


def test_the_true_order_is_found() -> None:
    found, _ = strengths(games(random.Random(1), 600), 4)
    assert [item.system for item in found] == [0, 1, 2, 3]
    assert all(abs(item.strength - TRUE[item.system]) < 0.4 for item in found)


def test_point_estimates_are_those_of_the_metric() -> None:
    played = games(random.Random(2), 80)
    wins = np.zeros((4, 4))
    for game in played:
        wins[game.a, game.b] += game.score
        wins[game.b, game.a] += 1 - game.score
    expected = np.log(bradley_terry(wins, prior=PRIOR))
    found, _ = strengths(played, 4)
    for item in found:
        assert item.strength == pytest.approx(expected[item.system])
        assert item.low <= item.strength <= item.high


def independent(played: list[Game], systems: int) -> np.ndarray:
    """Log strengths by another way: the likelihood with its prior, minimised by BFGS."""
    wins = np.full((systems, systems), PRIOR) - PRIOR * np.eye(systems)
    for game in played:
        wins[game.a, game.b] += game.score
        wins[game.b, game.a] += 1 - game.score

    def cost(free: np.ndarray) -> float:
        logs = np.append(free, -free.sum())
        return float((wins * np.logaddexp(0, logs[None, :] - logs[:, None])).sum())

    found = minimize(cost, np.zeros(systems - 1), method="BFGS", options={"gtol": 1e-9}).x
    return np.append(found, -found.sum())


def between(a: int, b: int, *scores: float) -> list[Game]:
    return [Game(f"{a}-{b} {i}", a, b, score) for i, score in enumerate(scores)]


LOST = [*between(0, 2, *[1.0] * 6), *between(1, 0, 0.0, 1.0, 0.0, 1.0)]
APART = [*between(0, 1, *[1.0] * 9), *between(2, 3, *[0.5] * 9)]


@pytest.mark.parametrize(
    ("played", "systems"),
    [(games(random.Random(3), 80), 4), (LOST, 3), (APART, 4)],
    ids=["usual", "one never wins", "two groups that never meet"],
)
def test_another_way_finds_the_same_strengths(played: list[Game], systems: int) -> None:
    expected = independent(played, systems)
    for item in strengths(played, systems)[0]:
        assert item.strength == pytest.approx(expected[item.system], abs=1e-5)


def test_systems_that_never_met_are_not_called_better() -> None:
    played = [*APART, *between(1, 0, *[0.0] * 300)]
    apart = {(d.better, d.other): d for d in strengths(played, 4)[1]}
    assert apart[0, 1].clear
    for other in (2, 3):
        assert not apart[0, other].linked and not apart[0, other].clear


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    inside = 0
    for seed in range(40):
        _, apart = strengths(games(random.Random(seed), 60, (0.4, -0.4)), 2, seed=seed)
        (only,) = apart
        true = 0.8 if only.better == 0 else -0.8
        inside += only.low <= true <= only.high
    assert inside >= 35


def test_four_systems_are_held_by_their_intervals_too() -> None:
    strength, difference = [], []
    for seed in range(40):
        found, apart = strengths(games(random.Random(seed), 60), 4, seed=seed)
        strength += [item.low <= TRUE[item.system] <= item.high for item in found]
        difference += [d.low <= TRUE[d.better] - TRUE[d.other] <= d.high for d in apart]
    for inside in (strength, difference):
        assert sum(inside) / len(inside) > 0.92  # of a stated 0.95


def test_a_few_wins_are_no_evidence() -> None:
    def clear(n: int) -> bool:
        (only,) = strengths([Game(str(i), 0, 1, 1.0) for i in range(n)], 2)[1]
        return only.clear

    assert [clear(n) for n in (1, 3, 10)] == [False, False, True]


def test_equal_systems_are_rarely_called_different() -> None:
    false = sum(
        strengths(games(random.Random(seed), 60, (0.0, 0.0)), 2, seed=seed)[1][0].clear
        for seed in range(40)
    )
    assert false <= 4


def test_wins_ties_and_losses_are_counted() -> None:
    played = [Game("1", 0, 1, 1.0), Game("2", 1, 0, 0.5), Game("3", 1, 0, 1.0)]
    found = {item.system: item for item in strengths(played, 2)[0]}
    assert (found[0].won, found[0].tied, found[0].lost) == (1, 1, 1)


def test_shares_are_exact() -> None:
    assert share_interval(0, 10)[0] == 0
    assert share_interval(10, 10)[1] == 1
    low, high = share_interval(45, 50)
    assert (round(low, 3), round(high, 3)) == (0.782, 0.967)


@pytest.mark.parametrize(("won", "of"), [(7, 11), (14, 20), (51, 60), (3, 3)])
def test_as_many_games_of_a_share_as_are_needed_tell(won: int, of: int) -> None:
    least = needed(won, of)
    assert least is not None
    share = won / of

    def low(games: int) -> float:
        return float(beta.ppf(0.025, share * games, games - share * games + 1))

    assert low(least - 1) <= 0.5 < low(least)
    assert needed(of - won, of) is None


def test_a_share_of_nearly_a_half_is_told_by_no_number_of_games() -> None:
    assert needed(501, 1000) is None
    assert needed(6, 12) is None


def test_agreement_is_that_of_the_metrics() -> None:
    rng = random.Random(4)
    truth = {str(i): rng.choice(["a", "b", "tie"]) for i in range(50)}
    votes = {
        who: {k: v if rng.random() < 0.7 else "a" for k, v in truth.items()}
        for who in ("ann", "ben", "eve")
    }
    del votes["eve"]["3"]
    found = agreement(votes)
    assert found is not None
    order = ["a", "tie", "b"]
    table = np.zeros((3, 3))
    for key in truth:
        table[order.index(votes["ann"][key]), order.index(votes["ben"][key])] += 1
    pair = found.cohen[("ann", "ben")]
    assert pair.value == pytest.approx(float(cohen_kappa(table)))
    assert pair.value is not None and pair.interval is not None
    assert pair.interval.low < pair.value < pair.interval.high
    ratings = [[votes[who].get(k) for k in truth] for who in votes]
    assert found.krippendorff == pytest.approx(krippendorff_alpha(ratings))
    whole = [k for k in truth if k != "3"]
    counts = [[[votes[w][k] for w in votes].count(c) for c in order] for k in whole]
    assert found.fleiss == pytest.approx(fleiss_kappa(counts))
    assert found.fleiss_pairs == 49


def test_undefined_agreement_is_said_so() -> None:
    assert agreement({"ann": {"1": "a"}}) is None
    assert kappa({"1": "a"}, {"1": "a"}).value is None
    assert kappa({}, {}).pairs == 0


@pytest.mark.parametrize(("n", "said"), [(3, "too few pairs (3)"), (5, ""), (12, "")])
def test_the_same_verdict_on_few_pairs_is_no_certain_agreement(n: int, said: str) -> None:
    votes = {str(i): "ab"[i % 2] for i in range(n)}
    found = kappa(votes, votes)
    assert (found.value, found.few) == (1, said)
    if said:
        assert found.interval is None
    else:
        assert found.interval is not None and found.interval.high == 1
        chance = float(cohen_kappa(np.array(found.table)).chance)
        least = (0.025 ** (1 / n) - chance) / (1 - chance)
        assert found.interval.low == pytest.approx(least)


def test_the_threshold_is_the_cut_that_people_would_make() -> None:
    scores = [1, 2, 2, 3, 3, 4, 4, 5]
    found = choose_threshold(scores, [False, False, False, False, True, True, True, True])
    assert found is not None
    assert (found.least, found.same, found.rows) == (4, 7, 8)
    assert choose_threshold(scores, [True] * 8) is None
    assert choose_threshold([3.0] * 4, [True, False, True, False]) is None


def two(verdicts: str) -> Result:
    """The result of two models, one question a verdict."""
    option = Option(0, "x"), Option(1, "y")
    units = [Unit(str(i), Record(i, {}), option) for i in range(len(verdicts))]
    pairs = [Pair(str(i), 0, 1) for i in range(len(verdicts))]
    names = {"a": "a", "b": "b", "t": "tie", "x": "both_bad"}
    votes = {pair.id: names[verdict] for pair, verdict in zip(pairs, verdicts, strict=True)}
    items = Items("", "t", "text", ("lab/a", "lab/b"), tuple(units), ())
    return conclude(items, pairs, {"you": votes}, "you")


@pytest.mark.parametrize("first", range(9, 24))
@pytest.mark.parametrize("ties", [0, 3, 20])
def test_the_sentence_on_two_and_their_difference_say_the_same(first: int, ties: int) -> None:
    found = two("a" * first + "b" * (23 - first) + "t" * ties)
    assert ("is preferred:" in found.sentence) == found.differences[0].clear


def test_ties_can_leave_open_what_the_decided_pairs_tell() -> None:
    found = two("a" * 17 + "b" * 6 + "t" * 20 + "x" * 3)
    assert found.sentence == (
        "No evidence yet: lab/a is preferred in 17 of 23 decided, but with ties as half wins "
        "the difference may be 0"
    )
    assert "20 ties, 3 both bad (as ties)" in found.facts
    assert (found.strengths[0].won, found.strengths[0].tied) == (17, 23)
