"""Near duplicates: what is found, what is not, and that nothing else is."""

from __future__ import annotations

import numpy as np
import pytest

from synthnb.nearduplicates import NearDuplicateIndex, near_duplicates
from tests.benchmarks.near_duplicates import jaccard, planted

TEXT = "I ordered the kettle on Monday and it came on Friday with a dent in its lid"


def test_planted_copies_are_found_and_nothing_else() -> None:
    texts, sources = planted(10_000)
    found = near_duplicates(texts)
    similarity = {row: jaccard(texts[row], texts[source]) for row, source in sources.items()}
    near = {row for row, value in similarity.items() if value >= 0.8}
    assert len(near & set(found)) >= 0.99 * len(near)
    for row, match in found.items():
        assert match.row < row
        assert jaccard(texts[row], texts[match.row]) == pytest.approx(
            match.similarity, abs=1e-9
        )
        assert match.similarity >= 0.8


def test_one_by_one_and_in_bulk_agree() -> None:
    texts, _ = planted(1500, words=15)
    index, single = NearDuplicateIndex(0.7), {}
    for row, text in enumerate(texts):
        if (match := index.query(text)) is not None:
            single[row] = match.similarity
        assert index.add(text) == row
    bulk = {row: match.similarity for row, match in near_duplicates(texts, 0.7).items()}
    assert bulk == single


def boilerplate(rows: int) -> list[str]:
    """Texts of one mould: their buckets are crowded, and many are copies."""
    rng = np.random.default_rng(4)
    start = "I bought this {} last week and would recommend it to every {} or {}"
    texts = [start.format(*rng.choice(40, 3)) for _ in range(rows)]
    for row in range(50, rows, 3):
        texts[row] = texts[int(rng.integers(0, row))] + " today" * int(rng.integers(0, 2))
    return texts


def decided(texts: list[str], sizes: list[int]) -> list[tuple[int, float] | None]:
    """What each text is told, in blocks of these sizes in turn; near ones are not kept."""
    index = NearDuplicateIndex(0.7, told=0.5)
    found: list[tuple[int, float] | None] = []
    while len(found) < len(texts):
        size = sizes[len(found) % len(sizes)]
        block = texts[len(found) : len(found) + size]
        asked = index.compare(block)
        for place in range(len(block)):
            match = asked.nearest(place)
            found.append(None if match is None else (match.row, match.similarity))
            if match is None or match.similarity < 0.8:
                asked.keep(place)
    return found


@pytest.mark.parametrize("sizes", [[7], [64, 1, 30], [4000]])
def test_what_is_found_does_not_hang_on_the_blocks(sizes: list[int]) -> None:
    texts = boilerplate(2000)
    similar = [match and match[1] for match in decided(texts, sizes)]
    assert similar == [match and match[1] for match in decided(texts, [1])]
    assert sum(value is not None and value >= 0.8 for value in similar) > 500


def test_only_kept_texts_are_compared_with() -> None:
    index = NearDuplicateIndex(0.7)
    index.add("something else entirely")
    asked = index.compare([TEXT, TEXT, TEXT])
    assert asked.nearest(1) is None
    assert asked.keep(1) == 1
    assert asked.nearest(2) == (1, 1.0)
    assert index.query(TEXT) == (1, 1.0)
    with pytest.raises(ValueError, match="meanwhile"):
        asked.keep(2)
    assert len(index) == 2


def test_adding_to_an_index_in_both_ways() -> None:
    index = NearDuplicateIndex()
    index.add(TEXT)
    assert dict(index.extend(["something else entirely", TEXT]))[2].row == 0
    assert index.query(TEXT + " now") is not None
    assert len(index) == 2


@pytest.mark.parametrize(
    ("text", "copy"),
    [
        (TEXT, TEXT.upper()),
        (TEXT, "  " + TEXT.replace(" ", "\n") + "\t"),
        (
            "我喜欢在公园里跑步因为空气很好而且人不多",
            "我喜欢在公园里跑步因为空气很好而且人不少",
        ),
        ("How do I reset my password?", "How do I reset my password??"),
        ("yes", "Yes"),
        ("", " "),
        ("😀😀🎉", "😀😀🎉"),
        ("half \ud83d a pair", "half \ud83d a pair"),
        ("a\x1eb\x1ec", "a b c"),
        # Seven words and eight: one side is short, the other is not.
        ("seven words are just about enough here", "seven words are just about enough here o"),
    ],
)
def test_near_duplicate(text: str, copy: str) -> None:
    assert list(near_duplicates(["first of all", text, copy])) == [2]


@pytest.mark.parametrize(
    ("text", "other"),
    [
        (TEXT, " ".join(reversed(TEXT.split()))),
        (TEXT, TEXT.replace("kettle", "toaster").replace("lid", "handle")),
        ("yes", "no"),
        ("😀", "🚀"),
        ("", "a"),
    ],
)
def test_no_near_duplicate(text: str, other: str) -> None:
    assert near_duplicates([text, other]) == {}


def test_many_equal_rows_are_one() -> None:
    found = near_duplicates([TEXT] * 20_000)
    assert len(found) == 19_999
    assert {match.row for match in found.values()} == {0}


def test_nothing_in_nothing_out() -> None:
    assert near_duplicates([]) == {}
    assert NearDuplicateIndex().query(TEXT) is None


def test_refusals() -> None:
    with pytest.raises(ValueError, match="threshold"):
        NearDuplicateIndex(0)
    with pytest.raises(ValueError, match="list"):
        near_duplicates("one text")


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.9, 1.0])
def test_other_thresholds(threshold: float) -> None:
    rng = np.random.default_rng(0)
    words = [f"w{n}" for n in range(3000)]
    texts, expected = [], set()
    for pair in range(300):
        base = list(rng.choice(words, 40))
        texts.append(" ".join(base))
        at = int(rng.integers(0, 40))
        base[at:at] = base[: int(rng.integers(0, 25))] if threshold < 1 else []
        texts.append(" ".join(base))
        if jaccard(texts[-2], texts[-1]) >= threshold:
            expected.add(2 * pair + 1)
    found = set(near_duplicates(texts, threshold))
    assert found <= expected
    assert len(found) >= 0.99 * len(expected) > 0
