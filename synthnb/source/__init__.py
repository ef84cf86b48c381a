"""Real rows behind synthetic ones: opened once, read by position, named by content.

A recipe may come from a stranger, so a path in it reaches only files beside the recipe or
under the working folder; what the user names (``--source``) is opened wherever it lies.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from glob import iglob
from hashlib import blake2b, sha256
from os import PathLike
from pathlib import Path
from typing import Any

from synthnb.errors import SourceError
from synthnb.recipe.parts import Source
from synthnb.source.manifest import history_beside
from synthnb.source.tables import SUFFIXES, Table, from_frame, read_table
from synthnb.suggest import did_you_mean
from synthnb.types import JSON, Row

__all__ = ["PROVENANCE", "SourceRows", "allowed_path", "in_place_of", "open_source", "row_id"]

PROVENANCE = "_synthnb"
"""The field under which synthnb keeps the history of rows that it wrote."""


def row_id(row: Mapping[str, JSON]) -> str:
    """16 hex digits that follow from the row's data columns alone.

    >>> row_id({"a": 1}) == row_id({"a": 1, "_synthnb": {"generation": 2}})
    True
    """
    data = {name: value for name, value in row.items() if name != PROVENANCE}
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


class SourceRows:
    """A table of real rows; positions are file order, ``Plan`` brings the shuffled one.

    ``columns`` are the data columns that the recipe chose; ``name`` is how messages and
    cards call the source; ``license``, ``group`` and ``local_only`` come from the recipe.
    ``held`` are rows that were held out before these were given to a model.
    """

    held: SourceRows | None = None

    def __init__(
        self,
        table: Table,
        source: Source,
        *,
        name: str,
        digest: str | None = None,
        history: JSON = None,
    ) -> None:
        self.name = name
        self.license = source.license
        self.group = source.group
        self.local_only = source.local_only
        self.columns = _chosen(table.columns, source.columns, name)
        if source.group is not None and source.group not in table.columns:
            raise SourceError(_unknown(source.group, table.columns, name))
        self._table = table
        self._digest = digest
        self._history = history

    def __len__(self) -> int:
        """Number of rows."""
        return len(self._table)

    def row(self, index: int) -> Row:
        """The chosen columns of one row, as JSON values."""
        row = self._table.row(index)
        return {name: row[name] for name in self.columns}

    def id(self, index: int) -> str:
        """Content hash of the chosen columns: equal rows share it. See ``row_id``."""
        return row_id(self.row(index))

    def depth(self, index: int) -> int:
        """0 for a real row; the generation that synthnb noted on a row that it wrote."""
        return _generation(self.note(index))

    @property
    def noted(self) -> bool:
        """Whether rows carry synthnb's own history."""
        return self._history is not None or PROVENANCE in self._table.columns

    def note(self, index: int) -> JSON:
        """The history that synthnb kept with a row, ``None`` for a row of others."""
        if PROVENANCE in self._table.columns:
            return self._table.row(index)[PROVENANCE]
        return self._history

    def group_of(self, index: int) -> JSON:
        """Value of the ``group`` column, ``None`` where the recipe names none."""
        return self._table.row(index)[self.group] if self.group is not None else None

    def values(self, column: str) -> list[JSON]:
        """One column in file order."""
        return [self._table.row(index)[column] for index in range(len(self))]

    @property
    def sha256(self) -> str:
        """Hash of the file, or of the rows (JSON Lines) where there is no file."""
        if self._digest is None:
            total = sha256()
            for index in range(len(self)):
                line = json.dumps(self._table.row(index), sort_keys=True, ensure_ascii=False)
                total.update(line.encode("utf-8", "surrogatepass") + b"\n")
            self._digest = total.hexdigest()
        return self._digest


def _chosen(there: list[str], wanted: list[str] | None, name: str) -> list[str]:
    data = [column for column in there if column != PROVENANCE]
    if wanted is None:
        return data
    for column in wanted:
        if column not in data:
            raise SourceError(_unknown(column, data, name))
    return list(wanted)


def _unknown(column: str, there: list[str], name: str) -> str:
    hint = did_you_mean(column, there) or f". It has: {', '.join(there)}."
    return f"{name} has no column {column!r}{hint}"


def _generation(note: JSON) -> int:
    """A row that carries our note was written by us: at least 1, whatever the note says."""
    if isinstance(note, str):  # CSV keeps nested values as JSON text
        try:
            note = json.loads(note)
        except (ValueError, RecursionError):
            return 1
    if note is None:
        return 0
    generation = note.get("generation") if isinstance(note, dict) else None
    if not isinstance(generation, int) or isinstance(generation, bool):
        return 1
    return min(max(generation, 0), 1_000_000)


def open_source(source: Source | None, *, base: Path, frame: Any = None) -> SourceRows:
    """Open the rows of a recipe, or those that the user gave as ``frame``.

    ``base`` is the folder of the recipe file (the working folder for a cell). ``frame``
    is a DataFrame, a list of dicts or a path, and takes the place of the recipe's path.
    Raises a SourceError of one line if there is no such file or it is not a table.
    """
    wanted = source or Source()
    if isinstance(frame, SourceRows):
        return frame
    if isinstance(frame, (str, PathLike)):
        return _open_path(Path(frame).expanduser(), str(frame), wanted, base, given=True)
    if frame is not None:
        return SourceRows(from_frame(frame), wanted, name="the given rows")
    if wanted.path is not None:
        path = allowed_path(wanted.path, base)
        return _open_path(path, wanted.path, wanted, base, given=False)
    if wanted.documents is not None:
        return _open_documents(wanted, base)
    raise SourceError("The recipe's source has no path: name one, or pass the rows.")


def in_place_of(source: Source | None, given: Any, *, base: Path) -> Source:
    """The source as it is once the user gave other rows: what it says of how rows are used
    holds on, what it says of *which* rows (place, hash, licence) goes with the old ones.

    ``given`` is a DataFrame, a list of dicts or a path. One that leads to the very place
    which ``source`` names changes nothing, however it is spelled: same recipe, same row ids.
    The licence also stays where ``source`` named no place: it is that of the rows to come.
    """
    own = source or Source()
    before = own.path if own.path is not None else own.documents
    same, place = before is None, dict[str, Any]()
    if isinstance(given, (str, PathLike)):
        shown = str(given)
        table = Path(shown).suffix.lower() in SUFFIXES and not Path(shown).expanduser().is_dir()
        kind = "path" if table else "documents"
        place = {kind: shown}
        if before is not None and _same_place(before, shown, base):
            if getattr(own, kind) is not None:
                return own
            same = True
    changes = {
        "path": None, "documents": None, **place, "sha256": None,
        "license": own.license if same else None,
        "chunk": own.chunk if "documents" in place else None,
    }  # fmt: skip
    return own.model_copy(update=changes)


def _same_place(before: str | list[str], given: str, base: Path) -> bool:
    """Whether the recipe's own place, beside it or else in the working folder, is this one."""
    if not isinstance(before, str):
        if len(before) != 1:
            return False
        (before,) = before
    there = Path(given).expanduser().resolve()
    if there == (base / before).resolve():
        return True
    # One beside the recipe goes first, so the working folder's is another.
    beside = iglob(before, root_dir=base, recursive=True)
    return there == Path(before).resolve() and next(beside, None) is None


def _open_path(
    path: Path, shown: str, source: Source, base: Path, *, given: bool
) -> SourceRows:
    pattern = given and any(sign in shown for sign in "*?[")
    if not path.exists() and not pattern:
        near = f" (looked in {base.name or base} and the working folder)" if not given else ""
        raise SourceError(f"There is no file {shown}{near}; name another with --source.")
    if given and (path.is_dir() or path.suffix.lower() not in SUFFIXES):
        chosen = source.model_copy(update={"documents": str(path), "path": None})
        return _open_documents(chosen, base, given=True)
    if not path.is_file():
        raise SourceError(f"{shown} is not a file; name a table such as rows.csv.")
    table = read_table(path, shown)
    with path.open("rb") as stream:
        total = sha256()
        while block := stream.read(1 << 20):
            total.update(block)
    digest = total.hexdigest()
    if source.sha256 is not None and not given and digest != source.sha256.lower():
        raise SourceError(
            f"{shown} changed since the recipe was saved (its sha256 is {digest[:12]}…); "
            f"take the sha256 line out of the recipe, or pass --source {shown}."
        )
    beside = history_beside(path)
    return SourceRows(table, source, name=Path(shown).name, digest=digest, history=beside)


def _open_documents(source: Source, base: Path, *, given: bool = False) -> SourceRows:
    from synthnb.source.documents import read_documents

    table = read_documents(source, base, given=given)
    return SourceRows(table, source, name=table.name, digest=table.sha256)


def allowed_path(text: str, base: Path) -> Path:
    """Where a path of a recipe leads, or a SourceError if it leads outside.

    Relative paths are looked up beside the recipe, then in the working folder. Links are
    followed before the decision, and hidden files are left to the user to name.
    """
    if "://" in text:
        raise SourceError(f"{text} is not a local file; download it and name the file.")
    if not text.strip() or "\0" in text:
        raise SourceError("The recipe's source has an empty path.")
    roots = [base.resolve()]
    here = Path.cwd().resolve()
    if here not in roots and here != Path(here.anchor):
        roots.append(here)
    tried = [root / text for root in roots]
    found = next((path for path in tried if path.exists()), tried[0])
    target = found.resolve()
    for root in roots:
        if target.is_relative_to(root):
            hidden = any(part.startswith(".") for part in target.relative_to(root).parts)
            if not hidden:
                return target
    raise SourceError(
        f"The recipe names {text}, which lies outside its folder or is hidden; "
        f"if you mean it, say so: --source {text}"
    )
