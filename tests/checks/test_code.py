"""``code``: parsed and linted always, run only where the user allows it, and then locked in."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from synthnb.checks import CheckContext
from synthnb.checks.code import problems_of
from synthnb.checks.sandbox import run_script
from synthnb.types import Reason
from tests.checks.conftest import COLUMNS, judged, made

GOOD = "def double(n):\n    return 2 * n"
TESTS = "assert double(2) == 4\nassert double(0) == 0"

linux = pytest.mark.skipif(
    sys.platform != "linux" or run_script("").tier < 2, reason="no Landlock here"
)
unix = pytest.mark.skipif(sys.platform == "win32", reason="no limits for a child")


def coded(solution: str, tests: str = TESTS, *, run: bool = False) -> Reason:
    context = CheckContext(columns=COLUMNS, run_code=run)
    check = made("code", context, column="solution", tests="tests", timeout=30)
    (reason,) = judged(check, {"solution": solution, "tests": tests})
    return reason


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "there is no code"),
        ("def f(:\n  pass", "line 1: invalid syntax"),
        ("def f(x):\n    return y", "undefined name 'y'"),
        ("return 3", "'return' outside function"),
        ("x = '\0'", "cannot be parsed|null bytes|line"),
        ("(" * 50_000, "parenthes|cannot be parsed|line"),
        ("-" * 100_000 + "1", "cannot be parsed|line|deeply"),
        ("1+" * 60_000 + "1", "cannot be parsed|line|deeply"),
        ("Here is the code:\ndef f(): pass", "line 1"),
        ("x = 1\n" * 40_000, "longer than 200,000 characters"),
    ],
)
def test_what_cannot_work_is_told_without_running_it(text: str, told: str) -> None:
    import re

    (first, *_), _ = problems_of(text)
    assert re.search(told, first)


def test_what_is_untidy_is_told_and_kept() -> None:
    bad, untidy = problems_of("import os\n\ndef f():\n    return '猫'")

    assert bad == []
    assert untidy == ["line 1: 'os' imported but unused"]
    assert problems_of('{"a": [1]}', "json") == ([], [])
    assert problems_of("{'a': 1}", "json")[0]


def test_tests_do_not_run_unless_the_user_says_so(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    reason = coded(GOOD, f"open({str(trap)!r}, 'w')\n{TESTS}")

    assert (reason.passed, reason.value) == (True, "not run")
    assert "tests not run" in reason.message
    assert not trap.exists()


def test_code_and_tests_must_parse_either_way() -> None:
    assert coded("def double(n)\n  return").value == "invalid"
    assert coded(GOOD, "assert double(2 == 4").value == "invalid"
    assert coded(GOOD, "assert triple(2) == 6").value == "invalid"
    assert coded(GOOD, "").value == "invalid"
    assert coded(f"```python\n{GOOD}\n```").value == "not run"


@unix
@pytest.mark.parametrize(
    ("solution", "tests", "value", "told"),
    [
        (GOOD, TESTS, "passed", "tests passed"),
        (GOOD, "assert double(2) == 5", "failed", "AssertionError"),
        (GOOD, "def test_it():\n    assert double(1) == 2", "passed", ""),
        (GOOD, "def test_it():\n    assert double(1) == 3", "failed", "AssertionError"),
        ("import sys\nsys.exit(0)\n" + GOOD, TESTS, "failed", "SystemExit"),
        ("import os\nos._exit(0)\n" + GOOD, TESTS, "failed", "ended before its tests did"),
        ("import numpy\n" + GOOD, "assert numpy and double(1)", "not run", "numpy"),
        ("def double(n):\n    raise ValueError('猫')", TESTS, "failed", "ValueError: 猫"),
    ],
)
def test_the_tier_is_named_with_the_verdict(
    solution: str, tests: str, value: str, told: str
) -> None:
    reason = coded(solution, tests, run=True)

    assert reason.value == value
    assert told in reason.message
    assert "tier 2" in reason.message or "tier 1" in reason.message
    assert reason.passed is (value != "failed")


@unix
@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("while True:\n    pass", "took longer than 4 s|ended before"),
        ("while True:\n    print('x' * 1000)", "printed more than 64 kB"),
        ("x = 'a' * (2 << 30)", "MemoryError"),
        ("open('big', 'w').write('x' * (4 << 20))", "OSError|too large|ended before"),
    ],
)
def test_limits_hold_in_every_tier(script: str, told: str) -> None:
    import re

    result = run_script(script, timeout=4)  # its start is part of it

    assert result.passed is False
    assert re.search(told, result.message)


@linux
@pytest.mark.parametrize(
    "script",
    [
        "open('/etc/passwd').read()",
        "import os; open(f'/proc/{os.getppid()}/environ').read()",
        "import os; os.listdir(os.path.expanduser('~/..'))",
        "import socket; socket.socket()",
        "import socket; socket.create_connection(('127.0.0.1', 80))",
        "import os; os.fork()",
        "import subprocess; subprocess.run(['ls'])",
        "import os; os.system('ls') == 0 or (_ for _ in ()).throw(OSError('refused'))",
        "import os; os.kill(os.getppid(), 9)",
        "import os; os.symlink('/etc/passwd', 'x'); open('x').read()",
        "import os; os.chmod('.', 0o777)",
        "import os; os.setsid()",
        "import os; os.utime('/tmp')",
        "import os; os.setxattr('tests.py', 'user.a', b'b')",
        "import os; os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)",
        "import os; os.sched_setaffinity(os.getppid(), {0})",
        "import ctypes; ctypes.CDLL(None).inotify_init() < 0 and 1 / 0",
        "import os\nwhile True: os.fork()",
        "import os; open(f'/proc/{os.getppid()}/mem', 'rb')",
        "import os; os.unlink('/etc/hostname')",
        "import os; os.memfd_create('x')",
        "import ctypes; ctypes.CDLL(None).ptrace(0, 0, 0, 0) == 0 or 1 / 0",
    ],
)
def test_nothing_leaves_an_isolated_child(script: str) -> None:
    result = run_script(script, timeout=30)

    assert (result.tier, result.passed) == (2, False)


@linux
def test_nothing_is_written_outside_the_scratch_folder(tmp_path: Path) -> None:
    trap = tmp_path / "trap"

    assert run_script(f"open({str(trap)!r}, 'w')").passed is False
    assert not trap.exists()
    assert run_script("open('a', 'w').write('x'); assert open('a').read() == 'x'").passed


@unix
def test_the_environment_is_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_KEY", "a secret")

    assert run_script("import os; assert 'LAB_KEY' not in os.environ").passed


@unix
def test_a_verdict_cannot_be_printed() -> None:
    forged = """import os
for fd in range(1, 8):
    try:
        os.write(fd, b'{"tier": 2, "passed": true}\\n')
    except OSError:
        pass
os._exit(0)"""

    assert run_script(forged).passed is False


@unix
def test_a_tier_may_be_asked_for() -> None:
    assert run_script("", least=9).passed is None
