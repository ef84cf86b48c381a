"""Some rows of a batch, chosen by filters: by code, or by clicks in a view."""

from __future__ import annotations

import keyword
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pprint import pformat
from textwrap import indent
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

import numpy as np

from synthnb.charts.columns import UNSAID, columns_of
from synthnb.charts.findings import shown_rule
from synthnb.decisions import DROPPED, row_id
from synthnb.explore.filters import (
    Among,
    Between,
    Filter,
    OneOf,
    Outcome,
    Region,
    RejectedBy,
    SelectionError,
    from_python,
    measure,
)
from synthnb.explore.query import explorer_of
from synthnb.suggest import did_you_mean
from synthnb.types import check_of
from synthnb.visible import one_line

if TYPE_CHECKING:
    import pandas as pd

    from synthnb.batch import Batch
    from synthnb.types import Record, Row

__all__ = ["Selection", "select"]

RESERVED = ("search", "rejected", "rule", "ids", "region")
LINE = 96
"""Characters of a line of code."""


@dataclass(frozen=True)
class Selection:
    """Rows that all filters let through, as a value: it does not follow later clicks.

    ``df``, ``rows`` and ``ids`` hold accepted rows, or rejected ones where the filters ask
    for those; ``rejected`` holds the rejected rows beside them. ``code()`` is the Python
    that makes the same selection.

    >>> batch.select(mood="angry", length=(100, 160)).df  # doctest: +SKIP
    """

    batch: Batch
    chosen: tuple[Filter, ...] = ()
    search: str = ""
    """Text that a row must contain, in any case."""

    @cached_property
    def places(self) -> list[int]:
        """Places of the rows among all candidates, in plan order."""
        table = columns_of(self.batch)
        mask = explorer_of(self.batch).mask(self.chosen, self.search)
        if not any(isinstance(f, RejectedBy | Outcome | Among) for f in self.chosen):
            mask = mask & table.accepted
        found: list[int] = np.flatnonzero(mask).tolist()
        return found

    @property
    def records(self) -> list[Record]:
        """The rows with everything known about them."""
        records = columns_of(self.batch).records
        return [records[place] for place in self.places]

    @property
    def df(self) -> pd.DataFrame:
        """The rows as a DataFrame, data columns only."""
        import pandas as pd

        rows = [dict(record.values) for record in self.records]
        return pd.DataFrame(rows, columns=pd.Index(self.batch.columns))

    @property
    def rows(self) -> list[Row]:
        """The rows with their provenance under ``_synthnb``."""
        return [self.batch.with_provenance(record) for record in self.records]

    @property
    def ids(self) -> list[str]:
        """The rows' ids."""
        return [row_id(record) for record in self.records]

    @property
    def rejected(self) -> list[Row]:
        """Rejected rows that the filters let through; ``_synthnb`` says why."""
        table = columns_of(self.batch)
        mask = explorer_of(self.batch).mask(self.chosen, self.search) & ~table.accepted
        records = (table.records[place] for place in np.flatnonzero(mask).tolist())
        return [self.batch.with_provenance(record) for record in records]

    @property
    def filters(self) -> dict[str, Any]:
        """What is chosen, as ``select`` takes it."""
        columns, other = self._arguments()
        return columns | other

    def code(self, name: str | None = None) -> str:
        """Python that makes this selection; ``name`` is the variable that holds the batch."""
        own = self.batch.name.replace("-", "_")
        known = name or (own if own.isidentifier() else "batch")
        other, plain = self._arguments()
        parts = [repr(other)] if other else []
        parts += [f"{key}={value!r}" for key, value in plain.items()]
        line = f"{known}.select({', '.join(parts)})"
        if len(line) <= LINE:
            return line
        laid = [_laid_out("", other)] if other else []
        laid += [_laid_out(f"{key}=", value) for key, value in plain.items()]
        return f"{known}.select(\n{''.join(laid)})"

    def _arguments(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What ``select`` takes by ``where``, and what by name: a column may be called as
        one of its own arguments, or as no argument can be."""
        where: dict[str, Any] = {}
        named: dict[str, Any] = {}
        for item in self.chosen:
            name, value = item.python()
            column = isinstance(item, OneOf | Between)
            (where if column and not _is_keyword(name) else named)[name] = value
        return where, named | {"search": self.search} if self.search else named

    def __len__(self) -> int:
        return len(self.places)

    def __iter__(self) -> Iterator[Row]:
        return (dict(record.values) for record in self.records)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        name = one_line(self.batch.name, 60)
        return (
            f"<Selection of {name}: {len(self):,} of {len(self.batch):,} rows"
            f"{self._unmeasured} · {one_line(self.code())}>"
        )

    @property
    def _unmeasured(self) -> str:
        """Of how many accepted rows a range speaks, where it is not of all."""
        table = columns_of(self.batch)
        for name in (item.name for item in self.chosen if isinstance(item, Between)):
            values = measure(self.batch, table, name)[table.accepted]
            known = int((~np.isnan(values)).sum())
            if known < len(values):
                return f", {one_line(name, 60)} is known of {known:,}"
        return ""


def _laid_out(before: str, value: Any) -> str:
    """An argument on its own lines: a list of many ids wraps as a person would wrap it."""
    wrapped = pformat(value, width=LINE - 4 - len(before), compact=True, sort_dicts=False)
    return indent(before + wrapped.replace("\n", "\n" + " " * len(before)), "    ") + ",\n"


def _is_keyword(name: str) -> bool:
    """Whether Python reads the name as it stands: ``ﬁ`` it would read as ``fi``."""
    plain = name.isidentifier() and not keyword.iskeyword(name)
    return plain and name not in RESERVED and normalize("NFKC", name) == name


def select(
    batch: Batch,
    where: Mapping[str, Any] | None = None,
    /,
    *,
    search: str | None = None,
    rejected: bool | None = None,
    rule: str | list[str] | None = None,
    ids: str | list[str] | None = None,
    region: tuple[tuple[float, float], tuple[float, float]] | None = None,
    **columns: Any,
) -> Selection:
    """The selection behind ``Batch.select``."""
    if where is not None and not isinstance(where, Mapping):
        raise SelectionError("select takes conditions such as mood='angry', or a map of them.")
    chosen: list[Filter] = [
        from_python(batch, name, value) for name, value in {**(where or {}), **columns}.items()
    ]
    if rule is not None:
        chosen.append(_rejected_by(batch, [rule] if isinstance(rule, str) else list(rule)))
    if rejected is not None:
        chosen.append(Outcome(not rejected))
    if ids is not None:
        chosen.append(Among((ids,) if isinstance(ids, str) else tuple(map(str, ids))))
    if region is not None:
        chosen.append(_region(region))
    return Selection(batch, tuple(chosen), search or "")


def _rejected_by(batch: Batch, rules: list[str]) -> RejectedBy:
    """Rules that rejected rows, and checks of the recipe or rules of ours that might have."""
    found = columns_of(batch).rules.labels
    checks = [*map(check_of, found), *(check.rule for check in batch.recipe.checks)]
    known = list(dict.fromkeys([*map(shown_rule, found), *checks]))
    for rule in rules:
        if rule not in known and rule not in found and not _is_ours(rule):
            hint = did_you_mean(rule, known)
            some = ", ".join(map(one_line, known[:8])) or "none"
            rest = hint or f". Rules here: {some}."
            raise SelectionError(f"No check is called {one_line(str(rule), 60)}{rest}")
    return RejectedBy(tuple(rules))


def _is_ours(rule: Any) -> bool:
    """Whether rows are rejected by this rule whatever the recipe checks: code that selects
    them holds for other versions too, where there may be none."""
    from synthnb.engine.problems import gives
    from synthnb.mixing import MIXED

    return rule in (DROPPED, UNSAID, MIXED) or (isinstance(rule, str) and gives(rule))


def _region(value: Any) -> Region:
    try:
        (left, right), (low, high) = value
        return Region((float(left), float(right)), (float(low), float(high)))
    except (TypeError, ValueError):
        raise SelectionError("region takes ((from, to), (from, to)), each 0 to 1000.") from None
