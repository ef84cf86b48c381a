"""A ranking that people work through: verdicts are kept, by rater."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from synthnb.errors import StoreError
from synthnb.ranking.items import Items, RankingError, Unit, between, candidates
from synthnb.ranking.pairs import Pair, Shown, choose, schedule
from synthnb.ranking.result import Result, conclude
from synthnb.visible import one_line

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.ranking.judging import Judged
    from synthnb.store import Store
    from synthnb.types import JSON

__all__ = ["VERDICTS", "Ranking", "rank"]

VERDICTS = ("left", "right", "tie", "both_bad", "skip")
YOU = "you"
PAUSE = 120.0
"""Seconds after which a person was doing something else."""


def rank(
    batch: Batch,
    other: Batch | None = None,
    *,
    column: str | None = None,
    pairs: int | None = None,
    rater: str = YOU,
    rubric: str = "",
) -> Ranking:
    """Rank the candidates of a batch, or its answers against those of ``other``.

    ``pairs`` is how many to compare (60, or all if there are fewer); ``rater`` tells people
    apart. Raises ``RankingError`` where there is nothing to compare.
    """
    if other is not None and (batch.version or 0) > (other.version or 0):
        batch, other = other, batch
    items = candidates(batch, column) if other is None else between(batch, other, column)
    return Ranking(items, other or batch, pairs=pairs, rater=rater, rubric=rubric)


class Ranking:
    """Pairs of answers and what people said about them. Safe to use from any thread.

    >>> ranking = batch.rank(rater="ann")  # doctest: +SKIP
    >>> while ranking.current: ranking.vote("left")  # doctest: +SKIP
    >>> print(ranking.result().sentence)  # doctest: +SKIP
    """

    def __init__(
        self,
        items: Items,
        batch: Batch,
        *,
        pairs: int | None = None,
        rater: str = YOU,
        rubric: str = "",
        store: Callable[[], Store] | None = None,
    ) -> None:
        self.items = items
        self.batch = batch
        """The batch whose recipe and rows preference rows carry."""
        self.rater = one_line(rater.strip() or YOU, 60)
        self.rubric = rubric or rubric_of(batch)
        self.notice = ""
        """Why verdicts are not kept on disk; empty if they are."""
        self.views: list[Any] = []
        """What is told of every verdict; has a method ``changed``."""
        self._lock = threading.RLock()
        self._open = store or _shared
        self._votes: dict[str, dict[str, str]] = {}
        self._judged: dict[str, dict[str, Judged]] = {}
        self._paces: list[float] = []
        self._since: float | None = None
        kept = self._load()
        self.chosen = pairs or kept
        """How many pairs to compare, ``None`` for the usual number."""
        if pairs is not None and pairs != kept:
            self._keep("*", "pairs", pairs, "")
        self._plan()
        if not self.pairs:
            raise RankingError("There are no two different answers to compare.")

    def _plan(self) -> None:
        seed = self.batch.recipe.seed
        self.pairs: list[Pair] = choose(self.items, self.chosen, seed)
        self.shown: list[Shown] = schedule(self.pairs, self.rater, seed)
        self._units = {unit.id: unit for unit in self.items.units}

    # what is asked

    @property
    def current(self) -> Shown | None:
        """The pair to judge now, ``None`` when all are judged."""
        own = self._own()
        return next((item for item in self.shown if item.id not in own), None)

    @property
    def done(self) -> int:
        """Pairs of this rater's schedule that are judged, repeats included."""
        own = self._own()
        return sum(item.id in own for item in self.shown)

    def __len__(self) -> int:
        return len(self.shown)

    def __bool__(self) -> bool:
        return True

    def unit(self, pair: Pair | Shown) -> Unit:
        """The question behind a pair."""
        return self._units[(pair.pair if isinstance(pair, Shown) else pair).unit]

    def sides(self, item: Shown) -> tuple[JSON, JSON]:
        """The answers on the left and on the right."""
        options = self.unit(item).options
        left, right = (item.pair.b, item.pair.a) if item.swapped else (item.pair.a, item.pair.b)
        return options[left].value, options[right].value

    @property
    def left(self) -> int:
        """Pairs that ``more`` could add."""
        units = self.items.units
        every = sum(len(u.options) * (len(u.options) - 1) // 2 for u in units)
        return len(choose(self.items, every, self.batch.recipe.seed)) - len(self.pairs)

    @property
    def minutes(self) -> float | None:
        """Minutes that the rest will take at this rater's pace; ``None`` at the beginning."""
        if len(self._paces) < 3:
            return None
        return (len(self) - self.done) * statistics.median(self._paces) / 60

    @property
    def raters(self) -> list[str]:
        """Everyone who gave a verdict."""
        return [who for who, own in self._votes.items() if own]

    # what is said

    def vote(self, verdict: str, item: str | None = None) -> None:
        """Give a verdict on the current pair, or on the one with the id ``item``.

        ``left``, ``right``, ``tie``, ``both_bad`` or ``skip``.
        """
        if verdict not in VERDICTS:
            raise RankingError(f"A verdict is one of {', '.join(VERDICTS)}.")
        with self._lock:
            shown = self.current if item is None else self._find(item)
            if shown is None:
                raise RankingError("All pairs are judged; more(30) adds some.")
            self._pace()
            said = shown.sides(verdict)
            self._own().pop(shown.id, None)  # a later verdict is the newest one
            self._own()[shown.id] = said
            self._keep(shown.id, "verdict", said, self.rater)
        self._tell(shown.pair.unit)

    @property
    def can_undo(self) -> bool:
        """Whether this rater has said anything."""
        return bool(self._own())

    def undo(self) -> None:
        """Take back this rater's last verdict; its pair is asked again."""
        with self._lock:
            own = self._own()
            if not own:
                raise RankingError("There is nothing to undo.")
            last = next(reversed(own))
            del own[last]
            self._keep(last, "verdict", None, self.rater)
            self._since = None
        self._tell(last.removesuffix(":again").rpartition(":")[0])

    def more(self, n: int = 30) -> int:
        """Compare ``n`` more pairs, if there are as many; how many there are now."""
        with self._lock:
            before = len(self.pairs)
            self.chosen = before + n
            self._plan()
            self.chosen = len(self.pairs)
            self._keep("*", "pairs", self.chosen, "")
        self._tell()
        return len(self.pairs)

    def judge(
        self,
        model: str | None = None,
        *,
        budget: float | None = None,
        on_tick: Callable[[], None] | None = None,
    ) -> Result:
        """Put the same pairs to a model, each in both orders; the result with it.

        ``model`` is ``PROFILE/MODEL``, else the recipe's judge. Pairs that it judged before
        are not asked again. ``budget`` is a cap in USD.
        """
        from synthnb.ranking.judging import judge, judge_name

        name = judge_name(self.batch.recipe, model)
        known = self._judged.setdefault(name, {})
        open_ = [pair for pair in self.pairs if pair.id not in known]

        def heard(found: Judged) -> None:
            known[found.pair] = found
            value: JSON = [found.forward, found.back]
            self._keep(found.pair, "judge", value, name)

        if open_:
            judge(
                self.items, open_, self.batch.recipe, name, rubric=self.rubric, budget=budget,
                on_tick=on_tick, tell=heard,
            )  # fmt: skip
        self._tell()
        return self.result()

    # what came out

    def result(self) -> Result:
        """What all verdicts so far say, those of other raters in the store included."""
        with self._lock:
            self._load()
            return self._concluded(self._votes)

    def so_far(self) -> Result:
        """What this rater may see: own verdicts alone while pairs are open, then ``result()``.

        What others said would tell a rater which side to expect.
        """
        with self._lock:
            self._load()
            if self.current is None:
                return self._concluded(self._votes)
            others = tuple(who for who in self.raters if who != self.rater)
            found = self._concluded({self.rater: self._own()})
            return replace(found, hidden=others)

    def _concluded(self, votes: dict[str, dict[str, str]]) -> Result:
        from synthnb.ranking.preferences import standing

        with self._lock:
            swapped = {s.pair.id: s.swapped for s in self.shown if not s.again}
            judged = {name: list(found.values()) for name, found in self._judged.items()}
            found = conclude(
                self.items, self.pairs, votes, self.rater, judged, swapped,
                self.batch.recipe.seed,
            )  # fmt: skip
            return standing(self.items, found)

    def preferences(self) -> Batch:
        """The decided pairs as a batch with the columns prompt, chosen, rejected, margin.

        Ties and pairs of two bad answers are left out, and so are pairs with a row that was
        dropped or an answer that was edited: the verdict was on what the run made.
        """
        from synthnb.ranking.preferences import preferences

        return preferences(self, self.result())

    def export(self, path: str | Path, format: str | None = "trl-dpo", **options: Any) -> Path:
        """Write the preference rows; ``format`` and options as for ``Batch.export``."""
        made = self.preferences()
        if not len(made):
            if gone := self.result().gone:
                each = " and ".join(f"{n} with {what}" for n, what in gone)
                raise RankingError(f"No decided pair is left to export: {each}.")
            raise RankingError("No pair is decided yet: there is nothing to export.")
        return made.export(path, format, **options)

    def __repr__(self) -> str:
        said = f"{self.done} of {len(self)} pairs judged by {self.rater}"
        return f"<Ranking of {self.items.title}, column {self.items.column}: {said}>"

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> dict[str, object]:
        from synthnb.desks.ranking import bundle

        return bundle(self)

    # keeping

    @property
    def votes(self) -> dict[str, dict[str, str]]:
        """Verdicts by rater and pair: ``a`` and ``b`` are the pair's answers, not sides."""
        with self._lock:
            return {who: dict(own) for who, own in self._votes.items() if own}

    def _own(self) -> dict[str, str]:
        return self._votes.setdefault(self.rater, {})

    def _find(self, item: str) -> Shown:
        found = next((shown for shown in self.shown if shown.id == item), None)
        if found is None:
            raise RankingError("This ranking has no such pair.")
        return found

    def _pace(self) -> None:
        now = time.monotonic()
        if self._since is not None and now - self._since < PAUSE:
            self._paces = [*self._paces[-20:], now - self._since]
        self._since = now

    def _tell(self, unit: str | None = None) -> None:
        if not self.items.versions:
            from synthnb.ranking.preferences import note

            note(self, unit)
        for view in list(self.views):
            view.changed()

    @property
    def _scope(self) -> str:
        return f"rank:{self.items.id}"

    def _keep(self, row: str, kind: str, value: JSON, author: str) -> None:
        if self.notice:
            return
        try:
            self._open().decide(self._scope, row, kind, value, author=author)
        except StoreError as error:
            self.notice = f"{error} Verdicts are kept until this process ends."

    def _load(self) -> int | None:
        """Read what the store holds; the number of pairs that was chosen before."""
        from synthnb.ranking.judging import Judged

        if self.notice:
            return None
        try:
            found = self._open().decisions(self._scope)
        except StoreError as error:
            self.notice = f"{error} Verdicts are kept until this process ends."
            return None
        chosen, votes = None, cast("dict[str, dict[str, str]]", {})
        for one in found:
            row, author, value = str(one["row"]), str(one["author"]), one["value"]
            if one["kind"] == "verdict" and isinstance(value, str):
                votes.setdefault(author, {})[row] = value
            elif one["kind"] == "judge" and isinstance(value, list) and len(value) == 2:
                forward, back = (v if isinstance(v, str) else None for v in value)
                self._judged.setdefault(author, {})[row] = Judged(row, forward, back)
            elif one["kind"] == "pairs" and isinstance(value, int):
                chosen = value
        self._votes = votes
        return chosen


def rubric_of(batch: Batch) -> str:
    """What the recipe says a good answer is, from its checks ``rank`` and ``judge``."""
    for spec in batch.recipe.checks:
        about = spec.options.get("about") if spec.rule == "rank" else None
        rubric = spec.options.get("rubric") if spec.rule == "judge" else None
        if isinstance(about, str) and about:
            return one_line(about, 300)
        if isinstance(rubric, dict) and rubric:
            return one_line(", ".join(map(str, rubric)), 300)
    return ""


def _shared() -> Store:
    from synthnb.api.stores import shared_store

    return shared_store()
