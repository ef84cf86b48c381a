"""The result of a run: accepted and rejected rows, what they cost, how they came about."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any, overload

from synthnb.deciding import Deciding
from synthnb.decisions import DecidedRecords, decisions_of
from synthnb.events import Status
from synthnb.outgoing import Outgoing
from synthnb.store import StoredRecords
from synthnb.types import Record, Row, Usage
from synthnb.visible import count, one_line, spent

if TYPE_CHECKING:
    import pandas as pd

    from synthnb.charts.altair_charts import Charts
    from synthnb.charts.distributions import Distribution
    from synthnb.collapse.meter import Meter
    from synthnb.decisions import Decisions
    from synthnb.diff import Diff
    from synthnb.diff.measures import Own
    from synthnb.explore import Selection, TextMap
    from synthnb.recipe import Recipe
    from synthnb.report import Report

__all__ = ["Batch", "provenance"]

_PLAN_ORDER = attrgetter("attempt", "index", "candidate")
_LOOKED = 20_000
"""Records of a long batch that are looked at to learn its columns."""
_ENDED: dict[str, str] = {
    "exhausted": "the cap on candidates ended this run",
    "budget": "the budget ended this run",
    "stopped": "stopped early, everything finished is kept",
    "interrupted": "stopped by you, everything finished is kept",
    "failed": "an error ended this run, everything finished is kept",
}


@dataclass(frozen=True)
class Batch(Outgoing, Deciding):
    """Rows and everything known about them; a value that never changes.

    Behaves like a list of its accepted rows (``len``, iteration, indexing); ``df``,
    ``rows`` and ``rejected`` are the same rows in other clothes.

    >>> recipe = Recipe.loads("synthnb: 1\\ncolumns: {text: {prompt: Say hello}}")
    >>> batch = Batch([Record(0, {"text": "Hello!"}), Record(1, {"text": "Hi."})], recipe)
    >>> len(batch), batch[0], batch["text"]
    (2, {'text': 'Hello!'}, ['Hello!', 'Hi.'])
    """

    records: Sequence[Record]
    """All candidates in plan order, rejected ones included."""
    recipe: Recipe
    funnel: Mapping[str, int] = field(default_factory=dict)
    """How many candidates reached each stage: calls, answered, … accepted."""
    usage: Usage = field(default_factory=Usage)
    status: Status = "done"
    reason: str = ""
    """One line on why the run ended early; empty when it is done."""
    name: str = "batch"
    version: int | None = None
    plan_targets: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Planned count of each label: ``{"mood": {"angry": 9.6}}``; sampled columns only."""
    elapsed: float = 0.0
    """Seconds of the whole run."""
    run: str = ""
    wanted: int | None = None
    """Rows asked for."""
    exhausted: tuple[Mapping[str, object], ...] = ()
    """What is missing, and why: ``{"cell": {column: value}, "wanted", "accepted", "why"}``."""
    paired_with: int | None = None
    """An earlier version with the same plan, so that rows can be compared in pairs."""
    frame: Any = field(default=None, repr=False, compare=False)
    """The table in memory behind the rows, if the source was one; saved with the recipe."""
    notes: tuple[str, ...] = ()
    """Sentences for the card: what was mixed in, left out or lost."""
    real_license: str | None = None
    """Licence of real rows that were mixed in."""
    live: bool = False
    """A person watched this run: its output may say how long it took."""

    def __post_init__(self) -> None:
        records = self.records
        if isinstance(records, DecidedRecords):
            if records.decisions.scope == self.run:  # a copy shares the decisions
                return
            records = records.raw
        if isinstance(records, list | tuple):  # rows read from the store are in order
            records = tuple(sorted(records, key=_PLAN_ORDER))
        decided = DecidedRecords(records, decisions_of(self.run), self.recipe)
        object.__setattr__(self, "records", decided)

    @property
    def decisions(self) -> Decisions:
        """What people decided about these rows; ``decisions.decide(row, "keep")`` adds."""
        return self._decided.decisions

    @property
    def accepted(self) -> Sequence[Record]:
        """Records of the accepted rows, in plan order, as people decided by now."""
        return self._decided.accepted

    @property
    def made(self) -> Sequence[Record]:
        """The records as the run made them, without what people decided since."""
        return self._decided.raw

    @property
    def _decided(self) -> DecidedRecords:
        assert isinstance(self.records, DecidedRecords)
        return self.records

    @property
    def is_long(self) -> bool:
        """Whether the rows are read from the store as they are needed."""
        return not isinstance(self._decided.raw, tuple)

    def __len__(self) -> int:
        return len(self.accepted)

    def __iter__(self) -> Iterator[Row]:
        return (dict(record.values) for record in self.accepted)

    @overload
    def __getitem__(self, item: int) -> Row: ...
    @overload
    def __getitem__(self, item: slice) -> list[Row]: ...
    @overload
    def __getitem__(self, item: str) -> list[Any]: ...
    def __getitem__(self, item: int | slice | str) -> Row | list[Row] | list[Any]:
        """A row by number, rows by slice, or one column's values by name."""
        if isinstance(item, str):
            if item not in self.columns:
                raise KeyError(item)
            return [record.values.get(item) for record in self.accepted]
        if isinstance(item, slice):
            return [dict(record.values) for record in self.accepted[item]]
        return dict(self.accepted[item].values)

    def __bool__(self) -> bool:
        return True  # an empty batch is still a result

    __hash__ = object.__hash__

    @cached_property
    def columns(self) -> list[str]:
        """Data columns in recipe order."""
        raw = self._decided.raw
        if isinstance(raw, StoredRecords):
            return raw.columns(_LOOKED)
        looked = raw[:: max(1, len(raw) // _LOOKED)]
        return list({name: None for record in looked for name in record.values})

    @property
    def df(self) -> pd.DataFrame:
        """Accepted rows as a pandas DataFrame, data columns only; a fresh one each time."""
        from synthnb.source.tables import to_frame

        return to_frame(list(self), self.columns, like=self.frame)

    @property
    def rows(self) -> list[Row]:
        """Accepted rows with their provenance under ``_synthnb``."""
        return [self.with_provenance(record) for record in self.accepted]

    @property
    def rejected(self) -> list[Row]:
        """Rejected candidates; ``row["_synthnb"]["reasons"]`` says why."""
        return [self.with_provenance(r) for r in self.records if not r.accepted]

    def with_provenance(self, record: Record) -> Row:
        """One record as a row, its provenance under ``_synthnb``."""
        own = provenance(record, recipe=self.recipe.fingerprint, version=self.version)
        if (outcome := self.decisions.outcome(own["id"])) is not None:
            own["decision"] = outcome
        return {**record.values, "_synthnb": own}

    @cached_property
    def hash(self) -> str:
        """Hex digest of recipe and rows: equal batches have equal hashes."""
        digest = hashlib.sha256(self.recipe.fingerprint.encode())
        for record in self._decided.raw:  # as the run made them: decisions change no identity
            line = [record.accepted, record.index, record.attempt, record.candidate]
            text = json.dumps([*line, record.values], sort_keys=True, default=str)
            digest.update(text.encode("utf-8", "replace"))
        return digest.hexdigest()[:16]

    @property
    def distributions(self) -> list[Distribution]:
        """The aggregated bars behind all charts, tables and findings of this batch."""
        from synthnb.charts.columns import columns_of
        from synthnb.charts.distributions import distributions

        return columns_of(self).once("charts", "", lambda: distributions(self))

    @property
    def selection(self) -> Selection:
        """The rows that were chosen in this batch's view, by clicks and brushes.

        A value: later clicks make a new one. All accepted rows if nothing is chosen.
        """
        from synthnb.explore.live import live_of

        return live_of(self).selection(self)

    def select(self, where: Mapping[str, Any] | None = None, /, **columns: Any) -> Selection:
        """Rows by their values: ``batch.select(mood="angry", length=(100, 160)).df``.

        A value or a list of values is compared with the column's labels; ``(from, to)``
        are numbers (of a text column its length), from ``from`` up to, not including,
        ``to``, though the largest of all is included. Names are columns, ``length``,
        ``nearest`` and the checks that measured something; ``where`` takes names that are
        no identifiers. Beside them: ``search`` (text anywhere in a row), ``rejected``
        (true: rejected rows only), ``rule`` (rejected by it), ``ids``, ``region`` (of the
        map). All must hold. Raises ``SelectionError`` for a name that is not there.
        """
        from synthnb.explore.selection import select

        return select(self, where, **columns)

    def map(self, embeddings: str | None = None) -> TextMap:
        """Where the texts lie: near means alike; ``.x`` and ``.y`` run from 0 to 1000.

        By words (TF-IDF and its two main directions), or by the embeddings of a model named
        as ``PROFILE/MODEL``; the view then shows that map, without rows that are edited
        later, until a model is named again.
        """
        from synthnb.explore.live import live_of
        from synthnb.explore.textmap import text_map

        made = text_map(self, embeddings)
        if embeddings is not None:
            live_of(self).tell({"event": "map"})
        return made

    def widget(self) -> Any:
        """The interactive view as a widget, for front ends without the extension."""
        from synthnb.notebook.widgets import BatchWidget

        return BatchWidget(self)

    def report(self, real: Any = None, **options: Any) -> Report:
        """Whether these rows are fit to train on: figures, charts, three things to do next.

        ``real`` are real rows to compare with, the recipe's source by default; further
        options are those of ``synthnb.report.report`` (``text``, ``label``, ``holdout``).
        """
        from synthnb.report import report

        return report(self, real, **options)

    def collapse(self, *previous: Any, real: Any = None) -> Meter:
        """Whether variety is being lost: this batch after ``previous`` ones.

        Without any, its own generation depths are compared, or else it with the real rows.
        """
        from synthnb.collapse.meter import meter

        return meter([*previous, self] if previous else self, real=real)

    def charts(self) -> Charts:
        """Altair charts by name (one a sampled column, length, nearest row, rejections).

        Each is an ordinary ``altair.LayerChart`` to customise; it displays as PNG, so
        nothing is fetched.
        """
        from synthnb.charts.altair_charts import charts

        return charts(self)

    def diff(self, other: Batch | str | int, *, metrics: Own | None = None) -> Diff:
        """What changed from ``other`` (a batch, or ``3``, ``"NAME@3"``, ``"last"``).

        Rows that share seed, source and attributes are compared in pairs. ``metrics`` adds
        your own: a name and a function of one row that returns a number or a truth value.
        """
        from synthnb.diff import diff

        return diff(other, self, metrics=metrics)

    def replace(self, **changes: Any) -> Batch:
        """A copy with some fields changed."""
        return replace(self, **changes)

    @property
    def verdict(self) -> str:
        """What happened, in one line; no timings, so that it is the same each time."""
        return " · ".join(self._verdict_parts())

    @property
    def nothing(self) -> str:
        """What to say of a run that made no row at all; empty otherwise."""
        if self.records or self.status == "done":
            return ""
        return "No answer came." if self.usage.requests else "Nothing was sent."

    def _verdict_parts(self) -> list[str]:
        if self.nothing:
            version = [] if self.version is None else [f"version {self.version}"]
            return [f"{self.nothing} {self.ended}", *version]
        real, total = self.real_rows
        short = self.wanted is not None and total - real < self.wanted
        head = f"{len(self):,} accepted of {count(len(self.records), 'candidate')}"
        parts = [head + (f", {self.wanted:,} wanted" if short else "")]
        if real or self.recipe.mix is not None:
            parts.append(f"{real / max(total, 1):.0%} real ({count(real, 'row')})")
        if self.status != "done":
            parts.append(self.ended)
        parts += spent(self.usage, self.tokens)
        if self.version is not None:
            paired = f", paired with {self.paired_with}" if self.paired_with else ""
            parts.append(f"version {self.version}{paired}")
        return parts

    @cached_property
    def tokens(self) -> int:
        """Tokens that models wrote for these rows, stored answers included."""
        if not isinstance(self._decided.raw, tuple):
            return self.usage.completion_tokens
        calls = (call for record in self.records for call in record.calls)
        written = sum(call.completion_tokens or 0 for call in calls)
        return max(written, self.usage.completion_tokens)

    @property
    def ended(self) -> str:
        """Why the run ended early, in a few words; empty when it is done."""
        if self.status == "done":
            return ""
        return one_line(self.reason) or _ENDED.get(self.status, self.status)

    def __repr__(self) -> str:
        return f"<Batch {one_line(self.name, 60)}: {self.verdict}>"

    def __str__(self) -> str:
        from synthnb.charts.text_table import batch_text

        return batch_text(self)

    def _repr_mimebundle_(
        self, include: object = None, exclude: Container[str] | None = None
    ) -> dict[str, object]:
        from synthnb.charts.payload import MIME, payload
        from synthnb.charts.picture import PNG, batch_sheet, kept
        from synthnb.charts.static_html import batch_html
        from synthnb.charts.text_table import batch_text

        shown: dict[str, object] = {
            MIME: payload(self),
            "text/html": batch_html(self),
            "text/plain": batch_text(self),
        }
        if "ipykernel" in sys.modules:  # a view may ask for more than was saved
            from synthnb.notebook.link import offer

            shown |= offer(self)
        return shown if PNG in (exclude or ()) else shown | kept(batch_sheet, self)


def provenance(record: Record, *, recipe: str, version: int | None = None) -> Row:
    """Where a row came from, as JSON; holds no prompt, no time and no machine name."""
    own: Row = {
        "id": record.id or f"{record.index}.{record.attempt}.{record.candidate}",
        "row": record.index,
        "attempt": record.attempt,
        "candidate": record.candidate,
        "origin": record.origin,
        "generation": record.generation,
        "parents": list(record.parents),
        "recipe": recipe,
        "version": version,
        **({"held_out": True} if record.held_out else {}),
        "calls": [
            {"column": c.column, "model": c.model, "seed": c.seed, "few_shot": list(c.few_shot)}
            for c in record.calls
        ],
        "checks": [
            {"rule": c.rule, "value": c.value, "passed": c.passed, "message": c.message}
            for c in record.checks
        ],
    }
    if record.reasons:
        own["reasons"] = [
            {"rule": r.rule, "value": r.value, "message": r.message, "column": r.column}
            for r in record.reasons
        ]
    return own
