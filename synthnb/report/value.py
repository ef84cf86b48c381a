"""What a report holds: figures with their words, columns, copies, steps. Values only."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from synthnb.types import JSON

__all__ = [
    "CLEAR",
    "ColumnCheck",
    "Copying",
    "Measure",
    "Share",
    "Step",
    "Word",
    "plain",
    "shown",
]

CLEAR = 1.5
"""How much farther than the 95% reach a difference must go to be clear: three sigma."""

Word: TypeAlias = Literal["better", "worse", "no evidence", "changed", ""]
"""The four words of a comparison; empty where there was nothing to compare with."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of the synthetic rows, and the same of the real ones at equal size."""

    id: str
    title: str
    value: float | None
    """``None``: not measured; ``note`` says why."""
    low: float | None = None
    """95% interval of the figure."""
    high: float | None = None
    real: float | None = None
    """The same figure of as many real rows of the same length."""
    baseline: tuple[float, float] | None = None
    """Where 95% of other samples of as many real rows would be: real against real."""
    word: Word = ""
    clear: bool = False
    """Whether the difference is also clear at 99.7%: what the steps go by."""
    better: Literal["higher", "lower", "real", ""] = ""
    """Which way is better; ``real``: the nearer to real rows."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """One label or one bin: shares of the synthetic rows and of what they should be."""

    label: str
    count: int
    share: float
    wanted: float | None = None


@dataclass(frozen=True, slots=True)
class ColumnCheck:
    """How one column is distributed, against the plan or against real rows."""

    column: str
    kind: Literal["category", "number"]
    against: Literal["plan", "real", ""]
    shares: tuple[Share, ...]
    figures: dict[str, float]
    """``total_variation``, ``jsd``, ``chi_square``, ``p``, ``w``, ``ks``, ``wasserstein``."""
    baseline: float | None = None
    """95% of equally large samples of real rows are nearer than this to real rows."""
    word: Word = ""
    clear: bool = False
    """Whether the difference is also clear at about 99.7%: what the steps go by."""
    finding: str = ""


@dataclass(frozen=True, slots=True)
class Copying:
    """How much of the source stands in the rows, and the row that copied most."""

    rows: int
    """Rows compared."""
    exact: int
    """Rows that are a source row, white space and case aside."""
    near: int
    """Rows with a Jaccard similarity of 0.8 or more to a source row, exact ones too."""
    dcr_share: float | None
    """Share of rows nearer to the source than to held-out real rows; 0.5 is expected."""
    longest: int
    """Tokens of the longest run shared with one source row."""
    span: str = ""
    row: str = ""
    source: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do next: what, and the finding behind it."""

    do: str
    why: str
    weight: float = 0.0


def plain(value: Any) -> JSON:
    """A value of a report as JSON: no NaN, no infinity, tuples as lists."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value


def shown(value: float | None, digits: int = 3) -> str:
    """A figure for people: ``–`` where it was not measured, as many decimals as its size asks.

    >>> shown(0.0512), shown(33.957), shown(12841.5), shown(-0.2, 2), shown(None)
    ('0.051', '33.96', '12,841.5', '−0.20', '–')
    """
    if value is None or not math.isfinite(value):
        return "–"
    size = abs(value)
    decimals = min(digits, 3 if size < 10 else 2 if size < 100 else 1)
    return f"{value:,.{decimals}f}".replace("-", "−")
