"""Seeded attributes: the part of a row that no model writes."""

from __future__ import annotations

from synthnb.samplers.counts import largest_remainder, planned_counts, quota_cells
from synthnb.samplers.plan import Plan, PlannedRow, few_shot_picks, make_plan

__all__ = [
    "Plan",
    "PlannedRow",
    "few_shot_picks",
    "largest_remainder",
    "make_plan",
    "planned_counts",
    "quota_cells",
]
