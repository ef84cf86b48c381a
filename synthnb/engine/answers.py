"""From what a model wrote to a column's value: strictly, and never by evaluating it."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from synthnb.engine.problems import Misfit
from synthnb.schema import Schema, SchemaMismatch
from synthnb.types import JSON, Completion

__all__ = [
    "check_finish",
    "compact",
    "read_code",
    "read_items",
    "read_json",
    "read_text",
]

# What small models leave behind when they do not know where their answer ends.
MARKERS = re.compile(
    r"(?:(?:<\|(?:im_end|im_start|eot_id|end|endoftext|end_of_text|end_of_turn)\|>"
    r"|</s>|<end_of_turn>|<eos>)\s*+)++(?:(?:assistant|user)\s*+)?+"
)
FENCED = re.compile(r"\A\s*```[\w+-]*[ \t]*\r?\n(.*)```\s*\Z", re.DOTALL)
BLOCK = re.compile(r"```[\w+-]*[ \t]*\r?\n(.*?)```", re.DOTALL)
ITEM = re.compile(r"\A\s*(?:[-*•]|\(?\d{1,4}\s*[.):])\s+(?=\S)")


def check_finish(completion: Completion, max_tokens: int | None) -> None:
    """A truncated, filtered or empty answer is no answer."""
    finish = completion.finish_reason
    if finish == "length":
        limit = completion.completion_tokens or max_tokens
        at = f" at {limit} tokens" if limit else ""
        raise Misfit("truncated", f"truncated{at}: raise max_tokens", value=limit)
    if finish == "content_filter":
        raise Misfit("content_filter", "the endpoint's content filter stopped the answer")
    if not completion.text.strip():
        if completion.reasoning:
            raise Misfit("reasoning_only", "the answer holds reasoning and no text", again=True)
        raise Misfit("empty", "the answer is empty", again=True)


def read_text(text: str) -> str:
    """The text without white space around it and without trailing chat markers."""
    text = text.strip()
    if text.endswith((">", "assistant", "user")):
        for found in MARKERS.finditer(text):  # each is read once, wherever it stands
            if found.end() == len(text):
                text = text[: found.start()]
    return text.strip()


def read_json(text: str, schema: Schema) -> JSON:
    """The value that a schema or a list of choices reads in a reply; strict."""
    try:
        return schema.parse(read_text(text))
    except SchemaMismatch as error:
        mismatch = error
    said = str(mismatch)
    first = mismatch.problems[0].rule if mismatch.problems else ""
    if schema.choices is not None:
        listed = ", ".join(map(compact, schema.choices))
        again = f"Answer with exactly one of: {listed}."
        raise Misfit("choices", said, value=text[:200], feedback=again)
    if first == "json":
        again = f"That is {said}. Answer with the JSON alone."
        raise Misfit("malformed_json", said, value=text[:200], feedback=again)
    again = f"That JSON does not fit: {said}. Answer with the corrected JSON alone."
    raise Misfit("schema", said, feedback=again)


def read_code(text: str, language: str) -> str:
    """Code without its fences; Python must parse (it is never run here)."""
    text = read_text(text)
    blocks = BLOCK.findall(text)
    if blocks:
        text = max(blocks, key=len)
    elif text.startswith("```"):
        raise Misfit("code", "the code block is not closed", again=True)
    text = text.strip("\r\n").rstrip()
    if language.lower() in ("python", "python3", "py"):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # an odd escape is no error
                ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            line = getattr(error, "lineno", None)
            what = f"{getattr(error, 'msg', error)}" + (f" (line {line})" if line else "")
            raise Misfit(
                "code",
                f"not Python: {what}",
                feedback=f"That is not valid Python: {what}. Answer with the code alone.",
            ) from None
    return text


def read_items(
    text: str, count: int, read: Callable[[JSON], JSON], *, listed: bool
) -> list[Any]:
    """The items of a verbalised list; a broken one is its ``Misfit``.

    ``listed`` expects JSON (``{"items": […]}`` or an array), else a numbered list. Items
    beyond ``count`` are left out; an array that was cut off gives its complete items.
    """
    raw = _array(text) if listed else _numbered(text)
    if not raw:
        raise Misfit("list", "the answer holds no list", value=text[:200], again=True)
    items: list[Any] = []
    for value in raw[:count]:
        try:
            items.append(read(value))
        except Misfit as misfit:
            items.append(misfit)
    return items


def _numbered(text: str) -> list[JSON]:
    """One item a number or bullet; lines below one belong to it."""
    items: list[str] = []
    lines = read_text(text).splitlines()
    marked = any(ITEM.match(line) for line in lines)
    for line in lines:
        if not line.strip():
            continue
        if not marked or ITEM.match(line):
            items.append(ITEM.sub("", line).strip())
        elif items:
            items[-1] += "\n" + line.strip()
    return [item for item in items if item]


def _array(text: str) -> list[JSON]:
    text = read_text(text)
    if text.startswith("```"):
        fenced = FENCED.match(text)
        text = fenced[1] if fenced else text.split("\n", 1)[-1]
    try:
        value = orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        return _salvage(text)
    if isinstance(value, Mapping):
        value = next((item for item in value.values() if isinstance(item, list)), [])
    return value if isinstance(value, list) else []


def _salvage(text: str) -> list[JSON]:
    """The complete items of an array whose end is missing."""
    import json

    start = text.find("[")
    decoder, items = json.JSONDecoder(), []
    position = start + 1
    while start >= 0:
        while position < len(text) and text[position] in " \t\r\n,":
            position += 1
        try:
            value, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            break
        # A number or word at the very end may have been cut in the middle.
        if end >= len(text) and not isinstance(value, str | dict | list):
            break
        items.append(value)
        position = end
    return items


def compact(value: JSON) -> str:
    """A value as an assistant's turn shows it: text as it is, anything else compact JSON."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()
