"""The cheapest checks: length, words, choices, schema, stop phrases."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from synthnb.checks.protocol import Candidate, Check, CheckContext, number, pick, register
from synthnb.checks.values import as_plain, count_words, reach
from synthnb.errors import CheckError, RecipeError
from synthnb.schema import Schema, SchemaMismatch, compile_schema
from synthnb.types import JSON, Reason

__all__ = ["STOP_PHRASES"]

STOP_PHRASES = (
    *("as an ai", "as an ai language model", "as a language model", "i'm an ai", "i am an ai"),
    *("as an artificial intelligence", "as a large language model", "my training data"),
    *("my knowledge cutoff", "i cannot fulfill", "i can't fulfill", "i cannot assist with"),
    *("i can't assist with", "i'm sorry, but i can't", "i'm sorry, but i cannot"),
    *("i am sorry, but i cannot", "i am unable to provide", "i'm unable to provide"),
    *("i do not have personal opinions", "i don't have personal opinions"),
    *("als ki-", "als sprachmodell", "en tant qu'ia", "en tant que modèle de langage"),
    *("como modelo de lenguaje", "como una ia", "como modelo de linguagem", "作为一个人工智能"),
    *("作为人工智能", "作为一个ai", "作为ai", "作为语言模型", "aiとして", "言語モデルとして"),
    *("как языковая модель", "как искусственный интеллект"),
)
"""What models say about themselves, in place of an answer."""


class Measure:
    """A number of one column that must lie between two bounds."""

    cost = 0
    ordered = False

    def __init__(
        self, name: str, unit: str, measure: Callable[[str], int], options: dict[str, Any]
    ) -> None:
        self.name, self.unit, self.measure = name, unit, measure
        self.column: str | None = options["column"]
        self.low, self.high = number(options, "min", 0), number(options, "max", 0)
        if self.low is None and self.high is None:
            raise CheckError("needs 'min' or 'max'")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise CheckError(f"'min' {self.low:g} is above 'max' {self.high:g}")

    async def __call__(self, row: Candidate) -> Sequence[Reason]:
        """Passed between the bounds, both included."""
        value = self.measure(as_plain(reach(row.values, self.column or "")))
        unit = self.unit[:-1] if value == 1 else self.unit
        if self.low is not None and value < self.low:
            message = f"{value} {unit}, at least {self.low:g} wanted"
        elif self.high is not None and value > self.high:
            message = f"{value} {unit}, at most {self.high:g} wanted"
        else:
            return (Reason(self.name, value, "", self.column, True),)
        return (Reason(self.name, value, message, self.column),)


@register("length")
def _length(options: dict[str, JSON], context: CheckContext) -> Check:
    """Characters of a column (code points): ``{column, min, max}``."""
    found = pick(options, context, column=..., min=None, max=None)
    return Measure("length", "characters", len, found)


@register("words")
def _words(options: dict[str, JSON], context: CheckContext) -> Check:
    """Words of a column: ``{column, min, max}``."""
    found = pick(options, context, column=..., min=None, max=None)
    return Measure("words", "words", count_words, found)


class Choices:
    """A column whose value must be one of a list."""

    name = "choices"
    cost = 0
    ordered = False

    def __init__(self, column: str, values: list[JSON]) -> None:
        self.column: str | None = column
        self.values = values

    async def __call__(self, row: Candidate) -> Sequence[Reason]:
        """Passed if the value is in the list; 1 is not True."""
        value = reach(row.values, self.column or "")
        if any(value == wanted and type(value) is type(wanted) for wanted in self.values):
            return (Reason(self.name, value, "", self.column, True),)
        wanted = ", ".join(str(choice)[:80] for choice in self.values[:8])
        value = value[:200] if isinstance(value, str) else value
        return (Reason(self.name, value, f"not one of {wanted}", self.column),)


@register("choices")
def _choices(options: dict[str, JSON], context: CheckContext) -> Check:
    """Value of a column among ``values``: ``{column, values}``."""
    found = pick(options, context, column=..., values=...)
    if not isinstance(found["values"], list) or not found["values"]:
        raise CheckError("'values' is a list of allowed values")
    return Choices(found["column"], found["values"])


class Shaped:
    """A column whose value fits a schema; a text is read as JSON first."""

    name = "schema"
    cost = 1
    ordered = False

    def __init__(self, column: str, schema: Schema) -> None:
        self.column: str | None = column
        self.schema = schema

    async def __call__(self, row: Candidate) -> Sequence[Reason]:
        """Passed if nothing is wrong; the value is the number of misfits."""
        value = reach(row.values, self.column or "")
        problems = self.schema.problems(value)
        if problems and isinstance(value, str):
            try:
                self.schema.parse(value)
                problems = []
            except SchemaMismatch as error:
                problems = list(error.problems)
        said = "; ".join(str(problem) for problem in problems[:3])
        return (Reason(self.name, len(problems), said, self.column, not problems),)


@register("schema")
def _schema(options: dict[str, JSON], context: CheckContext) -> Check:
    """Shape of a column's value: ``{column, schema: {answer: str}}`` or ``json_schema``."""
    found = pick(options, context, column=..., schema=None, json_schema=None)
    if (found["schema"] is None) == (found["json_schema"] is None):
        raise CheckError("needs one of 'schema' and 'json_schema'")
    try:
        schema = compile_schema(found["schema"], json_schema=found["json_schema"])
    except RecipeError as error:
        raise CheckError(error.message) from None
    return Shaped(found["column"], schema)


class StopPhrases:
    """A column that must not say any of a list of phrases."""

    name = "stop_phrases"
    cost = 0
    ordered = False

    def __init__(self, column: str, phrases: Sequence[str]) -> None:
        self.column: str | None = column
        self._plain = tuple(map(_folded, phrases))
        self._search = re.compile("|".join(map(_bounded, phrases))).search

    async def __call__(self, row: Candidate) -> Sequence[Reason]:
        """Passed if none is there; the value is the first one found."""
        text = _folded(as_plain(reach(row.values, self.column or "")))
        # Most rows hold none, and that is quickly said.
        there = any(phrase in text for phrase in self._plain)
        found = self._search(text) if there else None
        if found is None:
            return (Reason(self.name, None, "", self.column, True),)
        return (Reason(self.name, found[0], f"says “{found[0]}”", self.column),)


def _folded(text: str) -> str:
    """Case, runs of white space and curly apostrophes do not count."""
    return " ".join(text.casefold().replace("’", "'").replace("‘", "'").split())


def _bounded(phrase: str) -> str:
    """A phrase as a pattern: "as an AI" is not in "as an aircraft"."""
    text = _folded(phrase)
    before = r"(?<!\w)" if text[0].isascii() and text[0].isalnum() else ""
    after = r"(?!\w)" if text[-1].isascii() and text[-1].isalnum() else ""
    # Chinese and Japanese put no space between a Latin word and their own.
    own = any(ord(mark) > 0x2E7F for mark in text)
    return re.escape(text) if own else f"{before}{re.escape(text)}{after}"


@register("stop_phrases")
def _stop_phrases(options: dict[str, JSON], context: CheckContext) -> Check:
    """``{column, phrases: [...], also: [...]}``: a list of our own where none is given."""
    found = pick(options, context, column=..., phrases=None, also=None)
    phrases: list[str] = []
    for key in ("phrases", "also"):
        given = found[key]
        if given is None:
            continue
        if not isinstance(given, list) or not all(
            isinstance(p, str) and p.strip() for p in given
        ):
            raise CheckError(f"'{key}' is a list of texts")
        phrases += given
    if found["phrases"] is None:
        phrases += STOP_PHRASES
    if not phrases:
        raise CheckError("'phrases' is empty")
    longest_first = sorted(set(phrases), key=lambda phrase: (-len(phrase), phrase))
    return StopPhrases(found["column"], longest_first)
