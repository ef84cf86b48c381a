"""Going through the rows of a batch one by one: keep, drop, edit, tag, undo.

The queue holds no rows: what is decided goes to the batch's decisions, and from there into
``.df``, ``.rows`` and every export.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from synthnb.decisions import Outcome, row_id
from synthnb.errors import SynthError
from synthnb.unwritten import is_plain, raw_answer, refuse_empty
from synthnb.visible import count, one_line

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.decisions import DecidedRecords
    from synthnb.types import JSON, Record, Row

__all__ = ["Decision", "Queue", "ReviewError", "apply", "review"]

Kind = Literal["outcome", "edit", "tags"]
TAG = 40
"""Characters of a tag."""


class ReviewError(SynthError):
    """A decision that cannot be: an unknown row, or a value that is not what it was."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision on one row.

    ``outcome`` is ``"keep"`` or ``"drop"``, ``edit`` a dict of new values by column, ``tags``
    a list of words; ``None`` takes it back.
    """

    row: str
    kind: Kind
    value: JSON = None


def apply(batch: Batch, decisions: Iterable[Decision]) -> Batch:
    """Decide on rows of a batch; it comes back, and everything read from it follows.

    >>> apply(batch, [Decision("r0003", "outcome", "drop")]).df  # doctest: +SKIP
    """
    known = {row_id(record) for record in batch.made}
    told = list(decisions)
    for decision in told:
        if decision.row not in known:
            raise ReviewError(f"This batch has no row {one_line(decision.row, 40)}.")
    for decision in told:
        _put(batch, decision)
    from synthnb.explore.live import live_of

    live_of(batch).changed(batch)
    return batch


def _put(batch: Batch, decision: Decision) -> Decision:
    """Decide; what takes it back comes back."""
    own, row, value = batch.decisions, decision.row, decision.value
    if decision.kind == "outcome":
        before: JSON = own.outcome(row)
        own.decide(row, cast("Outcome | None", value))
    elif decision.kind == "edit":
        before = own.edited(row)
        refuse_empty(batch.recipe, cast("Row | None", value) or {})
        own.edit(row, cast("Row | None", value))
    else:
        before = cast("JSON", own.tags(row)) or None
        own.tag(row, [str(tag)[:TAG] for tag in cast("list[JSON]", value or [])])
    return Decision(row, decision.kind, before)


class Queue:
    """The rows of a batch in the order in which they are looked at.

    ``rows`` are the ids of those to look at, all candidates if unset. ``keep`` and ``drop``
    go on to the next row that is still open. Safe to use from any thread.

    >>> queue = batch.review()  # doctest: +SKIP
    >>> queue.keep(); queue.edit({"text": "Better."}); queue.undo()  # doctest: +SKIP
    """

    def __init__(self, batch: Batch, rows: Sequence[str] | None = None) -> None:
        self.batch = batch
        self._records = {row_id(record): record for record in batch.made}
        wanted = list(self._records) if rows is None else list(dict.fromkeys(rows))
        strange = [row for row in wanted if row not in self._records]
        if strange:
            raise ReviewError(f"This batch has no row {one_line(strange[0], 40)}.")
        self.rows = wanted
        """Ids of the rows, in order."""
        self.lock = threading.RLock()
        """Held while something is decided: hold it to read several things of one moment."""
        batch.decisions.refresh()
        self._history = _taken_back(batch.decisions.history, set(wanted))
        self.place = next((i for i, row in enumerate(wanted) if not self.is_done(row)), 0)
        """Place of the row that is looked at, from 0."""
        self.views: list[Any] = []
        """What is told of every change; has a method ``changed``."""
        from synthnb.explore.live import live_of

        live_of(batch).follow(self)

    def __len__(self) -> int:
        return len(self.rows)

    def __bool__(self) -> bool:
        return True

    def is_done(self, row: str) -> bool:
        """Whether anything was decided about a row; tags alone decide nothing."""
        own = self.batch.decisions
        return own.outcome(row) is not None or own.edited(row) is not None

    @property
    def done(self) -> int:
        """Rows that were decided."""
        return sum(self.is_done(row) for row in self.rows)

    @property
    def row(self) -> str:
        """Id of the row that is looked at."""
        if not self.rows:
            raise ReviewError("There are no rows to look at.")
        return self.rows[self.place]

    @property
    def record(self) -> Record:
        """The row that is looked at, as decided by now."""
        return self.decided(self.made)

    @property
    def made(self) -> Record:
        """The same row as the run made it."""
        return self._records[self.row]

    def decided(self, made: Record) -> Record:
        """One of the rows as decided by now."""
        return self._decided.decided(made)

    @property
    def offered(self) -> Row:
        """Text columns that the run failed to write for the row, each with the raw answer."""
        recipe, made = self.batch.recipe, self.made
        missing = (n for n in self._decided.unwritten(made) if is_plain(recipe, n))
        return {name: raw_answer(recipe, made, name) for name in missing}

    @property
    def _decided(self) -> DecidedRecords:
        return cast("DecidedRecords", self.batch.records)

    def record_of(self, row: str) -> Record:
        """A row by its id, as the run made it."""
        return self._records[row]

    def keep(self, row: str | None = None) -> None:
        """Keep the row and go on; a rejected one joins the accepted ones.

        ``row`` is the id of another row to look at first: nobody else, in another thread,
        turns to yet another one meanwhile. So it is for all decisions. Raises
        ``DecisionError`` where the row's answer was cut off or lost: edit it first.
        """
        with self.lock:
            self._decide([Decision(self._at(row), "outcome", "keep")], onward=True)
        self.tell()

    def drop(self, row: str | None = None) -> None:
        """Drop the row and go on; it stays among the rejected ones."""
        with self.lock:
            self._decide([Decision(self._at(row), "outcome", "drop")], onward=True)
        self.tell()

    def edit(self, values: Row, row: str | None = None) -> None:
        """Give columns of the row other values and keep it; it stays the one looked at.

        Values must stay of their kind; those equal to what the run made are no edit. A column
        that the run failed to write gets its first value: ``offered`` has the raw answer.
        Raises ``DecisionError`` where the main column would be left empty: drop the row.
        """
        with self.lock:
            row = self._at(row)
            other = self._changed(row, values) or None
            self._decide([Decision(row, "edit", other), Decision(row, "outcome", "keep")])
        self.tell()

    def _changed(self, row: str, values: Row) -> Row:
        """All of the row's values that are others than the run made, with these."""
        made, own = self.made.values, self._decided
        missing = own.unwritten(self.made)
        strange = [name for name in values if name not in {*made, *missing}]
        if strange:
            raise ReviewError(f"This row has no column {one_line(strange[0], 40)}.")
        told = {**(own.decisions.edited(row) or {}), **values}
        if any(name not in told for name in missing):
            own.refuse_unwritten(row)
        return {n: v for n, v in told.items() if n not in made or v != made[n]}

    def tag(self, tags: Sequence[str], row: str | None = None) -> None:
        """Give the row these tags, in place of those it had."""
        told = [tags] if isinstance(tags, str) else list(tags)
        with self.lock:
            self._decide([Decision(self._at(row), "tags", told)])
        self.tell()

    @property
    def can_undo(self) -> bool:
        """Whether there is a decision to take back."""
        return bool(self._history)

    def undo(self) -> None:
        """Take back the last decision, also one of an earlier session, and show its row."""
        with self.lock:
            if not self._history:
                raise ReviewError("There is nothing to undo.")
            told = self._history.pop()
            for decision in reversed(told):
                _put(self.batch, decision)
            self.place = self.rows.index(told[0].row)
        self.tell()

    def move(self, by: int) -> None:
        """Look at another row, ``by`` places on; stays within the queue."""
        with self.lock:
            self.place = min(max(self.place + by, 0), max(len(self.rows) - 1, 0))

    def go(self, row: str) -> None:
        """Look at this row."""
        if row not in self.rows:
            raise ReviewError(f"This queue has no row {one_line(row, 40)}.")
        with self.lock:
            self.place = self.rows.index(row)

    def tell(self) -> None:
        """Let all views of these rows draw what was decided, those of other queues too."""
        from synthnb.explore.live import live_of

        live_of(self.batch).changed(self.batch)

    def _at(self, row: str | None) -> str:
        """The row to decide on, which is looked at from now on."""
        if row is not None:
            self.go(row)
        return self.row

    def _decide(self, told: list[Decision], onward: bool = False) -> None:
        self._history.append([_put(self.batch, decision) for decision in told])
        if onward:
            later = range(self.place + 1, self.place + len(self.rows))
            following = (i % len(self.rows) for i in later)
            opened = (i for i in following if not self.is_done(self.rows[i]))
            self.place = next(opened, self.place)

    @property
    def counts(self) -> dict[str, int]:
        """Rows by what was decided: kept, dropped, edited, restored, tagged, open.

        Edited and restored rows are among the kept ones.
        """
        own = self.batch.decisions
        found = dict.fromkeys(("kept", "dropped", "edited", "restored", "tagged", "open"), 0)
        for row in self.rows:
            outcome, edited = own.outcome(row), own.edited(row) is not None
            found["dropped"] += outcome == "drop"
            found["kept"] += outcome == "keep" or (edited and outcome is None)
            found["edited"] += edited
            found["restored"] += outcome == "keep" and not self._records[row].accepted
            found["tagged"] += bool(own.tags(row))
            found["open"] += not self.is_done(row)
        return found

    @property
    def verdict(self) -> str:
        """How far this is, in one line."""
        own = self.counts
        parts = [f"{self.done:,} of {count(len(self), 'row')} reviewed"]
        parts += [f"{n:,} {what}" for what, n in own.items() if n and what != "open"]
        return " · ".join(parts)

    def __repr__(self) -> str:
        return f"<Review of {one_line(self.batch.name, 60)}: {self.verdict}>"

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> dict[str, object]:
        from synthnb.desks.review import bundle

        return bundle(self)


def _taken_back(
    history: Iterable[tuple[str, str]], mine: Container[str]
) -> list[list[Decision]]:
    """What takes back decisions of earlier sessions; an edit and its keep are one."""
    steps: list[list[Decision]] = []
    for row, kind in history:
        if row in mine:
            back = Decision(row, cast("Kind", kind))
            last = steps[-1] if steps else []
            if kind == "outcome" and [(d.row, d.kind) for d in last] == [(row, "edit")]:
                last.append(back)
            else:
                steps.append([back])
    return steps


def from_text(value: JSON, text: str) -> JSON:
    """What a person typed in place of ``value``, of the same kind.

    >>> from_text(3, "4"), from_text("a", "4"), from_text([1], "[1, 2]")
    (4, '4', [1, 2])
    """
    if isinstance(value, str) or value is None:
        return text
    try:
        found: JSON = json.loads(text)
    except ValueError:
        raise ReviewError(f"This is not JSON as the value was: {one_line(text, 60)}") from None
    numbers = (int, float)
    if isinstance(value, bool) is not isinstance(found, bool) or not (
        isinstance(found, type(value))
        or (isinstance(value, numbers) and isinstance(found, numbers))
    ):
        raise ReviewError(f"This is another kind of value than before: {one_line(text, 60)}")
    return found


def to_text(value: JSON) -> str:
    """A value as a person edits it: text as it is, the rest as JSON."""
    if isinstance(value, str) or value is None:
        return value or ""
    return json.dumps(value, ensure_ascii=False, indent=1, default=str)


def typed(made: Mapping[str, JSON], texts: Mapping[str, Any]) -> Row:
    """The values behind what a view's fields hold."""
    return {n: from_text(made[n], str(text)) for n, text in texts.items() if n in made}


def review(batch: Batch, only: str | None = None) -> Queue:
    """The queue behind ``Batch.review``."""
    if only not in (None, "accepted", "rejected"):
        raise ReviewError(f"Review accepted or rejected rows, not {one_line(str(only), 40)}.")
    if only is None:
        return Queue(batch)
    rows = [row_id(r) for r in batch.made if r.accepted is (only == "accepted")]
    return Queue(batch, rows)
