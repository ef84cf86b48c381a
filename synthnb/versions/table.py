"""The versions of a name as a table: text for a terminal, HTML without script or style."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from synthnb.charts.text_table import table_text
from synthnb.visible import clip, count, escape, one_line

if TYPE_CHECKING:
    from synthnb.versions.history import History, Version

__all__ = ["FIGURES", "Figure", "history_html", "history_text", "sparkline"]

COLUMNS = 140
"""Characters of a line of text at most; figures and dates are never cut."""
CHANGED = 24
"""Characters of what changed, in text."""
MOST = 200
"""Versions in the HTML, the newest."""
COMMANDS = 12
"""Versions whose commands stand under the HTML, the newest."""
_BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Figure:
    """One column of figures."""

    label: str
    about: str
    """What it is, for the line under the table."""
    digits: int
    of: Callable[[Version], float | None]


FIGURES = (
    Figure("accepted", "share of candidates", 2, lambda v: v.accepted),
    Figure("length", "median characters of accepted rows", 0, lambda v: v.length),
    Figure("distinct-2", "different word pairs, at equal size", 2, lambda v: v.distinct2),
    Figure("nearest", "median similarity to the nearest other row", 2, lambda v: v.nearest),
    Figure("exact copies", "accepted rows that repeat another", 0, lambda v: v.duplicates),
    Figure("tokens", "mean written for a candidate", 1, lambda v: v.tokens),
)


def history_text(known: History) -> str:
    """One line a version, a sparkline a figure, what the figures are."""
    head, body, lines = _table(known.versions)
    left = [c for c in range(len(head)) if head[c] != "hash"]
    keys = [*map(changed, known.versions), ""]
    both = zip([*body, lines], keys, strict=True)
    cut = [[*row[:-1], clip(key, CHANGED)] for row, key in both]  # no room for words
    table = table_text(
        [head[c] for c in left], [[row[c] for c in left] for row in cut], columns=COLUMNS
    )
    return f"{table}\n\n{_about(known)}"


def history_html(known: History) -> str:
    """The table, and under it the commands that open and compare versions."""
    shown = known.versions[-MOST:]
    head, body, lines = _table(shown)
    right = {i for i, label in enumerate(head) if label not in ("made", "hash", "changed")}

    def row(cells: Sequence[str], tag: str = "td") -> str:
        made = (
            f'<{tag} align="{"right" if i in right else "left"}">{escape(cell)}</{tag}>'
            for i, cell in enumerate(cells)
        )
        return f"<tr>{''.join(made)}</tr>"

    parts = [row(head, "th"), *(row(line) for line in body)]
    if any(lines):
        parts.append(row(lines))
    title = count(len(known), "version")
    title += f", the newest {len(shown)} shown" if len(shown) < len(known) else ""
    return (
        f"<p><b>{escape(known.name)}</b> {title}</p><table>{''.join(parts)}</table>"
        f"<p>{escape(_about(known))}</p><pre>{escape(_commands(known))}</pre>"
    )


def _commands(known: History) -> str:
    """What opens each of the newest versions and compares it with the one before."""
    numbers = [version.number for version in known if version.is_there]
    before = [None, *numbers]
    lines = []
    for old, new in [*zip(before, numbers, strict=False)][-COMMANDS:]:
        name = f"{known.name}@{new}"
        compare = f"%synth diff {known.name}@{old} {name}" if old is not None else ""
        lines.append((f"%synth show {name}", compare))
    wide = max((len(show) for show, _ in lines), default=0)
    return "\n".join(f"{show:{wide}}   {compare}".rstrip() for show, compare in lines)


def _about(known: History) -> str:
    """``Accepted: share of candidates. Length: …``"""
    said = [f"{f.label[0].upper()}{f.label[1:]}: {f.about}." for f in FIGURES]
    if any(version.decisions for version in known):
        said.append("Rows and figures follow the decisions.")
    return " ".join(said)


def _table(versions: Sequence[Version]) -> tuple[list[str], list[list[str]], list[str]]:
    """Head, one line a version, and the line of sparklines."""
    named = any(v.decisions for v in versions)
    head = ["version", "made", "hash", "rows", *(figure.label for figure in FIGURES)]
    head += (["decisions"] if named else []) + ["changed"]
    body = []
    for v in versions:
        line = [str(v.number), v.when, v.hash[:8], _rows(v)]
        line += [_shown(figure.of(v), figure.digits) for figure in FIGURES]
        body.append(line + ([str(v.decisions)] if named else []) + [changed_to(v)])
    lines = [sparkline([_read(f.of(v), f.digits) for v in versions]) for f in FIGURES]
    trend = ["trend" if any(lines) else "", "", "", "", *lines]
    return head, body, [*trend, *([""] if named else []), ""]


def _rows(version: Version) -> str:
    """``24 of 31``, how the run ended if not as it should, and whether they are gone."""
    ended = "" if version.status == "done" else f", {version.ended}"
    ended += ", pruned" if version.pruned else ""
    return f"{version.rows:,} of {version.candidates:,}{ended}"


def _read(value: float | None, digits: int) -> float | None:
    """A figure as it is written: a change that no digit shows is none."""
    return None if value is None else round(value, digits)


def _shown(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def changed(version: Version) -> str:
    """The first keys that differ from the version above, and how many more."""
    shown = ", ".join(one_line(key, 40) for key in version.changed[:3])
    more = len(version.changed) - 3
    return f"{shown}, {more} more" if more > 0 else shown


def changed_to(version: Version) -> str:
    """The same with a few of the words: ``text.prompt: −two +three``."""
    keys, words = changed(version), one_line(version.words, 100)
    first, _, more = keys.partition(", ")
    return f"{first}: {words}{'; ' if more else ''}{more}" if words else keys


def sparkline(values: Sequence[float | None]) -> str:
    """One bar a value, between the least and the most; a space where there is none.

    >>> sparkline([0, 1, None, 7])
    '▁▂ █'
    """
    known = [v for v in values if v is not None]
    if len(known) < 2:
        return ""
    low, spread = min(known), max(known) - min(known)
    shown = values[-24:]
    return "".join(
        " " if v is None else _BARS[round((v - low) / spread * 7)] if spread else _BARS[3]
        for v in shown
    )
