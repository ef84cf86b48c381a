"""Schemas of answers: shorthand, strict reading, and schemas that are refused."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from synthnb.errors import RecipeError
from synthnb.recipe import Prompt
from synthnb.schema import SchemaMismatch, compile_schema, from_shorthand, schema_of
from synthnb.schema.rules import compile_rule


def mismatch(schema: Any, text: str) -> str:
    with pytest.raises(SchemaMismatch) as error:
        schema.parse(text)
    return str(error.value)


def test_shorthand_stands_for_a_json_schema() -> None:
    assert from_shorthand({"answer": "str", "score": "int?", "tags": ["str"]}) == {
        "type": "object",
        "properties": {
            "answer": {"type": "string"},
            "score": {"type": ["integer", "null"]},
            "tags": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["answer", "tags"],
        "additionalProperties": False,
    }


def test_an_answer_that_fits_is_read() -> None:
    schema = compile_schema({"answer": "str", "score": "int?", "mood": {"enum": ["sad", 1]}})
    assert schema.parse(' {"answer": "yes", "mood": "sad"}\n') == {
        "answer": "yes",
        "mood": "sad",
    }
    assert schema.parse('```json\n{"answer": "a", "score": null, "mood": 1}\n```') == {
        "answer": "a",
        "score": None,
        "mood": 1,
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"answer": 1, "tags": []}', "answer: must be string, not integer"),
        ('{"tags": []}', "answer: is missing"),
        ('{"answer": "a", "tags": [1]}', "tags[0]: must be string, not integer"),
        ('{"answer": "a", "tags": [], "more": 1}', "more: is not in the schema"),
        ('{"answer": "a", "tags": "x"}', "tags: must be array, not string"),
        ('Sure! {"answer": "a", "tags": []}', "not JSON"),
        ('{"answer": "a", "tags": [}', "not JSON"),
        ('{"answer": "a", "answer": "b", "tags": []}', "the key 'answer' appears twice"),
        ('{"answer": NaN, "tags": []}', "NaN is no JSON number"),
        ('{"answer": "\\ud800", "tags": []}', "half a surrogate pair"),
        ("[" * 100_000, "not JSON that can be read"),
        ("9" * 10_000, "not JSON that can be read"),
        ("", "not JSON"),
        ("null", "must be object, not null"),
    ],
)
def test_an_answer_that_does_not_fit_says_where(text: str, told: str) -> None:
    assert told in mismatch(compile_schema({"answer": "str", "tags": ["str"]}), text)


def test_a_whole_float_is_an_integer_and_true_is_no_number() -> None:
    assert compile_schema("int").parse("3.0") == 3
    assert "not boolean" in mismatch(compile_schema("int"), "true")
    assert "not integer" in mismatch(compile_schema("bool"), "1")
    assert compile_schema("float").parse("3") == 3


def test_a_lone_text_needs_no_quotes() -> None:
    assert compile_schema("str").parse(" hello ") == "hello"
    assert compile_schema("str").parse('"hello"') == "hello"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("Yes.", "yes"),
        ('"no"', "no"),
        ("**NO**", "no"),
        ("1", 1),
        ("true", True),
    ],
)
def test_a_choice_is_recognised_and_keeps_its_type(text: str, value: Any) -> None:
    made = compile_schema(choices=["yes", "no", 1, True]).parse(text)
    assert made == value
    assert type(made) is type(value)


@pytest.mark.parametrize("text", ["maybe", "yes and no", "", "yess"])
def test_what_is_no_choice_is_not_guessed(text: str) -> None:
    assert "is none of yes, no" in mismatch(compile_schema(choices=["yes", "no"]), text)


def test_choices_that_differ_in_case_alone_are_told_apart() -> None:
    schema = compile_schema(choices=["us", "US"])
    assert schema.parse("US") == "US"
    assert "none of" in mismatch(schema, "Us")


def test_several_rows_a_call_are_a_list_of_that_length() -> None:
    many = compile_schema({"q": "str"}).many(2)
    assert many.parse('[{"q": "a"}, {"q": "b"}]') == [{"q": "a"}, {"q": "b"}]
    assert "needs 2 items, has 1" in mismatch(many, '[{"q": "a"}]')


def test_a_prompt_column_has_the_schema_it_names() -> None:
    assert schema_of(Prompt(prompt="x")) is None
    made = schema_of(Prompt(prompt="x", schema={"a": "str"}))
    assert made is not None and made.json_schema["required"] == ["a"]


@pytest.mark.parametrize(
    "shape", ["strr", "", ["str", "int"], [], {}, {"a": 5}, {"a": None}, {1: "str"}, 5, None]
)
def test_a_shorthand_that_means_nothing_is_refused(shape: Any) -> None:
    with pytest.raises(RecipeError):
        compile_schema(shape)


def test_a_shorthand_may_not_be_nested_without_end() -> None:
    shape: Any = "str"
    for _ in range(40):
        shape = [shape]
    with pytest.raises(RecipeError, match="at most 16 levels"):
        compile_schema(shape)


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"type": "strin"}, "not a JSON Schema: type"),
        ({"$ref": "http://127.0.0.1/x.json"}, "may only refer to itself"),
        ({"properties": {"a": {"$ref": "file:///etc/passwd"}}}, "may only refer to itself"),
        ({"pattern": "(a+)+$"}, "could run away"),
        ({"pattern": "(a|aa)+$"}, "could run away"),
        ({"pattern": r"(a)\1"}, "could run away"),
        ({"pattern": ".*.*.*x"}, "could run away"),
        ({"pattern": "a?" * 40 + "a" * 40}, "could run away"),
        ({"patternProperties": {"(a+)+$": {}}}, "could run away"),
        ({"pattern": "("}, "is not valid"),
        ({"allOf": [{"pattern": "(a*)*b"}]}, "could run away"),
    ],
)
def test_a_json_schema_that_reaches_out_or_runs_away_is_refused(
    schema: dict[str, Any], told: str
) -> None:
    with pytest.raises(RecipeError, match=told):
        compile_schema(json_schema=schema)


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"pattern": "^[a-z]+@[a-z]+$"}, '"a@b"', '"a"'),
        ({"type": "integer", "multipleOf": 2}, "4", "3"),
        ({"$ref": "#/$defs/n", "$defs": {"n": {"type": "null"}}}, "null", "1"),
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, "null", "1"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, '"a"', "1"),
        (
            {"type": "object", "patternProperties": {"^a$": {"type": "null"}}},
            '{"a":null}',
            '{"a":1}',
        ),
        ({"type": "array", "uniqueItems": True}, "[1,2]", "[1,1]"),
    ],
)
def test_a_full_json_schema_is_followed(schema: dict[str, Any], good: str, bad: str) -> None:
    made = compile_schema(json_schema=schema)
    made.parse(good)
    with pytest.raises(SchemaMismatch):
        made.parse(bad)


@pytest.mark.parametrize("pattern", ["^a*a*$", "a*b", "^(?:ab|cd)?b$"])
def test_an_accepted_pattern_is_quick_on_a_hostile_answer(pattern: str) -> None:
    schema = compile_schema(json_schema={"type": "string", "pattern": pattern})
    began = time.process_time()
    for size in (1_999, 1_000_000):
        mismatch(schema, json.dumps("a" * size + "!"))
    assert time.process_time() - began < 2


leaf = st.sampled_from(
    [
        {"type": "string"},
        {"type": ["integer", "null"]},
        {"type": "number", "minimum": 0, "exclusiveMaximum": 5},
        {"type": "boolean"},
        {"enum": ["a", 1, None, [1]]},
        {"const": True},
        {"type": "string", "minLength": 1, "maxLength": 3, "pattern": "^a"},
        {},
    ]
)
schemas = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.fixed_dictionaries(
            {"type": st.just("array"), "items": inner},
            optional={"minItems": st.just(1), "maxItems": st.just(2)},
        ),
        st.fixed_dictionaries(
            {
                "type": st.just("object"),
                "properties": st.dictionaries(st.sampled_from("ab"), inner),
            },
            optional={
                "required": st.just(["a"]),
                "additionalProperties": st.booleans() | inner,
            },
        ),
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=2)}),
    ),
    max_leaves=5,
)
values = st.recursive(
    st.sampled_from(["", "a", "abcd", 0, 1, 1.0, 2.5, 5, -1, True, False, None]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=5,
)


@pytest.mark.parametrize("length", [0, 1, 2, 3])
def test_the_length_of_a_list_is_held_at_its_bounds(length: int) -> None:
    found: list[Any] = []
    schema = {"type": "array", "minItems": 1, "maxItems": 2}
    compile_rule(schema)([0] * length, (), found)
    assert [problem.rule for problem in found] == {0: ["minItems"], 3: ["maxItems"]}.get(
        length, []
    )


@settings(max_examples=300)
@given(schema=schemas, value=values)
def test_compiled_rules_agree_with_the_reference(schema: dict[str, Any], value: Any) -> None:
    found: list[Any] = []
    compile_rule(schema)(value, (), found)
    assert (not found) == Draft202012Validator(schema).is_valid(value)


def test_judging_an_answer_is_fast() -> None:
    schema = compile_schema({"answer": "str", "citations": ["str"], "score": "int"})
    value = {"answer": "x", "citations": ["a", "b"], "score": 1}
    best = 1.0
    for _ in range(20):
        began = time.process_time()
        for _ in range(500):
            schema.problems(value)
        best = min(best, (time.process_time() - began) / 500)
    assert best < 30e-6  # 3 us on an idle core; jsonschema takes 39
