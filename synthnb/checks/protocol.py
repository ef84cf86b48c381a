"""What a check is, and the table of names that recipes may use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from synthnb.errors import CheckError, SynthError
from synthnb.types import JSON, Call, Model, Reason, Row

if TYPE_CHECKING:
    from synthnb.prices import Price
    from synthnb.recipe import CheckSpec, Recipe

__all__ = [
    "BUILDERS",
    "Around",
    "Candidate",
    "Check",
    "CheckContext",
    "ForeseeingCheck",
    "OrderedCheck",
    "build",
    "number",
    "pick",
    "register",
    "share",
    "unknown",
    "whole",
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


class ForeseeingCheck(OrderedCheck, Protocol):
    """An ordered check that works faster on many rows than on one at a time."""

    async def foresee(self, rows: Sequence[Candidate]) -> None:
        """These rows are asked next, in this order, some of them perhaps not: work out
        together what does not hang on which of them are accepted."""


class Around:
    """A check around another one, of which everything is passed on but the verdict."""

    def __init__(self, name: str, check: Any) -> None:
        self.name, self._check = name, check
        self.column: str | None = getattr(check, "column", None)
        self.cost: int = getattr(check, "cost", 3)
        self.ordered: bool = getattr(check, "ordered", False)
        self.models: Sequence[str] = getattr(check, "models", ())
        """Models that it asks."""
        self.asks: float = getattr(check, "asks", 1)
        """Questions about one row, for estimates."""


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
    default_model: str | None = None
    """What is asked where neither the check nor the recipe names a model."""
    price_for: Callable[[str], Price | None] | None = None
    """Price of a model, for the cost of the calls that a check makes."""
    users: Mapping[str, Builder] = field(default_factory=dict)
    """The user's own checks by name; they do not take the place of ours."""


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
    """The check that a recipe names; ``CheckError`` if unknown or if an option is wrong.

    ``when`` is an option of every check: the rows for which it holds are checked.
    """
    builder = BUILDERS.get(spec.rule) or context.users.get(spec.rule)
    if builder is None:
        from synthnb.checks.users import entry_points

        plugged = entry_points()
        builder = plugged.get(spec.rule)
        if builder is None:
            from synthnb.suggest import did_you_mean

            hint = did_you_mean(spec.rule, {**BUILDERS, **context.users, **plugged})
            raise CheckError(f"there is no check {spec.rule!r}{hint}")
    try:
        options = dict(spec.options)
        when = options.pop("when", None)
        made = builder(options, context)
        if when is None:
            return made
        from synthnb.checks.when import Sometimes, condition

        return Sometimes(made, condition(when, context))
    except CheckError as error:
        raise CheckError(f"check {spec.rule}: {error.message}") from None
    except SynthError as error:
        raise CheckError(f"check {spec.rule}: {error}") from None
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise CheckError(f"check {spec.rule}: {error}") from error


def pick(
    options: Mapping[str, JSON],
    context: CheckContext,
    paths: Sequence[str] = (),
    /,
    **known: Any,
) -> dict[str, Any]:
    """The options of a check with defaults; ``...`` marks one that must be given.

    ``column``, and every option in ``paths``, must name one of the row's columns (a
    dotted path goes into an object).
    """
    strange = [name for name in options if name not in known]
    if strange:
        from synthnb.suggest import did_you_mean

        hint = did_you_mean(strange[0], known)
        listed = "" if hint else f"; it takes {', '.join(known)}"
        raise CheckError(f"has no option {strange[0]!r}{hint}{listed}")
    found = {**known, **options}
    missing = [name for name, value in found.items() if value is ...]
    if missing:
        raise CheckError(f"needs {missing[0]!r}")
    for key in ("column", *paths):
        named = found.get(key)
        if named is None:
            continue
        if not isinstance(named, str) or not named:
            raise CheckError(f"{key!r} is the name of a column")
        root = named.partition(".")[0]
        if context.columns and root not in context.columns:
            from synthnb.suggest import did_you_mean

            hint = did_you_mean(root, context.columns)
            listed = "" if hint else f" among {', '.join(context.columns)}"
            raise CheckError(f"there is no column {root!r}{listed}{hint}")
    return found


def number(
    options: Mapping[str, Any], key: str, low: float | None = None, high: float | None = None
) -> float | None:
    """The number under ``key``, judged; ``None`` where the option is not set."""
    value = options[key]
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CheckError(f"{key!r} is a number, not {value!r}")
    below = low is not None and value < low
    above = high is not None and value > high
    if below or above or value != value:
        ends = f"between {low:g} and {high:g}" if high is not None else f"{low:g} or more"
        raise CheckError(f"{key!r} is {ends}, not {value!r}")
    return value


def whole(options: Mapping[str, Any], key: str, low: int, high: int) -> int:
    """The whole number under ``key``, judged."""
    value = options[key]
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise CheckError(f"{key!r} is a whole number from {low} to {high}, not {value!r}")
    return value


def share(options: Mapping[str, Any], key: str) -> float:
    """The share under ``key``, from 0 to 1."""
    value = number(options, key, 0, 1)
    if value is None:
        raise CheckError(f"{key!r} is a number from 0 to 1")
    return value


def unknown(rule: str, why: str, column: str | None = None) -> Reason:
    """Nothing could be found out: the row is kept, the value is no number."""
    return Reason(rule, None, f"unknown: {why}", column, True)
