"""An interrupt comes when it can do no harm, and is one line."""

from __future__ import annotations

import importlib
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from synthnb.notebook import interrupts
from synthnb.notebook.interrupts import after_imports, in_one_line

SLOW = """
import signal, time
for _ in range({times}):
    signal.raise_signal(signal.SIGINT)
    for _ in range(10):
        time.sleep(0.01)
whole = True
"""


@pytest.fixture(params=[1, 2], ids=["once", "twice"])
def slow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> str:
    """A module while whose import the user presses, once or twice."""
    (tmp_path / "slow_half.py").write_text(SLOW.format(times=request.param))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "slow_half", raising=False)
    return "slow_half"


def pause(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.01)


def test_an_interrupt_waits_until_a_module_is_whole(slow: str) -> None:
    usual = signal.getsignal(signal.SIGINT)
    after = False
    with pytest.raises(KeyboardInterrupt) as told, in_one_line("stopped by you"):
        importlib.import_module(slow)
        pause(5)
        after = True
    assert sys.modules[slow].whole
    assert not after  # and comes as soon as it is
    assert str(told.value) == "stopped by you"
    assert signal.getsignal(signal.SIGINT) is usual


def test_an_interrupt_is_not_lost_where_the_import_was_all(slow: str) -> None:
    with pytest.raises(KeyboardInterrupt), after_imports():
        importlib.import_module(slow)
    assert sys.modules[slow].whole
    pause(0.1)  # nor does it come twice


def test_an_import_that_hangs_can_be_interrupted(
    slow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interrupts, "_PATIENCE", -1.0)
    with pytest.raises(KeyboardInterrupt), after_imports():
        importlib.import_module(slow)
    assert slow not in sys.modules


def test_what_imports_nothing_is_interrupted_at_once() -> None:
    reached = False
    with pytest.raises(KeyboardInterrupt), after_imports():
        signal.raise_signal(signal.SIGINT)
        reached = True
    assert not reached


def test_a_thread_that_no_interrupt_reaches_is_left_alone() -> None:
    found: list[object] = []

    def look() -> None:
        with after_imports():
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(signal.SIGINT)]
