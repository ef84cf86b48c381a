"""``code``: does generated code parse, is it clean, and do its tests pass?

Parsing and linting always happen, in this process and without running anything. The tests of
a row run only where the user's own settings say ``run_code = true``; else the row is kept and
marked "tests not run".
"""

from __future__ import annotations

import ast
import asyncio
import json
import warnings
from collections.abc import Sequence

from synthnb.checks.protocol import (
    Candidate,
    Check,
    CheckContext,
    number,
    pick,
    register,
    unknown,
    whole,
)
from synthnb.checks.sandbox import TIERS, Result, run_script
from synthnb.checks.values import as_plain, reach
from synthnb.errors import CheckError
from synthnb.types import JSON, Reason

__all__ = ["problems_of"]

LONGEST = 200_000
_SERIOUS = frozenset(
    {
        *("UndefinedName", "UndefinedLocal", "UndefinedExport", "DuplicateArgument"),
        *("ReturnOutsideFunction", "YieldOutsideFunction", "ContinueOutsideLoop"),
        *("BreakOutsideLoop", "IfTuple", "AssertTuple", "TwoStarredExpressions"),
        *("DefaultExceptNotLast", "FutureFeatureNotDefined", "StringDotFormatMissingArgument"),
    }
)
"""What pyflakes finds that cannot work; unused names are told and kept."""


def problems_of(text: str, language: str = "python") -> tuple[list[str], list[str]]:
    """(what cannot work, what is untidy) in a piece of code; nothing is run.

    >>> problems_of("def f(x):\\n    return y")[0]
    ["line 2: undefined name 'y'"]
    """
    if not text.strip():
        return ["there is no code"], []
    if len(text) > LONGEST:
        return [f"longer than {LONGEST:,} characters"], []
    if language == "json":
        try:
            json.loads(text)
        except (ValueError, RecursionError) as error:
            return [f"not JSON: {error}"[:200]], []
        return [], []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "\d" in a string of the row's is no news here
            tree = ast.parse(text)
    except SyntaxError as error:
        return [f"line {error.lineno}: {error.msg}"], []
    except (ValueError, RecursionError, MemoryError) as error:
        return [f"cannot be parsed: {type(error).__name__}"], []
    return _lint(tree)


def _lint(tree: ast.Module) -> tuple[list[str], list[str]]:
    from pyflakes.checker import Checker

    try:
        messages = sorted(Checker(tree).messages, key=lambda found: int(found.lineno))
    except RecursionError:
        return ["nested too deeply"], []
    bad: list[str] = []
    untidy: list[str] = []
    for found in messages:
        said = f"line {found.lineno}: {found.message % found.message_args}"
        said = said if len(said) <= 200 else said[:199] + "…"
        (bad if type(found).__name__ in _SERIOUS else untidy).append(said)
    return bad, untidy


class Code:
    """A column of code, with tests in another column."""

    name = "code"
    ordered = False

    def __init__(
        self, column: str, tests: str | None, language: str, *, timeout: float, run: bool,
        least: int,
    ) -> None:  # fmt: skip
        self.column: str | None = column
        self.tests, self.language = tests, language
        self.timeout, self.run, self.least = timeout, run, least
        self.cost = 8 if run else 2

    async def __call__(self, row: Candidate) -> Sequence[Reason]:
        """Value: ``passed``, ``failed``, ``not run`` or ``invalid``."""
        code = _unfenced(as_plain(reach(row.values, self.column or "")))
        if self.language not in ("python", "json"):
            return (unknown(self.name, f"{self.language} is not parsed here", self.column),)
        bad, untidy = problems_of(code, self.language)
        if bad:
            return (Reason(self.name, "invalid", "; ".join(bad[:3]), self.column),)
        note = f"; {'; '.join(untidy[:3])}" if untidy else ""
        if self.tests is None or self.language != "python":
            return (Reason(self.name, "parsed", f"parsed, tier 0{note}", self.column, True),)
        tests = _unfenced(as_plain(reach(row.values, self.tests)))
        wrong, _ = problems_of(f"{code}\n\n{tests}" if tests.strip() else "")
        if wrong:
            message = f"the tests: {'; '.join(wrong[:3])}"
            return (Reason(self.name, "invalid", message, self.tests),)
        if not self.run:
            message = f"tests not run (tier 0): run_code is off in your settings{note}"
            return (Reason(self.name, "not run", message, self.column, True),)
        return (await self._ran(code, tests, note),)

    async def _ran(self, code: str, tests: str, note: str) -> Reason:
        script = f"{code}\n\n\n{tests}\n"
        if not _asserts(tests) and "def test" in tests:
            script += _CALLER  # pytest's way: functions that are called test_…
        found: Result = await asyncio.to_thread(
            run_script, script, timeout=self.timeout, least=self.least
        )
        tier = f"tier {found.tier}, {TIERS[found.tier]}"
        if found.passed is None or found.missing is not None:
            why = f"{found.missing} is not there" if found.missing else found.message
            message = f"tests not run ({tier}): {why}{note}"
            return Reason(self.name, "not run", message, self.column, True)
        if found.passed:
            return Reason(
                self.name, "passed", f"tests passed ({tier}){note}", self.column, True
            )
        return Reason(
            self.name, "failed", f"tests failed ({tier}): {found.message}", self.column
        )


_CALLER = """
for _name, _test in sorted(globals().items()):
    if _name.startswith("test") and callable(_test):
        _test()
"""


def _asserts(tests: str) -> bool:
    """Whether there are statements that test at the top, not in functions alone."""
    body = ast.parse(tests).body
    return any(isinstance(node, ast.Assert | ast.Expr | ast.For | ast.With) for node in body)


def _unfenced(text: str) -> str:
    lines = text.strip().splitlines()
    if len(lines) > 1 and lines[0].startswith("```") and lines[-1].strip() == "```":
        return "\n".join(lines[1:-1])
    return text


@register("code")
def _code(options: dict[str, JSON], context: CheckContext) -> Check:
    """``{column: solution, tests: tests, language: python, timeout: 10, tier: 1}``."""
    found = pick(
        options,
        context,
        ("tests",),
        column=...,
        tests=None,
        language=None,
        timeout=10.0,
        tier=1,
    )
    language = found["language"] or _language(found["column"], context)
    if not isinstance(language, str):
        raise CheckError("'language' is a name such as python")
    timeout = number(found, "timeout", 0.1, 120)
    return Code(
        found["column"], found["tests"], language.lower(), timeout=timeout or 10.0,
        run=context.run_code, least=whole(found, "tier", 1, 2),
    )  # fmt: skip


def _language(column: str, context: CheckContext) -> str:
    from synthnb.recipe import Prompt

    spec = context.recipe.columns.get(column) if context.recipe is not None else None
    return (spec.code if isinstance(spec, Prompt) else None) or "python"
