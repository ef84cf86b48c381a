"""Parts of a recipe as YAML, and what new ones are before anybody edits them."""

from __future__ import annotations

from synthnb.errors import RecipeError
from synthnb.recipe.yamltext import parse
from synthnb.recipe.yamlwrite import block, flow
from synthnb.types import JSON

__all__ = ["CHECKS", "COLUMNS", "read", "spelled"]

SHORT = 60
"""Characters of a part that stands on one line."""
COLUMNS: dict[str, JSON] = {
    "category": ["one", "two"],
    "integer": {"integer": [1, 10]},
    "number": {"number": [0, 1]},
    "datetime": {"datetime": ["2026-01-01", "2026-12-31"]},
    "person": {"person": {"locale": "en"}},
    "uuid": {"uuid": {}},
}
"""What a new column is before anybody edits it, where that is the same in every recipe."""
CHECKS: dict[str, dict[str, JSON]] = {
    "length": {"min": 20},
    "words": {"min": 3},
    "regex": {"require": "[a-z]"},
    "language": {"is": "en"},
    "schema": {"schema": "str"},
    "choices": {"values": ["yes", "no"]},
    "contamination": {"against": ["test.jsonl"]},
    "grounded": {"in": "source"},
    "label_kept": {"label": "label"},
    "judge": {"rubric": {"good": "1-5"}, "min": 4},
}
"""Options of a new check beside its column, where it does not go without."""


def read(text: str) -> JSON:
    """A part of a recipe from YAML; an error names a line where there are several."""
    try:
        return parse(text).data()
    except RecipeError as error:
        told = str(error) if "\n" in text.strip() else error.message
        raise RecipeError(told) from None


def spelled(data: JSON) -> str:
    """A part of a recipe as YAML: on one line, or on several where that is long."""
    line = flow(data)
    if isinstance(data, dict) and len(line) > SHORT:
        return block(data).removesuffix("\n")
    return line
