"""What a check is, and the table of names that recipes may use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from synthnb.errors import CheckError
from synthnb.types import JSON, Call, Model, Reason, Row

if TYPE_CHECKING:
    from synthnb.recipe import CheckSpec, Recipe

__all__ = [
    "BUILDERS",
    "Candidate",
    "Check",
    "CheckContext",
    "OrderedCheck",
    "build",
    "pick",
    "register",
]


@dataclass(slots=True)
class Candidate:
    """A finished row before the verdict."""

    index: int
    values: Row
    """All columns, hidden ones too."""
    source: Row | None = None
    calls: list[Call] = field(default_factory=list)
    """The model calls behind the values; a check that asks a model appends its own."""
    attempt: int = 0
    candidate: int = 0


class Check(Protocol):
    """Judges one candidate: a reason that did not pass rejects it."""

    @property
    def name(self) -> str:
        """The rule that its reasons carry."""

    @property
    def column(self) -> str | None:
        """The column it looks at, ``None`` for the whole row."""

    @property
    def cost(self) -> int:
        """0 for cheap ones to 9 for those that ask a model; cheap ones run first."""

    @property
    def ordered(self) -> bool:
        """Whether it compares rows: then it is asked one row at a time, in plan order."""

    async def __call__(self, row: Candidate) -> Sequence[Reason]:
        """What was found, passed or not; never raises for a bad row."""


class OrderedCheck(Check, Protocol):
    """A check that remembers the rows that were accepted before."""

    def admit(self, row: Candidate) -> None:
        """The row was accepted: it joins what later rows are compared with."""


@dataclass(frozen=True, slots=True)
class CheckContext:
    """What a check may need to build itself."""

    recipe: Recipe | None = None
    columns: tuple[str, ...] = ()
    """All columns a candidate has, source columns included."""
    model_for: Callable[[str], Model] | None = None
    """A model by ``PROFILE/MODEL`` or by its name in the recipe's ``models``."""
    source_rows: Callable[[], Iterable[Row]] | None = None
    """The source rows, for checks that compare with them."""
    run_code: bool = False
    """The user's settings allow to run generated code."""
    base: str = "."
    """Folder that relative paths start from."""


Builder = Callable[[dict[str, JSON], CheckContext], Check]

BUILDERS: dict[str, Builder] = {}
"""Every check by name: a later module adds its own with ``register``."""


def register(name: str) -> Callable[[Builder], Builder]:
    """Put a builder into the table under ``name``."""

    def put(builder: Builder) -> Builder:
        BUILDERS[name] = builder
        return builder

    return put


def build(spec: CheckSpec, context: CheckContext) -> Check:
    """The check that a recipe names; ``CheckError`` if unknown or if an option is wrong."""
    builder = BUILDERS.get(spec.rule)
    if builder is None:
        from synthnb.suggest import did_you_mean

        hint = did_you_mean(spec.rule, BUILDERS)
        raise CheckError(f"there is no check {spec.rule!r}{hint}")
    try:
        return builder(dict(spec.options), context)
    except CheckError as error:
        raise CheckError(f"check {spec.rule}: {error.message}") from None
    except (KeyError, TypeError, ValueError) as error:
        raise CheckError(f"check {spec.rule}: {error}") from error


def pick(
    options: Mapping[str, JSON], context: CheckContext, **known: Any
) -> dict[str, Any]:
    """The options of a check with defaults; ``...`` marks one that must be given.

    ``column`` must be one of the row's columns (a dotted path goes into an object).
    """
    unknown = [name for name in options if name not in known]
    if unknown:
        from synthnb.suggest import did_you_mean

        hint = did_you_mean(unknown[0], known)
        raise CheckError(f"has no option {unknown[0]!r}{hint}")
    found = {**known, **options}
    missing = [name for name, value in found.items() if value is ...]
    if missing:
        raise CheckError(f"needs {missing[0]!r}")
    column = found.get("column")
    if column is not None and context.columns:
        root = str(column).partition(".")[0]
        if root not in context.columns:
            raise CheckError(f"there is no column {root!r} among {', '.join(context.columns)}")
    return found
