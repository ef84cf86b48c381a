"""Finding a version by what people call it, and its batch as the store kept it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from synthnb.batch import Batch
from synthnb.errors import StoreError
from synthnb.recipe import Recipe
from synthnb.samplers import planned_counts
from synthnb.store import RunInfo, Store, StoredRecords, VersionInfo
from synthnb.suggest import did_you_mean
from synthnb.types import Record, Usage
from synthnb.visible import one_line

__all__ = [
    "batch_of",
    "beside",
    "find_version",
    "has_answers",
    "open_beside",
    "open_version",
    "opposite",
    "project_of",
    "version_before",
]

KEPT = 20_000
"""Records read into memory; those of a longer run are read as they are needed."""
LAST = "last"
LOOKED = 1000
"""Candidates among which an answer is looked for."""


def open_version(
    version: str | int,
    name: str | None = None,
    project: str | Path | None = None,
    *,
    store: Store | None = None,
) -> Batch:
    """The batch of a version, as it was made.

    ``version`` is ``NAME@3``, ``NAME@HASH`` (or the beginning of it), ``NAME`` for the
    newest one, a hash alone, or a number beside ``name``. ``project`` is the folder that
    it was made in (this one). Raises ``StoreError`` where there is none.

    >>> open_version("reviews@3")  # doctest: +SKIP
    <Batch reviews: 24 accepted of 31 candidates · 1,204 tokens · no cost · version 3>
    """
    store = store or _store()
    return batch_of(find_version(version, name, project, store=store), store)


def find_version(
    version: str | int,
    name: str | None = None,
    project: str | Path | None = None,
    *,
    other_than: str | None = None,
    store: Store | None = None,
) -> VersionInfo:
    """The version behind what ``open_version`` takes, and behind ``last``.

    ``last`` is the one that was made last and has answers, leaving out that of the run
    ``other_than``: of a cell that is run twice, the version before its own.
    """
    store = store or _store()
    asked = str(version).strip()
    if "@" in asked:
        name, _, asked = asked.rpartition("@")
    known = store.versions(project_of(project), name)
    if name is None and not _is_number(asked):
        found = [v for v in known if v.name == asked]
        if found:
            return found[-1]
        known = known if _is_hash(asked) else []
    if not known:
        raise StoreError(_no_name(name or asked, store, project))
    if asked == LAST:
        others = sorted((v for v in known if v.run != other_than), key=lambda v: -v.used)
        return _first_with_answers(others, name, store)
    if _is_number(asked):
        if name is None:
            raise StoreError(f"Version {asked} of what? Name it, such as {_example(known)}.")
        found = [v for v in known if v.number == int(asked)]
    else:
        found = [v for v in known if _is_hash(asked) and v.hash.startswith(asked)]
    if not asked:
        raise StoreError(f"Which version? Such as {_example(known)}.")
    if not found:
        raise StoreError(f"There is no version {one_line(asked, 40)}{_offer(known)}")
    if len({v.hash for v in found}) > 1:
        raise StoreError(f"Several versions begin with {one_line(asked, 40)}: name more of it.")
    return found[-1]


def beside(asked: str, batch: Batch) -> str:
    """What is named beside a batch: a number alone is a version of the same name."""
    return f"{batch.name}@{asked}" if _is_number(asked) else asked


def open_beside(
    asked: Batch | str | int,
    batch: Batch,
    project: str | Path | None = None,
    *,
    store: Store | None = None,
) -> Batch:
    """The batch that ``batch`` is compared with: ``asked`` itself, or the version it names.

    That is what ``open_version`` takes; a number is a version of the same name, ``last`` the
    one of that name before it. Raises ``StoreError`` where there is none.
    """
    if isinstance(asked, str | int):
        store = store or _store()
        last = asked == LAST
        name = batch.name if last else None
        wanted = str(asked) if last else beside(str(asked), batch)
        found = find_version(wanted, name, project, other_than=batch.run, store=store)
        return batch_of(found, store)
    if not hasattr(asked, "records"):
        kind = type(asked).__name__
        raise StoreError(
            f"A batch is compared with a batch or a version (3, 'NAME@3', 'last'), not {kind}."
        )
    return asked


def opposite(
    asked: str, batch: Batch, project: str | Path | None = None, *, store: Store | None = None
) -> tuple[Batch, Batch]:
    """Old and new where a comparison names ``batch`` alone, as ``asked``.

    ``NAME@2`` meets the newest version of that name; the newest itself meets the one
    numbered before it, ``NAME`` the one that was made before it. Only versions that have
    answers count. Raises ``StoreError`` where there is none.
    """
    store = store or _store()
    if "@" not in asked:
        last = find_version(LAST, batch.name, project, other_than=batch.run, store=store)
        return batch_of(last, store), batch
    newest = find_version(batch.name, None, project, store=store)
    if newest.number != batch.version:
        return batch, batch_of(newest, store)
    return batch_of(version_before(batch, project, store=store), store), batch


def version_before(
    batch: Batch, project: str | Path | None = None, *, store: Store | None = None
) -> VersionInfo:
    """The version numbered before a batch's own, leaving out those without answers.

    Raises ``StoreError`` where there is none.
    """
    store = store or _store()
    known = store.versions(project_of(project), batch.name)
    earlier = [v for v in reversed(known) if v.number < (batch.version or 0)]
    return _first_with_answers(earlier, batch.name, store)


def _first_with_answers(
    versions: Sequence[VersionInfo], name: str | None, store: Store
) -> VersionInfo:
    for version in versions:
        main = recipe_of(store.run(version.run)).main
        if has_answers(StoredRecords(store, version.run), main):
            return version
    kind = "no earlier version with answers" if versions else "no earlier version"
    raise StoreError(f"{_shown(name)} has {kind} here to compare with.")


def has_answers(records: Iterable[Record], main: str) -> bool:
    """Whether any candidate, accepted or not, has a value in the main column."""
    return any(record.values.get(main) is not None for record in islice(records, LOOKED))


def batch_of(version: VersionInfo, store: Store) -> Batch:
    """The batch that a version names, read from the store."""
    run = store.run(version.run)
    recipe = recipe_of(run)
    records = StoredRecords(store, run.id)
    outcome = run.outcome or {}
    if not len(records) and run.accepted + run.rejected:
        raise StoreError(
            f"The rows of {version.name}@{version.number} were pruned from the store."
        )
    return Batch(
        records=list(records) if len(records) <= KEPT else records,
        recipe=recipe,
        funnel=outcome.get("funnel", {}),
        usage=Usage(*outcome["usage"]) if "usage" in outcome else Usage(cost=None),
        status=run.status if run.status != "running" else "interrupted",  # type: ignore[arg-type]
        reason=run.reason,
        name=version.name,
        version=version.number,
        plan_targets=planned_counts(recipe, run.wanted),
        elapsed=outcome.get("elapsed", 0.0),
        run=run.id,
        wanted=run.wanted,
        exhausted=tuple(outcome.get("exhausted", ())),
    )


def recipe_of(run: RunInfo) -> Recipe:
    """The recipe of a stored run; its relative paths start where they started then."""
    recipe = Recipe.loads(run.recipe, name=run.name)
    object.__setattr__(recipe, "path", Path(run.base) / f"{run.name}.synth.yaml")
    return recipe


def project_of(project: str | Path | None) -> str:
    """The folder that versions belong to, as the store names it."""
    return str(Path(project if project is not None else Path.cwd()).resolve())


def _store() -> Store:
    from synthnb.api.stores import shared_store

    return shared_store()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 7


def _is_hash(text: str) -> bool:
    return len(text) >= 4 and all(char in "0123456789abcdef" for char in text)


def _shown(name: str | None) -> str:
    return one_line(name or "This folder", 60)


def _example(known: list[VersionInfo]) -> str:
    return f"{known[-1].name}@{known[-1].number}"


def _offer(known: list[VersionInfo]) -> str:
    newest = known[-8:]
    names = ", ".join(f"{v.name}@{v.number}" for v in newest)
    return f"; there {'is' if len(known) == 1 else 'are'} {names}"


def _no_name(name: str, store: Store, project: str | Path | None) -> str:
    elsewhere = sorted(store.versions("", name), key=lambda v: v.used)
    if elsewhere:  # the notebook moved, or the kernel works in another folder
        made = one_line(elsewhere[-1].project, 200)
        shown = one_line(name, 60)
        return f"{shown} was made in {made}, not in this folder: go there, or run it here"
    names = sorted({v.name for v in store.versions(project_of(project))})
    hint = did_you_mean(name, names) or (f"; there are: {', '.join(names)}" if names else "")
    shown, hint = one_line(name, 60), hint or "; %%synth NAME makes one"
    return f"No version of {shown} was made in this folder{hint}"
