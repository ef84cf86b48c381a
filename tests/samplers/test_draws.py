"""Seeded draws: fixed for ever, even, and independent between labels."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from synthnb.samplers.draws import bits, deck, permutation, permuted, spread, uniform


def test_a_draw_never_changes() -> None:
    # Written down once: a change here changes every row of every saved recipe.
    assert bits(7, "mood", 0) == 14569506682893398003
    assert permutation(5, 7, "mood", 0) == (0, 1, 2, 4, 3)
    assert [permuted(i, 6, 7, "source") for i in range(6)] == [3, 0, 2, 4, 1, 5]
    assert [round(spread(i, 7, "x"), 6) for i in range(3)] == [0.49036, 0.513021, 0.752662]


def test_labels_are_told_apart() -> None:
    assert bits(7, "a", 1) != bits(7, "a1")
    assert bits(7, "a", 1) != bits(7, "a", "1")
    assert bits(7, "ab", "c") != bits(7, "a", "bc")


@given(st.integers(1, 300), st.integers(0, 2**40), st.text(max_size=5))
def test_permuted_is_a_bijection(size: int, seed: int, label: str) -> None:
    assert sorted(permuted(i, size, seed, label) for i in range(size)) == list(range(size))


@given(st.integers(1, 80), st.integers(0, 2**40))
def test_a_deck_deals_every_card_once_a_round(size: int, seed: int) -> None:
    dealt = [deck(size, i, seed, "cards") for i in range(2 * size)]
    assert sorted(card for card, _ in dealt[:size]) == list(range(size))
    assert {round_ for _, round_ in dealt[size:]} == {1}


def test_spread_fills_every_aligned_block() -> None:
    values = [spread(i, 3, "n") for i in range(256)]
    assert all(
        sorted(int(v * 16) for v in values[s : s + 16]) == list(range(16))
        for s in range(0, 256, 16)
    )
    assert len({int(v * 256) for v in values}) == 256


def test_two_columns_are_independent() -> None:
    pairs = [(spread(i, 1, "a"), spread(i, 1, "b")) for i in range(4096)]
    cells = Counter((int(a * 4), int(b * 4)) for a, b in pairs)
    assert len(cells) == 16
    assert max(abs(count - 256) for count in cells.values()) < 64


def test_permutations_are_uniform() -> None:
    seen = Counter(permutation(3, seed, "p") for seed in range(3000))
    assert len(seen) == 6
    assert max(abs(count - 500) for count in seen.values()) < 100


def test_uniform_stays_below_one() -> None:
    values = [uniform(0, "u", i) for i in range(2000)]
    assert min(values) >= 0 and max(values) < 1
    assert abs(sum(values) / 2000 - 0.5) < 0.03
