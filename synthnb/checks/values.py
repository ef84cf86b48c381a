"""What checks read: a value at a path, a value as text, words in any script."""

from __future__ import annotations

import re
from collections.abc import Mapping

import orjson

from synthnb.types import JSON, Row

__all__ = ["as_plain", "count_words", "normal_words", "reach", "texts_of"]

_CONTINUOUS = (
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Tibetan, Burmese, Khmer
    "\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Scripts that write no spaces between words: each of their characters counts as a word."""
_SPACED = re.compile(rf"[{_CONTINUOUS}]|[^\W{_CONTINUOUS}][^\s{_CONTINUOUS}]*")
_WORDS = re.compile(rf"[{_CONTINUOUS}]|[^\W_{_CONTINUOUS}]+(?:['’][^\W_{_CONTINUOUS}]+)*")


def reach(values: Row, path: str) -> JSON:
    """The value at a column or a dotted path below one; ``None`` where there is none."""
    found: JSON = values
    for step in path.split("."):
        if isinstance(found, dict):
            found = found.get(step)
        elif isinstance(found, list) and step.isdigit() and int(step) < len(found):
            found = found[int(step)]
        else:
            return None
    return found


def as_plain(value: JSON) -> str:
    """A value as the text that checks measure.

    A conversation is its turns (a tool call its name and arguments), candidates are their
    answers, an object is its JSON.

    >>> as_plain([{"role": "user", "content": "Tea?"}]), as_plain({"a": 1})
    ('Tea?', '{"a":1}')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        if all("content" in item or "tool_calls" in item for item in value):
            return "\n".join(map(_turn, value))
        if all("answer" in item for item in value):
            return "\n".join(as_plain(item["answer"]) for item in value)
    if value is None:
        return ""
    return orjson.dumps(value).decode() if isinstance(value, dict | list) else str(value)


def _turn(turn: Mapping[str, JSON]) -> str:
    """What a turn says, else what it calls."""
    calls = turn.get("tool_calls")
    if turn.get("content") or not isinstance(calls, list):
        return as_plain(turn.get("content"))
    called = [call.get("function", call) for call in calls if isinstance(call, dict)]
    return "\n".join(
        f"{as_plain(f.get('name'))}({as_plain(f.get('arguments'))})"
        for f in called
        if isinstance(f, dict)
    )


def texts_of(value: JSON) -> list[str]:
    """Every text inside a value, keys left out.

    >>> texts_of({"a": "x", "b": [1, {"c": "y"}]})
    ['x', 'y']
    """
    found: list[str] = []
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            found.append(item)
        elif isinstance(item, list):
            todo += reversed(item)
        elif isinstance(item, dict):
            todo += reversed(item.values())
    return found


def count_words(text: str) -> int:
    """Words between white space that hold a letter or digit; scripts without spaces count by
    the character.

    >>> count_words("It's well-known - isn't it?"), count_words("我喜欢猫")
    (4, 4)
    """
    return len(_SPACED.findall(text))


def normal_words(text: str) -> list[str]:
    """Lower-case words without punctuation, characters where a script has no spaces.

    A text without any word (emoji) gives its visible characters.
    """
    return _WORDS.findall(text.casefold()) or list("".join(text.split()))
