"""Views at which a person decides: a review queue, a ranking. What they show and answer.

A desk's state is JSON that a view draws; a view's request is a dict, every answer one too.
The last state is in the notebook's output, so that it is there without a kernel.
"""

from __future__ import annotations

from synthnb.desks.desk import Desk, find

__all__ = ["Desk", "find"]
