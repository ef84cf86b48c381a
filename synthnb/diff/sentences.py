"""What a diff says in words: the line to look at first, and what its intervals mean."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from synthnb.deciding import decided_rows
from synthnb.diff.verdicts import LEAST, LEVEL, RESAMPLES, Result, distinct
from synthnb.visible import count, one_line

if TYPE_CHECKING:
    from synthnb.diff import Diff

__all__ = [
    *("facts", "figure", "interval_text", "keys_line", "look_first", "note", "signed"),
    "subtitle",
]

_WORDS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen", "twenty"),
)


def figure(value: float | None, digits: int) -> str:
    """A number with exactly these decimals and a real minus; ``–`` for none."""
    if value is None:
        return "–"
    # Halves go up, as in the view: one figure is the same wherever it stands.
    exact = Decimal(round(abs(value), 6))
    if exact < 10**15:  # beyond, a float has no halves
        exact = exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    shown = f"{exact:,.{digits}f}"
    negative = value < 0 and any(char in "123456789" for char in shown)
    return f"−{shown}" if negative else shown


def signed(value: float | None, digits: int) -> str:
    """A change with its sign."""
    shown = figure(value, digits)
    zero = not any(char in "123456789" for char in shown)
    return shown if zero or shown[0] in "−–" else f"+{shown}"


def interval_text(result: Result) -> str:
    """``−0.195 to −0.015``."""
    if result.low is None or result.high is None:
        return "–"
    digits = result.measure.digits
    return f"{signed(result.low, digits)} to {signed(result.high, digits)}"


def facts(diff: Diff) -> str:
    """What is compared: ``reviews, version 5 against 4 · 24 of 24 planned rows share …``."""
    from synthnb.diff import pairs_line

    if diff.itself:
        return one_line(diff.new.name, 40)
    old, new = diff.labels
    if diff.old.name == diff.new.name and old.startswith("version "):
        said = f"{one_line(diff.new.name, 40)}, {new} against {old.removeprefix('version ')}"
    else:
        said = f"{new} against {old}"
    said = f"{said} · {pairs_line(diff)}" if diff.paired else said
    decided = sum(decided_rows(b.decisions.history) for b in (diff.old, diff.new))
    if not decided:
        return said
    do = "does" if decided == 1 else "do"
    return (
        f"{said} · as the runs made them: {count(decided, 'decision')} by hand {do} not count"
    )


def subtitle(diff: Diff) -> str:
    """What stands beside the heading of the metrics."""
    if diff.paired:
        n = len(diff.pairs)
        return f"{n:,} pair{'' if n == 1 else 's'} of first answers, accepted or not"
    return "first answers, accepted or not; two separate batches"


def look_first(diff: Diff) -> str | None:
    """One sentence: the clearest change, and whether it can be put down to one key."""
    if diff.same or not diff.paired:
        return None
    changed = len(diff.recipe.effective)
    top = next((r for r in diff.results if r.clear), None)
    parts = []
    if top is not None:
        digits = top.measure.digits
        went = "rose" if top.change > 0 else "fell"
        said = f"{one_line(top.measure.label, 60)} {went} from {figure(top.old, digits)} "
        parts.append(said + f"to {figure(top.new, digits)}: {top.verdict}.")
    if changed > 1:
        many = _WORDS[changed] if changed < len(_WORDS) else f"{changed:,}"
        all_ = changed == len(diff.recipe.changed)
        which = "keys changed" if all_ else "of the changed keys can change rows"
        parts.append(f"{many} {which}, so no change can be put down to one of them.")
    elif not changed and top is not None:
        told = ("the recipe is the same", "no changed key can change rows")
        same = told[bool(diff.recipe.changed)]
        parts.append(f"{same}, so this is chance or the model.")
    parts = [parts[0], *(p[0].upper() + p[1:] for p in parts[1:])] if parts else []
    return " ".join(parts) or None


def keys_line(diff: Diff) -> str:
    """How many keys changed: ``3 of 13 keys changed, 2 of them can change rows``."""
    changed, shape = len(diff.recipe.changed), len(diff.recipe.effective)
    said = f"{changed:,} of {diff.recipe.total:,} keys changed"
    if changed == shape:
        return said
    return f"{said}, {shape or 'none'} of them can change rows"


def note(diff: Diff, *, drawn: bool = False) -> str:
    """How to read the intervals: resamples, what no evidence means, false calls to expect.

    ``drawn`` where each interval is a line with a dot, as well as two numbers.
    """
    judged = [r for r in diff.results if r.low is not None]
    if not diff.paired:
        return "No intervals and no verdicts: other rows alone can move every figure."
    if not judged:
        return f"Fewer than {LEAST} pairs cannot show a change." if diff.results else ""
    odd = [f"{r.measure.label} {r.n}" for r in diff.results if r.n != len(diff.pairs)]
    unmeasured = len(judged) < len(diff.results)
    few = f" Fewer than {LEAST} pairs cannot show a change." if unmeasured else ""
    told = distinct(judged)
    again = [r.measure.label for r in judged if r not in told]
    once = f", accepted and {' and '.join(again)} counted once," if again else ""
    k = len(told)
    tables = round(1 / (1 - LEVEL**k))
    many = _WORDS[tables] if tables < len(_WORDS) else str(tables)
    expected = f"{(1 - LEVEL) * k:.2f}".removesuffix("0")
    shares = any(r.measure.yes_no for r in judged)
    drawn_with = ", shares with half a pair added each way and one without a change"
    said = (
        f"{'Dot and line: mean' if drawn else 'Mean'} change and {LEVEL:.0%} interval, "
        f"{RESAMPLES:,} paired bootstrap resamples{drawn_with if shares else ''}. "
        "No evidence: the interval contains 0. "
        f"With {k} interval{'' if k == 1 else 's'}{once} expect {expected} false calls: "
        f"about one such table in {many} holds one by chance."
    )
    return said + few + (f" Fewer pairs have: {', '.join(odd)}." if odd else "")
