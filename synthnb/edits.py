"""Rows with values that a person gave them: what was measured is measured again, or says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from synthnb.types import Reason, Record

if TYPE_CHECKING:
    from synthnb.recipe.parts import CheckSpec
    from synthnb.types import Row

__all__ = ["edited"]

MEASURED = ("length", "words")
"""Rules that need nothing but the text: an edited one is measured again."""
BEFORE = "before the edit"


def edited(record: Record, own: Row, specs: Sequence[CheckSpec] = ()) -> Record:
    """The record with some values of its own, and with checks that are true of them.

    Lengths and words are those of the text that stands now; what other checks said of a
    column that changed, and why the row was rejected, was ``before the edit``. ``specs`` are
    the recipe's checks.
    """
    values = {**record.values, **own}
    changed = {name for name in own if own[name] != record.values.get(name)}
    now = {
        (spec.rule, _column(spec)): _measure(spec, values)
        for spec in specs
        if spec.rule in MEASURED and _column(spec).partition(".")[0] in changed
    }
    checks = [said for said in record.checks if (said.rule, said.column) not in now]
    return replace(
        record,
        values=values,
        origin="edited",
        checks=(*now.values(), *(_dated(said, changed) for said in checks)),
        reasons=tuple(_dated(said, changed, now.get(_key(said))) for said in record.reasons),
    )


def _key(said: Reason) -> tuple[str, str]:
    return said.rule, said.column or ""


def _column(spec: CheckSpec) -> str:
    return str(spec.options.get("column") or "")


def _measure(spec: CheckSpec, values: Row) -> Reason:
    """What the check says of the values as they are now."""
    from synthnb.checks.values import as_plain, count_words, reach

    column = _column(spec)
    text = as_plain(reach(values, column))
    value = len(text) if spec.rule == "length" else count_words(text)
    low, high = (spec.options.get(key) for key in ("min", "max"))
    passed = not (isinstance(low, int | float) and value < low)
    passed = passed and not (isinstance(high, int | float) and value > high)
    return Reason(spec.rule, value, "since the edit", column, passed)


def _dated(said: Reason, changed: set[str], now: Reason | None = None) -> Reason:
    """What a check said of the text before; ``now`` is what it measures since."""
    whole = said.column is None  # of the row: nobody knows of which column
    if not changed or not (whole or str(said.column).partition(".")[0] in changed):
        return said
    if said.passed and said.value is None and said.message == "unknown":
        return said
    message = f"{said.message}, {BEFORE}" if said.message else BEFORE
    return replace(said, message=message, value=said.value if now is None else now.value)
