"""The kernel's end of a desk's view: a comm by the desk's id, or a widget.

Front ends that run comms on a subshell get answers while a cell runs, so everything here
may be called on any thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb.desks import find
from synthnb.notebook.link import needs_widget
from synthnb.notebook.sending import Sender

if TYPE_CHECKING:
    from synthnb.desks import Desk

__all__ = ["BUNDLE", "TARGET", "offer", "opened"]

TARGET = "synthnb.desk"
"""Name of the comm target."""
BUNDLE = Path(__file__).parent / "static" / "desk.js"
WIDGET = "application/vnd.jupyter.widget-view+json"


def offer(desk: Desk) -> dict[str, object]:
    """Let views ask about a desk; what its output gets beside.

    VS Code and Colab load no extension: there, and only there, the output holds a widget.
    """
    from comm import get_comm_manager

    get_comm_manager().register_target(TARGET, opened)
    if not needs_widget():
        return {}
    made: Any = widget(desk)._repr_mimebundle_() or {}
    shown = made[0] if isinstance(made, tuple) else made
    return {WIDGET: shown[WIDGET]} if WIDGET in shown else {}


def widget(desk: Desk) -> Any:
    """The desk as an anywidget: the same view, the same questions."""
    from synthnb.notebook.desk_widget import DeskWidget

    return DeskWidget(desk)


def opened(comm: Any, message: Mapping[str, Any]) -> None:
    """A view wants to talk about the desk it shows."""
    name = _data(message).get("batch")  # the view asks for both by one key
    desk = find(name) if isinstance(name, str) else None
    if desk is None:
        comm.send({"event": "unknown"})
        comm.close()
        return
    send = Sender(comm.send)

    def heard(message: Mapping[str, Any]) -> None:
        send.heard()
        send(desk.answer(_data(message)))

    comm.on_msg(heard)
    comm.on_close(lambda message: desk.leave(comm))
    desk.join(comm, send)


def _data(message: Mapping[str, Any]) -> Mapping[str, Any]:
    data = message.get("content", {}).get("data")
    return data if isinstance(data, Mapping) else {}
