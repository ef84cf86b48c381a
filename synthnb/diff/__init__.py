"""What a change did: two batches, compared on pairs that share all but the change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from synthnb.diff.measures import Measure, Own, measures, text_of
from synthnb.diff.overlays import Overlay, overlays
from synthnb.diff.pairing import MOST, Pair, Pairing, first_answers, pair
from synthnb.diff.recipe import RecipeDiff, compare_recipes
from synthnb.diff.verdicts import Result, Verdict, distinct, judge
from synthnb.types import Record
from synthnb.visible import count, one_line

if TYPE_CHECKING:
    import pandas as pd

    from synthnb.batch import Batch
    from synthnb.diff.words import Mode, Parts

__all__ = ["Diff", "Pair", "Result", "diff"]

_ORDER: dict[Verdict, str] = {
    "worse": "worse", "better": "better", "changed": "changed", "no evidence": "no evidence",
    "too few pairs": "with too few pairs",
}  # fmt: skip
"""Verdicts as the headline counts them."""


def diff(old: Batch | str | int, new: Batch, *, metrics: Own | None = None) -> Diff:
    """Compare ``new`` with ``old``; ``metrics`` adds your own, a function of a row each.

    ``old`` is a batch or a version: ``3`` of the same name, ``"NAME@3"``, ``"last"`` (the one
    before). Raises ``StoreError`` where there is no such version.

    >>> shorter = diff(before, after, metrics={"asks": lambda row: "?" in row["text"]})
    ... # doctest: +SKIP
    """
    from synthnb.versions import open_beside

    return Diff(open_beside(old, new), new, dict(metrics or {}))


@dataclass(frozen=True)
class Diff:
    """Two batches side by side; a value that never changes. Displays as verdict, recipe
    change, metrics with intervals, charts and pairs of rows."""

    old: Batch
    new: Batch
    own: Own = field(default_factory=dict)
    """Metrics of your own."""

    @property
    def paired(self) -> bool:
        """Whether rows share seed, source and attributes, so that only the change differs."""
        return self.pairing.broken is None

    @property
    def same(self) -> bool:
        """Whether both hold the same rows of the same recipe."""
        return self.old.hash == self.new.hash

    @property
    def itself(self) -> bool:
        """Whether both are one batch, or one version of one name."""
        old, new = self.old, self.new
        named = (old.name, old.version, old.hash) == (new.name, new.version, new.hash)
        return old is new or (named and old.version is not None)

    @cached_property
    def pairing(self) -> Pairing:
        """The pairs of first answers, or why there are none."""
        return pair(self.old, self.new)

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """First answers to the same planned row; empty where rows are not paired."""
        return self.pairing.pairs

    @cached_property
    def records(self) -> tuple[list[Record], list[Record]]:
        """The first answers of both: paired ones at the same place, else all of them."""
        if self.paired:
            return [p.old for p in self.pairs], [p.new for p in self.pairs]
        return [*first_answers(self.old).values()], [*first_answers(self.new).values()]

    @cached_property
    def recipe(self) -> RecipeDiff:
        """What changed in the recipe; prints as a diff of YAML."""
        return compare_recipes(self.old.recipe, self.new.recipe, self._models())

    @cached_property
    def measured(self) -> list[Measure]:
        """Every metric with its value for each first answer."""
        return measures((self.old, self.new), self.records, self.own)

    @cached_property
    def results(self) -> list[Result]:
        """Metrics with interval and verdict: clear changes first, the largest on top."""
        found = [r for m in self.measured if (r := judge(m, paired=self.paired)) is not None]

        def place(result: Result) -> tuple[int, float]:
            size = abs(result.change) / result.spread if result.spread else 0.0
            return (0, -size) if result.clear else (1, 0.0)

        return sorted(found, key=place)

    @cached_property
    def charts(self) -> list[Overlay]:
        """Distributions of both versions on the same bins."""
        return overlays(self.new.recipe, self.measured, self.records)

    @cached_property
    def marked(self) -> dict[int, tuple[Parts, Parts, Mode]]:
        """Texts in pieces by the place of their pair, as far as they were looked at."""
        return {}

    @property
    def verdict(self) -> str:
        """What happened, in one line."""
        if self.itself:
            which = f"version {self.new.version}" if self.new.version else "the batch"
            return f"No difference: {which} is compared with itself"
        if self.same:
            return "No difference: the same recipe made the same rows"
        if not self.paired:
            return f"Not paired: {self.pairing.broken}. Shown as two separate batches."
        found = Counter(r.verdict for r in distinct(self.results))
        said = [f"{found[word]} {shown}" for word, shown in _ORDER.items() if found[word]]
        return ", ".join(said) or "No metric differs"

    @property
    def labels(self) -> tuple[str, str]:
        """What to call the two: ``version 4`` and ``version 5``, or their names."""
        old, new = self.old, self.new
        if old.name == new.name and old.version != new.version and old.version and new.version:
            return f"version {old.version}", f"version {new.version}"
        names = tuple(
            one_line(b.name, 30) + (f"@{b.version}" if b.version else "") for b in (old, new)
        )
        return (names[0], names[1]) if names[0] != names[1] else ("before", "after")

    @property
    def df(self) -> pd.DataFrame:
        """One row a metric: both means, change, interval, pairs and verdict."""
        import pandas as pd

        rows = [
            {
                "metric": r.measure.label, "old": r.old, "new": r.new, "change": r.change,
                "low": r.low, "high": r.high, "pairs": r.n, "verdict": r.verdict,
            }
            for r in self.results
        ]  # fmt: skip
        names = ["metric", "old", "new", "change", "low", "high", "pairs", "verdict"]
        return pd.DataFrame(rows, columns=pd.Index(names))

    def pairs_df(self, pairs: Sequence[Pair] | None = None) -> pd.DataFrame:
        """One row a pair, of these or of all: its place in the plan, shared attributes, both
        texts, both outcomes.

        >>> made.pairs_df([p for p in made.pairs if "length" in p.outcomes])  # doctest: +SKIP
        """
        import pandas as pd

        old, new = (label.replace(" ", "_") for label in self.labels)
        names = ["row", *self.pairing.shared, old, new, f"{old}_outcome", f"{new}_outcome"]
        rows = [
            (
                pair.index + 1,
                *(pair.new.values.get(name) for name in self.pairing.shared),
                text_of(self.old, pair.old),
                text_of(self.new, pair.new),
                *pair.outcomes,
            )
            for pair in (self.pairs if pairs is None else pairs)
        ]
        return pd.DataFrame(rows, columns=pd.Index(names))

    def _models(self) -> tuple[str | None, str | None]:
        """Models that wrote, where the recipe leaves that to the settings."""
        used = [{c.model for r in side[:50] for c in r.calls} for side in self.records]
        if used[0] == used[1]:
            return None, None
        return tuple(", ".join(sorted(side)) or None for side in used)  # type: ignore[return-value]

    def __repr__(self) -> str:
        name = one_line(self.new.name, 60)
        return f"<Diff {name}, {self.labels[1]} against {self.labels[0]}: {self.verdict}>"

    def __str__(self) -> str:
        from synthnb.diff.text import diff_text

        return diff_text(self)

    def _repr_mimebundle_(
        self, include: object = None, exclude: Container[str] | None = None
    ) -> dict[str, Any]:
        from synthnb.charts.picture import PNG, html_sheet, kept
        from synthnb.diff.payload import MIME, payload
        from synthnb.diff.static_html import diff_html
        from synthnb.diff.text import diff_text

        shown = {
            MIME: payload(self),
            "text/html": diff_html(self),
            "text/plain": diff_text(self),
        }
        if PNG in (exclude or ()):
            return shown
        return shown | kept(html_sheet, diff_html(self, pairs=3))


def pairs_line(diff: Diff) -> str:
    """Which rows are compared: ``24 of 24 planned rows share product, mood and seed``."""
    pairing = diff.pairing
    names = [one_line(n, 30) for n in pairing.shared[:6]]
    more = len(pairing.shared) - len(names)
    names += [f"{more} more"] if more > 0 else []
    names.append("seed")
    shared = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    planned = max(pairing.planned, len(pairing.pairs))
    which = f"{len(pairing.pairs):,} of {count(planned, 'planned row')}"
    if len(pairing.pairs) == MOST:
        which = f"the first {count(MOST, 'planned row')}"
    said = f"{which} share {shared}"
    if pairing.extra:
        only = ", ".join(one_line(n, 30) for n in pairing.extra[:3])
        said += f"; only one has {only}"
    return said
