"""Questions about all rows at once: which match, in which order, how many under each bar."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synthnb.charts.columns import MISSING, Bools, Columns, columns_of
from synthnb.charts.distributions import Distribution, bins_of, date_cut, measured_name
from synthnb.explore.filters import Filter, measure
from synthnb.explore.live import live_of
from synthnb.visible import one_line

if TYPE_CHECKING:
    from synthnb.batch import Batch

__all__ = ["Explorer", "Found", "explorer_of"]

KEPT = 24
"""Masks and orders remembered; the oldest go first."""
HELD = 300_000
"""Rows whose text is kept in lower case between two searches."""

_NAMED = re.compile("⟨u\\+(d[89a-f][0-9a-f]{2})⟩")
"""Half a surrogate pair as views show and send it, in lower case."""

Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Found:
    """What a view's question matched."""

    places: Places
    """The rows to show, in order."""
    accepted: int
    rejected: int
    counts: dict[str, list[int]]
    """Accepted rows under each bar, by chart."""
    lost: dict[str, list[int]]
    """Rejected rows that match, under each bar, whether they are shown or not."""


class Explorer:
    """Answers about one state of a batch. Safe to use from any thread."""

    def __init__(self, batch: Batch, table: Columns) -> None:
        self._batch = batch
        self._table = table
        self._lock = threading.RLock()
        self._known: OrderedDict[Any, Any] = OrderedDict()
        self._texts: list[str] | None = None

    def _once(self, key: Any, make: Any) -> Any:
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
            found = self._known[key] = make()
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
            return found

    def mask(self, filters: Sequence[Filter], search: str) -> Bools:
        """Which records all filters let through."""
        found: Bools = np.ones(self._table.size, np.bool_)
        for item in filters:
            found = found & self._once(item, lambda item=item: self._one(item))
        needle = search.strip().lower()
        if needle:
            found = found & self._once(("search", needle), lambda: self._search(needle))
        return found

    def _one(self, item: Filter) -> Bools:
        return item.mask(self._batch, self._table)

    def find(
        self,
        filters: Sequence[Filter],
        search: str = "",
        *,
        show_rejected: bool = True,
        sort: str | None = None,
        descending: bool = False,
    ) -> Found:
        """Rows that match, in order, and how many lie under each bar."""
        key = ("found", tuple(filters), search.strip().lower(), show_rejected, sort, descending)
        found: Found = self._once(
            key, lambda: self._find(filters, search, show_rejected, sort, descending)
        )
        return found

    def _find(
        self,
        filters: Sequence[Filter],
        search: str,
        show_rejected: bool,
        sort: str | None,
        descending: bool,
    ) -> Found:
        table = self._table
        mask = self.mask(filters, search)
        kept = mask & table.accepted
        shown = mask if show_rejected else kept
        order: Places = self._once(("order", sort), lambda: self._order(sort))
        if descending:
            order = order[::-1]
        accepted = int(kept.sum())
        return Found(
            order[shown[order]],
            accepted,
            int(mask.sum()) - accepted,
            self._counts(kept),
            self._counts(mask & ~table.accepted),
        )

    def _counts(self, chosen: Bools) -> dict[str, list[int]]:
        found = {}
        for chart in self._batch.distributions:
            bars = self.bars(chart)
            counts = np.bincount(bars[chosen] + 1, minlength=len(chart.bars) + 1)
            found[chart.id] = [int(n) for n in counts[1:]]
        return found

    def bars(self, chart: Distribution) -> Places:
        """The bar that each record lies under, −1 without one."""
        return self._table.once("bars", chart.id, lambda: self._bars(chart))

    def _bars(self, chart: Distribution) -> Places:
        if chart.kind == "histogram":
            return self._bins(chart)
        name = chart.column or ""
        dated = getattr(self._batch.recipe.columns.get(name), "kind", "") == "datetime"
        table = self._table
        labels = table.cut(name, date_cut(table, name)) if dated else table.labels(name)
        shown = {bar.label: i for i, bar in enumerate(chart.bars)}
        rest = len(chart.bars) - 1 if _has_rest(chart, labels.labels) else -1
        place = [shown.get(one_line(label, 60), rest) for label in labels.labels]
        found: Places = np.array([*place, -1], np.intp)[labels.codes]
        return found

    def _bins(self, chart: Distribution) -> Places:
        values = measure(self._batch, self._table, chart.id)
        ends = [bar.lo or 0.0 for bar in chart.bars]
        ends.append(chart.bars[-1].hi or 0.0)
        found = bins_of(np.nan_to_num(values, nan=ends[0]), ends)
        found[np.isnan(values)] = -1
        return found

    def _search(self, needle: str) -> Bools:
        texts: Iterable[str] = self._texts or self._table.texts()
        if self._texts is None and self._table.size <= HELD:
            self._texts = texts = list(texts)
        meant = _NAMED.sub(lambda half: chr(int(half[1], 16)), needle)
        hit = (needle in text for text in texts)
        if meant != needle:
            hit = (needle in text or meant in text for text in texts)
        return np.fromiter(hit, np.bool_, self._table.size)

    def _order(self, sort: str | None) -> Places:
        """Places in ascending order; numbers before texts, what is missing last."""
        size = self._table.size
        if sort is None:
            return np.arange(size, dtype=np.intp)
        known = sort in self._batch.columns or "." in sort
        if known and self._table.types(sort) <= {str, object}:
            return self._text_order(self._table.values(sort))
        length = measured_name(self._batch, "length")
        numbers = (
            self._table.numbers(sort)
            if known
            else measure(self._batch, self._table, length if sort == "chars" else sort)
        )
        texts = np.zeros(size, np.intp)
        if known and np.isnan(numbers).any():
            texts = self._ranks(sort)
        keys = (texts, np.where(np.isnan(numbers), np.inf, numbers))
        found: Places = np.lexsort(keys)
        return found

    def _text_order(self, values: Sequence[Any]) -> Places:
        known = np.fromiter((value is not MISSING for value in values), np.bool_, len(values))
        order = sorted(np.flatnonzero(known).tolist(), key=values.__getitem__)
        return np.concatenate((np.array(order, np.intp), np.flatnonzero(~known)))

    def _ranks(self, name: str) -> Places:
        found = self._table.labels(name)
        values = self._table.values(name)
        ranks = np.empty(len(found.labels) + 1, np.intp)
        ranks[np.argsort(np.array(found.labels, dtype=object), kind="stable")] = range(
            len(found.labels)
        )
        ranks[-1] = len(found.labels)
        place = ranks[found.codes]
        for i in np.flatnonzero(np.isnan(self._table.numbers(name))).tolist():
            if values[i] is None or values[i] is MISSING:
                place[i] = len(found.labels)
        return place


def _has_rest(chart: Distribution, labels: Sequence[str]) -> bool:
    last = chart.bars[-1].label if chart.bars else ""
    return last.endswith(("other", "others")) and last not in labels


def explorer_of(batch: Batch) -> Explorer:
    """The explorer of a batch as people decided by now, and by the map of now."""
    table, maps = columns_of(batch), live_of(batch).maps
    return table.once("explorer", str(maps), lambda: Explorer(batch, table))
