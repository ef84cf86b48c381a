"""One prompt column, compiled once: what it asks for a row, and how it reads the reply."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from synthnb.engine.answers import (
    check_finish,
    compact,
    read_code,
    read_items,
    read_json,
    read_text,
)
from synthnb.engine.problems import Misfit
from synthnb.engine.tools import Toolbox
from synthnb.errors import TemplateError
from synthnb.recipe import Recipe
from synthnb.recipe.parts import Params, Prompt
from synthnb.samplers import Plan, PlannedRow
from synthnb.samplers.draws import permutation, permuted
from synthnb.schema import Schema, compile_schema
from synthnb.template import Template, compile_template
from synthnb.types import JSON, Call, Completion, Message, Row

__all__ = ["Cell", "RowState", "request_seed"]


@dataclass(slots=True)
class RowState:
    """One candidate on its way through the columns."""

    seq: int
    index: int
    attempt: int
    candidate: int
    planned: PlannedRow
    values: Row
    """Everything a template may name: source columns, attributes, finished columns."""
    where: Mapping[str, JSON] | None = None
    """The quota cell that it was drawn for."""
    pool: int = 0
    """Accepted rows that it may be shown."""
    calls: list[Call] = field(default_factory=list)
    borrowed: dict[str, int] = field(default_factory=dict)
    """Ids and generations of the accepted rows that it was shown."""


def request_seed(seed: int, column: str, row: int, attempt: int, candidate: int) -> int:
    """The seed of a request: 31 bits that follow from its identity on any machine."""
    text = f"{seed}\0{column}\0{row}\0{attempt}\0{candidate}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=4).digest(), "big") & 0x7FFFFFFF


def merged(base: Params, own: Params) -> dict[str, JSON]:
    """The recipe's parameters with the column's own on top; unset ones left out."""
    found: dict[str, JSON] = {}
    for params in (base, own):
        given = {name: value for name, value in params if value is not None and name != "extra"}
        found.update(given)
    extra = {**base.extra, **own.extra}
    return {**found, "extra": extra} if extra else found


POOL = 10_000
"""Accepted rows that are kept as examples."""


class Cell:
    """A prompt column of one recipe, ready to ask.

    ``shape`` judges one answer; ``schema`` is what the request carries.
    """

    def __init__(
        self,
        recipe: Recipe,
        name: str,
        model: str,
        plan: Plan,
    ) -> None:
        column = recipe.columns[name]
        assert isinstance(column, Prompt)
        self.name, self.column, self.model, self.plan = name, column, model, plan
        self.seed = recipe.seed
        self.params = merged(recipe.params, column.params)
        self.max_tokens: int | None = self.params.get("max_tokens")
        self.shape = _shape(column)
        self.listed = self.shape is not None and self.shape.choices is None
        self.schema = self.shape.json_schema if self.shape is not None else None
        self._list_schemas: dict[int, Mapping[str, JSON]] = {}
        self._fixed = ""
        self.prompt = compile_template(column.prompt)
        self.system = compile_template(column.system) if column.system else None
        self.skip = compile_template(column.skip_when) if column.skip_when else None
        if self.system is not None and not self.system.names:
            self._fixed, self.system = self.system.render({}), None
        turns = column.turns
        self.tools = Toolbox(turns) if turns is not None and turns.tools else None
        self._models = recipe.models
        self._heated: dict[float, dict[str, JSON]] = {}
        self._note = f"Answer with {column.code} code only." if column.code else ""
        self._turns = [self._example(example) for example in column.examples]
        self._accepted: list[tuple[str, int] | None] = []
        self._written = len(self._turns)
        """Examples of the recipe; the accepted rows come after them."""
        self._heads: dict[tuple[Any, ...], tuple[Message, ...]] = {}

    def skipped(self, values: Row) -> bool:
        """Whether ``skip_when`` says no to this row."""
        if self.skip is None:
            return False
        found = self.skip.evaluate(values)
        if isinstance(found, str):
            return found.strip().lower() not in ("", "false", "no", "0", "none", "null")
        return bool(found)

    def resolve(self, name: str) -> str:
        """``PROFILE/MODEL`` for a short name of the recipe."""
        return self._models.get(name, name)

    def heated(self, temperature: float) -> dict[str, JSON]:
        """The parameters at another temperature; one object for each."""
        found = self._heated.get(temperature)
        if found is None:
            found = self._heated[temperature] = {**self.params, "temperature": temperature}
        return found

    def picks(self, row: RowState) -> tuple[int, ...]:
        """The examples that this row shows: positions among the recipe's, then rows of this
        run in the order in which they were accepted."""
        own = self._borrow(row)
        if self.column.few_shot is None:
            picks = tuple(range(self._written))
        else:
            wanted = self.column.few_shot - len(own)
            picks = self.plan.few_shot(self.name, row.planned.index, row.planned.values, wanted)
        if not own:
            return picks
        both = (*picks, *own)
        order = permutation(
            len(both), self.seed, self.name, "shown", row.index, row.attempt, len(own)
        )
        return tuple(both[place] for place in order)

    def _borrow(self, row: RowState) -> tuple[int, ...]:
        """Rows accepted in earlier rounds, drawn by the row's own place."""
        wanted = self.column.from_accepted
        pool = min(row.pool, len(self._accepted))
        if wanted is None or not pool:
            return ()
        label = (self.name, "accepted", row.index, row.attempt)
        shots = range(min(wanted.shots, pool))
        places = [permuted(shot, pool, self.seed, *label) for shot in shots]
        known = {place: self._accepted[place] for place in places}
        found = {place: whose for place, whose in known.items() if whose is not None}
        row.borrowed.update(found.values())
        return tuple(self._written + place for place in found)

    def learn(self, values: Row, id: str, generation: int) -> None:
        """An accepted row may be shown to the rows of later rounds."""
        if len(self._accepted) >= POOL:
            return
        skipped = values.get(self.name) is None  # it keeps its place: rounds count rows
        self._turns.append(() if skipped else self._example(values))
        self._accepted.append(None if skipped else (id, generation))

    def asked(self, pick: int) -> str:
        """The prompt that one of the examples answers."""
        return self._turns[pick][0]["content"]

    def messages(self, row: RowState, picks: tuple[int, ...]) -> tuple[Message, ...]:
        """System, the examples as turns, and the question."""
        prompt = self.prompt.render(row.values)
        return (*self.head(row, picks), Message(role="user", content=prompt))

    def list_messages(
        self, row: RowState, picks: tuple[int, ...], count: int
    ) -> tuple[Message, ...]:
        """The same, asking for a list of ``count`` answers."""
        note = (
            f'Write {count} different ones as one JSON object {{"items": [...]}}.'
            if self.listed
            else f"Write {count} different ones as a numbered list, one per number."
        )
        prompt = f"{self.prompt.render(row.values)}\n\n{note}"
        return (*self.head(row, picks), Message(role="user", content=prompt))

    def head(self, row: RowState, picks: tuple[int, ...]) -> tuple[Message, ...]:
        """What comes before the question; one object for equal heads."""
        system = self.system.render(row.values) if self.system else self._fixed
        place = (picks, system)
        found = self._heads.get(place)
        if found is None:
            if len(self._heads) > 512:
                self._heads.clear()
            text = "\n\n".join(part for part in (system, self._note) if part)
            turns = [turn for pick in picks for turn in self._turns[pick]]
            first = [Message(role="system", content=text)] if text else []
            found = self._heads[place] = (*first, *turns)
        return found

    def list_schema(self, count: int) -> Mapping[str, JSON] | None:
        """The schema of a list of ``count`` answers; one object for each count."""
        if self.shape is None or not self.listed:
            return None
        if count not in self._list_schemas:
            self._list_schemas[count] = _list_schema(self.shape, count)
        return self._list_schemas[count]

    def read(self, completion: Completion) -> JSON:
        """The column's value, or a ``Misfit``."""
        check_finish(completion, self.max_tokens)
        return self.parse(completion.text)

    def parse(self, text: str) -> JSON:
        """The value in one reply text."""
        column = self.column
        if self.shape is not None:
            return read_json(text, self.shape)
        if column.code is not None:
            return read_code(text, column.code)
        value = read_text(text)
        if not value:
            raise Misfit("empty", "the answer is empty", again=True)
        return value

    def read_list(self, completion: Completion, count: int) -> list[Any]:
        """The values of a verbalised list; what is wrong with one is its ``Misfit``."""
        if completion.finish_reason != "length":
            check_finish(completion, self.max_tokens)
        items = read_items(completion.text, count, self._item, listed=self.listed)
        if completion.finish_reason == "length" and not self.listed:
            items = items[:-1]  # the last line may have been cut in the middle
        if completion.finish_reason == "length" and not items:
            check_finish(completion, self.max_tokens)
        seen: dict[bytes, int] = {}
        for place, item in enumerate(items):
            if isinstance(item, Misfit):
                continue
            key = orjson.dumps(item, option=orjson.OPT_SORT_KEYS)
            if key in seen:
                said = f"item {place + 1} repeats item {seen[key] + 1} of one answer"
                items[place] = Misfit("repeated", said, value=item)
            else:
                seen[key] = place
        return items

    def _item(self, value: JSON) -> JSON:
        if self.listed and self.shape is not None:
            problems = self.shape.problems(value)
            if problems:
                raise Misfit("schema", "; ".join(map(str, problems[:3])), value=value)
            return value
        return self.parse(value if isinstance(value, str) else compact(value))

    def _example(self, example: Mapping[str, JSON]) -> tuple[Message, ...]:
        """One example as the turns that would have led to its value."""
        given = example.get("source")
        # A column that rewrites a source column shows the source's value in its prompt.
        shown = {**example, **given} if isinstance(given, Mapping) else example
        prompt = _lenient(self.prompt, shown)
        answer = example.get(self.name, "")
        return (
            Message(role="user", content=prompt),
            Message(role="assistant", content=compact(answer)),
        )


def _lenient(template: Template, values: Mapping[str, JSON]) -> str:
    """The prompt of an example; names that it gives no value for are left empty."""
    missing = {name.partition(".")[0]: "" for name in template.names if name not in values}
    source = {
        name.partition(".")[2]: values.get(name.partition(".")[2], "")
        for name in template.names
        if name.startswith("source.")
    }
    try:
        return template.render({**missing, **values, "source": source})
    except TemplateError:
        return template.text


def _shape(column: Prompt) -> Schema | None:
    """What an answer must look like; free text has no shape."""
    if column.turns is not None:
        return None
    if column.choices is not None:
        return compile_schema(choices=column.choices)
    if column.json_schema is not None:
        return compile_schema(json_schema=column.json_schema)
    return compile_schema(column.schema_) if column.schema_ is not None else None


def _list_schema(shape: Schema, count: int) -> Mapping[str, JSON]:
    """A list of ``count`` answers as endpoints want it: an object with ``items``."""
    items = {"type": "array", "items": dict(shape.json_schema)}
    return {
        "type": "object",
        "properties": {"items": {**items, "minItems": count, "maxItems": count}},
        "required": ["items"],
        "additionalProperties": False,
    }
