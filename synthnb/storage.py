"""What the store holds, for people, and keeping less of it."""

from __future__ import annotations

from synthnb.api.resuming import unfinished
from synthnb.errors import StoreError
from synthnb.store import Store
from synthnb.visible import count

__all__ = ["prune", "store_text"]

_THINGS = ("answer", "run", "row", "version", "decision")


def store_text(store: Store) -> str:
    """Where it is, how large, what is in it, and which runs of this folder can go on."""
    info = store.info()
    lines = [
        f"{info['path']}: {info['bytes'] / 1e6:,.1f} MB",
        ", ".join(count(info[f"{thing}s"], thing) for thing in _THINGS),
    ]
    if store.notice:
        lines.append(store.notice)
    return "\n".join([*lines, *map(str, unfinished(store=store))])


def prune(store: Store, *, days: float | None, runs: int | None) -> str:
    """Drop old answers, or rows of old runs; what was done, in one line.

    Dropped answers are asked for again where they are needed again.
    """
    if days is None and runs is None:
        raise StoreError(
            "Say what may go: --days N drops answers older than N days, --runs N keeps the "
            "rows of the N newest runs."
        )
    if (days is not None and days < 0) or (runs is not None and runs < 0):
        raise StoreError("--days and --runs take 0 or more.")
    before = store.info()["bytes"]
    dropped = store.prune(days=days, runs_kept=runs)
    freed = max(0, before - store.info()["bytes"]) / 1e6
    return f"{count(dropped, 'entry', 'entries')} dropped, {freed:,.1f} MB freed"
