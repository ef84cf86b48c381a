"""What checks compare rows with: accepted rows, source rows, other files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthnb.checks.protocol import CheckContext
from synthnb.checks.values import as_plain, reach, texts_of
from synthnb.errors import CheckError
from synthnb.types import Row

__all__ = ["Against", "against", "texts_in"]


@dataclass(frozen=True, slots=True)
class Against:
    """The known side of a comparison."""

    accepted: bool
    """Rows join as they are accepted."""
    texts: tuple[tuple[str, str], ...]
    """(text, where it stands: ``source row 3``, ``train.jsonl row 0``)."""


def against(options: dict[str, Any], context: CheckContext, *, column: str | None) -> Against:
    """The texts behind ``against``: ``accepted``, ``source``, and names of files.

    A known row that has the checked column gives that; any other gives all its texts.
    """
    given = options["against"]
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        raise CheckError("'against' is a list of accepted, source and names of files")
    texts: list[tuple[str, str]] = []
    for name in names:
        if name == "accepted":
            continue
        if name == "source":
            if context.source_rows is None:
                raise CheckError("'against: source' needs a source")
            texts += _named(context.source_rows(), column, "source row")
        else:
            texts += _named(_file_rows(name, context), column, f"{Path(name).name} row")
    return Against("accepted" in names, tuple(texts))


def _named(rows: Iterable[Row], column: str | None, what: str) -> Iterator[tuple[str, str]]:
    for number, row in enumerate(rows):
        for text in texts_in(row, column):
            yield text, f"{what} {number}"


def texts_in(row: Row, column: str | None) -> list[str]:
    """The column's text of a known row; all its texts where it has no such column."""
    if column is not None and column.partition(".")[0] in row:
        found = as_plain(reach(row, column))
        return [found] if found.strip() else []
    data = {name: value for name, value in row.items() if name != "_synthnb"}
    return [text for text in texts_of(data) if text.strip()]


def _file_rows(name: str, context: CheckContext) -> Iterator[Row]:
    from synthnb.errors import SourceError
    from synthnb.recipe.parts import Source
    from synthnb.source import allowed_path, open_source
    from synthnb.source.tables import SUFFIXES

    if Path(name).suffix.lower() not in SUFFIXES and not any(mark in name for mark in "./*"):
        raise CheckError(f"'against' takes accepted, source and names of files, not {name!r}")
    base = Path(context.base)
    try:
        path = allowed_path(name, base)
    except SourceError:
        # `--source` would name another source, not a file to compare with.
        raise CheckError(
            f"'against': {name} lies outside its folder, or is hidden: put it beside the recipe"
        ) from None
    try:
        if not path.is_file():
            raise CheckError(f"'against': there is no file {name}")
        rows = open_source(Source(path=str(path)), base=path.parent, frame=path)
    except SourceError as error:
        raise CheckError(f"'against': {error}") from None
    return (rows.row(index) for index in range(len(rows)))
