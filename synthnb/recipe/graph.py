"""The column graph: what each column reads, in which order, and what nobody knows.

References come from templates alone. A name is a column, or a source column; where the
source has not been opened yet, an unknown name is put off until its columns are known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from synthnb.errors import TemplateError
from synthnb.recipe.parts import Column, Expression, Like, Prompt, Source, Subcategory
from synthnb.suggest import did_you_mean
from synthnb.template import Template, compile_template

if TYPE_CHECKING:
    from synthnb.recipe.report import Report

__all__ = ["DOCUMENT_COLUMNS", "order", "references", "source_columns", "templates"]

DOCUMENT_COLUMNS = ("chunk", "path", "position")
"""What a document source gives."""


RESULTS = ("turns", "results")
ARGUMENTS = "arguments"
"""What the expression of a tool's result knows beside the row."""


def templates(column: Column) -> Iterator[tuple[tuple[str, ...], str]]:
    """The template texts of a column, each with its path inside the column."""
    if isinstance(column, Expression):
        yield ("expression",), column.template
    if not isinstance(column, Prompt):
        return
    yield ("prompt",), column.prompt
    if column.system is not None:
        yield ("system",), column.system
    if column.skip_when is not None:
        yield ("skip_when",), column.skip_when
    if column.turns is not None:
        for side, role in (("user", column.turns.user), ("assistant", column.turns.assistant)):
            if role.system:
                yield ("turns", side, "system"), role.system
        if column.turns.tool.system:
            yield ("turns", "tool", "system"), column.turns.tool.system
        for name, text in column.turns.results.items():
            yield (*RESULTS, name), text


def source_columns(source: Source | None) -> tuple[str, ...] | None:
    """The source's columns as far as the recipe tells: ``None`` when it does not."""
    if source is None:
        return ()
    if source.columns is not None:
        return tuple(source.columns)
    return DOCUMENT_COLUMNS if source.documents is not None else None


def references(
    name: str, columns: Mapping[str, Column], source: Source | None
) -> frozenset[str]:
    """What column ``name`` reads: column names, and ``source.X`` for source columns.

    A name that is no column is taken for a source column; a column's own name in its
    own templates means the source's value.
    """
    column = columns[name]
    found: set[str] = set()
    if isinstance(column, Subcategory):
        found.add(column.parent)
    if isinstance(column, Like):
        found.add(f"source.{column.column}")
    for where, text in templates(column):
        for read in compile_template(text).names:
            if read == ARGUMENTS and where[:2] == RESULTS:
                continue
            own = read == name or read not in columns
            found.add(f"source.{read}" if own and not read.startswith("source.") else read)
    return frozenset(found)


def order(columns: Mapping[str, Column], source: Source | None) -> list[str]:
    """Columns so that each comes after what it reads; else as they were declared.

    Raises ``ValueError`` with the names of a cycle, in order, as its argument.
    """
    reads = {name: references(name, columns, source) & columns.keys() for name in columns}
    waiting = list(columns)
    done: dict[str, None] = {}
    while waiting:
        ready = next((name for name in waiting if reads[name] <= done.keys()), None)
        if ready is None:
            raise ValueError(_cycle(waiting, reads))
        waiting.remove(ready)
        done[ready] = None
    return list(done)


def _cycle(waiting: list[str], reads: Mapping[str, Collection[str]]) -> list[str]:
    """One cycle among columns of which each waits for another."""
    path = [waiting[0]]
    while True:
        following = next(name for name in waiting if name in reads[path[-1]])
        if following in path:
            return [*path[path.index(following) :], following]
        path.append(following)


def compiled(text: str, where: tuple[str, ...], report: Report) -> Template | None:
    """The template, or ``None`` after reporting what is wrong with it."""
    try:
        return compile_template(text)
    except TemplateError as error:
        report.add(where, error.message, offset=(error.line or 1) - 1)
        return None


def check_names(
    columns: Mapping[str, Column],
    source: Source | None,
    known: Iterable[str] | None,
    report: Report,
) -> None:
    """Report names that are neither a column nor one of the source's ``known`` columns."""
    given = None if known is None else list(known)
    for name, column in columns.items():
        for where, text in templates(column):
            path = ("columns", name, *where)
            template = compiled(text, path, report)
            for read, line in template.lines.items() if template else ():
                if read == ARGUMENTS and where[:2] == RESULTS:
                    continue
                problem = _unknown(read, name, columns, source, given)
                if problem:
                    report.add(path, problem, offset=line - 1)
        if isinstance(column, Like) and given is not None and column.column not in given:
            hint = did_you_mean(column.column, given)
            what = (
                f"no source column '{column.column}'{hint}" if source else "like needs a source"
            )
            report.add(("columns", name, "like"), what)


def _unknown(
    read: str,
    reader: str,
    columns: Mapping[str, Column],
    source: Source | None,
    known: list[str] | None,
) -> str | None:
    if read == "source":
        return "'source' stands for the whole source row; write {{ source.NAME }}"
    field = read.removeprefix("source.") if read.startswith("source.") else None
    if field is None and read in columns and read != reader:
        return None
    if source is None:
        if field is not None:
            return f"'{read}' needs a source, and the recipe has none"
        if read == reader:
            return f"column '{reader}' refers to itself"
        return (
            f"unknown column '{read}'{did_you_mean(read, [c for c in columns if c != reader])}"
        )
    wanted = field or read
    if known is None or wanted in known:
        return None
    if read == reader:
        return f"column '{reader}' refers to itself, and the source has no such column"
    hint = did_you_mean(wanted, [*known, *(() if field else columns)])
    return f"unknown column '{read}'{hint}"
