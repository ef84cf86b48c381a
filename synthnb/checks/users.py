"""The user's own checks: functions of a package (entry points) or of a file that they name.

    from synthnb.checks import check

    @check
    def polite(value, *, least=1):
        found = value.lower().count("please")
        return found >= least or f"says please {found} times, at least {least} wanted"

A recipe then says ``checks: [{polite: {column: answer, least: 2}}]``. The first parameter is
the column's value (the whole row where no column is named, or where it is called ``row``);
keyword parameters are the check's options. ``True`` or ``None`` passes, ``False`` or a text
(the message) rejects, and a ``Reason`` is taken as it is. ``async def`` works as well.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from synthnb.checks.protocol import (
    BUILDERS,
    Around,
    Builder,
    Candidate,
    Check,
    CheckContext,
    pick,
)
from synthnb.checks.values import reach
from synthnb.errors import CheckError, SynthError
from synthnb.types import JSON, Reason

__all__ = ["check", "entry_points", "load_file", "users_checks"]

GROUP = "synthnb.checks"
_MARK = "_synthnb_check"
MOST_MESSAGE = 1000
DEEPEST = 20
"""Levels of a value that are kept."""


def check(named: Any = None) -> Any:
    """Mark a function as a check, under its own name or ``@check("name")``."""
    if callable(named):
        setattr(named, _MARK, named.__name__)
        return named

    def put(function: Callable[..., Any]) -> Callable[..., Any]:
        setattr(function, _MARK, named or function.__name__)
        return function

    return put


def load_file(path: str | Path) -> dict[str, Builder]:
    """The checks in a Python file, which runs: only a user may name it, never a recipe.

    Functions marked with ``check``; where none is, every public function of the file.
    Raises ``CheckError`` of one line.
    """
    place = Path(path).expanduser()
    if not place.is_file():
        raise CheckError(f"there is no file {path} with checks")
    spec = importlib.util.spec_from_file_location(f"synthnb_checks_{place.stem}", place)
    if spec is None or spec.loader is None:
        raise CheckError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise CheckError(f"{path}: {_told(error)}") from error
    functions = [
        value
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__
    ]
    marked = {getattr(f, _MARK): f for f in functions if hasattr(f, _MARK)}
    found = marked or {f.__name__: f for f in functions if not f.__name__.startswith("_")}
    if not found:
        raise CheckError(f"{path} holds no function to check with")
    return {name: _builder(name, function) for name, function in found.items()}


def users_checks(given: Any) -> dict[str, Builder]:
    """Builders for what ``checks=`` takes: a file, a list of files, or functions by name."""
    if given is None:
        return {}
    if isinstance(given, str | Path):
        return load_file(given)
    found: dict[str, Builder] = {}
    if isinstance(given, Mapping):
        found = {str(name): _builder(str(name), function) for name, function in given.items()}
    elif callable(given):
        name = getattr(given, _MARK, getattr(given, "__name__", "check"))
        found = {name: _builder(name, given)}
    else:
        for item in given:
            found |= users_checks(item)
    for name in found:
        if name in BUILDERS:
            raise CheckError(f"{name!r} is one of synthnb's own checks: call yours otherwise")
    return found


@cache
def entry_points() -> dict[str, Builder]:
    """Checks of installed packages, loaded when one is asked for."""
    found: dict[str, Builder] = {}
    for point in importlib.metadata.entry_points(group=GROUP):
        found[point.name] = _late(point)
    return found


def _late(point: importlib.metadata.EntryPoint) -> Builder:
    def build(options: dict[str, JSON], context: CheckContext) -> Check:
        try:
            function = point.load()
        except Exception as error:
            raise CheckError(f"{point.value} cannot be loaded: {error}") from error
        return _builder(point.name, function)(options, context)

    return build


def _builder(name: str, function: Any) -> Builder:
    """A plain function, or a builder ``(options, context) -> Check``, as a builder."""
    if not callable(function):
        raise CheckError(f"{name!r} is no function")
    parameters = list(inspect.signature(function).parameters.values())
    if [parameter.name for parameter in parameters] == ["options", "context"]:
        return _guarding(name, function)
    if not parameters or parameters[0].kind == inspect.Parameter.KEYWORD_ONLY:
        raise CheckError(f"{name!r} takes no value to check")
    known = {
        parameter.name: ... if parameter.default is parameter.empty else parameter.default
        for parameter in parameters[1:]
        if parameter.kind
        in (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    }
    takes_row = "row" in known and parameters[0].name != "row"
    known.pop("row", None)

    def build(options: dict[str, JSON], context: CheckContext) -> Check:
        found = pick(options, context, **{"column": None, **known})
        given = {key: value for key, value in found.items() if key in known}
        whole = parameters[0].name in ("row", "values")
        made = _Users(name, function, found["column"], given, whole=whole, takes_row=takes_row)
        return Guarded(name, made)

    return build


def _guarding(name: str, builder: Builder) -> Builder:
    def build(options: dict[str, JSON], context: CheckContext) -> Check:
        try:
            made = builder(options, context)
        except SynthError:
            raise
        except Exception as error:
            raise CheckError(f"cannot be built: {_told(error)}") from error
        return Guarded(name, made)

    return build


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:MOST_MESSAGE]


class Guarded(Around):
    """A user's check around which a run goes on, whatever it raises or returns."""

    def __init__(self, name: str, check: Any) -> None:
        super().__init__(name, check)
        self._broken: str | None = None

    async def __call__(self, row: Candidate) -> Sequence[Reason]:
        """What it says, as plain JSON and one line of text; a failure loses the row alone."""
        try:
            if self._broken is not None:
                raise CheckError(self._broken)
            return [_plain(self.name, reason) for reason in await self._check(row)]
        except (Exception, SystemExit) as error:
            told = self._broken or _told(error)
            return (Reason(self.name, None, f"the check failed: {told}", self.column),)

    def admit(self, row: Candidate) -> None:
        """Pass it on; what fails here is told by every later row."""
        try:
            self._check.admit(row)
        except (Exception, SystemExit) as error:
            self._broken = _told(error)


def _plain(name: str, reason: Any) -> Reason:
    if not isinstance(reason, Reason):
        raise TypeError(f"a check returns reasons, not {type(reason).__name__}")
    message = " ".join(str(reason.message).split())[:MOST_MESSAGE]
    rule, passed = str(reason.rule) or name, bool(reason.passed)
    return Reason(rule, _json(reason.value), message, reason.column, passed)


def _json(value: Any, depth: int = 0) -> JSON:
    """A value that every file can hold: what is no JSON is told as text."""
    if value is None or isinstance(value, bool | str):
        return value
    if hasattr(value, "tolist"):  # an array or a number of numpy's
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int):
        return value if isinstance(value, bool) or abs(value) < 2**63 else str(value)
    if isinstance(value, Mapping) and depth < DEEPEST:
        return {str(key): _json(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset) and depth < DEEPEST:
        return [_json(item, depth + 1) for item in value]
    return str(value)[:MOST_MESSAGE]


class _Users:
    """A user's function as a check."""

    cost = 3
    ordered = False

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        column: str | None,
        options: dict[str, Any],
        *,
        whole: bool,
        takes_row: bool,
    ) -> None:
        self.name, self.column = name, column
        self._function, self._options = function, options
        self._whole, self._takes_row = whole, takes_row

    async def __call__(self, row: Candidate) -> Sequence[Reason]:
        values = dict(row.values)
        own = values if self.column is None or self._whole else reach(values, self.column)
        extra = {"row": values} if self._takes_row else {}
        said = self._function(own, **self._options, **extra)
        if inspect.isawaitable(said):
            said = await said
        return self._reasons(said)

    def _reasons(self, said: Any) -> Sequence[Reason]:
        if isinstance(said, Reason):
            return (said,)
        if isinstance(said, list) and all(isinstance(item, Reason) for item in said):
            return said
        if isinstance(said, list | dict):
            raise TypeError(
                f"its answer is a {type(said).__name__}; True, False, a text or "
                "(passed, value, message) can be read"
            )
        if isinstance(said, tuple) and len(said) in (2, 3):
            passed, value, *more = said
            message = str(more[0]) if more else "" if passed else "did not pass"
            return (Reason(self.name, value, message, self.column, bool(passed)),)
        if said is None or said is True:
            return (Reason(self.name, None, "", self.column, True),)
        if isinstance(said, str):
            return (Reason(self.name, None, said, self.column, not said),)
        message = "" if said else "did not pass"
        return (Reason(self.name, None, message, self.column, bool(said)),)
