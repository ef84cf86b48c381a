"""Coverage of a corpus by language, domain and length: one pass, counts only."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from synthnb.errors import SourceError
from synthnb.suggest import did_you_mean
from synthnb.types import JSON, Row
from synthnb.visible import one_line

if TYPE_CHECKING:
    import pandas as pd

    from synthnb.corpus.filling import Filling
    from synthnb.source import SourceRows

__all__ = ["LENGTHS", "Coverage", "coverage"]

LENGTHS = (50, 200, 1000)
"""Words at which one length band ends and the next begins."""
LOOKED_AT = 5_000
"""Characters of a document in which keywords are looked for."""
DIMENSIONS = ("language", "domain", "length")

Unit: TypeAlias = Literal["documents", "words"]
Cell: TypeAlias = tuple[str, ...]


@dataclass(frozen=True)
class Coverage:
    """Documents and words in each cell of language, domain, length and further columns."""

    dimensions: tuple[str, ...]
    documents: Mapping[Cell, int]
    words: Mapping[Cell, int]
    bands: tuple[str, ...]
    """Names of the length bands, short to long."""

    def __len__(self) -> int:
        """Documents in all."""
        return sum(self.documents.values())

    @property
    def df(self) -> pd.DataFrame:
        """One row a cell that holds something, the largest first."""
        import pandas as pd

        total = max(1, sum(self.words.values()))
        rows = [
            (*cell, count, self.words[cell], round(self.words[cell] / total, 4))
            for cell, count in sorted(self.documents.items(), key=lambda kv: (-kv[1], kv[0]))
        ]
        names = [*self.dimensions, "documents", "words", "share_of_words"]
        return pd.DataFrame(rows, columns=pd.Index(names))

    def counts(self, dimension: str, unit: Unit = "documents") -> dict[str, int]:
        """How much there is of each value of one dimension, or of several: ``"a & b"``."""
        return dict(self._counted(self.named(dimension), unit).most_common())

    def shares(self, dimension: str, unit: Unit = "documents") -> dict[str, float]:
        """The same as shares of 1."""
        found = self.counts(dimension, unit)
        total = max(1, sum(found.values()))
        return {value: count / total for value, count in found.items()}

    def gap(
        self, target: Mapping[str, Mapping[str, float]], unit: Unit = "documents"
    ) -> pd.DataFrame:
        """What is there beside what is wanted: ``{"domain": {"bees": 0.3}}``.

        Shares are of 1; a dimension that the corpus was not counted by counts as absent.
        """
        import pandas as pd

        self.checked(target)
        rows = []
        for name, wanted in target.items():
            there = self.shares(name, unit) if self.knows(name) else {}
            for value, share in wanted.items():
                have = there.get(value, 0.0)
                rows.append((name, value, round(have, 4), share, round(share - have, 4)))
        return pd.DataFrame(rows, columns=pd.Index(["by", "value", "have", "want", "gap"]))

    def plan(
        self,
        target: Mapping[str, Mapping[str, float]],
        rows: int,
        *,
        words_each: float | None = None,
    ) -> Filling:
        """Quotas for ``rows`` new documents that bring the whole closest to ``target``.

        With ``words_each`` (expected words of a new document) words are counted instead of
        documents. ``filling.quotas`` are whole numbers (largest remainder);
        ``filling.into(recipe)`` writes them into a recipe.
        """
        from synthnb.corpus.filling import fill

        return fill(self, target, rows, words_each)

    def knows(self, dimension: str) -> bool:
        """Whether the corpus was counted by it."""
        return all(name in self.dimensions for name in split(dimension))

    def checked(self, target: Mapping[str, Mapping[str, float]]) -> None:
        """Refuse a dimension that is a slip for one of these; others are new, and empty."""
        for name in (part for dimension in target for part in split(dimension)):
            if name not in self.dimensions and (hint := did_you_mean(name, self.dimensions)):
                raise SourceError(f"the corpus was not counted by {name!r}{hint}")

    def named(self, dimension: str) -> list[int]:
        """Places of the dimensions in a cell; raises ``SourceError`` for unknown ones."""
        for name in split(dimension):
            if name not in self.dimensions:
                hint = did_you_mean(name, self.dimensions)
                there = hint or f"; it was counted by {', '.join(self.dimensions)}"
                raise SourceError(f"the corpus was not counted by {name!r}{there}")
        return [self.dimensions.index(name) for name in split(dimension)]

    def _counted(self, places: list[int], unit: Unit) -> Counter[str]:
        found: Counter[str] = Counter()
        cells = self.documents if unit == "documents" else self.words
        for cell, count in cells.items():
            found[" & ".join(cell[place] for place in places)] += count
        return found

    def __str__(self) -> str:
        lines = [f"{len(self):,} documents, {sum(self.words.values()):,} words"]
        for name in self.dimensions:
            shares = list(self.shares(name).items())
            told = ", ".join(
                f"{one_line(value, 30)} {share:.0%}" for value, share in shares[:8]
            )
            more = f", {len(shares) - 8} more" if len(shares) > 8 else ""
            lines.append(f"  {name}: {told}{more}")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"


def split(dimension: str) -> list[str]:
    """The parts of ``"language & domain"``."""
    return [name.strip() for name in dimension.split("&")]


def coverage(
    rows: Any,
    *,
    text: str | None = None,
    domain: str | Mapping[str, Sequence[str]] | None = None,
    by: Sequence[str] = (),
    lengths: Sequence[int] = LENGTHS,
) -> Coverage:
    """Count a corpus by language, domain and length.

    ``rows`` is a folder, a pattern of documents, a table file, a DataFrame, a list of dicts
    or a batch. ``text`` names the column to read (``chunk`` of documents, else the longest
    one). ``domain`` is a column, or keywords: ``{"bees": ["hive", "honey"]}``; the domain
    with most hits wins, none is ``other``. ``by`` adds further columns. ``lengths`` are
    words at which bands end. Documents are read one at a time.

    >>> found = coverage([{"text": "The hive is full of honey."}], domain={"bees": ["honey"]})
    >>> found.counts("domain"), found.counts("length")
    ({'bees': 1}, {'under 50 words': 1})
    """
    from synthnb.checks.values import count_words

    source = _opened(rows)
    column = _text_column(source, text)
    for name in (*by, *([domain] if isinstance(domain, str) else [])):
        _known(source, name)
    ends = sorted(set(lengths))
    bands = _bands(ends)
    labelled = _Domains(domain)
    documents: Counter[Cell] = Counter()
    words: Counter[Cell] = Counter()
    for row in _rows(source):
        said = row.get(column)
        if not isinstance(said, str) or not said.strip():
            continue
        size = count_words(said)
        cell = (
            _language(said), labelled.of(row, said), bands[bisect_right(ends, size)],
            *(_label(row.get(name)) for name in by),
        )  # fmt: skip
        documents[cell] += 1
        words[cell] += size
    return Coverage((*DIMENSIONS, *by), dict(documents), dict(words), bands)


def _opened(rows: Any) -> SourceRows:
    from synthnb.recipe.parts import Chunk, Source
    from synthnb.source import open_source

    whole = Source(order="file", chunk=Chunk(words=100_000, overlap=0))
    given = rows.df if hasattr(rows, "funnel") and hasattr(rows, "df") else rows
    if isinstance(given, str | PathLike):
        path = Path(given)
        if path.suffix.lower() in (".csv", ".tsv", ".jsonl", ".json", ".parquet", ".xlsx"):
            whole = Source(order="file")
    else:
        whole = Source(order="file")
    return open_source(whole, base=Path.cwd(), frame=given)


def _text_column(source: SourceRows, text: str | None) -> str:
    if text is not None:
        _known(source, text)
        return text
    if "chunk" in source.columns and "path" in source.columns:
        return "chunk"
    if not len(source):
        raise SourceError(f"{source.name} has no rows.")
    sample = [source.row(place) for place in range(min(20, len(source)))]
    sizes = {
        name: sum(len(row[name]) for row in sample if isinstance(row[name], str))
        for name in source.columns
    }
    best = max(sizes, key=lambda name: sizes[name], default=None)
    if best is None or not sizes[best]:
        raise SourceError(f"{source.name} has no column of texts; say text='COLUMN'.")
    return best


def _known(source: SourceRows, name: str) -> None:
    if name not in source.columns:
        hint = did_you_mean(name, source.columns) or f"; it has {', '.join(source.columns)}"
        raise SourceError(f"{source.name} has no column {name!r}{hint}")


def _rows(source: SourceRows) -> Iterator[Row]:
    for place in range(len(source)):
        yield source.row(place)


def _language(text: str) -> str:
    from synthnb.checks.language import detect

    return detect(text)[0] or "none"


class _Domains:
    """The domain of a document, by a column or by keywords."""

    def __init__(self, domain: str | Mapping[str, Sequence[str]] | None) -> None:
        self._column = domain if isinstance(domain, str) else None
        self._words: dict[str, frozenset[str]] = {}
        if isinstance(domain, Mapping):
            for name, words in domain.items():
                if isinstance(words, str) or not words:
                    raise SourceError(f"domain {name!r} needs a list of keywords")
                self._words[name] = frozenset(word.casefold() for word in words)

    def of(self, row: Row, text: str) -> str:
        from synthnb.checks.values import normal_words

        if self._column is not None:
            return _label(row.get(self._column))
        if not self._words:
            return "all"
        seen = Counter(normal_words(text[:LOOKED_AT]))
        hits = {name: sum(seen[w] for w in words) for name, words in self._words.items()}
        best = max(hits, key=lambda name: hits[name])
        return best if hits[best] else "other"


def _label(value: JSON) -> str:
    from synthnb.recipe.parts import label

    return "none" if value is None else one_line(label(value), 80)


def _bands(ends: Sequence[int]) -> tuple[str, ...]:
    if not ends or ends[0] < 1:
        raise SourceError("lengths are words at which bands end, such as (50, 200)")
    middle = [f"{low} to {high - 1} words" for low, high in pairwise(ends)]
    return (f"under {ends[0]} words", *middle, f"{ends[-1]} words or more")
