"""What only a real kernel shows: interrupts, live progress, silence under runners."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.loopback import Loopback
from tests.notebook.conftest import lab_settings
from tests.notebook.kernels import Kernel, started

CELL = "mood: [angry, happy]\n---\nA review by someone who is {{ mood }}."


def kinds(messages: list[dict[str, Any]]) -> list[str]:
    return [m["msg_type"] for m in messages if m["msg_type"] not in ("status", "execute_input")]


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with Loopback() as made:
        yield made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, server: Loopback) -> Path:
    made = tmp_path_factory.mktemp("kernel")
    lab_settings(made / "home", server.base_url)
    return made


@pytest.fixture(scope="module")
def kernel(folder: Path) -> Iterator[Kernel]:
    with started(folder) as made:
        yield made


def test_an_interrupt_keeps_every_finished_row_and_goes_on(
    kernel: Kernel, server: Loopback
) -> None:
    server.reset()
    server.latency = 0.3
    request = kernel.start(f"%%synth cut -n 400 --no-cache\n{CELL}")
    deadline = time.monotonic() + 60
    while len(server.requests) < 40 and time.monotonic() < deadline:
        time.sleep(0.05)
    kernel.manager.interrupt_kernel()
    messages = kernel.messages(request)
    server.latency = 0.0
    (told,) = [m["content"] for m in messages if m["msg_type"] == "error"]
    assert told["ename"] == "KeyboardInterrupt"
    assert len(told["traceback"]) == 1
    assert "kept in cut" in told["traceback"][0]
    shown = [m for m in messages if m["msg_type"] == "display_data"][-1]
    assert "application/vnd.synthnb.batch.v1+json" in shown["content"]["data"]
    assert kernel.value("cut.status") == "'interrupted'"
    assert int(kernel.value("len(cut)")) >= 1
    assert int(kernel.value("len(cut)")) < 400


INTERRUPTED_IMPORT = """
import os, signal, sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "numpy.linalg":
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
assert "numpy" not in sys.modules
"""


def test_an_interrupt_of_a_first_look_leaves_no_library_half_imported(
    kernel: Kernel, folder: Path
) -> None:
    kernel.run(f"%%synth half -n 24\n{CELL}")
    with started(folder) as fresh:
        assert kinds(fresh.run(INTERRUPTED_IMPORT)) == []
        (told,) = [m for m in fresh.run("%synth show half@1") if m["msg_type"] == "error"]
        assert told["content"]["traceback"] == ["KeyboardInterrupt: stopped by you"]
        assert kinds(fresh.run("%synth show half@1")) == ["execute_result"]


def test_progress_is_painted_in_place_and_gives_way_to_the_batch(
    kernel: Kernel, server: Loopback
) -> None:
    server.reset()
    server.latency = 0.4
    messages = kernel.run(f"%%synth seen -n 60 --no-cache\n{CELL}")
    server.latency = 0.0
    found = kinds(messages)
    assert found[0] == "display_data"
    assert set(found[1:-2]) <= {"update_display_data"}
    assert found[-2:] == ["clear_output", "execute_result"]
    spent = float(kernel.value("seen.elapsed"))
    assert found.count("update_display_data") <= 4 * spent + 2
    body = messages[-2]["content"]["data"]["application/vnd.synthnb.batch.v1+json"]
    assert body["elapsed"] > 0


@pytest.mark.parametrize("line", ["plain -n 40 --no-cache", "hush -n 40 --no-cache --quiet"])
def test_nothing_live_is_shown_to_a_program(
    kernel: Kernel, server: Loopback, line: str
) -> None:
    server.latency = 0.2
    messages = kernel.run(f"%%synth {line}\n{CELL}", watched=False)
    server.latency = 0.0
    assert kinds(messages) == ([] if "--quiet" in line else ["execute_result"])


def test_a_mistake_is_one_line_without_a_traceback(kernel: Kernel) -> None:
    messages = kernel.run("%%synth r\nA review by {{ nobody }}.")
    (said,) = [m["content"] for m in messages if m["msg_type"] == "stream"]
    assert said["name"] == "stderr"
    assert said["text"].startswith("UsageError: ")
    assert len(said["text"].strip().splitlines()) == 1


def test_a_later_cell_runs_while_a_batch_is_made_in_the_background(
    kernel: Kernel, server: Loopback
) -> None:
    server.latency = 0.3
    kernel.run(f"%%synth behind -n 5 --no-cache --background\n{CELL}")
    assert kernel.value("1 + 1") == "2"
    assert kernel.value("len(behind.wait(60))") == "5"
    server.latency = 0.0
