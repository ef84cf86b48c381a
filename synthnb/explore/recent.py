"""Batches that views may ask about: those shown lately, and those still in use."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from typing import TYPE_CHECKING

from synthnb.charts.payload import view_id

if TYPE_CHECKING:
    from synthnb.batch import Batch

__all__ = ["find", "remember"]

KEPT = 16
"""Batches kept although nothing else uses them."""
ROWS = 200_000
"""Records that those may hold together; the newest batch always stays."""

_LOCK = threading.Lock()
_ALIVE: weakref.WeakValueDictionary[str, Batch] = weakref.WeakValueDictionary()
_KEPT: OrderedDict[str, Batch] = OrderedDict()


def remember(batch: Batch) -> str:
    """Let views ask about a batch; returns the id they ask by."""
    name = view_id(batch)
    with _LOCK:
        _ALIVE[name] = batch
        _KEPT[name] = batch
        _KEPT.move_to_end(name)
        while len(_KEPT) > 1 and (len(_KEPT) > KEPT or _rows() > ROWS):
            _KEPT.popitem(last=False)
    return name


def find(name: str) -> Batch | None:
    """The batch of that id, ``None`` if it is gone."""
    with _LOCK:
        return _ALIVE.get(name)


def _rows() -> int:
    return sum(len(batch.records) for batch in _KEPT.values())
