"""Change values in a YAML text and leave every other character as it was.

Comments, order, quotes and alignment are the author's. The text is parsed for positions
only; what changed is found by comparing plain data before and after.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from synthnb.recipe.yamltext import Node, Path, parse
from synthnb.recipe.yamlwrite import after, entry, flow, scalar
from synthnb.types import JSON

__all__ = ["edit"]

_COMMENT = re.compile(r"[ \t]+#[^\n]*")


class _Awkward(Exception):
    """This node cannot be changed in place: its parent replaces it."""


@dataclass(frozen=True, slots=True)
class _Edit:
    start: int
    end: int
    text: str


def edit(
    text: str, old: JSON, new: JSON, unwrap: Callable[[Path, Node], Node] = lambda _, node: node
) -> str:
    """``text``, which says ``old``, changed so that it says ``new``.

    ``unwrap`` maps a node to the one that stands for the plain data at a path, where the
    text has a longer spelling. What comes back is not judged: parse it to be sure.
    """
    editor = _Editor(text, unwrap)
    root = parse(text)
    edits = editor.changes(root, old, new, ())
    for change in sorted(edits, key=lambda item: (item.start, item.end), reverse=True):
        text = text[: change.start] + change.text + text[change.end :]
    return text


class _Editor:
    def __init__(self, text: str, unwrap: Callable[[Path, Node], Node]) -> None:
        self.text = text
        self.unwrap = unwrap

    def changes(self, node: Node, old: JSON, new: JSON, path: Path) -> list[_Edit]:
        """The edits inside ``node``; raises ``_Awkward`` if it must be replaced whole."""
        node = self.unwrap(path, node)
        if isinstance(old, dict) and isinstance(new, dict) and node.kind == "map":
            return list(self._map(node, old, new, path))
        if isinstance(old, list) and isinstance(new, list) and node.kind == "list":
            return list(self._list(node, old, new, path))
        raise _Awkward

    def _map(
        self, node: Node, old: dict[Any, JSON], new: dict[Any, JSON], path: Path
    ) -> Iterator[_Edit]:
        stay = [key for key in old if key in new]
        if (
            not new
            or not old.keys() <= node.keys.keys()
            or stay != [k for k in new if k in old]
        ):
            raise _Awkward
        for key in node.value:
            if key in old and key not in new:
                yield self._delete(node, key)
        before: Any = None
        for key, value in new.items():
            if key not in node.value:
                yield self._insert(node, before, key, value)
            elif key not in old or old[key] != value or type(old[key]) is not type(value):
                yield from self._value(node, key, old.get(key), value, (*path, key))
            before = key if key in node.value else before

    def _value(self, node: Node, key: Any, old: JSON, new: JSON, path: Path) -> list[_Edit]:
        value = node.value[key]
        try:
            return self.changes(value, old, new, path)
        except _Awkward:
            pass
        if value.start == value.end:
            place = self.text.index(":", node.keys[key].end) + 1
            return [_Edit(place, value.end if value.end > place else place, f" {flow(new)}")]
        if node.flow or self._fits(value, new):
            return [_Edit(value.start, value.end, flow(new))]
        indent = node.keys[key].column
        made = entry(key, new, indent)[indent:].removesuffix("\n")
        return [self._lines(node.keys[key].start, self._end(value), made)]

    def _fits(self, value: Node, new: JSON) -> bool:
        """Whether a one-line value gives way to another one."""
        inline = value.flow and "\n" not in self.text[value.start : value.end]
        return inline and "\n" not in after(new, 0, 0).removesuffix("\n")

    def _lines(self, start: int, end: int, made: str) -> _Edit:
        """Replace whole lines; a comment behind the old ones stays on the first."""
        comment = _COMMENT.match(self.text, end)
        if comment is None or "\n" not in made:
            return _Edit(start, end, made)
        first, _, rest = made.partition("\n")
        return _Edit(start, comment.end(), f"{first}{comment.group()}\n{rest}")

    def _end(self, node: Node) -> int:
        """Where a value's own text ends, comments and blank lines behind it left out."""
        if node.kind == "scalar" or node.flow:
            return node.start + len(self.text[node.start : node.end].rstrip())
        last = list(node.value.values() if node.kind == "map" else node.value)[-1]
        if last.start == last.end:
            raise _Awkward
        return self._end(last)

    def _line_end(self, position: int) -> int:
        """The start of the line after ``position``."""
        found = self.text.find("\n", position)
        return len(self.text) if found < 0 else found + 1

    def _line_start(self, position: int) -> int:
        start = self.text.rfind("\n", 0, position) + 1
        if self.text[start:position].strip():
            raise _Awkward
        return start

    def _delete(self, node: Node, key: Any) -> _Edit:
        keys = list(node.value)
        position = keys.index(key)
        if len(keys) == 1:
            raise _Awkward
        if not node.flow:
            start = self._line_start(node.keys[key].start)
            return _Edit(start, self._line_end(self._end(node.value[key])), "")
        if position + 1 < len(keys):
            return _Edit(node.keys[key].start, node.keys[keys[position + 1]].start, "")
        return _Edit(node.value[keys[position - 1]].end, node.value[key].end, "")

    def _insert(self, node: Node, before: Any, key: Any, value: JSON) -> _Edit:
        """A new key behind ``before``, or in front where there is none."""
        if not node.value:
            raise _Awkward
        first = next(iter(node.keys.values()))
        if node.flow:
            made = f"{scalar(key)}: {flow(value)}"
            if before is None:
                return _Edit(first.start, first.start, f"{made}, ")
            place = node.value[before].end
            return _Edit(place, place, f", {made}")
        made = entry(key, value, first.column, spread=key in {"columns", "checks"})
        if before is None:
            place = self._line_start(first.start)
            return _Edit(place, place, made)
        place = self._line_end(self._end(node.value[before]))
        return _Edit(place, place, self._fresh_line(place) + made)

    def _fresh_line(self, place: int) -> str:
        return "\n" if place and self.text[place - 1] != "\n" else ""

    def _list(
        self, node: Node, old: list[JSON], new: list[JSON], path: Path
    ) -> Iterator[_Edit]:
        if not new or len(node.value) != len(old):
            raise _Awkward
        if len(old) == len(new):
            for position, (was, now) in enumerate(zip(old, new, strict=True)):
                if was != now or type(was) is not type(now):
                    yield from self._item(node, position, was, now, (*path, position))
            return
        kept = _subsequence(new, old)
        if kept is not None and not node.flow:
            for position, item in enumerate(node.value):
                if position not in kept:
                    start = self._line_start(self.text.rindex("-", 0, item.start + 1))
                    yield _Edit(start, self._line_end(self._end(item)), "")
        elif new[: len(old)] == old and old and not node.flow:
            place = self._line_end(self._end(node.value[-1]))
            indent = node.column
            made = "".join(entry_item(item, indent) for item in new[len(old) :])
            yield _Edit(place, place, self._fresh_line(place) + made)
        else:
            raise _Awkward

    def _item(self, node: Node, position: int, old: JSON, new: JSON, path: Path) -> list[_Edit]:
        item = node.value[position]
        try:
            return self.changes(item, old, new, path)
        except _Awkward:
            if item.start == item.end or not (node.flow or self._fits(item, new)):
                raise
            return [_Edit(item.start, item.end, flow(new))]


def entry_item(value: JSON, indent: int) -> str:
    """The lines of one list item."""
    return f"{' ' * indent}- {flow(value)}\n"


def _subsequence(short: list[JSON], long: list[JSON]) -> set[int] | None:
    """Positions in ``long`` whose items, in order, are ``short``; ``None`` if not."""
    kept: set[int] = set()
    start = 0
    for item in short:
        try:
            start = long.index(item, start) + 1
        except ValueError:
            return None
        kept.add(start - 1)
    return kept
