"""The user's store, shared by all that runs in one process."""

from __future__ import annotations

import os
import threading

from synthnb.store import Store

__all__ = ["shared_store"]

_STORES: dict[str, Store] = {}
_LOCK = threading.Lock()


def shared_store() -> Store:
    """The user's store, opened once a process, and again where another file is in its place."""
    from synthnb.settings import data_dir

    place = f"{os.getpid()}:{data_dir()}"
    with _LOCK:
        found = _STORES.get(place)
        if found is None:
            found = _STORES[place] = Store.open()
        elif not found.there:
            _STORES[f"{place}:{id(found)}"] = found  # runs may still write to it
            text = (
                f"{found.path} is no longer the file that was opened: it was deleted, moved "
                "or replaced. Versions and answers are those that are there now."
            )
            found = _STORES[place] = Store.open()
            found.notice = found.notice or text
        return found
