from __future__ import annotations

import random
import time

import pytest

from synthnb import Recipe
from synthnb.batch import Batch
from synthnb.charts.distributions import nearest_scores
from synthnb.charts.similarity import nearest, nearest_as_checked
from synthnb.nearduplicates import NearDuplicateIndex
from synthnb.types import Reason, Record


def test_a_copy_is_1_and_unrelated_texts_are_0() -> None:
    texts = ["the lid broke off today", "the lid broke off today", "sound is warm and clear"]
    assert nearest(texts) == [1.0, 1.0, 0.0]


def test_short_and_empty_texts_have_an_answer() -> None:
    assert nearest(["yes", "yes", "no", "", ""]) == [1.0, 1.0, 0.0, 0.0, 0.0]
    assert nearest([]) == []


def test_a_thousand_equal_texts_do_not_hold_up_the_display() -> None:
    start = time.process_time()
    nearest(["the same words over and over again " * 5] * 2500)
    assert time.process_time() - start < 5  # a pair by pair comparison takes minutes


def test_charts_and_the_check_measure_alike() -> None:
    """Short texts by characters, long ones by words, those between by what both have."""
    draw = random.Random(1)
    words = [f"w{i}" for i in range(9)]
    texts = [" ".join(draw.choices(words, k=draw.choice([3, 8, 11, 20]))) for _ in range(80)]
    found = nearest_as_checked(texts)
    for place, text in enumerate(texts):
        index = NearDuplicateIndex(0.05)  # so low that it looks at all
        for other in texts[:place] + texts[place + 1 :]:
            index.add(other)
        match = index.query(text)
        assert found[place] == pytest.approx(match.similarity if match else 0.0, abs=0.051)
        if match and match.similarity > 0.3:
            assert found[place] == round(match.similarity, 4)


def test_two_rows_that_are_each_other_s_nearest_have_one_number() -> None:
    """The check knows the rows before a row alone; a chart knows those after it too."""
    recipe = Recipe.loads(
        "synthnb: 1\ncolumns: {text: {prompt: x}}\n"
        "checks: [{near_duplicate: {column: text, threshold: 0.8}}]\n"
    )
    start = "my router keeps dropping the line every evening at"
    texts = [f"{start} nine", f"{start} ten", "nothing of the kind was ever said here"]
    told = (0.0, 0.75, 0.0)
    rows = [
        Record(i, {"text": text}, checks=(Reason("near_duplicate", told[i], "", "text", True),))
        for i, text in enumerate(texts)
    ]
    assert nearest_scores(Batch(rows, recipe), "text").tolist() == [0.7778, 0.7778, 0.0]
