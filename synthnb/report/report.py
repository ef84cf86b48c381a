"""A report as a value: verdict in one line, JSON, text, HTML."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from synthnb.errors import ExportError
from synthnb.report.value import ColumnCheck, Copying, Measure, Step, Word, plain
from synthnb.visible import count, one_line

if TYPE_CHECKING:
    from synthnb.types import JSON

__all__ = ["Report"]


@dataclass(frozen=True)
class Report:
    """What was measured of a batch or a file. Displays itself; ``save`` writes a page."""

    name: str
    rows: int
    text: str | None
    """The column that was measured as text."""
    real: str | None = None
    """What the real rows are called, ``None`` where there are none."""
    real_rows: int = 0
    label: str | None = None
    measures: tuple[Measure, ...] = ()
    """Duplicates, diversity, length, then the comparisons with real rows."""
    how: str = ""
    """How many rows and tokens the figures of diversity were taken on."""
    columns: tuple[ColumnCheck, ...] = ()
    giveaways: tuple[tuple[str, float], ...] = ()
    """What told the rows from real ones: feature and weight, above 0 where synthetic."""
    copying: Copying | None = None
    personal: dict[str, dict[str, int]] = field(default_factory=dict)
    """Finds of the scanner by column and kind."""
    personal_rows: int = 0
    """Rows that were scanned."""
    steps: tuple[Step, ...] = ()
    """The things to do next, the weightiest first."""
    notes: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Measure:
        """A figure by its id: ``report["distinct_2"].value``."""
        for measure in self.measures:
            if measure.id == name:
                return measure
        raise KeyError(name)

    @property
    def alarms(self) -> int:
        """How many of the steps answer a finding."""
        return sum(step.weight >= 0.3 for step in self.steps)

    @property
    def compared(self) -> list[Word]:
        """The words of all comparisons with real rows."""
        words: list[Word] = [m.word for m in self.measures if m.word]
        return words + [c.word for c in self.columns if c.word and c.against == "real"]

    @property
    def headline(self) -> str:
        """The verdict in a few words."""
        if not self.rows:
            return "No rows to check"
        if self.alarms:
            return f"{count(self.alarms, 'thing')} to look at before training"
        if not self.compared:
            return "Nothing alarming in the rows alone"
        return "Nothing alarming beside the real rows"

    @property
    def verdict(self) -> str:
        """What was found, in one line."""
        parts = [self.headline, count(self.rows, "row")]
        if self.real is not None:
            words = self.compared
            against = "against" if words else "nothing to compare with"
            against += f" {self.real_rows:,} of {one_line(self.real, 60)}"
            said = [
                f"{words.count(w)} {w}" for w in ("worse", "better", "changed") if w in words
            ]
            quiet = words.count("no evidence")
            said += [f"{quiet} no evidence"] if quiet else []
            parts += [against + (": " + ", ".join(said) if said else "")]
        else:
            parts.append("no real rows to compare with")
        return " · ".join(parts)

    def to_dict(self) -> dict[str, JSON]:
        """The report as JSON: no NaN, ``None`` for what was not measured."""
        body: dict[str, JSON] = {"v": 1, "headline": self.headline, "verdict": self.verdict}
        body |= plain(self)
        body["measures"] = {m.id: plain(m) for m in self.measures}
        body["steps"] = [{"do": step.do, "why": step.why} for step in self.steps]
        return body

    def to_html(self) -> str:
        """A page of its own: no script, nothing fetched, light and dark."""
        from synthnb.report.page import page

        return page(self)

    def save(self, path: str | Path) -> Path:
        """Write the page; returns where. Raises ``ExportError`` if it cannot."""
        target = Path(path).expanduser()
        try:
            target.write_text(self.to_html(), "utf-8", errors="replace")
        except OSError as error:
            raise ExportError(f"{path} cannot be written: {error.strerror or error}") from error
        return target

    def __str__(self) -> str:
        from synthnb.report.words import report_text

        return report_text(self)

    def __repr__(self) -> str:
        return f"<Report {one_line(self.name, 60)}: {self.verdict}>"

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> dict[str, object]:
        from synthnb.report.inline import report_html
        from synthnb.report.words import report_text

        return {"text/html": report_html(self), "text/plain": report_text(self)}
