"""Real and synthetic rows in one batch, and rounds that add up instead of replacing.

Nothing leaks and nothing is counted twice: a synthetic row that repeats a real one, exactly
or nearly, is rejected; a row that synthnb once wrote is synthetic, wherever it comes from.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace as changed
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb.checks.values import texts_of
from synthnb.errors import SourceError
from synthnb.recipe.parts import Source
from synthnb.samplers.draws import permuted
from synthnb.source import SourceRows, open_source
from synthnb.types import Reason, Record, Row
from synthnb.visible import count

if TYPE_CHECKING:
    from synthnb.batch import Batch

__all__ = ["CollapseWarning", "accumulate", "mix", "real_share", "why_not_replace"]

NEAR = 0.8
"""Jaccard similarity from which on two rows are near duplicates."""
MIXED = "mix"
"""The rule of a row that repeats one that was mixed in."""
ROUNDS = 10
_APART = 0.9
"""Share of different rows from which on an equal row is a copy, not a coincidence."""


class CollapseWarning(UserWarning):
    """What is about to be lost when synthetic rows take the place of real ones."""


def real_share(records: Iterable[Record]) -> tuple[int, int]:
    """(real rows, rows) among those to train on: held-out rows do not count."""
    real = total = 0
    for record in records:
        if not record.held_out:
            total += 1
            real += record.origin == "real"
    return real, total


def why_not_replace(rows: int) -> str:
    """One sentence with the figure: what replacing real rows costs, by theory.

    >>> why_not_replace(20).split(":")[1].strip()[:60]
    'after 10 rounds of replacing, the error of a fitted regressi'
    """
    from synthnb.collapse import simulate

    n = max(2, rows)
    lost, kept = (
        float(found.theory[-1]) if found.theory is not None else 0.0
        for found in (
            simulate("gaussian_replace", n=n, t=ROUNDS, chains=2),
            simulate("gaussian_accumulate", n=n, t=ROUNDS, chains=2),
        )
    )
    grows = sum(1 / i**2 for i in range(1, ROUNDS + 1))
    return (
        f"Replacing real rows loses what they held: after {ROUNDS} rounds of replacing, the "
        f"error of a fitted regression grows {ROUNDS}-fold, when rows accumulate "
        f"{grows:.2f}-fold and never above 1.64; the variance of a normal fitted to {n:,} rows "
        f"falls to {lost:.1%}, against {kept:.1%} (see synthnb.collapse: regression)"
    )


def mix(
    batch: Batch,
    real: Any,
    ratio: float | None = None,
    *,
    license: str | None = None,
    replace: bool = False,
) -> Batch:
    """The batch with real rows added; see ``Batch.mix``."""
    if ratio is not None and not (isinstance(ratio, int | float) and 0 <= ratio < 1):
        raise ValueError(f"ratio is the share of real rows, from 0 up to below 1, got {ratio}")
    given, notes = _given(batch, real)
    own = list(batch.records)
    fresh = {record.id for record in own}
    given = [record for record in given if record.id not in fresh]
    kept, dropped = _apart(batch, own, given)
    if dropped:
        notes.append(f"{count(dropped, 'synthetic row')} repeated a real one: rejected.")
    seed = batch.recipe.seed
    truly = [record for record in given if record.origin == "real"]
    others = [record for record in given if record.origin != "real"]
    made = sum(r.accepted and r.origin != "real" for r in kept) + len(others)
    if replace:
        wanted = min(len(truly), round((ratio or 0.0) * len(given)))
        kept = _fewer(kept, max(0, len(given) - wanted), seed)
    elif ratio is None:
        wanted = len(truly)
    else:
        had = sum(r.accepted and r.origin == "real" for r in kept)
        wanted = max(0, round(made * ratio / (1 - ratio)) - had)
    if wanted > len(truly):
        share = len(truly) / max(1, made + len(truly))
        notes.append(
            f"There are {count(len(truly), 'real row')}: the real share is {share:.0%}, not "
            f"{ratio or 0:.0%}."
        )
    chosen = _drawn(truly, wanted, seed)
    if truly and (replace or not chosen):
        warnings.warn(why_not_replace(len(given)), CollapseWarning, stacklevel=3)
        left = len(truly) - len(chosen)
        notes.append(f"{count(left, 'real row')} were replaced by synthetic ones.")
    records = [*kept, *chosen, *([] if replace else others)]
    return _made(batch, records, notes, license)


def accumulate(batch: Batch, previous: Sequence[Batch]) -> Batch:
    """All rows of earlier rounds and this one; see ``Batch.accumulate``."""
    records: list[Record] = []
    notes: list[str] = []
    licenses = {b.real_license for b in (*previous, batch) if b.real_license}
    for earlier in previous:
        known = {record.id for record in records}
        records += [r for r in earlier.accepted if r.id not in known]
        notes += earlier.notes
    known = {record.id for record in records}
    own = [record for record in batch.records if record.id not in known]
    kept, dropped = _apart(batch, own, records)
    if dropped:
        notes.append(f"{count(dropped, 'row')} of the last round repeated an earlier one.")
    license = licenses.pop() if len(licenses) == 1 else None
    return _made(batch, [*records, *kept], notes, license)


def _made(
    batch: Batch, records: Sequence[Record], notes: Sequence[str], license: str | None
) -> Batch:
    """A batch of its own: no run and no version, for no run made these rows."""
    numbered = _numbered(records)
    funnel = dict(batch.funnel)
    if funnel:
        funnel["accepted"] = sum(r.accepted and r.origin != "real" for r in numbered)
    return batch.replace(
        records=numbered,
        funnel=funnel,
        run="",
        version=None,
        paired_with=None,
        notes=tuple(dict.fromkeys([*batch.notes, *notes])),
        real_license=license or batch.real_license,
    )


def _numbered(records: Sequence[Record]) -> list[Record]:
    """Ids that name one row each: equal real rows have equal ids."""
    seen: dict[str, int] = {}
    numbered = []
    for record in records:
        times = seen[record.id] = seen.get(record.id, 0) + 1
        again = record.id and times > 1
        numbered.append(changed(record, id=f"{record.id}.{times}") if again else record)
    return numbered


def _given(batch: Batch, real: Any) -> tuple[list[Record], list[str]]:
    """Records of the rows to mix in: another batch's, or a table's, with their origin."""
    from synthnb.batch import Batch

    if isinstance(real, Batch):
        # Rows that tell nothing are real ones when the user gives them as real.
        told = [
            changed(r, origin="real") if r.origin == "unknown" and not r.calls else r
            for r in real.accepted
        ]
        return told, list(real.notes)
    rows = _opened(batch, real)
    columns = batch.columns or list(rows.columns)
    shared = [name for name in columns if name in rows.columns]
    if not shared:
        raise SourceError(
            f"{rows.name} shares no column with the batch: it has "
            f"{', '.join(rows.columns)}, the batch {', '.join(columns)}"
        )
    records, ours = [], 0
    for place in range(len(rows)):
        depth = rows.depth(place)
        ours += depth > 0
        row = rows.row(place)
        known, parents = _history(rows.note(place))
        records.append(
            Record(
                place,
                {name: row.get(name) for name in columns},
                origin="synthetic" if depth else "real",
                generation=depth,
                parents=parents,
                source=row,
                id=known or rows.id(place),
            )
        )
    if not ours:
        return records, []
    said = f"{ours:,} of {count(len(rows), 'row')} given as real were written by synthnb"
    warnings.warn(f"{said}: they count as synthetic", CollapseWarning, stacklevel=4)
    return records, [f"{said} and count as synthetic."]


def _history(note: Any) -> tuple[str, tuple[str, ...]]:
    """Id and parents that synthnb noted on a row that it once wrote."""
    if not isinstance(note, dict):
        return "", ()
    parents = note.get("parents")
    return str(note.get("id") or ""), tuple(map(str, parents)) if isinstance(
        parents, list
    ) else ()


def _opened(batch: Batch, real: Any) -> SourceRows:
    """The table with the recipe's own choice of columns, so that ids match its parents."""
    source = batch.recipe.source
    if source is not None:
        try:
            return open_source(source, base=Path.cwd(), frame=real)
        except SourceError:
            pass
    return open_source(Source(), base=Path.cwd(), frame=real)


def _apart(
    batch: Batch, own: Sequence[Record], given: Sequence[Record]
) -> tuple[list[Record], int]:
    """The batch's records, those that repeat a given row rejected; how many were."""
    from synthnb.nearduplicates import NearDuplicateIndex

    said = _saying(batch, given)
    index = NearDuplicateIndex(NEAR)
    exact = dict.fromkeys(text for record in given if (text := said(record.values)))
    for _ in index.extend(exact):
        pass
    asked = [place for place, r in enumerate(own) if r.accepted and r.origin != "real"]
    texts = [said(own[place].values) for place in asked]
    asked = [place for place, text in zip(asked, texts, strict=True) if text]
    texts = [text for text in texts if text]
    near = {asked[n]: match.similarity for n, match in index.matches(texts)}
    # A text too short to have runs of words is compared as it is.
    near |= {p: 1.0 for p, text in zip(asked, texts, strict=True) if text in exact}
    return [_repeats(r, near[p]) if p in near else r for p, r in enumerate(own)], len(near)


def _repeats(record: Record, similarity: float) -> Record:
    why = Reason(MIXED, round(similarity, 3), f"{similarity:.2f} like a row that is mixed in")
    return changed(record, accepted=False, reasons=(why,))


def _saying(batch: Batch, given: Sequence[Record]) -> Callable[[Row], str]:
    """What two rows are compared by: the columns that a model writes, there on both sides.

    Where no model writes, the whole row; rows of a table whose real ones repeat each other
    are no copies for being equal, so that nothing is compared then.
    """
    from synthnb.export.splits import folded, row_words

    there = {name for r in given for name, value in r.values.items() if any(texts_of(value))}
    written = [name for name, column in batch.recipe.prompts.items() if not column.choices]
    if written:
        shared = [name for name in written if name in there]
        return lambda values: folded(t for name in shared for t in texts_of(values.get(name)))
    names = dict.fromkeys(name for record in given for name in record.values)

    def whole(values: Row) -> str:
        return row_words({name: values.get(name) for name in names})

    told = [whole(record.values) for record in given]
    if len(set(told)) < _APART * len(told):
        return lambda values: ""
    return whole


def _drawn(records: Sequence[Record], wanted: int, seed: int) -> list[Record]:
    """``wanted`` of them, drawn by the seed, in their own order."""
    if wanted >= len(records):
        return list(records)
    places = sorted(permuted(i, len(records), seed, "mix") for i in range(wanted))
    assert all(a < b for a, b in pairwise(places))
    return [records[place] for place in places]


def _fewer(records: Sequence[Record], wanted: int, seed: int) -> list[Record]:
    """At most ``wanted`` accepted synthetic rows; rejected ones stay for the record."""
    made = [record for record in records if record.accepted and record.origin != "real"]
    chosen = {id(record) for record in _drawn(made, wanted, seed)}
    return [r for r in records if not r.accepted or id(r) in chosen]
