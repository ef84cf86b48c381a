"""A real kernel, asked as a front end asks it."""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

__all__ = ["Comm", "Kernel", "started"]

TIMEOUT = 120.0
"""Seconds to wait for anything; two busy cores are slow."""


class Kernel:
    """A kernel with the extension loaded; ``run`` gives what the front end would get."""

    def __init__(self, manager: KernelManager) -> None:
        self.manager = manager
        self.client: BlockingKernelClient = manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=TIMEOUT)
        self._unread: list[dict[str, Any]] = []

    def start(self, code: str, *, watched: bool = True) -> str:
        return str(self.client.execute(code, allow_stdin=watched))

    def next(self, wanted: Callable[[dict[str, Any]], bool], timeout: float = TIMEOUT) -> Any:
        """The first message published that is wanted; others wait for who wants them."""
        end = time.monotonic() + timeout
        while not (found := [message for message in self._unread if wanted(message)]):
            if time.monotonic() > end:
                raise TimeoutError
            with contextlib.suppress(Empty):
                self._unread.append(self.client.get_iopub_msg(timeout=1))
        self._unread.remove(found[0])
        return found[0]

    def messages(self, request: str, timeout: float = TIMEOUT) -> list[dict[str, Any]]:
        """All that was published for a request, up to its end."""
        found: list[dict[str, Any]] = []
        while not found or found[-1]["content"].get("execution_state") != "idle":
            found.append(
                self.next(lambda m: m["parent_header"].get("msg_id") == request, timeout)
            )
        return found

    def control(self, kind: str, **content: str) -> dict[str, Any]:
        """What the kernel says to a request of its control channel."""
        channel = self.client.control_channel
        channel.send(self.client.session.msg(kind, content))
        return dict(channel.get_msg(timeout=TIMEOUT)["content"])

    def subshell(self) -> str:
        """A new thread of the kernel for messages that are to pass a running cell."""
        made = self.control("create_subshell_request")
        if "subshell_id" not in made:
            pytest.skip("this kernel has no subshells")
        return str(made["subshell_id"])

    def run(self, code: str, *, watched: bool = True) -> list[dict[str, Any]]:
        return self.messages(self.start(code, watched=watched))

    def value(self, code: str) -> str:
        for message in self.run(code):
            if message["msg_type"] == "execute_result":
                return str(message["content"]["data"]["text/plain"])
        raise AssertionError(f"{code} gave no value")


@contextmanager
def started(folder: Path) -> Iterator[Kernel]:
    """A fresh kernel in a folder, with the extension loaded."""
    environment = {k: v for k, v in os.environ.items() if k != "SYNTHNB_PROGRESS"}
    environment["SYNTHNB_HOME"] = str(folder / "home")
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(env=environment, cwd=str(folder))
    try:
        made = Kernel(manager)
        made.run("%load_ext synthnb")
        yield made
        made.client.stop_channels()
    finally:
        manager.shutdown_kernel(now=True)


class Comm:
    """A front end's end of a comm; ``subshell`` is where it wants its messages handled."""

    def __init__(self, kernel: Kernel, comm: str = "", subshell: str | None = None) -> None:
        self.kernel, self.subshell = kernel, subshell
        self.id = comm or uuid.uuid4().hex

    def open(self, target: str, **data: Any) -> None:
        self._send("comm_open", data, target_name=target)

    def send(self, **data: Any) -> None:
        self._send("comm_msg", data)

    def custom(self, **content: Any) -> None:
        """What a widget's model sends."""
        self.send(method="custom", content=content)

    def told(self, timeout: float = TIMEOUT, **data: Any) -> dict[str, Any]:
        """The next message whose data have these."""

        def wanted(message: dict[str, Any]) -> bool:
            content = message["content"]
            own = message["msg_type"] == "comm_msg" and content["comm_id"] == self.id
            return own and data.items() <= content["data"].items()

        return dict(self.kernel.next(wanted, timeout)["content"]["data"])

    def _send(self, kind: str, data: dict[str, Any], **more: str) -> None:
        session = self.kernel.client.session
        message = session.msg(kind, {"comm_id": self.id, "data": data, **more})
        message["header"]["subshell_id"] = self.subshell
        self.kernel.client.shell_channel.send(message)
