"""From a gap to quotas: how many new documents of each value, and the recipe that says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from synthnb.errors import RecipeError
from synthnb.recipe.relations import labels
from synthnb.samplers.counts import largest_remainder
from synthnb.suggest import did_you_mean

if TYPE_CHECKING:
    import pandas as pd

    from synthnb.corpus.coverage import Coverage
    from synthnb.recipe import Recipe

__all__ = ["Filling", "fill"]


@dataclass(frozen=True)
class Filling:
    """Quotas for new documents, and what the whole would look like with them."""

    rows: int
    quotas: Mapping[str, Mapping[str, int]]
    """``{"domain": {"bees": 12}}``; values that need none are left out."""
    before: Mapping[str, Mapping[str, float]]
    wanted: Mapping[str, Mapping[str, float]]
    after: Mapping[str, Mapping[str, float]]

    @property
    def df(self) -> pd.DataFrame:
        """One row a value: share before, share wanted, new documents, share after."""
        import pandas as pd

        rows = [
            (
                name, value, round(self.before[name].get(value, 0.0), 4), share,
                self.quotas[name].get(value, 0), round(self.after[name][value], 4),
            )
            for name, shares in self.wanted.items()
            for value, share in shares.items()
        ]  # fmt: skip
        names = ["by", "value", "before", "wanted", "new", "after"]
        return pd.DataFrame(rows, columns=pd.Index(names))

    def into(self, recipe: Recipe, **columns: str) -> Recipe:
        """The recipe with these quotas and ``rows`` as its target.

        A dimension is the column of the same name; ``into(recipe, domain="field")`` says
        which it is otherwise. Every value must be one that its column can take.
        """
        quotas: dict[str, dict[str, int]] = dict(recipe.target.quotas)
        for name, counts in self.quotas.items():
            parts = [part.strip() for part in name.split("&")]
            named = [columns.get(part, part) for part in parts]
            for place, column in enumerate(named):
                _fits(recipe, column, [value.split(" & ")[place] for value in counts])
            quotas[" & ".join(named)] = dict(counts)
        target = recipe.target.model_copy(update={"rows": self.rows, "quotas": quotas})
        cap = target.max_candidates
        if cap is not None and cap < self.rows:
            target = target.model_copy(update={"max_candidates": 5 * self.rows})
        return recipe.replace(target=target)

    def __str__(self) -> str:
        return f"{self.rows} new documents\n{self.df.to_string(index=False)}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return str(self.df.to_html(index=False, escape=True))


def _fits(recipe: Recipe, column: str, values: list[str]) -> None:
    if column not in recipe.columns:
        hint = did_you_mean(column, recipe.columns)
        raise RecipeError(f"the recipe has no column {column!r}{hint}; say {column}='COLUMN'")
    known = labels(recipe.columns[column])
    for value in values:
        if known is not None and value not in known:
            hint = did_you_mean(value, known) or f"; it has {', '.join(known)}"
            raise RecipeError(f"column {column} has no value {value!r}{hint}")


def fill(
    found: Coverage,
    target: Mapping[str, Mapping[str, float]],
    rows: int,
    words_each: float | None = None,
) -> Filling:
    """Deficits against the target, dealt in whole documents."""
    if rows < 1:
        raise RecipeError(f"a filling has at least 1 document, not {rows}")
    found.checked(target)
    unit = "documents" if words_each is None else "words"
    size = 1.0 if words_each is None else float(words_each)
    if size <= 0:
        raise RecipeError("words_each is above 0")
    quotas, before, wanted, after = {}, {}, {}, {}
    for name, given in target.items():
        shares = _shares(name, given)
        there = found.counts(name, unit) if found.knows(name) else {}  # type: ignore[arg-type]
        had = sum(there.values()) if found.knows(name) else 0
        total = had + rows * size
        missing = {v: max(0.0, s * total - there.get(v, 0)) for v, s in shares.items()}
        new = _dealt(missing, rows, size, complete=sum(shares.values()) > 1 - 1e-9)
        quotas[name] = {value: count for value, count in new.items() if count}
        before[name] = {v: there.get(v, 0) / had if had else 0.0 for v in shares}
        wanted[name] = dict(shares)
        after[name] = {v: (there.get(v, 0) + new[v] * size) / total for v in shares}
    return Filling(rows, quotas, before, wanted, after)


def _shares(name: str, given: Mapping[str, float]) -> dict[str, float]:
    """Shares of 1: as they are if they fit, else relative weights."""
    if not given or min(given.values()) < 0 or sum(given.values()) <= 0:
        raise RecipeError(f"the target for {name!r} needs shares of 0 or more, not all 0")
    total = sum(given.values())
    return {str(v): s / total if total > 1 + 1e-9 else float(s) for v, s in given.items()}


def _dealt(
    missing: Mapping[str, float], rows: int, size: float, *, complete: bool
) -> dict[str, int]:
    needed = sum(missing.values()) / size
    count = rows if complete else min(rows, round(needed))
    if not count or needed <= 0:
        return dict.fromkeys(missing, 0)
    return dict(zip(missing, largest_remainder(list(missing.values()), count), strict=True))
