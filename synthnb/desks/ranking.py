"""The desk of a ranking: a pair at a time, blind; then what came out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb.desks.desk import Desk, clean
from synthnb.desks.results import result_data, result_html, result_text
from synthnb.export.gate import PURPOSES, unstated
from synthnb.ranking.items import RankingError
from synthnb.ranking.session import Ranking
from synthnb.review import to_text
from synthnb.visible import count, escape, one_line

if TYPE_CHECKING:
    from synthnb.ranking import Shown, Unit

__all__ = ["MIME", "RankingDesk", "bundle"]

MIME = "application/vnd.synthnb.rank.v1+json"
FIELDS = 12
DIFFER = 50
"""Pairs that are listed where a judge differs."""


def bundle(ranking: Ranking) -> dict[str, object]:
    """The output of a ranking."""
    return desk_of(ranking).bundle()


def desk_of(ranking: Ranking) -> RankingDesk:
    """The ranking's desk, made on first use."""
    found = next((v for v in ranking.views if isinstance(v, RankingDesk)), None)
    return found or RankingDesk(ranking)


class RankingDesk(Desk):
    """What a view of a ranking shows and may ask."""

    mime = MIME

    def __init__(self, ranking: Ranking) -> None:
        super().__init__(f"rank-{ranking.items.id}-{ranking.rater}")
        self.ranking = ranking
        ranking.views.append(self)
        self.ops |= {
            "vote": self._vote,
            "undo": lambda asked: ranking.undo(),
            "more": lambda asked: {"pairs": ranking.more(int(asked.get("n") or 30))},
            "result": lambda asked: {"result": result_data(ranking)},
            "differ": self._differ,
            "export": self._export,
        }

    def _vote(self, asked: Mapping[str, Any]) -> None:
        item = asked.get("item")
        self.ranking.vote(str(asked.get("verdict")), item if isinstance(item, str) else None)

    def _differ(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Pairs on which a judge and people differ, sides as this rater saw them."""
        ranking = self.ranking
        if ranking.current is not None:
            raise RankingError("Judge the rest first: these rows say what others said.")
        found = next(
            (j for j in ranking.result().judges if j.model == asked.get("model")), None
        )
        shown = {s.pair.id: s for s in ranking.shown if not s.again}
        rows = []
        for key, people, judge in found.differ[:DIFFER] if found is not None else ():
            item = shown[key]
            left, right = ranking.sides(item)
            question = self._pair(item)["question"]
            rows.append(
                {
                    "question": question[-1]["text"] if question else "",
                    "left": clean(to_text(left), 1000),
                    "right": clean(to_text(right), 1000),
                    "people": item.sides(people),
                    "judge": item.sides(judge),
                }
            )
        return {"rows": rows, "total": len(found.differ) if found is not None else 0}

    def _export(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Preference rows into a new file in the working folder."""
        if self.ranking.so_far().hidden:
            raise RankingError("Judge the rest first: the rows say what others said too.")
        if missing := unstated(self.ranking.batch):
            keys = " and ".join(f"{name}:" for name in missing)
            raise RankingError(
                f"Preference rows are made to be trained on: write {keys} in the recipe, or "
                "fill them in where you insert the export as a code cell."
            )
        name = f"{self.ranking.batch.name}-preferences"
        path, n = Path(f"{name}.jsonl"), 1
        while path.exists():
            n += 1
            path = Path(f"{name}-{n}.jsonl")
        written = self.ranking.export(path)
        rows = len(self.ranking.preferences())
        return {"said": f"Wrote {count(rows, 'row')} to {written.name}"}

    def state(self) -> dict[str, Any]:
        """Progress and the current pair; the result once all are judged."""
        ranking = self.ranking
        current = ranking.current
        minutes = ranking.minutes
        return {
            "v": 1,
            "id": self.id,
            "title": ranking.items.title,
            "column": one_line(ranking.items.column, 60),
            "versions": bool(ranking.items.versions),
            "rater": ranking.rater,
            "rubric": ranking.rubric,
            "done": ranking.done,
            "total": len(ranking),
            "minutes": None if minutes is None else max(1, round(minutes)),
            "tally": self._tally(),
            "can_undo": ranking.can_undo,
            "repeats": sum(s.again for s in self._ahead()[:10]),
            "current": self._pair(current) if current is not None else None,
            "result": result_data(ranking) if current is None else None,
            "notice": ranking.notice,
            "command": self._command(),
            "code": self._code(),
            "unstated": unstated(ranking.batch),
        }

    def saved(self) -> dict[str, Any]:
        """Without a kernel: how far it is, and what the verdicts say so far."""
        state = self.state()
        found = state["result"] or (
            result_data(self.ranking) if self.ranking.can_undo else None
        )
        return {**state, "current": None, "result": found, "minutes": None}

    def _ahead(self) -> list[Shown]:
        own = self.ranking.votes.get(self.ranking.rater, {})
        return [item for item in self.ranking.shown if item.id not in own]

    def _tally(self) -> dict[str, int]:
        """This rater's verdicts by side."""
        found = dict.fromkeys(("left", "right", "tie", "both_bad", "skip"), 0)
        own = self.ranking.votes.get(self.ranking.rater, {})
        for item in self.ranking.shown:
            if item.id in own:
                found[item.sides(own[item.id])] += 1
        return found

    def _pair(self, item: Shown) -> dict[str, Any]:
        unit = self.ranking.unit(item)
        left, right = self.ranking.sides(item)
        values = unit.record.values
        shown = [name for name in self.ranking.items.shown if name in values]
        return {
            "id": item.id,
            "question": [
                {"name": clean(name, 100), "text": clean(to_text(values[name]), 4000)}
                for name in shown[:FIELDS]
            ],
            "source": _source(self.ranking, unit, shown),
            "left": clean(to_text(left)),
            "right": clean(to_text(right)),
        }

    def _command(self) -> str:
        items, rater = self.ranking.items, self.ranking.rater
        title = items.title.replace(" and ", " ") if items.versions else items.title
        quote = "'" if '"' in rater else '"'
        name = rater if rater.isalnum() else f"{quote}{rater}{quote}"
        return f"%synth rank {title}" + (f" --rater {name}" if rater != "you" else "")

    def _code(self) -> str:
        """A cell that writes the preference rows, with room for what is never guessed."""
        ranking, name = self.ranking, self.ranking.batch.name
        missing = unstated(ranking.batch)
        given = "".join(f', {name}=""' for name in missing)
        say = {
            "license": "license: what the rows are under, such as CC-BY-4.0",
            "purpose": f"purpose: {', '.join(PURPOSES)}",
        }
        head = "".join(f"# Fill in {say[name]}\n" for name in missing)
        who = f"rater={ranking.rater!r}" if ranking.rater != "you" else ""
        file = f"{name}-preferences.jsonl"
        if not ranking.items.versions:
            held = name.replace("-", "_")
            return f'{head}{held}.rank({who}).export({file!r}, "trl-dpo"{given})'
        old, new = (f"{name}@{n}" for n in ranking.items.versions)
        options = f", {who}" if who else ""
        return (
            f"{head}from synthnb.versions import open_version\n"
            f"old, new = open_version({old!r}), open_version({new!r})\n"
            f'old.rank(new{options}).export({file!r}, "trl-dpo"{given})'
        )

    def html(self) -> str:
        """How far it is, and the result."""
        ranking = self.ranking
        head = f"{ranking.done} of {count(len(ranking), 'pair')} judged by {ranking.rater}"
        lines = [f"<p><b>{escape(head)}</b>, {escape(ranking.items.title)}</p>"]
        if ranking.can_undo:
            lines.append(result_html(ranking))
        lines.append(f"<p><code>{escape(self._command())}</code> goes on.</p>")
        return "\n".join(lines)

    def text(self) -> str:
        """The same in lines."""
        ranking = self.ranking
        head = f"{ranking.items.title}: {ranking.done} of {count(len(ranking), 'pair')} judged"
        return "\n".join([head, *(result_text(ranking) if ranking.can_undo else [])])


def _source(ranking: Ranking, unit: Unit, shown: list[str]) -> dict[str, Any] | None:
    """The source row beside the question, without what the question shows already."""
    source = unit.record.source
    if not source:
        return None
    recipe = ranking.batch.recipe
    path = recipe.source.path if recipe.source is not None else None
    name = Path(str(path)).name if path else "the source"
    fields = [
        {"name": clean(key, 100), "text": clean(to_text(value), 4000)}
        for key, value in list(source.items())[:FIELDS]
        if key not in shown and not key.startswith("_")
    ]
    return {"label": one_line(f"source, {name}", 80), "fields": fields} if fields else None
