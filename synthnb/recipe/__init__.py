"""The recipe: the one value that is saved.

A recipe is frozen; an edit is a new value (``replace``). It names models and checks
that are registered elsewhere and holds no secret, no endpoint and no code. Reading one
imports, opens and sends nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from synthnb.errors import RecipeError
from synthnb.recipe.file import load, save, write
from synthnb.recipe.graph import order as column_order
from synthnb.recipe.graph import references as column_references
from synthnb.recipe.parts import (
    Budget,
    Candidates,
    Category,
    CheckSpec,
    Chunk,
    Column,
    Datetime,
    Expression,
    Integer,
    Like,
    Mix,
    Number,
    Params,
    Person,
    Prompt,
    Purpose,
    Role,
    Scalar,
    Source,
    Split,
    Subcategory,
    Target,
    Turns,
    Uuid,
    Value,
    label,
)
from synthnb.recipe.reading import read
from synthnb.recipe.relations import judge
from synthnb.recipe.report import Report
from synthnb.recipe.writing import canonical, canonical_text, fingerprint
from synthnb.recipe.yamltext import Node, parse, plain
from synthnb.types import JSON

__all__ = [
    "Budget",
    "Candidates",
    "Category",
    "CheckSpec",
    "Chunk",
    "Column",
    "Datetime",
    "Expression",
    "Integer",
    "Like",
    "Mix",
    "Number",
    "Params",
    "Person",
    "Prompt",
    "Purpose",
    "Recipe",
    "Role",
    "Scalar",
    "Source",
    "Split",
    "Subcategory",
    "Target",
    "Turns",
    "Uuid",
    "Value",
    "label",
]


@dataclass(frozen=True, eq=False, repr=False)
class Recipe:
    """What to make and how, from columns to checks. Two equal recipes make equal plans.

    Columns and parts may be given in the file's shorthand; a misfit anywhere raises
    ``RecipeError``.

    >>> recipe = Recipe(columns={
    ...     "mood": ["angry", "happy"],
    ...     "text": {"prompt": "A review by someone {{ mood }}."},
    ... })
    >>> recipe.main, recipe.order, recipe.columns["mood"].weights
    ('text', ['mood', 'text'], [1.0, 1.0])
    """

    name: str | None = None
    description: str | None = None
    kind: str | None = None
    purpose: Purpose | None = None
    license: str | None = None
    seed: int = 0
    model: str | None = None
    models: dict[str, str] = field(default_factory=dict)
    params: Params = field(default_factory=Params)
    source: Source | None = None
    columns: dict[str, Column] = field(default_factory=dict)
    checks: tuple[CheckSpec, ...] = ()
    target: Target = field(default_factory=Target)
    budget: Budget | None = None
    mix: Mix | None = None
    split: Split | None = None
    local_only: bool = False
    version: int = 1
    text: str | None = None
    """The text it was loaded from, kept for its comments and order."""
    path: Path | None = None
    """The file it was loaded from or saved to."""
    file_hash: str | None = None
    """SHA-256 of that file then."""
    check_lines: tuple[int | None, ...] = ()
    """The line of each check in the text it was read from; empty if there was none."""
    tree: InitVar[Node | None] = None
    needs_version: InitVar[bool] = False

    def __post_init__(self, tree: Node | None, needs_version: bool) -> None:
        root = tree
        if root is None:
            given = {key: getattr(self, key) for key in _FIELDS}
            root = plain({"synthnb": self.version, **given})
        fields = read(root, need_version=needs_version)
        for key, value in fields.items():
            object.__setattr__(self, key, value)
        checks = root.get("checks") if tree is not None else None
        if checks is not None and checks.kind == "list":
            object.__setattr__(self, "check_lines", tuple(item.line for item in checks.value))
        report = Report(root)
        judge(self, report)
        report.raise_if_any()

    @classmethod
    def loads(cls, text: str, *, name: str | None = None) -> Recipe:
        """The recipe in a YAML text; ``name`` is used where the text names none.

        Raises ``RecipeError`` with the lines of at most three problems.
        """
        recipe = cls(tree=parse(text), needs_version=True, text=text)
        return recipe.replace(name=name) if name and recipe.name is None else recipe

    @classmethod
    def load(cls, path: str | Path) -> Recipe:
        """The recipe in a file; it remembers the file for :meth:`save`."""
        return load(cls, Path(path))

    @classmethod
    def from_dict(cls, data: Mapping[str, JSON]) -> Recipe:
        """The recipe of plain data, as :meth:`to_dict` gives it."""
        return cls(tree=plain(data))

    def to_dict(self) -> dict[str, JSON]:
        """Plain canonical data: shorthand, defaults left out, keys in fixed order."""
        return canonical(self)

    @staticmethod
    def json_schema() -> dict[str, JSON]:
        """JSON Schema of the file format, for editors."""
        from synthnb.recipe.json_schema import recipe_schema

        return recipe_schema()

    def dumps(self) -> str:
        """The recipe as YAML. Comments and order of a loaded text stay."""
        return write(self)

    def save(self, path: str | Path | None = None, *, force: bool = False) -> Recipe:
        """Write the recipe to a file, at once or not at all; the saved recipe comes back.

        Without ``path``, to the file it was loaded from. A file that changed since it was
        loaded, or that was never loaded, is not overwritten unless ``force``: the
        ``RecipeError`` then ends in a unified diff of what would change.
        """
        return save(self, path, force=force)

    def replace(self, **changes: Any) -> Recipe:
        """A new recipe with other fields; the text it came from is kept for ``dumps``."""
        unknown = changes.keys() - set(_FIELDS)
        if unknown:
            raise RecipeError(f"a recipe has no field {', '.join(sorted(unknown))}")
        fields = {key: getattr(self, key) for key in _FIELDS}
        made = Recipe(**{**fields, **changes})
        for key in ("text", "path", "file_hash", "check_lines"):
            object.__setattr__(made, key, getattr(self, key))
        if "checks" in changes:
            object.__setattr__(made, "check_lines", ())
        return made

    @cached_property
    def fingerprint(self) -> str:
        """32 hex digits: equal when rows would be made alike.

        Name, description, licence, budget and target do not count.
        """
        return fingerprint(self.to_dict())

    @cached_property
    def order(self) -> list[str]:
        """Column names, each after those it reads."""
        return column_order(self.columns, self.source)

    def references(self, column: str) -> frozenset[str]:
        """What a column reads: column names, and ``source.NAME`` for source columns."""
        return column_references(column, self.columns, self.source)

    @cached_property
    def prompts(self) -> dict[str, Prompt]:
        """The columns that a model writes."""
        return {name: c for name, c in self.columns.items() if isinstance(c, Prompt)}

    @cached_property
    def main(self) -> str:
        """The main prompt column: marked ``main``, else the last one; ``text`` if none."""
        marked = [name for name, column in self.prompts.items() if column.main]
        return (marked or list(self.prompts) or ["text"])[-1]

    def resolve_model(self, name: str | None) -> str | None:
        """``PROFILE/MODEL`` for a short name under ``models``, or for the name itself."""
        return self.models.get(name, name) if name is not None else None

    def model_for(self, column: str) -> str | None:
        """``PROFILE/MODEL`` that writes ``column``; ``None`` leaves it to the settings."""
        own = self.columns[column]
        named = own.model if isinstance(own, Prompt) else None
        return self.resolve_model(named or self.model)

    def validate_source(self, columns: list[str]) -> None:
        """Judge the names again, now that the source's real columns are known."""
        report = Report(plain({}))
        judge(self, report, columns)
        report.raise_if_any()

    def __repr__(self) -> str:
        """Short: prompts and examples stay out of logs and tracebacks."""
        columns = ", ".join(self.columns)
        return f"Recipe({self.name or 'unnamed'}: {columns}; {self.fingerprint[:8]})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Recipe):
            return NotImplemented
        return canonical_text(self.to_dict()) == canonical_text(other.to_dict())

    def __hash__(self) -> int:
        return hash(canonical_text(self.to_dict()))


_FIELDS = (
    *("name", "description", "kind", "purpose", "license", "seed", "model", "models", "params"),
    *("source", "columns", "checks", "target", "budget", "mix", "split", "local_only"),
)
