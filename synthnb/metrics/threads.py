"""How many threads small matrices get."""

from __future__ import annotations

from contextlib import AbstractContextManager

__all__ = ["one_thread"]


def one_thread() -> AbstractContextManager[object]:
    """Keep linear algebra on one thread while it lasts.

    For matrices as small as a report's, threads wait for each other: on busy cores they take
    two to five times as long, and on idle ones they gain nothing.
    """
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[object] = threadpool_limits(1)
    return limits
