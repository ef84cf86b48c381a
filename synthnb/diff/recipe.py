"""What changed between two recipes, as YAML that people read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from synthnb.diff.words import Parts, differences
from synthnb.recipe.yamlwrite import entry, flow, scalar
from synthnb.types import JSON
from synthnb.visible import clip

if TYPE_CHECKING:
    from synthnb.recipe import Recipe

__all__ = ["Line", "RecipeDiff", "changed_keys", "changed_words", "compare_recipes"]

Op: TypeAlias = Literal["same", "removed", "added", "skipped"]
NEUTRAL = frozenset({"name", "description", "license", "budget", "target", "synthnb"})
"""Keys that leave the rows as they are."""
MAPS = frozenset({"columns", "checks", "params", "models"})
"""Keys whose own keys stand for themselves: a first check is a check, not all of them."""
WORDS = 40
"""Characters of what was taken away, and of what was added, in a line about a change."""
_MISSING: Any = object()


@dataclass(frozen=True, slots=True)
class Line:
    """One line: unchanged, only in the old recipe, only in the new one, or left out."""

    op: Op
    parts: Parts

    def __str__(self) -> str:
        text = "".join(piece for _, piece in self.parts)
        return {"same": "  ", "removed": "- ", "added": "+ ", "skipped": "  "}[self.op] + text


@dataclass(frozen=True, slots=True)
class RecipeDiff:
    """The changed keys and the lines that show them. Prints as a diff of YAML."""

    changed: tuple[str, ...]
    """Dotted keys with another value: ``columns.text.prompt``."""
    total: int
    """Keys that either recipe has."""
    lines: tuple[Line, ...]
    parts: tuple[str, ...] = ()
    """What changed, as people count it: a column or a check that came or went is one."""

    @property
    def effective(self) -> tuple[str, ...]:
        """Changed keys that can change rows."""
        return _effective(self.changed)

    @property
    def effective_parts(self) -> tuple[str, ...]:
        """Changed parts that can change rows."""
        return _effective(self.parts)

    def __str__(self) -> str:
        return "\n".join(str(line).rstrip() for line in self.lines)


def compare_recipes(
    old: Recipe, new: Recipe, used: tuple[str | None, str | None] = (None, None)
) -> RecipeDiff:
    """The difference of two recipes; ``used`` are models that settings chose for them.

    >>> from synthnb import Recipe
    >>> a = Recipe.loads("synthnb: 1\\nseed: 1\\ncolumns: {text: {prompt: A short text}}")
    >>> b = a.replace(seed=2)
    >>> print(compare_recipes(a, b))
    - seed: 1
    + seed: 2
      … columns unchanged
    """
    left, right = _data(old, used[0]), _data(new, used[1])
    keys = dict.fromkeys([*_leaves(left), *_leaves(right)])
    moved = [k for k in keys if _at(left, k) != _at(right, k)]
    lines = tuple(_walk(left, right, (), 0)) if moved else ()
    changed = tuple(".".join(k) for k in moved)
    parts = dict.fromkeys(".".join(_part(left, right, k)) for k in moved)
    return RecipeDiff(changed, len(keys), lines, tuple(parts))


def changed_keys(old: Recipe, new: Recipe) -> list[str]:
    """Changed keys that can change rows, shortened: ``text.prompt``, ``temperature``, and
    ``checks.length`` for whatever changed of a check."""
    found = compare_recipes(old, new).effective
    short = (key.removeprefix("columns.").removeprefix("params.") for key in found)
    return list(dict.fromkeys(".".join(key.split(".")[:2]) for key in short))


def changed_words(old: Recipe, new: Recipe) -> str:
    """What the first change that can change rows took away and added, cut to a few words.

    Empty where that is no text and no single value.

    >>> from synthnb import Recipe
    >>> a = Recipe.loads("synthnb: 1\\ncolumns: {text: {prompt: A short text}}")
    >>> changed_words(a, a.replace(columns={"text": {"prompt": "A long text"}}))
    '−short +long'
    >>> changed_words(a, a.replace(params={"temperature": 0.2}))
    'not set → 0.2'
    """
    keys = compare_recipes(old, new).effective
    if not keys:
        return ""
    left, right = _data(old, None), _data(new, None)
    path = next(p for p in (*_leaves(left), *_leaves(right)) if ".".join(p) == keys[0])
    a, b = _at(left, path), _at(right, path)
    known = [v for v in (a, b) if v is not _MISSING]
    if all(isinstance(v, int | float) for v in known):
        return " → ".join("not set" if v is _MISSING else scalar(v) for v in (a, b))
    if not all(isinstance(v, str) for v in known):
        return ""
    texts = ("" if v is _MISSING else v for v in (a, b))
    gone, come = ([p for mark, p in parts if mark] for parts in differences(*texts))
    sides = [(sign, clip(" … ".join(p), WORDS)) for sign, p in (("−", gone), ("+", come)) if p]
    return " ".join(f"{sign}{words}" for sign, words in sides)


def _data(recipe: Recipe, model: str | None) -> dict[str, JSON]:
    data = {k: v for k, v in recipe.to_dict().items() if k != "synthnb"}
    if model is not None and "model" not in data:
        data["model"] = model
    if isinstance(data.get("checks"), list):
        data["checks"] = _by_rule(data["checks"])
    return data


def _by_rule(checks: list[JSON]) -> dict[str, JSON]:
    """Checks by their rule, so that the same one is compared with itself."""
    found: dict[str, JSON] = {}
    for check in checks:
        named = isinstance(check, dict) and len(check) == 1
        rule, options = next(iter(check.items())) if named else (str(check), {})
        name, count = rule, 2
        while name in found:
            name, count = f"{rule} {count}", count + 1
        found[name] = options
    return found


def _nested(value: JSON, path: tuple[str, ...]) -> bool:
    """Whether a value is compared key by key; the weights of a category are one value."""
    if not isinstance(value, dict) or not value:
        return False
    weights = len(path) == 2 and path[0] == "columns"
    return not (weights and all(isinstance(v, int | float) for v in value.values()))


def _leaves(value: JSON, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if _nested(value, path):
        for key, item in value.items():
            yield from _leaves(item, (*path, str(key)))
    else:
        yield path


def _at(value: JSON, path: tuple[str, ...]) -> JSON:
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return _MISSING
        value = value[key]
    return value


def _part(left: JSON, right: JSON, path: tuple[str, ...]) -> tuple[str, ...]:
    """The outermost key above a changed one that is not compared key by key."""
    for end in range(2 if path[0] in MAPS else 1, len(path)):
        head = path[:end]
        if not (_nested(_at(left, head), head) and _nested(_at(right, head), head)):
            return head
    return path


def _effective(keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(key for key in keys if key.split(".")[0] not in NEUTRAL)


def _walk(
    old: Mapping[str, JSON], new: Mapping[str, JSON], path: tuple[str, ...], indent: int
) -> Iterator[Line]:
    bullet = "- " if path == ("checks",) else ""
    same = []
    for key in _keys(old, new):
        a, b = old.get(key, _MISSING), new.get(key, _MISSING)
        here = (*path, str(key))
        if a == b and a is not _MISSING:
            same.append(key)
        elif a is not _MISSING and b is not _MISSING:
            yield from _changed(key, a, b, here, indent, bullet)
        elif b is _MISSING:
            yield from _all("removed", key, a, indent, bullet)
        else:
            yield from _all("added", key, b, indent, bullet)
    if same:
        shown = ", ".join(str(key) for key in same[:6])
        more = f" and {len(same) - 6} more" if len(same) > 6 else ""
        yield _plain("skipped", f"{' ' * indent}… {shown}{more} unchanged")


def _keys(old: Mapping[str, JSON], new: Mapping[str, JSON]) -> list[str]:
    """Keys in the new order, removed ones where they stood."""
    keys = list(new)
    for place, key in enumerate(old):
        if key not in new:
            keys.insert(min(place, len(keys)), key)
    return keys


def _changed(
    key: str, a: JSON, b: JSON, path: tuple[str, ...], indent: int, bullet: str
) -> Iterator[Line]:
    head = f"{' ' * indent}{bullet}{scalar(key)}:"
    if _nested(a, path) and _nested(b, path):
        yield _plain("same", head)
        yield from _walk(a, b, path, indent + 2 + len(bullet))
    elif isinstance(a, str) and isinstance(b, str) and "\n" in a + b:
        yield _plain("same", f"{head} |")
        yield from _rows(a.split("\n"), b.split("\n"), " " * (indent + 2))
    elif isinstance(a, list) and isinstance(b, list) and any(map(_long, (a, b))):
        yield _plain("same", head)
        yield from _rows([flow(i) for i in a], [flow(i) for i in b], " " * (indent + 2) + "- ")
    else:
        before = _entry(key, a, indent, bullet)
        after = _entry(key, b, indent, bullet)
        yield from _replaced(before, after)


def _long(items: list[JSON]) -> bool:
    return len(flow(items)) > 60


def _rows(old: list[str], new: list[str], pad: str) -> Iterator[Line]:
    """Lines of a text or items of a list, those in common left out but for their number."""
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for op, i, i_end, j, j_end in matcher.get_opcodes():
        if op == "equal":
            n = i_end - i
            yield _plain("skipped", f"{pad.rstrip('- ')}  … {n} unchanged")
        else:
            yield from _replaced(
                [pad + text for text in old[i:i_end]], [pad + text for text in new[j:j_end]]
            )


def _replaced(old: list[str], new: list[str]) -> Iterator[Line]:
    """Old lines, then new ones; words marked where lines stand for each other."""
    if len(old) != len(new):
        yield from (_plain("removed", line) for line in old)
        yield from (_plain("added", line) for line in new)
        return
    pairs = [differences(a, b) for a, b in zip(old, new, strict=True)]
    yield from (Line("removed", a) for a, _ in pairs)
    yield from (Line("added", b) for _, b in pairs)


def _all(op: Op, key: str, value: JSON, indent: int, bullet: str) -> Iterator[Line]:
    yield from (_plain(op, line) for line in _entry(key, value, indent, bullet))


def _entry(key: str, value: JSON, indent: int, bullet: str) -> list[str]:
    inner = indent + len(bullet)
    lines = entry(key, value, inner).rstrip("\n").split("\n")
    if bullet:
        lines[0] = " " * indent + bullet + lines[0].lstrip()
    return lines


def _plain(op: Op, text: str) -> Line:
    return Line(op, ((False, text),))
