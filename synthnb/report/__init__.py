"""The report: is this batch fit to train on? Figures, real rows beside them, what to do next.

Nothing is asked of a model and nothing is fetched; large tables are sampled, and the report
says how many rows each figure was taken on.
"""

from __future__ import annotations

from synthnb.report.making import check, report
from synthnb.report.report import Report
from synthnb.report.value import ColumnCheck, Copying, Measure, Share, Step

__all__ = ["ColumnCheck", "Copying", "Measure", "Report", "Share", "Step", "check", "report"]
