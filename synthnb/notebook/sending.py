"""Telling one view something, during whichever message and on whatever thread."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context
from typing import Any

__all__ = ["Sender"]


class Sender:
    """What ``send`` does, always as in answer to the view that it sends to.

    ipykernel hands what a view asks to the subshell of the message during which the view
    was told something last. Were that another view's message, this one's requests would
    wait for that view, and be lost once it is gone and its subshell with it.

    >>> told = []
    >>> tell = Sender(told.append)
    >>> tell({"event": "hello"})
    >>> told
    [{'event': 'hello'}]
    """

    def __init__(self, send: Callable[[dict[str, Any]], object]) -> None:
        self._send = send
        self.heard()

    def heard(self) -> None:
        """The view's own message is being handled: what follows is in answer to that one."""
        self._context = copy_context()

    def __call__(self, event: dict[str, Any]) -> None:
        """Send this event; a copy, since a context is entered by one thread at a time."""
        self._context.copy().run(self._send, event)
