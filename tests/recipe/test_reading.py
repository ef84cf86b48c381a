"""Reading: the format, shorthand, scalars."""

from __future__ import annotations

from typing import Any

import pytest

from synthnb.recipe import Category, CheckSpec, Prompt, Recipe, Target
from synthnb.recipes import list_kinds, read_kind
from tests.recipe.samples import EXAMPLE, KINDS, recipe


def test_the_example_of_the_format_loads() -> None:
    made = Recipe.loads(EXAMPLE)
    assert made.name == "support-qa"
    assert made.main == "label"
    assert made.columns["topic"] == Category(
        values=["billing", "login", "refund"], weights=[3, 2, 1]
    )
    assert made.columns["label"] == Prompt(prompt="…", choices=["yes", "no"])
    assert made.checks[0] == CheckSpec(
        rule="length", options={"column": "question", "min": 20, "max": 400}
    )
    assert made.params.extra == {"min_p": 0.05}
    assert made.target.quotas == {"difficulty": {"hard": 60}}


def test_a_model_may_be_a_file_with_spaces_in_its_name() -> None:
    made = Recipe.loads("synthnb: 1\nmodel: local/My Models/tiny.gguf")
    assert made.model == "local/My Models/tiny.gguf"
    assert Recipe.loads(made.replace(seed=1).dumps()).model == made.model


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_loads_in_a_few_lines(kind: str) -> None:
    made = Recipe.loads("synthnb: 1\n" + KINDS[kind])
    assert Recipe.from_dict(made.to_dict()) == made
    assert Recipe.loads(Recipe.from_dict(made.to_dict()).dumps()) == made


@pytest.mark.parametrize("kind", list_kinds())
def test_every_shipped_recipe_loads_and_stays_as_it_is(kind: str) -> None:
    text = read_kind(kind)
    assert Recipe.loads(text).dumps() == text


@pytest.mark.parametrize(
    ("spelling", "values", "weights"),
    [
        ("[a, b]", ["a", "b"], [1, 1]),
        ("{a: 3, b: 0.5}", ["a", "b"], [3, 0.5]),
        ("{category: [a, b]}", ["a", "b"], [1, 1]),
        ("{category: {a: 2, b: 0}}", ["a", "b"], [2, 0]),
        ("[2, 2.5, true, yes]", [2, 2.5, True, "yes"], [1, 1, 1, 1]),
    ],
)
def test_a_category_has_several_spellings(
    spelling: str, values: list[Any], weights: list[float]
) -> None:
    made = recipe(f"{{c: {spelling}}}").columns["c"]
    assert made == Category(values=values, weights=weights)


def test_scalars_are_those_of_yaml_1_2() -> None:
    made = recipe("{c: [NO, on, 010, 1:30, 2026-01-31, 0x1F, ~x]}").columns["c"]
    assert isinstance(made, Category)
    assert made.values == ["NO", "on", 10, "1:30", "2026-01-31", 31, "~x"]


def test_a_bare_condition_becomes_an_expression() -> None:
    made = recipe("{a: [x], t: {prompt: hi, skip_when: a == 'x'}}")
    assert made.prompts["t"].skip_when == "{{ a == 'x' }}"


def test_a_recipe_can_be_made_in_python_in_shorthand() -> None:
    made = Recipe(
        columns={"mood": ["angry", "happy"], "text": {"prompt": "{{ mood }}"}},  # type: ignore[dict-item]
        checks=["exact_duplicate"],  # type: ignore[list-item]
        target=Target(rows=5),
    )
    assert made.columns["mood"] == Category(values=["angry", "happy"])
    assert made == Recipe.loads(made.dumps())


def test_a_number_of_candidates_is_so_many_alike() -> None:
    short = Recipe.loads("synthnb: 1\ncolumns: {text: {prompt: Hi., candidates: 3}}\n")
    long = Recipe.loads("synthnb: 1\ncolumns: {text: {prompt: Hi., candidates: {n: 3}}}\n")
    found = short.prompts["text"].candidates

    assert found is not None and found.n == 3
    assert short.fingerprint == long.fingerprint
    assert Recipe.loads(short.dumps()) == short
