"""What one export knows, and what a format is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb.export.columns import Columns
from synthnb.export.files import json_lines
from synthnb.types import Row

if TYPE_CHECKING:
    from synthnb.batch import Batch

__all__ = ["Format", "Job"]


@dataclass
class Job:
    """One export: what to write and where; ``warnings`` collects what people should know."""

    batch: Batch
    format: Format
    path: Path
    """The file or folder to write: a temporary one, renamed when it is whole."""
    name: str
    """The file's or folder's final name."""
    target: Path
    """Where the file or folder will be."""
    columns: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    """What the format adds to the card: splits, files, known failures."""

    def roles(self) -> Columns:
        """Which column is what, in this format's words."""
        return Columns(
            self.batch, self.format.name, self.columns,
            roles=self.format.roles, alias=self.format.alias, words=self.format.words,
        )  # fmt: skip

    def lines(self, rows: Iterator[Row]) -> int:
        """Write one object a row; an array where the file is called ``.json``."""
        return json_lines(rows, self.path, array=self.name.lower().endswith(".json"))


@dataclass(frozen=True)
class Format:
    """One row of the table of formats."""

    name: str
    summary: str
    write: Callable[[Job], int]
    """Writes ``job.path``; the number of rows written."""
    roles: tuple[str, ...] = ()
    alias: Mapping[str, str] = field(default_factory=dict)
    """Names that a role may also be given by."""
    words: Mapping[str, str] = field(default_factory=dict)
    """The format's own word for a role, where it has one."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options beside ``columns``, with their defaults."""
    folder: bool = False
    gated: bool = True
    """Made to be trained on or published: needs licence, purpose and the terms' leave."""
    publishes: bool = False
