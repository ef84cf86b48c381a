"""One-off augmentation: the recipe behind ``augment(df, column, …)``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synthnb.api.ways import HOW, Way, way_names
from synthnb.errors import RecipeError
from synthnb.recipe import Recipe
from synthnb.recipe.parts import label as label_text
from synthnb.recipe.reading_columns import check_column_name
from synthnb.suggest import did_you_mean
from synthnb.types import JSON

if TYPE_CHECKING:
    from synthnb.source import SourceRows

__all__ = ["HOW", "Wish", "augment_recipe", "without_blanks"]

TAIL = "Answer with the new text alone."
PARAMS = ("temperature", "top_p", "max_tokens", "stop", "presence_penalty", "frequency_penalty")
FEWEST_EACH = 5
"""Rows of every label from which on they can teach a classifier to check it."""
UNCHECKED = (
    f"Labels are not checked: a classifier needs {FEWEST_EACH} rows of each of two labels. "
    "check='PROFILE/MODEL' asks a model."
)
SHOWN, EXAMPLES = 4, 24
_LANGUAGES = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian",
    "nl": "Dutch", "pt": "Portuguese", "pl": "Polish", "tr": "Turkish", "ru": "Russian",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wish:
    """What ``augment`` was asked for."""

    column: str
    n: int = 1
    how: str = "paraphrase"
    label: str | None = None
    group: str | None = None
    to: str | Mapping[Any, Any] | None = None
    check: bool | str = True
    model: str | None = None


def augment_recipe(
    rows: SourceRows, wish: Wish, params: Mapping[str, Any]
) -> tuple[Recipe, int]:
    """The recipe that writes ``wish.column`` anew, and how many rows it should end with."""
    way = _way(wish.how)
    _judge(rows, wish, way)
    labels = rows.values(wish.label) if wish.label is not None else []
    counts = Counter(value for value in labels if isinstance(value, str | int | float))
    given: dict[str, Any] = {k: v for k, v in params.items() if k in PARAMS}
    extra = {name: value for name, value in params.items() if name not in PARAMS}
    if extra:
        given["extra"] = extra
    wanted, target = len(rows) * wish.n, None
    if way is not None and way.rare:
        target = _top_up(counts, wish)
        wanted = target["rows"]
    # A top-up takes its rows in turn, each n times at most.
    per_row = 1 if target is not None else wish.n
    source: dict[str, Any] = {"columns": rows.columns, "order": "file", "per_row": per_row}
    data: dict[str, Any] = {
        "name": f"{wish.column}-augmented",
        "kind": "augment",
        "purpose": "augmentation",
        "source": {
            **source,
            **({"group": wish.group} if wish.group else {}),
            **({"repeat": True} if target else {}),
        },
        "columns": _columns(rows, wish, way, counts),
        "checks": _checks(wish, way, counts),
    }
    if wish.model is not None:
        data["model"] = wish.model
    if given:
        data["params"] = given
    if target is not None:
        data["target"] = target
    return Recipe.from_dict(data), wanted


def without_blanks(source: Any, rows: SourceRows, column: str) -> tuple[Any, int]:
    """The source without rows that have no text in ``column``, and how many those were.

    There is nothing in them to vary: a model would make something up.
    """
    texts = rows.values(column) if column in rows.columns else []
    kept = [place for place, text in enumerate(texts) if text is not None and str(text).strip()]
    if len(kept) == len(texts):
        return source, 0
    if not kept:
        raise RecipeError(f"no row has a text in {column!r}")
    left = len(texts) - len(kept)
    if hasattr(source, "iloc"):
        return source.iloc[kept], left
    return [rows.row(place) for place in kept], left


def _way(how: str) -> Way | None:
    """The way of this name, or ``None`` for a prompt of one's own."""
    own = how.strip() if isinstance(how, str) else ""
    found = HOW.get(own.replace("-", "_"))
    if found is None and " " not in own and "{{" not in own:
        raise RecipeError(
            f"there is no way called {how!r}{did_you_mean(own, HOW)} (known: {way_names()}; "
            "or write a prompt)"
        )
    return found


def _judge(rows: SourceRows, wish: Wish, way: Way | None) -> None:
    for name in (wish.column, wish.label, wish.group):
        if name is not None and name not in rows.columns:
            hint = did_you_mean(str(name), rows.columns)
            raise RecipeError(f"the rows have no column {name!r}{hint}")
    for name in (wish.column, wish.label):
        if name is not None and check_column_name(name) is not None:
            raise RecipeError(
                f"a recipe cannot have a column {name!r} (it takes a plain word of letters, "
                f"digits and '_'): rename it, as in df.rename(columns={{{name!r}: 'text'}})"
            )
    if wish.column == wish.label:
        raise RecipeError(f"{wish.column!r} is both the text to change and its label")
    if type(wish.n) is not int or wish.n < 1:
        raise RecipeError(f"n is a whole number, at least 1, not {wish.n!r}")
    if way is not None and (way.flips or way.rare) and wish.label is None:
        raise RecipeError(f"{wish.how} needs label=, the column that says what a text is")
    if wish.to is not None and (way is None or way.to is None):
        takes = ", ".join(name for name, known in HOW.items() if known.to is not None)
        raise RecipeError(f"{wish.how} takes no to=; those that do: {takes}")
    if isinstance(wish.to, Mapping) and not (way is not None and way.flips):
        raise RecipeError(f"to= is a word here, such as {way.to if way else ''!r}")


def _columns(
    rows: SourceRows, wish: Wish, way: Way | None, counts: Counter[Any]
) -> dict[str, Any]:
    name = wish.column
    text = f"{{{{ {name} }}}}"
    if way is None:
        own = wish.how.strip()
        prompt = own if "{{" in own else f"{own}\n\n{text}\n\n{TAIL}"
        return {name: {"prompt": prompt}}
    if way.rule is not None:
        return {name: {"prompt": text, "model": way.rule}}
    if way.flips:
        return _flipped(wish, way, counts)
    if wish.how.startswith("continuation"):
        return {name: _continued(rows, wish)}
    task = way.task.format(to=wish.to or way.to)
    if wish.how.startswith("back"):
        pivot = f"{name}_pivot"
        home = _language(rows, name)
        return {
            pivot: {"prompt": f"{task}\n\n{{{{ source.{name} }}}}\n\n{TAIL}", "hidden": True},
            name: {"prompt": f"Translate this to {home}:\n\n{{{{ {pivot} }}}}\n\n{TAIL}"},
        }
    kept = ""
    if wish.label:
        kept = f"It must still read as {wish.label} = {{{{ {wish.label} }}}}. "
    return {name: {"prompt": f"{task}\n\n{text}\n\n{kept}{TAIL}"}}


def _flipped(wish: Wish, way: Way, counts: Counter[Any]) -> dict[str, Any]:
    """The other label, and the text changed to it."""
    label, others = wish.label or "", _others(wish, counts)
    # A template writes a truth value as Python does.
    pairs = ", ".join(
        f"{json.dumps(str(old))}: {json.dumps(new)}" for old, new in others.items()
    )
    was, now = f"{{{{ source.{label} }}}}", f"{{{{ {label} }}}}"
    prompt = (
        f"{way.task} no longer reads as {label} = {was} but as {label} = {now}:\n\n"
        f"{{{{ source.{wish.column} }}}}\n\n{TAIL}"
    )
    turned = f"{{{{ {{{pairs}}}[source.{label} | string] }}}}"
    return {label: {"expression": turned}, wish.column: {"prompt": prompt}}


def _others(wish: Wish, counts: Counter[Any]) -> dict[Any, Any]:
    """Label to the one it becomes: as ``to`` says, else the next one."""
    known = sorted(counts, key=label_text)
    if len(known) < 2 and not wish.to:
        raise RecipeError(f"{wish.label} has one label only: say to=, the one to become")
    if isinstance(wish.to, Mapping):
        missing = [value for value in known if value not in wish.to]
        if missing:
            raise RecipeError(f"to= says nothing for {wish.label} = {label_text(missing[0])}")
        return {value: wish.to[value] for value in known}
    if wish.to:
        return dict.fromkeys(known, wish.to)
    return {value: known[(place + 1) % len(known)] for place, value in enumerate(known)}


def _continued(rows: SourceRows, wish: Wish) -> dict[str, Any]:
    """Real rows as examples, labels in turn; the row's own text among the first."""
    by_label: dict[str, list[dict[str, JSON]]] = {}
    for place in range(len(rows)):
        row = rows.row(place)
        key = label_text(row[wish.label]) if wish.label else ""
        shown: dict[str, JSON] = {wish.column: row[wish.column]}
        if wish.label:
            shown[wish.label] = row[wish.label]
        by_label.setdefault(key, []).append(shown)
    turns = max(map(len, by_label.values()), default=0)
    dealt = [
        part[turn] for turn in range(turns) for part in by_label.values() if turn < len(part)
    ]
    asked = f" with {wish.label} = {{{{ {wish.label} }}}}" if wish.label else ""
    return {
        "prompt": f"One more text{asked}, about something else. {TAIL}",
        "few_shot": min(SHOWN, len(dealt)),
        "examples": dealt[:EXAMPLES],
    }


def _language(rows: SourceRows, column: str) -> str:
    """The language that most of the first texts are in."""
    from synthnb.checks.language import detect

    found = Counter(
        detect(str(rows.row(place)[column]))[0] for place in range(min(20, len(rows)))
    )
    code = found.most_common(1)[0][0]
    return _LANGUAGES.get(code or "en", f"the language with the code {code}")


def _checks(wish: Wish, way: Way | None, counts: Counter[Any]) -> list[dict[str, Any]]:
    column = wish.column
    checks: list[dict[str, Any]] = [
        {"duplicate": {"column": column, "against": ["accepted", "source"]}}
    ]
    if way is not None and way.rule is None:
        least, most = way.edits
        checks.append({"edits": {"column": column, "min": least, "max": most}})
    if wish.label is None or wish.check is False:
        return checks
    kept: dict[str, Any] = {"column": column, "label": wish.label}
    if isinstance(wish.check, str):
        checks.append({"label_kept": {**kept, "by": "model", "model": wish.check}})
    elif len(counts) > 1 and min(counts.values()) >= FEWEST_EACH:
        checks.append({"label_kept": {**kept, "by": "classifier"}})
    return checks


def _top_up(counts: Counter[Any], wish: Wish) -> dict[str, Any]:
    """Quotas that bring every label to the commonest's count, n for each row at most."""
    most = max(counts.values(), default=0)
    missing = {
        label_text(value): min(most - count, wish.n * count)
        for value, count in counts.items()
        if count < most
    }
    rows = sum(missing.values())
    if not rows:
        raise RecipeError(f"every label of {wish.label} has {most} rows: nothing to top up")
    return {"rows": rows, "quotas": {wish.label: missing}}
