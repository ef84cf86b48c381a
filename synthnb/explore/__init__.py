"""Looking at a batch: filters, selections, the map of its texts, and the views' questions.

Every question of a view is a dict, every answer one too; nothing in it is evaluated.
"""

from __future__ import annotations

from synthnb.explore.filters import Filter, SelectionError
from synthnb.explore.recent import find, remember
from synthnb.explore.selection import Selection
from synthnb.explore.textmap import TextMap, text_map

__all__ = [
    "Filter",
    "Selection",
    "SelectionError",
    "TextMap",
    "find",
    "remember",
    "text_map",
]
