"""Strict YAML 1.2 text to a tree that knows its lines; plain data to the same tree.

Aliases, anchors, tags, directives, deep nesting and duplicate keys are refused while
the parser's events go by, so nothing is built from a hostile file before it is judged.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from synthnb.errors import RecipeError
from synthnb.types import JSON

__all__ = ["MAX_BYTES", "MAX_DEPTH", "Node", "Path", "parse", "plain"]

MAX_BYTES = 1 << 20
MAX_DEPTH = 32
MAX_NODES = 20_000

Path: TypeAlias = tuple[Any, ...]
"""Keys and positions from the root to a node."""

_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_JSON = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_SURROGATE = re.compile("[\ud800-\udfff]")
_WORDS = {
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


@dataclass(slots=True)
class Node:
    """One scalar, list or map, with where it stands in the text.

    ``value`` is the scalar itself, a list of nodes, or a dict of key to node.
    ``line`` is 1-based, ``None`` for data that never was text. ``start`` and ``end``
    are character offsets; a block value's ``end`` may reach to the next token.
    """

    kind: Literal["scalar", "list", "map"]
    value: Any
    line: int | None = None
    start: int = 0
    end: int = 0
    column: int = 0
    flow: bool = True
    keys: dict[Hashable, Node] = field(default_factory=dict)
    """The key nodes of a map, by key."""

    def data(self) -> JSON:
        """The plain value."""
        if self.kind == "list":
            return [item.data() for item in self.value]
        if self.kind == "map":
            return {key: item.data() for key, item in self.value.items()}
        return self.value

    def get(self, key: Hashable) -> Node | None:
        """The node under ``key`` of a map, ``None`` elsewhere."""
        found = self.value.get(key) if self.kind == "map" else None
        return found if isinstance(found, Node) else None

    def key_line(self, key: Hashable) -> int | None:
        """The line on which a key of this map stands."""
        node = self.keys.get(key)
        return node.line if node is not None else self.line

    def line_of(self, path: Path) -> int | None:
        """The line of the deepest node on the way to ``path``; unknown steps are skipped."""
        node, line = self, self.line
        for step in path:
            if node.kind == "map" and step in node.value:
                line = node.key_line(step) or line
                node = node.value[step]
            elif node.kind == "list" and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.line or line
        return line


def plain(value: Any) -> Node:
    """The tree of plain data. Anything that is no list or map is a scalar."""
    if isinstance(value, Mapping):
        return Node("map", {key: plain(item) for key, item in value.items()})
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return Node("list", [plain(item) for item in value])
    return Node("scalar", value)


def parse(text: str, *, first_line: int = 1) -> Node:
    """The tree of one YAML document.

    ``first_line`` is the number of the text's first line in errors (a cell's head does
    not begin on line 1). Raises ``RecipeError`` with the line of what is refused.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise RecipeError(f"the recipe is larger than {MAX_BYTES >> 20} MiB")
    offset = first_line - 1
    try:
        return _Builder(offset).document(YAML(typ="safe", pure=True).parse(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 + offset if mark is not None else None
        raise RecipeError(f"not valid YAML: {_what(error)}", line=line) from None
    except (YAMLError, ValueError, RecursionError) as error:
        line = _bad_character_line(text)
        where = line + offset if line else None
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise RecipeError(f"not valid YAML: {first}", line=where) from None


def _what(error: Any) -> str:
    words = " ".join(str(error.problem or error.context or "cannot be read").split())
    if "cannot start any token" in words and "\\t" in words:
        words += " (indent with spaces, not with tabs)"
    elif "cannot start any token" in words:
        words += " (put text with special characters in quotes)"
    elif "mapping values are not allowed" in words:
        words += " (put text that holds ': ' in quotes)"
    elif "<stream end>" in words:
        words = "a bracket is open: ']' or '}' is missing"
    elif "unexpected end of stream" in words:
        words = "a quote is open"
    return words


def _bad_character_line(text: str) -> int | None:
    bad = re.search("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
    return text.count("\n", 0, bad.start()) + 1 if bad else None


class _Builder:
    """Turns parser events into nodes and refuses what a recipe may not hold."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        self.nodes = 0

    def document(self, events: Iterator[Any]) -> Node:
        """The one document in the stream; an empty stream is an empty map."""
        root: Node | None = None
        for event in events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                if root is not None:
                    self.refuse(event, "a second document; a recipe is one")
                if event.version or event.tags:
                    self.refuse(event, "YAML directives are not allowed")
            elif kind in {
                "ScalarEvent",
                "SequenceStartEvent",
                "MappingStartEvent",
                "AliasEvent",
            }:
                root = self.node(event, events, 1)
        return root if root is not None else Node("map", {}, 1 + self.offset)

    def refuse(self, event: Any, message: str) -> None:
        raise RecipeError(message, line=event.start_mark.line + 1 + self.offset)

    def node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        self.nodes += 1
        kind = type(event).__name__
        if kind == "AliasEvent" or event.anchor is not None:
            sign = "*" if kind == "AliasEvent" else "&"
            self.refuse(event, f"anchors and aliases ({sign}{event.anchor}) are not allowed")
        if event.tag is not None:
            self.refuse(event, f"tags ({event.tag}) are not allowed")
        if depth > MAX_DEPTH:
            self.refuse(event, f"nested more than {MAX_DEPTH} levels deep")
        if self.nodes > MAX_NODES:
            self.refuse(event, f"more than {MAX_NODES:,} values; put rows in a source file")
        mark = event.start_mark
        node = Node("scalar", None, mark.line + 1 + self.offset, mark.index, 0, mark.column)
        if kind == "ScalarEvent":
            node.value = self.scalar(event)
            node.flow, node.end = event.style not in {"|", ">"}, event.end_mark.index
            return node
        node.flow = bool(event.flow_style)
        closing = self.items if kind == "SequenceStartEvent" else self.pairs
        node.end = closing(node, events, depth).end_mark.index
        return node

    def items(self, node: Node, events: Iterator[Any], depth: int) -> Any:
        node.kind, node.value = "list", []
        for event in events:
            if type(event).__name__ == "SequenceEndEvent":
                break
            node.value.append(self.node(event, events, depth + 1))
        return event

    def pairs(self, node: Node, events: Iterator[Any], depth: int) -> Any:
        node.kind, node.value = "map", {}
        for event in events:
            if type(event).__name__ == "MappingEndEvent":
                break
            key = self.node(event, events, depth + 1)
            if key.kind != "scalar" or key.value is None:
                self.refuse(event, "a key must be a word, a number, true or false")
            if key.value in node.keys:
                self.refuse(event, f"{_shown(key.value)} appears twice in this map")
            node.keys[key.value] = key
            node.value[key.value] = self.node(next(events), events, depth + 1)
        return event

    def scalar(self, event: Any) -> JSON:
        text: str = event.value
        if _SURROGATE.search(text):
            self.refuse(event, "half a surrogate pair is not text")
        if event.style is not None:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if len(text) > 400 and text[:400].isdigit():
            self.refuse(event, "a number of more than 400 digits; put text in quotes")
        if _INT.fullmatch(text):
            return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
        if _FLOAT.fullmatch(text):
            number = float(text)
            if number in {float("inf"), float("-inf")}:
                self.refuse(event, f"{text[:20]} is too large a number")
            return number
        if _NOT_JSON.fullmatch(text):
            self.refuse(event, f"{text} is not a JSON number")
        if text == "<<":
            self.refuse(event, "merge keys (<<) are not allowed")
        return text


def _shown(value: JSON) -> str:
    return repr(value) if isinstance(value, str) else str(value)
