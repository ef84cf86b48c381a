"""What people do with a batch: go through its rows, compare its answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.ranking import Ranking
    from synthnb.review import Queue

__all__ = ["Deciding", "decided_rows"]


def decided_rows(told: Iterable[tuple[str, str]]) -> int:
    """How many rows people kept, dropped or edited, from the row and kind of each decision.

    Tags and ranks change no row. A history and a comparison both count so.

    >>> decided_rows([("r1", "edit"), ("r1", "outcome"), ("r2", "tags")])
    1
    """
    return len({row for row, kind in told if kind in ("edit", "outcome")})


class Deciding:
    """The part of ``Batch`` that asks a person."""

    def review(self, only: str | None = None) -> Queue:
        """Go through the rows one by one: keep, drop, edit, tag, undo.

        What is decided lives in the store and applies to ``df``, ``rows`` and every export.
        ``only`` is ``"accepted"`` or ``"rejected"``.
        """
        from synthnb.review import review

        return review(cast("Batch", self), only)

    def rank(self, other: Batch | str | int | None = None, **options: Any) -> Ranking:
        """Compare the candidates of each row in blind pairs, or the answers of two versions.

        ``other`` is a batch or a version of it: ``3``, ``"NAME@3"``, ``"last"``. Options are
        ``column``, ``pairs`` (how many), ``rater`` (who judges) and ``rubric``. It goes on
        where it stopped; ``.result()``, ``.judge(model)`` and ``.export(path)`` say what it
        found.
        """
        from synthnb.ranking import rank
        from synthnb.versions import open_beside

        own = cast("Batch", self)
        return rank(own, None if other is None else open_beside(other, own), **options)
