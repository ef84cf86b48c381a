"""What a batch's view offers to do next: magics for a cell below, which anyone can read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.types import JSON

__all__ = ["doors"]

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
EMBEDDED = "local/smollm2-135m"
_UNFINISHED = ("budget", "failed", "interrupted", "stopped")


def doors(batch: Batch, variable: str) -> list[dict[str, JSON]]:
    """Label and code of each, and whether to run it at once: ``{label, code, run}``; one
    beside the map says so (``place``).

    ``variable`` is what the user calls the batch now; a later run may bind it to other
    rows, so a version is named by its number. A cap in tokens is the recipe's own, no flag
    raises it: nothing goes on there. Nothing is offered where ``%synth`` is not loaded, or
    where a name would need quotes: it comes from a file that anyone may have written.
    """
    named = _PLAIN.fullmatch(batch.name) is not None and batch.version is not None
    name = f"{batch.name}@{batch.version}" if named else variable
    if not name or not _loaded():
        return []
    found: list[dict[str, JSON]] = []

    def offer(label: str, code: str, *, run: bool = True) -> None:
        found.append({"label": label, "code": f"%synth {code}", "run": run})

    plain = _PLAIN.fullmatch(batch.run) is not None
    if named and variable and plain and batch.status in _UNFINISHED:
        if batch.status != "budget" or " minutes is " in batch.reason:
            offer("Resume", f"resume {batch.run}")  # minutes are counted from there anew
        elif " USD is " in batch.reason:
            more = max(0.01, round(2 * (batch.usage.cost or 0.0), 2))
            offer("Raise budget", f"resume {batch.run} --budget {more:g}", run=False)
    if not batch.records:
        return found
    before = batch.paired_with or (_before(batch) if named else None)
    if named and before:
        offer(f"Diff with {before}", f"diff {batch.name}@{before} {batch.name}@{batch.version}")
    offer("Review", f"review {name}")
    if any(prompt.candidates for prompt in batch.recipe.prompts.values()):
        offer("Rank", f"rank {name}")
    if variable:
        offer("Export", f"export {name} {batch.name if named else variable}.jsonl", run=False)
        offer("Save recipe", f"save {name}")
        code = f"{variable}.map({EMBEDDED!r})  # or any PROFILE/MODEL"
        found.append({"label": "By a model…", "code": code, "run": False, "place": "map"})
    return found


def _before(batch: Batch) -> int | None:
    from synthnb.errors import StoreError
    from synthnb.versions import version_before

    try:
        return version_before(batch).number
    except StoreError:  # the first one, or made in another folder
        return None


def _loaded() -> bool:
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    return shell is not None and "synth" in shell.magics_manager.magics["line"]
