"""What makes an answer none, whichever model gave it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TypeGuard

import pytest

import synthnb
from synthnb.engine.answers import FENCED, check_finish, read_json, read_text
from synthnb.engine.problems import Misfit, gives
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


def test_every_rule_of_the_engine_is_known_by_name() -> None:
    """Code that selects rows by it must not break where no row was rejected by it."""
    given: set[str] = set()
    for room in ("engine", "models", "middleware"):
        for file in (Path(synthnb.__file__).parent / room).rglob("*.py"):
            calls = (n for n in ast.walk(ast.parse(file.read_text("utf-8"))) if _is_call(n))
            for call in calls:
                told = {k.arg: k.value for k in call.keywords}
                rule = told.get("kind") or (call.args[0] if call.args else None)
                if isinstance(rule, ast.Constant):
                    given.add(str(rule.value))
    assert {"truncated", "timeout", "dns", "overloaded", "schema"} < given
    assert sorted(rule for rule in given if not gives(rule)) == []


LOSING = ("Misfit", "RateLimited", "RetryableModelError", "RowModelError", "_unreachable")


def _is_call(node: ast.AST) -> TypeGuard[ast.Call]:
    if not isinstance(node, ast.Call):
        return False
    return getattr(node.func, "id", getattr(node.func, "attr", "")) in LOSING
