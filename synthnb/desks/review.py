"""The desk of a review: one row at a time, its prompt and checks, what was decided."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from synthnb.charts.payload import view_id, write_detail
from synthnb.decisions import row_id
from synthnb.desks.desk import Desk, clean
from synthnb.review import Queue, to_text, typed
from synthnb.visible import escape, one_line

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.types import Record

__all__ = ["MIME", "ReviewDesk", "bundle"]

MIME = "application/vnd.synthnb.review.v1+json"
DECIDED = 50
"""Decided rows that the saved output lists."""


def bundle(queue: Queue) -> dict[str, object]:
    """The output of a review."""
    return desk_of(queue).bundle()


def desk_of(queue: Queue) -> ReviewDesk:
    """The queue's desk, made on first use."""
    found = next((v for v in queue.views if isinstance(v, ReviewDesk)), None)
    return found or ReviewDesk(queue)


class ReviewDesk(Desk):
    """What a view of a queue shows and may ask."""

    mime = MIME

    def __init__(self, queue: Queue) -> None:
        whole = len(queue) == len(queue.batch.records)
        rows = hashlib.blake2b("\0".join(queue.rows).encode(), digest_size=4).hexdigest()
        part = "" if whole else f"-{rows}"
        super().__init__(f"review-{view_id(queue.batch)}{part}")
        self.queue = queue
        queue.views.append(self)
        self.ops |= {
            "keep": lambda asked: queue.keep(_seen(asked)),
            "drop": lambda asked: queue.drop(_seen(asked)),
            "undo": lambda asked: queue.undo(),
            "edit": self._edit,
            "tag": self._tag,
            "move": lambda asked: queue.move(int(asked.get("by") or 0)),
            "go": lambda asked: queue.go(str(asked.get("row"))),
        }

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """As every desk's; first, what others decided meanwhile is taken in."""
        self.queue.batch.decisions.refresh()
        return super().answer(request)

    def _edit(self, asked: Mapping[str, Any]) -> None:
        queue, given, row = self.queue, asked.get("values"), _seen(asked)
        texts = given if isinstance(given, Mapping) else {}
        with queue.lock:
            if row is not None:
                queue.go(row)
            row, offered, made, now = queue.row, queue.offered, queue.made, queue.record
        # A raw answer that the editor left as it was comes whole, however long it is.
        known = {**{n: v for n, v in offered.items() if v}, **now.values}
        first = {n: known[n] for n in offered if n in known}
        queue.edit({**first, **typed({**offered, **made.values}, texts)}, row)

    def _tag(self, asked: Mapping[str, Any]) -> None:
        given = asked.get("tags")
        tags = [str(tag) for tag in given] if isinstance(given, list) else []
        self.queue.tag(tags, _seen(asked))

    def state(self) -> dict[str, Any]:
        """Progress, the row, and what it was before."""
        with self.queue.lock:  # of one moment: a decision is on the row whose text was seen
            return self._state()

    def _state(self) -> dict[str, Any]:
        queue, batch = self.queue, self.queue.batch
        known = sorted({tag for tags in batch.decisions.tagged.values() for tag in tags})
        return {
            "v": 1,
            "id": self.id,
            "name": one_line(batch.name, 60),
            "version": batch.version,
            "done": queue.done,
            "total": len(queue),
            "place": queue.place,
            "counts": queue.counts,
            "row": self._row() if len(queue) else None,
            "can_undo": queue.can_undo,
            "known_tags": [clean(tag, 40) for tag in known[:20]],
            "notice": one_line(batch.decisions.notice),
            "finding": self._finding(),
            "command": f"%synth review {_named(batch)}",
        }

    def _row(self) -> dict[str, Any]:
        queue, own = self.queue, self.queue.batch.decisions
        record, made = queue.record, queue.made
        columns = queue.batch.recipe.columns
        every = {**made.values, **queue.offered}  # with what the run failed to write
        texts = [n for n in every if getattr(columns.get(n), "kind", "") == "prompt"]
        main = queue.batch.recipe.main if queue.batch.recipe.main in every else ""
        values = {**queue.offered, **record.values}
        fields = [
            {
                "name": clean(name, 100),
                "text": clean(to_text(values.get(name))),
                "made": clean(to_text(value)) if values.get(name) != value else None,
                "written": name in texts or name not in made.values or not texts,
                "main": name == main,
                "raw": name not in record.values,
            }
            for name, value in every.items()
        ]
        return {
            "id": queue.row,
            "index": made.index,
            "accepted": record.accepted,
            "was_accepted": made.accepted,
            "reasons": [
                {"rule": r.rule, "value": _scalar(r.value), "message": one_line(r.message)}
                for r in made.reasons
            ],
            "outcome": own.outcome(queue.row),
            "edited": own.edited(queue.row) is not None,
            "tags": [clean(tag, 40) for tag in own.tags(queue.row)],
            "fields": fields,
            "detail": write_detail(record, 8000),  # its checks are those of the text as it is
        }

    def saved(self) -> dict[str, Any]:
        """Progress and the rows that were decided; no open row."""
        queue, own = self.queue, self.queue.batch.decisions
        records = {row_id(record): record for record in queue.batch.made}
        rows = [row for row in queue.rows if queue.is_done(row) or own.tags(row)]
        main = queue.batch.recipe.main
        decided = []
        for row in rows[:DECIDED]:
            record = queue.decided(records[row])
            words = to_text(record.values.get(main)) if main in record.values else ""
            decided.append(
                {
                    "index": record.index,
                    "what": self._what(row, records[row]),
                    "tags": [clean(tag, 40) for tag in own.tags(row)],
                    "text": clean(words, 300),
                }
            )
        return {**self.state(), "row": None, "decided": decided, "decided_total": len(rows)}

    def _what(self, row: str, made: Record) -> str:
        own = self.queue.batch.decisions
        outcome, edited = own.outcome(row), own.edited(row) is not None
        if outcome == "drop":
            return "dropped"
        if edited:
            return "edited"
        if outcome == "keep":
            return "kept" if made.accepted else "restored"
        return "tagged"

    def _finding(self) -> str:
        from synthnb.desks.judging import judge_finding

        return judge_finding(self.queue)

    def html(self) -> str:
        """Progress and what was decided, as a table."""
        saved = self.saved()
        lines = [f"<p><b>{escape(self.queue.verdict)}</b></p>"]
        if saved["finding"]:
            lines.append(f"<p>{escape(saved['finding'])}</p>")
        rows = [
            f'<tr><td align="right">{one["index"] + 1}</td><td>{escape(one["what"])}</td>'
            f"<td>{escape(', '.join(one['tags']))}</td><td>{escape(one['text'])}</td></tr>"
            for one in saved["decided"]
        ]
        if rows:
            head = "<tr><th>row</th><th>decision</th><th>tags</th><th>text</th></tr>"
            lines.append(f"<table>{head}{''.join(rows)}</table>")
        lines.append(f"<p><code>{escape(saved['command'])}</code> goes on.</p>")
        return "\n".join(lines)

    def text(self) -> str:
        """Progress in a line, then one line a decided row."""
        saved = self.saved()
        lines = [f"Review of {saved['name']}: {self.queue.verdict}"]
        lines += [
            f"  {one['index'] + 1:>4}  {one['what']:<9} {one_line(one['text'], 70)}"
            for one in saved["decided"]
        ]
        return "\n".join(lines)


def _seen(asked: Mapping[str, Any]) -> str | None:
    """The row that the view shows, whatever other views did; none where it says none."""
    row = asked.get("row")
    return row if isinstance(row, str) else None


def _named(batch: Batch) -> str:
    """The batch as magics name it: of a version, that one and no later one."""
    version = f"@{batch.version}" if batch.version is not None else ""
    return one_line(batch.name, 60) + version


def _scalar(value: Any) -> Any:
    return value if isinstance(value, int | float | bool) else None
