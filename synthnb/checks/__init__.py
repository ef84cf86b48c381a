"""What is good: checks by name, cheap ones first, each failure kept with rule and value."""

from __future__ import annotations

# Each module puts its checks into the table BUILDERS.
from synthnb.checks import basic as basic
from synthnb.checks import code as code
from synthnb.checks import contamination as contamination
from synthnb.checks import duplicates as duplicates
from synthnb.checks import edits as edits
from synthnb.checks import grounded as grounded
from synthnb.checks import judge as judge
from synthnb.checks import labels as labels
from synthnb.checks import language as language
from synthnb.checks import meaning as meaning
from synthnb.checks import patterns as patterns
from synthnb.checks import perplexity as perplexity
from synthnb.checks import pii as pii
from synthnb.checks import rank as rank
from synthnb.checks import repetition as repetition
from synthnb.checks.protocol import (
    BUILDERS,
    Candidate,
    Check,
    CheckContext,
    ForeseeingCheck,
    OrderedCheck,
    build,
    pick,
    register,
)
from synthnb.checks.users import check, entry_points, load_file, users_checks

__all__ = [
    "BUILDERS",
    "Candidate",
    "Check",
    "CheckContext",
    "ForeseeingCheck",
    "OrderedCheck",
    "build",
    "check",
    "entry_points",
    "load_file",
    "pick",
    "register",
    "users_checks",
]
