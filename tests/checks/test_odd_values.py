"""No value of a row makes a check raise or say NaN."""

from __future__ import annotations

import asyncio
import math
import time
from typing import Any

import pytest

from synthnb.checks import Candidate, CheckContext
from synthnb.types import JSON
from tests.checks.conftest import COLUMNS, made

SOURCE = [{"text": f"a real row of words number {i}, seen before", "label": "ab"[i % 2]}
          for i in range(20)]  # fmt: skip
CONTEXT = CheckContext(columns=COLUMNS, source_rows=lambda: iter(SOURCE))

RULES: list[tuple[str, dict[str, Any]]] = [
    ("length", {"min": 1}),
    ("words", {"max": 50}),
    ("choices", {"values": ["a"]}),
    ("schema", {"schema": {"a": "str"}}),
    ("stop_phrases", {}),
    ("regex", {"forbid": r"(\w+\s?)+$"}),
    ("repetition", {}),
    ("language", {"is": "en"}),
    ("pii", {}),
    ("duplicate", {"against": ["accepted", "source"]}),
    ("near_duplicate", {"against": ["accepted", "source"]}),
    ("novelty", {"against": ["accepted", "source"]}),
    ("semantic_duplicate", {"against": ["accepted", "source"]}),
    ("contamination", {"against": ["source"]}),
    ("perplexity", {}),
    ("grounded", {"in": "chunk"}),
    ("label_kept", {"label": "label"}),
    ("code", {}),
]

VALUES: list[JSON] = [
    *(None, "", " \n\t ", "😀", "😀😀 👩‍👩‍👧‍👦", "猫", "我喜欢猫,因为猫很可爱", "שלום עולם"),
    *("สวัสดีครับ", "\u200b", "\ud800 half", "\0\x1b[31m", "a", "a" * 200_000, "word " * 40_000),
    *(0, 3.5, 1e308, True, [], {}, [1, None, ["x"]], {"a": {"b": "c"}}, "1" * 5_000),
    *([{"role": "user", "content": "hello"}], [{"answer": "one"}, {"answer": None}]),
    *("<script>alert(1)</script>", "{{ 7 * 7 }}"),
]


@pytest.mark.parametrize(("rule", "options"), RULES, ids=[rule for rule, _ in RULES])
def test_odd_values_are_judged_or_unknown(rule: str, options: dict[str, Any]) -> None:
    check = made(rule, CONTEXT, column="text", **options)

    async def all_of_them() -> None:
        for index, value in enumerate(VALUES):
            row = Candidate(index, {"text": value, "label": "a", "chunk": value})
            began = time.process_time()
            reasons = await check(row)
            assert time.process_time() - began < 5, value
            assert reasons
            for reason in reasons:
                assert reason.rule == rule
                assert len(reason.message) < 1500
                assert not (isinstance(reason.value, float) and math.isnan(reason.value))
                assert reason.passed or reason.message
            if check.ordered:
                check.admit(row)

    asyncio.run(all_of_them())
