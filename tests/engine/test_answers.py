"""What makes an answer none, whichever model gave it."""

from __future__ import annotations

import pytest

from synthnb.engine.answers import FENCED, check_finish, read_json, read_text
from synthnb.engine.problems import Misfit
from synthnb.schema import compile_schema
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


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (" Fine. \n<|im_end|>\n<eos> assistant\n", "Fine."),
        ("Fine.</s>user", "Fine."),
        ("<eos>Fine.<eos>", "<eos>Fine."),
        ("Ask the user", "Ask the user"),
        ("a <b>", "a <b>"),
    ],
)
def test_markers_at_the_end_are_no_text(text: str, kept: str) -> None:
    assert read_text(text) == kept


def test_a_long_answer_of_nothing_is_read_once() -> None:
    """Each took minutes when every place in it was tried anew."""
    gap = " " * 200_000
    assert read_text(f"a <{gap}>") == f"a <{gap}>"
    assert read_text("<eos>" * 200_000 + "!>")[-7:] == "<eos>!>"
    assert FENCED.match(f"```\n{gap}!") is None
    schema = compile_schema({"mood": "str"})
    assert read_json(f'```json\n{{"mood": "a"}}{gap}\n```{gap}', schema) == {"mood": "a"}
