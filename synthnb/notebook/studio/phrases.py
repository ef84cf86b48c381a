"""What the studio says of a draft: its name and changes, and whether its rows are stale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from synthnb.visible import count

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.studio import Draft, Mark, Piece

__all__ = ["difference", "edits", "facts", "stale"]

MOST = 8
"""Changed lines that are shown beside the rows; all are in the recipe's own text."""


def facts(draft: Draft, batch: Batch | None) -> str:
    """Its name, and how far it is from the version whose rows are shown."""
    name, changed = draft.recipe.name or "without a name", len(draft.changes.parts)
    if not changed:
        return name
    since = "" if batch is None or batch.version is None else f" since version {batch.version}"
    return f"{name}, {count(changed, 'change')}{since}"


def stale(
    draft: Draft, batch: Batch | None, *, running: bool = False
) -> Sequence[Sequence[Piece]]:
    """What the rows in sight are of, where that is not the recipe as it stands."""
    if batch is None or not (running or draft.warning):
        return []
    if running:
        before = f"version {batch.version}" if batch.version is not None else "earlier rows"
        return [[("", f"Below: {before}, until this run ends.")]]
    shown = f"Shown: version {batch.version}. " if batch.version is not None else ""
    return [[("b", shown), ("", draft.warning)]]


def edits(lines: Sequence[Sequence[Piece]]) -> Sequence[Sequence[Piece]]:
    """Those of the lines that changed, the first few of them."""
    found = [line for line in lines if any(mark in ("ins", "del") for mark, _ in line)]
    if len(found) <= MOST:
        return found
    more = count(len(found) - MOST, "more line")
    return [*found[:MOST], [("", f"… and {more}, as YAML beside it")]]


def difference(lines: Sequence[str]) -> list[list[Piece]]:
    """The lines of a unified diff, marked."""
    marks: dict[str, Mark] = {"+": "ins", "-": "del"}
    return [[(marks.get(line[:1], ""), line)] for line in lines]
