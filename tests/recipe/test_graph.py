"""The column graph and what follows from names."""

from __future__ import annotations

import pytest

from synthnb.errors import RecipeError
from synthnb.recipe import Recipe, Target
from tests.recipe.samples import EXAMPLE, recipe, refusal


def test_order_follows_references_and_else_the_recipe() -> None:
    made = recipe("{c: {prompt: '{{ b }}'}, z: [1], b: {expression: '{{ a }}'}, a: [x]}")
    assert made.order == ["z", "a", "b", "c"]
    assert made.references("c") == {"b"}


def test_a_column_may_shadow_a_source_column() -> None:
    made = recipe(
        "{text: {prompt: 'Reword: {{ text }}'}, size: {expression: '{{ text | length }}'}}",
        "source: {path: a.csv, columns: [text]}",
    )
    assert made.references("text") == {"source.text"}
    assert made.references("size") == {"text"}
    assert made.order == ["text", "size"]


def test_names_wait_until_the_source_is_known() -> None:
    made = recipe("{t: {prompt: '{{ body }} {{ source.id }}'}}", "source: {path: a.csv}")
    made.validate_source(["body", "id"])
    with pytest.raises(RecipeError, match="unknown column 'body'; did you mean 'bodi'"):
        made.validate_source(["bodi", "id"])


def test_documents_have_known_columns() -> None:
    assert "unknown column 'chunck'; did you mean 'chunk'?" in refusal(
        "synthnb: 1\nsource: {documents: '*.md'}\ncolumns: {t: {prompt: '{{ chunck }}'}}"
    )


def test_the_main_column_is_the_marked_one_or_the_last() -> None:
    assert recipe("{a: {prompt: x}, b: {prompt: y}, c: [1]}").main == "b"
    assert recipe("{a: {prompt: x, main: true}, b: {prompt: y}}").main == "a"
    assert recipe("{c: [1]}").main == "text"


def test_a_model_is_resolved_through_its_short_name() -> None:
    made = Recipe.loads(EXAMPLE).replace(model="judge")
    assert made.model_for("question") == "openai/gpt-5-mini"
    assert Recipe().model_for is not None and recipe("{t: {prompt: x}}").model_for("t") is None


def test_the_fingerprint_stands_for_what_shapes_rows() -> None:
    made = Recipe.loads(EXAMPLE)
    same = made.replace(
        name="other", description="x", license=None, budget=None, target=Target(rows=3)
    )
    assert same.fingerprint == made.fingerprint
    assert made.replace(seed=8).fingerprint != made.fingerprint
    assert recipe("{c: [1]}").fingerprint != recipe("{c: ['1']}").fingerprint
    assert recipe("{c: [a]}").fingerprint == "8075a25ef1ba2727db6863c9e4681a3a"
