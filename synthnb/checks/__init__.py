"""What is good: checks by name, cheap ones first, each failure kept with rule and value."""

from __future__ import annotations

from synthnb.checks import basic as basic  # fills the table
from synthnb.checks.protocol import (
    BUILDERS,
    Candidate,
    Check,
    CheckContext,
    OrderedCheck,
    build,
    pick,
    register,
)

__all__ = [
    "BUILDERS",
    "Candidate",
    "Check",
    "CheckContext",
    "OrderedCheck",
    "build",
    "pick",
    "register",
]
