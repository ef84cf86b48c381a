"""The quick ways of a schema say what the slow ones say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthnb.schema import _DECODER as SLOWLY
from synthnb.schema import SchemaMismatch, compile_schema
from synthnb.schema import _quickly as quickly

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 2**70) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), inner, max_size=4)
    ),
    max_leaves=8,
)
SHAPES: list[Any] = [
    {"a": "int", "b": "str"},
    {"a": ["float"], "b": {"c": "bool", "d": {"enum": ["x", "y"]}}},
    {"a": [{"b": "int"}]},
    ["int"],
    {"a": "int?", "b": {"enum": [1, True]}},
]


@given(st.sampled_from(SHAPES), VALUES)
def test_a_quick_yes_is_a_yes(shape: Any, value: Any) -> None:
    schema = compile_schema(shape)
    found: list[Any] = []
    schema.rule(value, (), found)
    assert bool(schema.problems(value)) == bool(found)


def test_simple_shapes_have_a_quick_test() -> None:
    tests = [compile_schema(shape).test is not None for shape in SHAPES]
    assert tests == [True, True, True, True, False]
    fits = compile_schema(SHAPES[1]).test
    assert fits is not None
    assert fits({"a": [1, 2.5], "b": {"c": False, "d": "y"}})


TEXTS = st.text(alphabet='{}[]",:ab1.e-\\n ', max_size=30) | st.sampled_from(
    ['{"a": 1, "a": 2}', '{"a": "x", "b": 18446744073709551616}', '{"a": {"b": 1, "b": "x"}}',
     '{"a": NaN}', '{"a": 1e999}', '{"a": "\\u0041"}', '{"a": [["x"], {"b": "y"}]}']
)  # fmt: skip


@given(TEXTS)
def test_what_is_read_quickly_is_read_alike(text: str) -> None:
    value = quickly(text)
    if value is not None:
        assert repr(value) == repr(SLOWLY.decode(text))


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', '{"a": "x", "a": "x"}'])
def test_a_key_that_comes_twice_is_refused(text: str) -> None:
    assert quickly(text) is None
    with pytest.raises(SchemaMismatch, match="twice"):
        compile_schema({"a": "int"}).parse(text)
