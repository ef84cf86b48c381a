"""What makes an answer none, whichever model gave it."""

from __future__ import annotations

import pytest

from synthnb.engine.answers import check_finish
from synthnb.engine.problems import Misfit
from synthnb.types import Completion


@pytest.mark.parametrize(
    ("completion", "rule", "told", "again"),
    [
        (
            Completion("half of", "length", completion_tokens=7),
            "truncated",
            "at 7 tokens",
            False,
        ),
        (Completion("half of", "length"), "truncated", "at 30 tokens", False),
        (Completion("half of", "content_filter"), "content_filter", "stopped", False),
        (Completion(" \n"), "empty", "empty", True),
        (Completion("", reasoning="Hm."), "reasoning_only", "no text", True),
    ],
)
def test_an_unfinished_answer_is_none(
    completion: Completion, rule: str, told: str, again: bool
) -> None:
    with pytest.raises(Misfit, match=told) as caught:
        check_finish(completion, max_tokens=30)
    assert (caught.value.rule, caught.value.again) == (rule, again)


def test_a_whole_answer_passes() -> None:
    check_finish(Completion("Fine."), max_tokens=30)
