"""What views are told and ask while other views come and go, in a real kernel."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.loopback import Loopback
from tests.notebook.conftest import lab_settings
from tests.notebook.kernels import Kernel, started

MADE = "%%synth made -n 4\nmood: [angry, happy]\n---\nA review by someone who is {{ mood }}."
SHOWN = """
from IPython.display import display
from synthnb.charts.payload import view_id
display(made)
print(view_id(made))
"""
REVIEW = """
queue = get_ipython().run_line_magic('synth', 'review made')
display(queue)
"""


class View:
    """A front end's end of a comm; ``subshell`` is where it wants its requests handled."""

    told_others: ClassVar[list[dict[str, Any]]] = []
    """What was read while waiting for something else."""

    def __init__(self, kernel: Kernel, target: str, shown: str, subshell: str | None) -> None:
        self.kernel, self.subshell, self.comm = kernel, subshell, uuid.uuid4().hex
        self._send("comm_open", {"batch": shown}, target_name=target)
        self.told("hello")

    def _send(self, kind: str, data: dict[str, Any], **more: str) -> None:
        session = self.kernel.client.session
        message = session.msg(kind, {"comm_id": self.comm, "data": data, **more})
        message["header"]["subshell_id"] = self.subshell
        self.kernel.client.shell_channel.send(message)

    def ask(self, op: str, timeout: float = 10, **more: Any) -> dict[str, Any]:
        """What is answered to a request."""
        self._send("comm_msg", {"id": 7, "op": op, **more})
        return self._next(lambda data: data.get("id") == 7, timeout)

    def told(self, event: str) -> dict[str, Any]:
        """What the view is told without asking."""
        return self._next(lambda data: data.get("event") == event, 10)

    def _next(self, wanted: Any, timeout: float) -> dict[str, Any]:
        read = self.told_others
        while True:
            for content in read:
                if content["comm_id"] == self.comm and wanted(content["data"]):
                    read.remove(content)
                    return dict(content["data"])
            message = self.kernel.client.get_iopub_msg(timeout=timeout)
            if message["msg_type"] == "comm_msg":
                read.append(message["content"])


def control(kernel: Kernel, kind: str, **content: str) -> dict[str, Any]:
    """What the kernel says to a request of its control channel."""
    channel = kernel.client.control_channel
    channel.send(kernel.client.session.msg(kind, content))
    return dict(channel.get_msg(timeout=10)["content"])


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with Loopback() as server:
        folder: Path = tmp_path_factory.mktemp("views")
        lab_settings(folder / "home", server.base_url)
        with started(folder) as made:
            made.run(MADE)
            yield made


@pytest.fixture
def shown(kernel: Kernel) -> str:
    said = [m for m in kernel.run(SHOWN) if m["msg_type"] == "stream"]
    return str(said[-1]["content"]["text"]).strip()


@pytest.fixture
def subshell(kernel: Kernel) -> str:
    made = control(kernel, "create_subshell_request")
    if "subshell_id" not in made:
        pytest.skip("this kernel has no subshells")
    return str(made["subshell_id"])


def test_a_view_outlives_the_one_that_told_it_something(
    kernel: Kernel, shown: str, subshell: str
) -> None:
    view = View(kernel, "synthnb.batch", shown, None)
    assert view.ask("hello")["id"] == 7
    other = View(kernel, "synthnb.batch", shown, subshell)
    other.ask("select", filters=[], search="review")
    assert view.told("selection")["search"] == "review"
    control(kernel, "delete_subshell_request", subshell_id=subshell)
    assert view.ask("rows", start=0, end=4)["total"] == 4


def test_a_batch_outlives_the_review_that_decided_about_it(
    kernel: Kernel, shown: str, subshell: str
) -> None:
    view = View(kernel, "synthnb.batch", shown, None)
    assert view.ask("hello")["id"] == 7
    kernel.run(REVIEW)
    name = kernel.value("queue.views[-1].id").strip("'")
    desk = View(kernel, "synthnb.desk", name, subshell)
    assert "error" not in desk.ask("drop")
    view.told("changed")
    control(kernel, "delete_subshell_request", subshell_id=subshell)
    assert view.ask("rows", start=0, end=4)["total"] == 4


def test_a_view_is_answered_while_a_cell_runs_that_told_it_something(
    kernel: Kernel, shown: str, subshell: str
) -> None:
    view = View(kernel, "synthnb.batch", shown, subshell)
    assert view.ask("hello")["id"] == 7
    tell = "from synthnb.explore.live import live_of; live_of(made).tell({'event': 'told'})"
    busy = kernel.start(f"{tell}; import time; time.sleep(4)")
    view.told("told")
    assert view.ask("rows", timeout=2, start=0, end=4)["total"] == 4
    kernel.messages(busy)
