"""The kernel's end of a batch's view: a comm that the front end opens by the batch's id.

Front ends that run comms on a subshell get answers while a cell runs, so everything here
may be called on any thread.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from synthnb.explore import find, remember
from synthnb.explore.door import answer, hello
from synthnb.explore.live import live_of
from synthnb.notebook.doors import doors
from synthnb.notebook.sending import Sender

if TYPE_CHECKING:
    from synthnb.batch import Batch

__all__ = ["TARGET", "listen", "offer", "opened", "variable_of"]

TARGET = "synthnb.batch"
"""Name of the comm target."""


def listen() -> None:
    """Let front ends open comms; nothing happens outside a kernel."""
    if "ipykernel" not in sys.modules:
        return
    from comm import get_comm_manager

    get_comm_manager().register_target(TARGET, opened)


def offer(batch: Batch) -> dict[str, object]:
    """Let views ask about a batch that is being shown; what its output gets beside.

    VS Code and Colab load no extension: there, and only there, the output holds a widget.
    """
    listen()
    remember(batch)
    if not needs_widget():
        return {}
    from synthnb.notebook.widgets import BatchWidget

    made: Any = BatchWidget(batch)._repr_mimebundle_() or {}
    bundle = made[0] if isinstance(made, tuple) else made
    kind = "application/vnd.jupyter.widget-view+json"
    return {kind: bundle[kind]} if kind in bundle else {}


def needs_widget() -> bool:
    """Whether this kernel's front end is VS Code or Colab."""
    return "google.colab" in sys.modules or (
        "VSCODE_PID" in os.environ and "JPY_SESSION_NAME" not in os.environ
    )


def variable_of(batch: Batch) -> str:
    """What the user calls this batch: its own name if that is it, else any variable's."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is None:
        return ""
    own = batch.name.replace("-", "_")
    names = [own, *(n for n in list(shell.user_ns) if not n.startswith("_")), "_synth"]
    return next((name for name in names if shell.user_ns.get(name) is batch), "")


def opened(comm: Any, message: Mapping[str, Any]) -> None:
    """A view wants to talk about the batch it shows."""
    name = _data(message).get("batch")
    batch = find(name) if isinstance(name, str) else None
    if batch is None:
        comm.send({"event": "unknown"})
        comm.close()
        return
    live, send = live_of(batch), Sender(comm.send)
    asked = str(name)

    def heard(message: Mapping[str, Any]) -> None:
        now = find(asked) or batch  # the same batch, shown again
        send.heard()
        send(answer(now, _data(message), view=comm, variable=variable_of(now)))

    comm.on_msg(heard)
    comm.on_close(lambda message: live.leave(comm))
    live.join(comm, send)
    send({**hello(batch), "doors": doors(batch, variable_of(batch))})


def _data(message: Mapping[str, Any]) -> Mapping[str, Any]:
    data = message.get("content", {}).get("data")
    return data if isinstance(data, Mapping) else {}
