"""Names in the user's namespace: which may hold a batch, and what they hold."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Mapping, MutableMapping
from typing import Any

from IPython.core.error import UsageError

from synthnb.suggest import did_you_mean
from synthnb.visible import one_line

__all__ = [
    "batches",
    "bind",
    "find_version_or_batch",
    "is_batch",
    "tables",
    "variable_for",
    "version_names",
]


def is_batch(value: object) -> bool:
    """A batch or a live one; by name, so that ``%reload_ext`` does not orphan old ones."""
    kind = type(value)
    return (kind.__module__, kind.__name__) in {
        ("synthnb.batch", "Batch"),
        ("synthnb.notebook.live", "LiveBatch"),
    }


def variable_for(name: str, namespace: Mapping[str, Any]) -> str:
    """The variable of a batch called ``name``; refuses names that hold anything else."""
    variable = name.replace("-", "_")
    if not variable.isidentifier() or keyword.iskeyword(variable):
        raise UsageError(f"{one_line(name, 60)} cannot be a variable; name the batch otherwise")
    if hasattr(builtins, variable) and variable not in namespace:
        raise UsageError(f"{variable} is a name of Python's own; name the batch otherwise")
    if variable in namespace and not is_batch(namespace[variable]):
        kind = type(namespace[variable]).__name__
        raise UsageError(
            f"{variable} holds something else ({kind}) and is left as it is; "
            "name the batch otherwise, or add --as VAR"
        )
    return variable


def bind(namespace: MutableMapping[str, Any], variable: str, value: object) -> bool:
    """Bind the batch to its variable and to ``_synth``, the last batch of all.

    A run that made no row leaves the rows that the variable holds; whether it was bound.
    """
    if getattr(value, "nothing", "") and getattr(namespace.get(variable), "records", None):
        return False
    namespace[variable] = value
    namespace["_synth"] = value
    return True


def batches(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Variables that hold batches."""
    return {k: v for k, v in namespace.items() if not k.startswith("_") and is_batch(v)}


def tables(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Variables that can be a source: data frames of any library, lists of dicts."""
    return {k: v for k, v in namespace.items() if not k.startswith("_") and _is_table(v)}


def _is_table(value: object) -> bool:
    if isinstance(value, list):
        return bool(value) and isinstance(value[0], dict)
    return hasattr(type(value), "__arrow_c_stream__") or type(value).__name__ == "DataFrame"


def find_version_or_batch(namespace: Mapping[str, Any], name: str | None) -> Any:
    """The last batch where no name is given; else ``NAME@3`` from the store, a batch of
    this session, a run's folder, or the newest version of that name."""
    from synthnb.errors import StoreError
    from synthnb.saved import is_run, read_batch
    from synthnb.versions import open_version

    if name is None:
        if is_batch(namespace.get("_synth")):
            return _whole(namespace["_synth"])
        raise UsageError("There is no batch yet; make one with %%synth NAME")
    known = batches(namespace)
    found = known.get(name.replace("-", "_"))
    if found is not None:
        return _whole(found)
    if "@" not in name and is_run(name):
        return read_batch(name)
    try:
        return _with_frame(open_version(name), known)
    except StoreError:
        stored = {version.partition("@")[0] for version in version_names()}
        hint = did_you_mean(name, [*known, *stored])
        if "@" in name or not known or name in stored:
            raise
        have = f" (there are: {', '.join(known)})"
        raise UsageError(f"No batch is called {one_line(name, 60)}{hint or have}") from None


def _with_frame(opened: Any, known: Mapping[str, Any]) -> Any:
    """The version, as this session has it where its source is a table in memory."""
    from synthnb.charts.payload import view_id
    from synthnb.explore import find

    source = opened.recipe.source
    if source is None or source.path is not None or source.documents is not None:
        return opened
    same = opened.run, opened.version, len(opened.records)  # fewer: it was resumed since
    held: list[Any] = [*known.values(), find(view_id(opened))]
    held = [batch for batch in held if getattr(batch, "frame", None) is not None]
    return next((b for b in held if (b.run, b.version, len(b.records)) == same), opened)


def _whole(found: Any) -> Any:
    """The batch, also of a run behind that is over; refuses one that still goes on."""
    if type(found).__name__ != "LiveBatch":
        return found
    if not found.done:
        raise UsageError(found.running)
    return found.wait()


def version_names() -> list[str]:
    """``NAME@NUMBER`` of every version made in this folder, newest first."""
    from synthnb.api.stores import shared_store
    from synthnb.errors import StoreError
    from synthnb.versions.opening import project_of

    try:
        known = shared_store().versions(project_of(None))
    except StoreError:
        return []
    return [f"{v.name}@{v.number}" for v in sorted(known, key=lambda v: -v.used)]
