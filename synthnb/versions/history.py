"""The versions of one name beside each other: what changed, and how each figure moved."""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import overload

import orjson

from synthnb.batch import Batch
from synthnb.charts.distributions import main_column
from synthnb.charts.similarity import nearest
from synthnb.checks.values import as_plain
from synthnb.deciding import decided_rows
from synthnb.diff.recipe import changed_keys, changed_words
from synthnb.errors import StoreError
from synthnb.recipe import Recipe
from synthnb.store import RunInfo, Store, VersionInfo
from synthnb.types import JSON
from synthnb.versions.opening import batch_of, find_version, project_of, recipe_of
from synthnb.visible import count, one_line

__all__ = ["History", "Version", "history"]

MEASURED = 1000
"""Candidates of a version that its figures are taken from, the first in plan order."""
LEAST_WORDS = 50
"""Shorter versions have no distinct-2: it compares only at equal length."""


@dataclass(frozen=True)
class Figures:
    """What is measured of one version."""

    accepted: float | None
    length: float | None
    nearest: float | None
    duplicates: int
    tokens: float | None
    words: tuple[tuple[str, ...], ...]
    """Texts as words, for what must be measured at equal length."""


@dataclass(frozen=True)
class Version:
    """One line of the table. A figure that cannot be measured is ``None``."""

    number: int
    hash: str
    created: float
    """Unix time."""
    tape: bool
    """Its answers came from a tape."""
    status: str
    rows: int
    """Accepted rows, as people decided by now."""
    candidates: int
    changed: tuple[str, ...]
    """Recipe keys that differ from the version above that has rows."""
    words: str
    """What the first of these changes took away and added, cut: ``−two +three``."""
    decisions: int
    """Rows that people kept, dropped or edited."""
    accepted: float | None
    """Share of candidates that were accepted, as people decided by now; so are all figures."""
    length: float | None
    """Median characters of the main column, accepted rows."""
    distinct2: float | None
    """Different word pairs over all, at the same number of words for every version."""
    nearest: float | None
    """Median similarity (0 to 1) of accepted rows to the nearest other one."""
    duplicates: int
    """Accepted rows that repeat another exactly."""
    tokens: float | None
    """Mean tokens written for a candidate."""
    pruned: bool = False
    """Its rows are in the store no more."""

    @property
    def is_there(self) -> bool:
        """Whether it has rows to show and to compare."""
        return self.candidates > 0 and not self.pruned

    @property
    def ended(self) -> str:
        """How its run ended, in a word or two: ``done``, ``budget``, ``candidate cap``."""
        return "candidate cap" if self.status == "exhausted" else self.status

    @property
    def when(self) -> str:
        """Local date and time; ``tape`` for a replay, which has no time of its own."""
        if self.tape:
            return "tape"
        return datetime.fromtimestamp(self.created).strftime("%Y-%m-%d %H:%M")


@dataclass(frozen=True)
class History(Sequence[Version]):
    """All versions of a name in a project folder, oldest first. Displays as a table."""

    name: str
    versions: tuple[Version, ...]

    def __len__(self) -> int:
        return len(self.versions)

    def __iter__(self) -> Iterator[Version]:
        return iter(self.versions)

    @overload
    def __getitem__(self, item: int) -> Version: ...
    @overload
    def __getitem__(self, item: slice) -> Sequence[Version]: ...
    def __getitem__(self, item: int | slice) -> Version | Sequence[Version]:
        return self.versions[item]

    def to_dicts(self) -> list[dict[str, JSON]]:
        """The table as plain data, for JSON."""
        return [
            {
                **{k: v for k, v in vars(version).items() if k != "changed"},
                "changed": list(version.changed),
            }
            for version in self.versions
        ]

    def __repr__(self) -> str:
        return f"<History {one_line(self.name, 60)}: {count(len(self), 'version')}>"

    def __str__(self) -> str:
        from synthnb.versions.table import history_text

        return history_text(self)

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> dict[str, object]:
        from synthnb.charts.picture import html_sheet, kept
        from synthnb.versions.payload import MIME, payload
        from synthnb.versions.table import history_html, history_text

        return {
            MIME: payload(self),
            "text/html": history_html(self),
            "text/plain": history_text(self),
            **kept(html_sheet, history_html(self)),
        }


def history(
    name: str, project: str | Path | None = None, *, store: Store | None = None
) -> History:
    """The versions of ``name`` made in ``project`` (this folder), with their figures.

    Raises ``StoreError`` where there is none. Figures come from the first 1,000 candidates
    of each version.
    """
    if store is None:
        from synthnb.api.stores import shared_store

        store = shared_store()
    newest = find_version(name, None, project, store=store)
    known = store.versions(project_of(project), newest.name)
    decided = [store.decisions(version.run) for version in known]
    figures = [
        _figures_of(version, store, hashlib.sha256(orjson.dumps(told)).hexdigest())
        for version, told in zip(known, decided, strict=True)
    ]
    sizes = [sum(map(len, f.words)) for f in figures]
    room = min((size for size in sizes if size >= LEAST_WORDS), default=0)
    made = []
    before: Recipe | None = None
    for version, own, those in zip(known, figures, decided, strict=True):
        run = store.run(version.run)
        told = decided_rows((str(one["row"]), str(one["kind"])) for one in those)
        recipe = recipe_of(run)
        changed = changed_keys(before, recipe) if before is not None else []
        words = changed_words(before, recipe) if before is not None else ""
        made.append(
            Version(
                version.number, version.hash, version.created, version.tape, run.status,
                run.accepted if not told else _decided(version, run, store),
                run.accepted + run.rejected, tuple(changed),
                words, told, own.accepted, own.length,
                _distinct(own.words, room), own.nearest, own.duplicates, own.tokens,
                bool(run.accepted + run.rejected) and not store.count_rows(run.id),
            )
        )  # fmt: skip
        before = recipe if run.accepted + run.rejected else before  # else nothing came of it
    return History(newest.name, tuple(made))


def _decided(version: VersionInfo, run: RunInfo, store: Store) -> int:
    """Accepted rows of a version on whose rows people decided."""
    try:
        return len(_decided_batch(version, store))
    except StoreError:  # its rows were pruned
        return run.accepted


def _decided_batch(version: VersionInfo, store: Store) -> Batch:
    batch = batch_of(version, store)
    batch.decisions.refresh()
    return batch


@lru_cache(maxsize=256)
def _figures_of(version: VersionInfo, store: Store, decided: str) -> Figures:
    """``decided`` is a digest of what people decided: the figures follow it."""
    try:
        return figures(_decided_batch(version, store))
    except StoreError:  # its rows were pruned
        return Figures(None, None, None, 0, None, ())


def figures(batch: Batch) -> Figures:
    """What the table says of a batch, from its first candidates."""
    records = [r for r in batch.records[:MEASURED] if r.origin != "real"]
    kept = [r for r in records if r.accepted]
    main = main_column(batch)
    texts = [as_plain(r.values.get(main)) for r in kept] if main else []
    written = [
        sum(c.completion_tokens or 0 for c in r.calls)
        for r in records
        if any(c.completion_tokens is not None for c in r.calls)
    ]
    return Figures(
        accepted=len(kept) / len(records) if records else None,
        length=float(statistics.median(map(len, texts))) if texts else None,
        nearest=statistics.median(nearest(texts)) if len(texts) > 1 else None,
        duplicates=len(texts) - len(set(texts)),
        tokens=statistics.fmean(written) if written else None,
        words=tuple(tuple(text.lower().split()) for text in texts),
    )


def _distinct(texts: Sequence[Sequence[str]], room: int) -> float | None:
    """Different word pairs over all pairs, in the first ``room`` words."""
    left, pairs = room, []
    for words in texts:
        cut = words[:left]
        pairs += list(pairwise(cut))
        left -= len(cut)
    return len(set(pairs)) / len(pairs) if pairs and left == 0 else None
