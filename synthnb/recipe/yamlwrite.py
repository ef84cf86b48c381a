"""Plain data to YAML that people like to read: one line where it fits, blocks elsewhere.

The output depends on the data alone, so equal recipes are equal files on every machine.
"""

from __future__ import annotations

import json
import re

from synthnb.types import JSON

__all__ = ["WIDTH", "block", "flow", "scalar"]

WIDTH = 96

_PLAIN = re.compile(r"[A-Za-z_][\w./+ -]*(?<! )", re.ASCII)
_AMBIGUOUS = re.compile(
    r"(?:yes|no|on|off|true|false|null|none|nan|inf)|[0-9.+-].*", re.IGNORECASE
)
# All but what shows itself: control characters, and those that hide or reorder other ones.
_HARD = re.compile(
    "[^\t\n\x20-\x7e\xa0-\u061b\u061d-\u200a\u200c-\u2027\u202f-\u205f\u2070-\ud7ff"
    "\ue000-\ufefe\uff00-\ufff8\ufffc\ufffd\U00010000-\U000dffff\U000e0080-\U0010ffff]"
)


def scalar(value: JSON) -> str:
    """One scalar on one line, quoted where any YAML reader might take it for another."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        text = repr(value)
        return text if "." in text or "e" not in text else text.replace("e", ".0e")
    if isinstance(value, int):
        return str(value)
    if _PLAIN.fullmatch(value) and not _AMBIGUOUS.fullmatch(value):
        return str(value)
    quoted = json.dumps(value, ensure_ascii=False)
    return _HARD.sub(_escaped, quoted)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\U{code:08x}" if code > 0xFFFF else f"\\u{code:04x}"


def flow(value: JSON) -> str:
    """Any value on one line."""
    if isinstance(value, dict):
        pairs = (f"{scalar(key)}: {flow(item)}" for key, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    return scalar(value)


def block(
    value: dict[JSON, JSON], indent: int = 0, open_keys: frozenset[str] = frozenset()
) -> str:
    """A map as lines, one key a line; keys in ``open_keys`` are always spread out."""
    return "".join(
        entry(key, item, indent, spread=key in open_keys) for key, item in value.items()
    )


def entry(key: JSON, value: JSON, indent: int, *, spread: bool = False) -> str:
    """The lines of one key and its value, ended by a line feed."""
    return (
        " " * indent + scalar(key) + ":" + after(value, indent, len(scalar(key)), spread=spread)
    )


def after(value: JSON, indent: int, used: int, *, spread: bool = False) -> str:
    """What follows ``key:`` or ``-``: the value on this line or on the next ones."""
    if isinstance(value, str) and _literal(value):
        return _block_text(value, indent)
    nested = isinstance(value, dict | list) and bool(value)
    if not nested or (not spread and not _has_lines(value)):
        line = flow(value)
        if not nested or indent + used + 2 + len(line) <= WIDTH:
            return f" {line}\n"
    if isinstance(value, dict):
        return "\n" + block(value, indent + 2)
    return "\n" + "".join(_item(item, indent + 2) for item in value)


def _item(value: JSON, indent: int) -> str:
    line = after(value, indent, 1)
    if isinstance(value, dict) and value and line.startswith("\n"):
        inner = block(value, indent + 2)
        return " " * indent + "- " + inner[indent + 2 :]
    return " " * indent + "-" + line


def _has_lines(value: JSON) -> bool:
    if isinstance(value, dict):
        return any(_has_lines(item) for item in value.values())
    if isinstance(value, list):
        return any(_has_lines(item) for item in value)
    return isinstance(value, str) and _literal(value)


def _literal(text: str) -> bool:
    """Whether a text can stand as a literal block without loss."""
    lines = text.split("\n")
    return (
        len(lines) > 1
        and bool(lines[0])
        and not lines[0][0].isspace()
        and not _HARD.search(text)
        and not text.endswith("\n\n")
        and not any(line != line.rstrip() for line in lines)
    )


def _block_text(text: str, indent: int) -> str:
    head = " |\n" if text.endswith("\n") else " |-\n"
    pad = " " * (indent + 2)
    lines = text.removesuffix("\n").split("\n")
    return head + "".join(f"{pad}{line}\n" if line else "\n" for line in lines)
