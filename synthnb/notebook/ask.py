"""Questions to the person at the notebook, where there is one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from IPython.core.error import UsageError

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["agreed", "can_ask"]


def can_ask(shell: InteractiveShell) -> bool:
    """Whether the front end takes input; programs that run notebooks do not."""
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return sys.stdin is not None and sys.stdin.isatty()
    return bool(getattr(kernel, "_allow_stdin", False))


def agreed(shell: InteractiveShell, question: str, instead: str) -> None:
    """Ask once; anything but a yes raises ``UsageError``, as does a front end that can't ask.

    ``instead`` says what to do without a question, such as which flag to add.
    """
    if not can_ask(shell):
        raise UsageError(f"{question} Nothing was sent. {instead}")
    answer = input(f"{question} [y/N] ").strip().lower()
    if answer not in ("y", "yes"):
        raise UsageError(f"Nothing was sent. {instead}")
