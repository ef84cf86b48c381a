"""A real kernel, asked as a front end asks it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

__all__ = ["Kernel", "started"]


class Kernel:
    """A kernel with the extension loaded; ``run`` gives what the front end would get."""

    def __init__(self, manager: KernelManager) -> None:
        self.manager = manager
        self.client: BlockingKernelClient = manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def start(self, code: str, *, watched: bool = True) -> str:
        return str(self.client.execute(code, allow_stdin=watched))

    def messages(self, request: str, timeout: float = 30) -> list[dict[str, Any]]:
        """All that was published for a request, up to its end."""
        found: list[dict[str, Any]] = []
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            message = self.client.get_iopub_msg(timeout=timeout)
            if message["parent_header"].get("msg_id") != request:
                continue
            found.append(message)
            if message["content"].get("execution_state") == "idle":
                return found
        raise TimeoutError(request)

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
