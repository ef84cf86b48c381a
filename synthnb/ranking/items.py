"""What is compared: the candidates of a row, or the answers of two versions to one row."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synthnb.decisions import row_id
from synthnb.errors import SynthError
from synthnb.visible import as_text, number, one_line

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.types import JSON, Record

__all__ = ["Items", "Option", "RankingError", "Unit", "between", "candidates", "prompt_of"]


class RankingError(SynthError):
    """Rows that cannot be ranked, or a verdict on a pair that is not there."""


@dataclass(frozen=True, slots=True)
class Option:
    """One answer, and the system (its place in ``Items.systems``) that wrote it."""

    system: int
    value: JSON
    record: Record | None = None
    """The row that it stands in, where that is another one than the question's."""

    @property
    def text(self) -> str:
        """The answer as people read it."""
        return as_text(self.value)


@dataclass(frozen=True, slots=True)
class Unit:
    """One question with its answers."""

    id: str
    record: Record
    """The row that is shown: its question, its source."""
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Items:
    """All questions, and who answered."""

    id: str
    """The same whenever the same rows are ranked."""
    title: str
    column: str
    systems: tuple[str, ...]
    units: tuple[Unit, ...]
    shown: tuple[str, ...]
    """Columns that are the question."""
    same: int = 0
    """Pairs that are left out because both answers are the same."""
    versions: tuple[int | None, ...] = ()
    """Versions that are compared; empty where candidates are."""
    batches: tuple[Batch, ...] = ()
    """Whose rows the answers stand in: that of each version, or the one with candidates."""

    def home(self, unit: Unit, place: int) -> tuple[Batch, Record] | None:
        """The batch and the row of one answer to a question."""
        option = unit.options[place]
        if not self.batches:
            return None
        return self.batches[option.system if self.versions else 0], option.record or unit.record


def candidates(batch: Batch, column: str | None = None) -> Items:
    """The candidates of every accepted row; raises where the recipe asks for one answer."""
    recipe = batch.recipe
    many = [n for n, p in recipe.prompts.items() if getattr(p, "candidates", None)]
    if column is not None and column not in batch.columns:
        raise RankingError(f"{_title(batch)} has no column {one_line(column, 40)}.")
    name = column or (many[0] if many else None)
    if name is None or not _lists(batch, name):
        known = f"{batch.name}@{batch.version}" if batch.version else "NAME@2"
        raise RankingError(
            f"{one_line(batch.name, 60)} has one answer a row: add candidates: 4 to a prompt "
            f"column, or rank two versions, such as {one_line(known, 60)} and another one."
        )
    kinds: dict[str, int] = {}
    units = []
    for record in batch.accepted:
        given = record.values.get(name)
        if isinstance(given, list) and len(given) > 1:
            options = tuple(
                Option(kinds.setdefault(_system(item), len(kinds)), _answer(item))
                for item in given
            )
            units.append(Unit(row_id(record), record, options))
    shown = _question(batch, name)
    runs = batch.run or batch.hash
    return Items(
        _digest("candidates", runs, name), _title(batch), name, tuple(kinds) or ("",),
        tuple(units), shown, sum(_same(unit) for unit in units), batches=(batch,),
    )  # fmt: skip


def between(old: Batch, new: Batch, column: str | None = None) -> Items:
    """The answers of two versions to the rows that they share.

    First answers, accepted or not, so that checks cannot flatter a prompt. Raises where
    the rows are no pairs.
    """
    from synthnb.diff.pairing import pair

    name = column or new.recipe.main
    for batch in (old, new):
        if name not in batch.columns and name in batch.recipe.columns:
            raise RankingError(f"{_title(batch)} has no rows with {one_line(name, 40)}.")
        if name not in batch.columns:
            raise RankingError(f"{_title(batch)} has no column {one_line(name, 40)}.")
    found = pair(old, new)
    if found.broken or not found.pairs:
        why = found.broken or "no row is in both"
        raise RankingError(f"Not paired: {why}. Only versions with the same plan are ranked.")
    units = []
    for both in found.pairs:
        a, b = both.old.values.get(name), both.new.values.get(name)
        if a is not None and b is not None:
            options = (Option(0, a, both.old), Option(1, b, both.new))
            units.append(Unit(row_id(both.new), both.new, options))
    names = _names(old, new)
    digest = _digest("versions", old.run or old.hash, new.run or new.hash, name)
    shown = tuple(n for n in found.shared if n != name)
    return Items(
        digest, f"{_title(old)} and {_title(new)}", name, names, tuple(units), shown,
        sum(_same(unit) for unit in units), (old.version, new.version), (old, new),
    )  # fmt: skip


def _names(old: Batch, new: Batch) -> tuple[str, str]:
    if old.name == new.name and old.version is not None and new.version is not None:
        return f"version {old.version}", f"version {new.version}"
    names = _title(old), _title(new)
    return names if names[0] != names[1] else ("the first batch", "the second batch")


def _title(batch: Batch) -> str:
    name = one_line(batch.name, 60)
    return f"{name}@{batch.version}" if batch.version is not None else name


def _lists(batch: Batch, column: str) -> bool:
    return any(
        isinstance(given := r.values.get(column), list) and len(given) > 1
        for r in batch.accepted[:100]
    )


def _answer(item: JSON) -> JSON:
    return item.get("answer") if isinstance(item, dict) and "answer" in item else item


def _system(item: JSON) -> str:
    """Model and settings behind a candidate, in words."""
    if not isinstance(item, dict):
        return ""
    parts = [as_text(item.get("model") or "")]
    if isinstance(heat := item.get("temperature"), int | float):
        parts.append(f"temperature {number(heat)}")
    if item.get("flaw"):
        parts.append(f"flaw {as_text(item['flaw'])}")
    return one_line(", ".join(part for part in parts if part), 120)


def prompt_of(record: Record, column: str) -> str:
    """The request behind a column as the model got it; empty where that is not known."""
    for call in record.calls:
        if call.column == column and call.messages:
            return call.messages[-1]["content"]
    return ""


def _question(batch: Batch, column: str) -> tuple[str, ...]:
    """Columns that the prompt reads, else all others."""
    root = column.partition(".")[0]
    read = {n.removeprefix("source.") for n in batch.recipe.references(root)}
    known = tuple(n for n in batch.columns if n in read)
    return known or tuple(n for n in batch.columns if n != root)


def _same(unit: Unit) -> int:
    texts = [option.text for option in unit.options]
    n = len(texts)
    return sum(texts[i] == texts[j] for i in range(n) for j in range(i + 1, n))


def _digest(*parts: Any) -> str:
    text = "\0".join(str(part) for part in parts)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
