"""The JSON Schema for editors."""

from __future__ import annotations

import pytest

from synthnb.recipe import Prompt, Recipe, Source
from tests.recipe.samples import EXAMPLE, KINDS


@pytest.mark.parametrize("text", [EXAMPLE, *("synthnb: 1\n" + text for text in KINDS.values())])
def test_the_json_schema_takes_what_the_reader_takes(text: str) -> None:
    from jsonschema import Draft202012Validator
    from ruamel.yaml import YAML

    Draft202012Validator.check_schema(Recipe.json_schema())
    data = YAML(typ="safe").load(text)
    assert not list(Draft202012Validator(Recipe.json_schema()).iter_errors(data))


def test_the_json_schema_refuses_a_slip() -> None:
    from jsonschema import Draft202012Validator

    judge = Draft202012Validator(Recipe.json_schema())
    assert not judge.is_valid({"synthnb": 1, "bugdet": {"usd": 1}})
    assert not judge.is_valid({"synthnb": 1, "columns": {"c": {"promt": "x"}}})


def test_a_source_is_a_value_like_any_other() -> None:
    made = Recipe(source=Source(path="a.csv"), columns={"t": Prompt(prompt="{{ x }}")})
    assert made.to_dict()["source"] == {"path": "a.csv"}
