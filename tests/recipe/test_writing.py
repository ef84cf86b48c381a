"""Writing: comments stay, what is written reads back the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synthnb.recipe import Prompt, Recipe
from tests.recipe.samples import EXAMPLE, recipe


def changed_lines(before: str, after: str) -> list[str]:
    old = before.splitlines()
    return [line for line in after.splitlines() if line not in old]


def test_an_unchanged_recipe_keeps_its_text() -> None:
    assert Recipe.loads(EXAMPLE).dumps() == EXAMPLE


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({"seed": 9}, ["seed: 9"]),
        ({"description": "a\nb"}, ["description: |-", "  a", "  b"]),
        ({"license": "a\nb"}, ["license: |-               # of the rows", "  a", "  b"]),
        ({"split": {"by": "topic"}}, ["split: {by: topic}"]),
        ({"budget": None}, []),
        (
            {"target": {"rows": 200, "quotas": {"difficulty": {"hard": 60}}}},
            ["target: {rows: 200, quotas: {difficulty: {hard: 60}}}   # exact counts"],
        ),
        ({"local_only": True}, ["local_only: true"]),
        ({"name": "yes"}, ['name: "yes"']),
    ],
)
def test_an_edit_changes_only_its_own_lines(changes: dict[str, Any], lines: list[str]) -> None:
    made = Recipe.loads(EXAMPLE).replace(**changes)
    text = made.dumps()
    assert changed_lines(EXAMPLE, text) == lines
    assert Recipe.loads(text) == made


def test_an_edited_column_keeps_spelling_and_comments() -> None:
    made = Recipe.loads(EXAMPLE)
    columns = {
        **made.columns,
        "topic": {"billing": 9, "login": 2, "refund": 1},
        "id": {"uuid": {}},
    }
    text = made.replace(columns=columns, checks=[made.checks[0], made.checks[2]]).dumps()
    assert "  topic:      {category: {billing: 9, login: 2, refund: 1}}\n" in text
    assert "  words:      {integer: [20, 120]}                       # inclusive\n" in text
    assert "  id: {uuid: {}}\n" in text
    assert "near_duplicate" not in text
    assert text.count("#") == EXAMPLE.count("#")


def test_reordered_columns_are_written_afresh() -> None:
    made = Recipe.loads(EXAMPLE)
    turned = made.replace(columns=dict(reversed(made.columns.items())))
    assert list(Recipe.loads(turned.dumps()).columns) == list(turned.columns)


def test_long_text_is_written_as_a_block() -> None:
    made = recipe("{t: {prompt: x}}").replace(
        columns={"t": Prompt(prompt="One line.\n\nAnother {{ 1 }}: yes.")}
    )
    assert (
        "prompt: |-\n      One line.\n\n      Another {{ 1 }}: yes.\n"
        in Recipe.from_dict(made.to_dict()).dumps()
    )


names = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True).filter(
    lambda name: (
        name not in {"loop", "self", "super", "source", "range", "true", "false"}
        and name not in {"none", "and", "or", "not", "in", "is", "if", "else", "elif", "for"}
        and name not in {"endfor", "varargs", "kwargs", "caller", "dict", "lipsum", "cycler"}
        and name
        not in {"joiner", "namespace", "as", "def", "del", "from", "try", "with", "pass"}
        and name
        not in {"async", "await", "class", "while", "yield", "raise", "global", "import"}
        and name not in {"lambda", "return", "except", "assert", "break", "continue", "finally"}
        and name not in {"nonlocal"}
    )
)
words = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="{}"), min_size=1, max_size=40
)
labels = st.one_of(words, st.integers(-(10**6), 10**6), st.booleans())
shares = st.floats(0.001, 1000, allow_nan=False)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | words
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
columns = st.one_of(
    st.lists(labels, min_size=1, max_size=4, unique=True),
    st.dictionaries(words, shares, min_size=1, max_size=4),
    st.tuples(st.integers(-99, 0), st.integers(1, 99)).map(
        lambda ends: {"integer": list(ends)}
    ),
    st.tuples(st.floats(-9, 0), shares).map(lambda ends: {"number": list(ends)}),
    st.fixed_dictionaries({"expression": words}),
    st.fixed_dictionaries(
        {"prompt": words},
        optional={
            "system": words,
            "choices": st.lists(labels, min_size=1, max_size=3, unique=True),
            "hidden": st.booleans(),
            "params": st.fixed_dictionaries({"extra": st.dictionaries(words, json_values)}),
        },
    ),
)
recipes = st.fixed_dictionaries(
    {"columns": st.dictionaries(names, columns, max_size=4)},
    optional={
        "description": words,
        "license": words,
        "seed": st.integers(0, 2**63 - 1),
        "budget": st.fixed_dictionaries({"usd": shares}),
        "checks": st.lists(
            st.dictionaries(
                names, st.dictionaries(names, json_values), min_size=1, max_size=1
            ).filter(
                lambda spec: not any({"column", "model"} & o.keys() for o in spec.values())
            ),
            max_size=3,
        ),
    },
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(data=recipes)
def test_what_is_written_reads_back_the_same(data: dict[str, Any]) -> None:
    made = Recipe.from_dict(data)
    text = made.dumps()
    again = Recipe.loads(text)
    assert again == made
    assert again.fingerprint == made.fingerprint
    assert Recipe.from_dict(again.to_dict()).dumps() == text


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(before=recipes, after=recipes)
def test_an_edited_text_reads_back_as_the_edit(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    loaded = Recipe.loads(Recipe.from_dict(before).dumps())
    wanted = Recipe.from_dict(after)
    edited = loaded.replace(
        **{key: getattr(wanted, key) for key in ("columns", "checks", "seed", "budget")}
    )
    assert Recipe.loads(edited.dumps()) == edited


def test_characters_that_hide_or_reorder_others_are_written_by_name() -> None:
    hidden = "a\u202eb \u2066c\u2069 z\u200bw \ufeff \U000e0041 \x7f"
    made = Recipe.from_dict({"synthnb": 1, "columns": {"text": {"prompt": hidden}}})
    assert made.dumps().isascii()
    assert Recipe.loads(made.dumps()) == made
