"""Models around a model: Cache(Retry(Throttle(Keep(Budget(model))))).

Each layer knows one thing: what was answered before, what is worth asking again, how
much the endpoint bears, what may still be spent.
"""

from __future__ import annotations

from synthnb.middleware.budget import Budget, BudgetReached, Caps, Purse
from synthnb.middleware.cache import Cache, Keep, request_key
from synthnb.middleware.retry import Policy, Retry
from synthnb.middleware.throttle import Limit, Throttle

__all__ = [
    "Budget",
    "BudgetReached",
    "Cache",
    "Caps",
    "Keep",
    "Limit",
    "Policy",
    "Purse",
    "Retry",
    "Throttle",
    "request_key",
]
