from __future__ import annotations

import time

from synthnb.charts.similarity import nearest


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
