"""Which column is the prompt, which the answer: guessed by kind and name, or told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from synthnb.errors import ExportError
from synthnb.suggest import did_you_mean
from synthnb.types import JSON, Row
from synthnb.visible import one_line

if TYPE_CHECKING:
    from synthnb.batch import Batch

__all__ = ["Columns", "is_talk", "reach", "text"]

NAMES: dict[str, tuple[str, ...]] = {
    "messages": ("messages", "chat", "conversation", "dialogue", "turns"),
    "prompt": ("prompt", "instruction", "question", "task", "item", "query", "problem"),
    "input": ("input", "context"),
    "system": ("system",),
    "response": (
        *("response", "completion", "output", "answer", "solution", "reply", "summary"),
        *("translation", "reference"),
    ),
    "chosen": ("chosen",),
    "rejected": ("rejected",),
    "margin": ("margin",),
    "label": ("label", "good"),
    "text": ("text", "document", "story"),
    "choices": ("choices", "options"),
    "key": ("key", "target", "correct", "answer", "solution", "response"),
    "id": ("id",),
    "tools": ("tools",),
}
"""Role to the names that a column of it usually has, best first."""

KINDS: dict[str, dict[str, str]] = {
    "benchmark": {"prompt": "item"},
    "preference": {"response": "response"},
    "code": {"prompt": "task", "response": "solution"},
}
"""What a kind's own columns are called, before the usual names."""

_SAMPLE = 200


class Columns:
    """Roles of a batch's columns for one format.

    ``given`` is what the user said, ``alias`` the names under which a format's own
    documentation knows a role (``completion`` is our ``response``). A column may be a field
    of a structured one: ``answer.text``.
    """

    def __init__(
        self,
        batch: Batch,
        format: str,
        given: Mapping[str, str] | None = None,
        *,
        roles: Sequence[str],
        alias: Mapping[str, str] | None = None,
        words: Mapping[str, str] | None = None,
    ) -> None:
        self.format = format
        self._there = list(batch.columns)
        self._sample = [record.values for record in islice(iter(batch.accepted), _SAMPLE)]
        self._kind = batch.recipe.kind or ""
        self._words = dict(words or {})
        self._alias = {**(alias or {}), **{word: role for role, word in self._words.items()}}
        self._roles = tuple(roles)
        self._given = {self._role(name): column for name, column in (given or {}).items()}
        for column in self._given.values():
            self._known(column)

    def __contains__(self, role: str) -> bool:
        return self.find(role) is not None

    def find(self, role: str) -> str | None:
        """The column of a role, ``None`` where there is none."""
        if role in self._given:
            return self._given[role]
        if role == "messages":
            return self._talk()
        own = KINDS.get(self._kind, {}).get(role)
        names = ((own,) if own else ()) + NAMES[role]
        for name in names:
            if name in self._there and (found := self._fitting(name, names)):
                return found
        for name in names:
            for column in self._there:
                if name in self._fields(column):
                    return f"{column}.{name}"
        return None

    def need(self, *roles: str, instead: str = "") -> list[str]:
        """Columns of these roles, or the one line that says what is missing."""
        found = [self.find(role) for role in roles]
        if None not in found:
            return [column for column in found if column is not None]
        if not self._sample:
            raise ExportError(f"{self.format}: there is no row to write (none was accepted)")
        shown = [self._shown(role) for role in roles]
        there = ", ".join(one_line(name, 40) for name in self._there) or "none"
        hint = ", ".join(f"{name!r}: …" for name in shown)
        raise ExportError(
            f"{self.format} needs columns for {' and '.join(shown)}{instead}; there are "
            f"{there}. Say which is which: columns={{{hint}}}, or --column {shown[0]}=…"
        )

    def told(self, role: str) -> bool:
        """Whether the user named this role's column."""
        return role in self._given

    def _role(self, name: str) -> str:
        role = self._alias.get(name, name)
        if role not in self._roles:
            known = [*self._roles, *self._alias]
            hint = did_you_mean(name, known) or f"; it has {', '.join(known)}"
            raise ExportError(f"columns: {self.format} has no {one_line(name, 40)!r}{hint}")
        return role

    def _shown(self, role: str) -> str:
        return self._words.get(role, role)

    def _known(self, column: str) -> None:
        if not isinstance(column, str) or column.partition(".")[0] not in self._there:
            hint = did_you_mean(str(column), self._there)
            there = ", ".join(one_line(name, 40) for name in self._there)
            raise ExportError(
                f"columns: there is no column {one_line(str(column), 40)!r}"
                f"{hint or f'; there are {there}'}"
            )

    def _fitting(self, name: str, names: Sequence[str]) -> str | None:
        """The column itself, or the field of it that has the role's name."""
        fields = self._fields(name)
        if not fields:
            return name
        inner = next((other for other in names if other in fields), None)
        return f"{name}.{inner}" if inner else name

    def _fields(self, column: str) -> list[str]:
        for row in self._sample:
            value = row.get(column)
            if isinstance(value, dict):
                return list(value)
        return []

    def _talk(self) -> str | None:
        talks = [
            name for name in self._there if any(is_talk(row.get(name)) for row in self._sample)
        ]
        known = [name for name in NAMES["messages"] if name in talks]
        return next(iter([*known, *talks]), None)


def is_talk(value: JSON) -> bool:
    """Whether a value is a list of messages: objects with a role, and words or tool calls."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(
            isinstance(turn, dict)
            and isinstance(turn.get("role"), str)
            and ("content" in turn or "tool_calls" in turn)
            for turn in value
        )
    )


def reach(row: Row, column: str) -> JSON:
    """The value of a column or of a field of it; ``None`` where a row has none."""
    value: JSON = row
    if column in row:
        return row[column]
    for step in column.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def text(value: JSON) -> str:
    """A value as words to train on: text as it is, compact JSON for the rest.

    >>> text("Yes."), text(3), text(None), text(["a"])
    ('Yes.', '3', '', '["a"]')
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    import json

    return json.dumps(value, ensure_ascii=False)
