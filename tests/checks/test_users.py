"""The user's own checks: a file they name, functions they pass, packages they install."""

from __future__ import annotations

import importlib.metadata
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synthnb import Recipe, generate
from synthnb.checks import Candidate, CheckContext, entry_points, load_file, users_checks
from synthnb.errors import CheckError
from synthnb.settings import Profile, Settings
from synthnb.types import Reason
from tests.checks.conftest import COLUMNS, made, said
from tests.loopback import Loopback, Reply

FILE = '''
from synthnb.checks import check

def helper(text):
    return text.lower()

@check
def polite(value, *, least=1):
    """Says please."""
    found = helper(value).count("please")
    return found >= least or f"says please {found} times, at least {least} wanted"

@check("whole_row")
def other(row):
    return (row["label"] == "ok", row["label"], "the label is not ok")
'''


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(FILE, "utf-8")
    return path


def context(given: Any) -> CheckContext:
    return CheckContext(columns=COLUMNS, users=users_checks(given))


def test_functions_of_a_file_are_checks(file: Path) -> None:
    polite = made("polite", context(file), column="text", least=2)
    assert said(polite, "Please, please!").passed
    reason = said(polite, "Please.")
    assert (reason.rule, reason.column) == ("polite", "text")
    assert reason.message == "says please 1 times, at least 2 wanted"

    row = said(made("whole_row", context([file])), "", label="no")
    assert (row.passed, row.value, row.message) == (False, "no", "the label is not ok")


def test_every_public_function_counts_where_none_is_marked(tmp_path: Path) -> None:
    path = tmp_path / "plain.py"
    path.write_text("def short(value):\n    return len(value) < 5\ndef _not(value): ...\n")

    assert list(load_file(path)) == ["short"]


@pytest.mark.parametrize(
    ("answer", "passed", "message"),
    [
        (True, True, ""),
        (None, True, ""),
        (False, False, "did not pass"),
        ("too odd", False, "too odd"),
        (("yes", 3), True, ""),
        ((False, 3, "three"), False, "three"),
        (Reason("own", 1, "as is", "text", True), True, "as is"),
    ],
)
def test_what_a_function_may_answer(answer: Any, passed: bool, message: str) -> None:
    reason = said(made("own", context({"own": lambda value: answer}), column="text"), "x")

    assert (reason.passed, reason.message) == (passed, message)


def test_a_function_that_fails_loses_its_row_alone() -> None:
    reason = said(made("own", context({"own": lambda value: 1 / 0}), column="text"), "x")

    assert not reason.passed
    assert reason.message == "the check failed: ZeroDivisionError: division by zero"


def _ends(value: object) -> bool:
    raise SystemExit(3)


def _two_lines(value: object) -> bool:
    raise RuntimeError("boom\nand more")


@pytest.mark.parametrize(
    ("function", "value", "message"),
    [
        (lambda value: (False, float("nan"), "no number"), None, "no number"),
        (lambda value: (False, {2, 1}, "a set"), [1, 2], "a set"),
        (lambda value: (False, {"a": (1, b"x")}, "deep"), {"a": [1, "b'x'"]}, "deep"),
        (lambda value: (False, np.float64(0.5), "numpy"), 0.5, "numpy"),
        (lambda value: (False, np.arange(2), "an array"), [0, 1], "an array"),
        (lambda value: (False, 2**70, "large"), str(2**70), "large"),
        (lambda value: "one\ntwo  three", None, "one two three"),
        (lambda value: {"passed": True}, None, "its answer is a dict"),
        (lambda value: [True], None, "its answer is a list"),
        (_ends, None, "SystemExit: 3"),
        (_two_lines, None, "RuntimeError: boom and more"),
    ],
)
def test_whatever_a_function_answers_the_row_can_be_kept(
    function: Any, value: Any, message: str
) -> None:
    reason = said(made("mine", context({"mine": function}), column="text"), "hello")

    assert not reason.passed
    assert reason.value == value
    assert message in reason.message
    assert "\n" not in reason.message
    json.dumps(reason.value, allow_nan=False)


class _Forgetful:
    """A check of one's own class that compares rows, and breaks as it remembers one."""

    name, column, cost, ordered = "other", "text", 5, True

    async def __call__(self, row: Candidate) -> list[Reason]:
        return [Reason("other", np.float64(1), "", "text", True)]

    def admit(self, row: Candidate) -> None:
        raise KeyError("gone")


def test_a_check_of_ones_own_class_that_breaks_is_told_and_the_run_goes_on() -> None:
    check = made("mine", context({"mine": lambda options, context: _Forgetful()}))
    assert check.ordered
    first = said(check, "one")
    assert (first.rule, first.value, first.passed) == ("other", 1.0, True)

    check.admit(Candidate(0, {"text": "one"}))

    assert said(check, "two").message == "the check failed: KeyError: 'gone'"


def test_a_check_that_cannot_be_built_is_refused_in_one_line() -> None:
    def builder(options: Any, context: Any) -> Any:
        raise RuntimeError("no\nlicence")

    with pytest.raises(CheckError, match=r"cannot be built: RuntimeError: no licence"):
        made("mine", context({"mine": builder}))


def test_async_functions_and_the_row_beside_the_value() -> None:
    async def own(value: str, row: dict[str, Any], *, most: int = 3) -> bool:
        return len(value) <= most and row["label"] == "ok"

    check = made("own", context({"own": own}), column="text", most=4)
    assert said(check, "four", label="ok").passed
    assert not said(check, "four", label="no").passed


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("gone.py", "no file gone.py"),
        ({"length": len}, "one of synthnb's own"),
        ({"own": 3}, "no function"),
        ({"own": lambda: True}, "takes no value"),
    ],
)
def test_what_is_no_check_is_told(given: Any, told: str) -> None:
    with pytest.raises(CheckError, match=told):
        users_checks(given)


def test_a_file_that_does_not_run_is_told(tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    path.write_text("1 / 0\n")
    with pytest.raises(CheckError, match="ZeroDivisionError"):
        load_file(path)
    path.write_text("x = 3\n")
    with pytest.raises(CheckError, match="no function"):
        load_file(path)


def test_options_are_judged_like_our_own(file: Path) -> None:
    with pytest.raises(CheckError, match="did you mean 'least'"):
        made("polite", context(file), column="text", leest=2)
    with pytest.raises(CheckError, match="did you mean 'polite'"):
        made("pollite", context(file), column="text")


def test_packages_bring_checks_by_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    point = importlib.metadata.EntryPoint(
        "shouting", "tests.checks.test_users:shouting", "synthnb.checks"
    )
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [point])
    entry_points.cache_clear()
    try:
        assert not said(made("shouting", column="text"), "LOUD").passed
        assert said(made("shouting", column="text"), "quiet").passed
    finally:
        entry_points.cache_clear()


def shouting(value: str) -> bool:
    """Named by the entry point above."""
    return value != value.upper()


def test_a_run_takes_them(file: Path, loopback: Loopback) -> None:
    texts = ["Please sit down.", "Sit down!"]
    loopback.script(lambda number, body: Reply(text=texts[number % 2]))
    lab = Profile("lab", base_url=loopback.base_url)
    settings = Settings(model="lab/tiny", profiles={"lab": lab})
    recipe = Recipe.from_dict(
        {"columns": {"text": {"prompt": "?"}}, "checks": [{"polite": {"column": "text"}}]}
    )

    batch = generate(recipe, 1, settings=settings, checks=file)
    assert [row["text"] for row in batch] == ["Please sit down."]
    with pytest.raises(CheckError, match="no check 'polite'"):
        generate(recipe, 1, settings=settings)


def test_an_unknown_check_is_told_with_its_line(tmp_path: Path, loopback: Loopback) -> None:
    path = tmp_path / "r.synth.yaml"
    path.write_text(
        "synthnb: 1\ncolumns:\n  text: {prompt: hello}\nchecks:\n"
        "  - {length: {column: text, min: 3}}\n  - {lenght: {column: text, min: 3}}\n"
    )
    lab = Profile("lab", base_url=loopback.base_url)
    settings = Settings(model="lab/tiny", profiles={"lab": lab})
    with pytest.raises(CheckError, match="Line 6: checks: there is no check 'lenght'; did you"):
        generate(Recipe.load(path), 1, settings=settings)
    assert not loopback.requests


def test_the_command_takes_a_file_of_checks(
    file: Path, loopback: Loopback, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from synthnb.cli import main

    monkeypatch.chdir(file.parent)
    (home / "config").mkdir(parents=True)
    profile = f'[profiles.lab]\nbase_url = "{loopback.base_url}"\n'
    (home / "config" / "synthnb.toml").write_text(profile)
    columns = "columns:\n  text: {prompt: hello}\nchecks: [{polite: {column: text}}]\n"
    Path("r.synth.yaml").write_text(f"synthnb: 1\nmodel: lab/m\n{columns}")
    loopback.script(lambda number, body: Reply(text="Please come in."))

    assert main(["run", "r.synth.yaml", "-n", "1", "--out", "out", "--quiet"]) == 2
    told = ["run", "r.synth.yaml", "-n", "1", "--out", "out", "--quiet", "--checks", str(file)]
    assert main(told) == 0
