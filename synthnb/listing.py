"""The list of models as a table for terminal and notebook. Sends nothing."""

from __future__ import annotations

from synthnb.charts.text_table import table_text
from synthnb.models.catalog import Entry, catalog
from synthnb.settings import Settings

__all__ = ["models_text"]


def models_text(settings: Settings, *, columns: int = 120) -> str:
    """What is there, whether it is ready, what it needs and its licence."""
    head = ["model", "state", "needs", "licence", "where"]
    return table_text(
        head, [_line(entry) for entry in catalog(settings, knock=True)], columns=columns
    )


def _line(entry: Entry) -> list[str]:
    far = entry.needs.startswith("network")
    return [
        entry.name + (" (default)" if entry.default else ""),
        ("not asked" if far else "ready") if entry.ready else "not ready",
        entry.needs,
        entry.license or ("its own terms" if entry.kind == "endpoint" else "unknown"),
        entry.where if entry.kind == "endpoint" else "this process",
    ]
