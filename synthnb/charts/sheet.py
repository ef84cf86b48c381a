"""A sheet of paper as SVG: our own static HTML laid out, for places that show no HTML.

The HTML is what the functions ``…_html`` of this package make: paragraphs, preformatted
text and tables. Nothing else of HTML has a meaning here: what is not known adds nothing,
and text is only ever drawn. Nothing of it is fetched.
"""

from __future__ import annotations

import html
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import accumulate

__all__ = [
    "BLUE",
    "INK",
    "MUTED",
    "ORANGE",
    "WIDE",
    "Sheet",
    "fitted",
    "measure",
    "moved",
    "written",
]

INK, MUTED, BLUE, ORANGE = "#333333", "#6e6e6e", "#0072b2", "#d55e00"
WIDE = 860
"""Width between the margins, in units of the SVG."""
_SIZE, _LINE, _GAP, _PAD, _MARGIN = 12, 16, 10, 5, 12
_ROOM = 2 * _PAD + _SIZE
"""What a column takes beside its text: its edges, and an ellipsis."""
_LONG = 1200
"""Height of a sheet: what would stand below is left out."""
_LINES = {"p": 4, "td": 3, "pre": 16}
"""Lines of one paragraph, cell, preformatted text; the last one then ends in an ellipsis."""

# Widths from space to tilde in Liberation Sans (and Arial), in 35ths of the height of the
# letters; vl-convert brings that font along.
_WIDTHS = (
    "aacjjvn7ccekacaajjjjjjjjjjaakkkjznnppnlrpainjtprnrpnlpnxnnlaaagj"
    "cjjijjajj88i8tjjjjciajipiiic9ck"
)
_FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
_STYLES = {
    "b": 'font-weight="bold"',
    "i": f'fill="{MUTED}"',
    "ins": f'fill="{BLUE}" text-decoration="underline"',
    "del": f'fill="{ORANGE}" text-decoration="line-through"',
    "mark": 'text-decoration="underline"',
}
_MARKS = 3
_NOT_XML = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Run:
    """Text that looks the same all along: one of ``_STYLES`` or plain."""

    text: str
    style: str = ""


@dataclass(slots=True)
class Block:
    """A paragraph, preformatted text or a cell of a table (``p``, ``pre``, ``td``, ``th``)."""

    tag: str
    right: bool = False
    runs: list[Run] = field(default_factory=list)


Line = list[Run]
Table = list[list[Block]]


def measure(text: str) -> float:
    """About how wide the text is drawn."""
    return sum(map(_width, text))


def _width(char: str) -> float:
    if " " <= char <= "~":
        return int(_WIDTHS[ord(char) - 32], 36) / 35 * _SIZE
    if "\u0300" <= char <= "\u036f":
        return 0.0  # the font puts these over the letter; marks that it lacks become boxes
    return _SIZE if unicodedata.east_asian_width(char) in "WF" else 0.62 * _SIZE


def fitted(text: str, wide: float) -> str:
    """The text, cut to that width with an ellipsis."""
    if measure(text) <= wide:
        return text
    kept = bisect_right(list(accumulate(map(_width, text))), wide - _SIZE)
    return text[:kept].rstrip() + "…"


def written(x: float, y: float, text: str, more: str = "") -> str:
    """One line of text as SVG, its baseline at ``y``; ``more`` are attributes of ours."""
    return f'<text x="{x:.1f}" y="{y:.1f}" {more}>{_safe(text)}</text>'


def moved(x: float, y: float, parts: Iterable[str]) -> str:
    """SVG whose origin is there."""
    return f'<g transform="translate({x:.1f} {y:.1f})">{"".join(parts)}</g>'


def _safe(text: str) -> str:
    """Text as XML holds it."""
    return html.escape(_thinned(_NOT_XML.sub("\ufffd", text)), quote=False)


def _thinned(text: str) -> str:
    """A letter keeps three marks, of whatever script: a heap of them would cover the page."""
    kept: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char).startswith("M") else 0
        if marks <= _MARKS:
            kept.append(char)
    return "".join(kept)


class _Reader(HTMLParser):
    """Blocks and tables of a piece of static HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Block | Table] = []
        self._block: Block | None = None
        self._table: Table | None = None
        self._styles: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._table = []
            self.found.append(self._table)
        elif tag == "tr" and self._table is not None:
            self._table.append([])
        elif tag in ("td", "th") and self._table:
            self._block = Block(tag, ("align", "right") in attrs)
            self._table[-1].append(self._block)
        elif tag in ("p", "pre"):
            self._block = Block(tag)
            self.found.append(self._block)
        elif tag == "br" and self._block is not None:
            self._block.runs.append(Run("\n"))
        elif tag in _STYLES:
            self._styles.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("p", "pre", "td", "th"):
            self._block = None
        elif tag == "table":
            self._table = None
        elif tag in self._styles:
            self._styles.remove(tag)

    def handle_data(self, data: str) -> None:
        if self._block is None:
            return
        if self._block.tag != "pre":
            data = re.sub(r"\s+", " ", data)
        usual = "b" if self._block.tag == "th" else ""
        style = self._styles[-1] if self._styles else usual
        self._block.runs.append(Run(_thinned(data), style))


def _lines(block: Block, wide: float) -> list[Line]:
    """The block's text in lines of that width; what is too much ends in an ellipsis."""
    most = _LINES.get(block.tag, _LINES["td"])
    lines: list[Line] = [[]]
    used = 0.0
    for run in block.runs:
        for word in re.findall(r"\n|[^\S\n]{1,24}|\S{1,24}", run.text):
            needed = measure(word)
            if word == "\n" or (used + needed > wide and used):
                if len(lines) == most:
                    lines[-1].append(Run("…", run.style))
                    return lines
                lines.append([])
                used = 0.0
            if word == "\n" or (word.isspace() and not used and block.tag != "pre"):
                continue
            lines[-1].append(Run(fitted(word, wide), run.style))
            used += needed
    return lines


def _drawn(line: Line, x: float, y: float, right: bool) -> str:
    spans = []
    joined: list[Run] = []
    for run in line:
        if joined and joined[-1].style == run.style:
            joined[-1] = Run(joined[-1].text + run.text, run.style)
        else:
            joined.append(run)
    for run in joined:
        spans.append(f"<tspan {_STYLES.get(run.style, '')}>{_safe(run.text)}</tspan>")
    anchor = ' text-anchor="end"' if right else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{anchor}>{"".join(spans)}</text>'


def _natural(block: Block) -> float:
    text = "".join(run.text for run in block.runs)
    return max((measure(line[:200]) for line in text.split("\n")), default=0.0) * 1.04 + 2


def _columns(table: Table) -> list[float]:
    """Widths that fit the sheet: what needs least has all it needs, the others share."""
    count = max(map(len, table), default=0)
    wanted = [
        max((_natural(row[i]) for row in table if i < len(row)), default=0.0) + _ROOM
        for i in range(count)
    ]
    low, high = 0.0, float(WIDE)
    for _ in range(20):
        middle = (low + high) / 2
        fits = sum(min(one, middle) for one in wanted) <= WIDE
        low, high = (middle, high) if fits else (low, middle)
    return [min(one, low) for one in wanted]


class Sheet:
    """What is drawn so far, from the top down."""

    def __init__(self) -> None:
        self.full = False
        """Whether nothing more is drawn."""
        self._y = float(_MARGIN)
        self._parts: list[str] = []

    def put(self, parts: Iterable[str], height: float) -> None:
        """Draw SVG of ours that takes that height, or say that there was more."""
        if self.full:
            return
        if self._y + height > _LONG:
            self.full, parts, height = True, [written(0, _LINE - 4, "…")], _LINE
        self._parts.append(moved(_MARGIN, self._y, parts))
        self._y += height

    def put_html(self, text: str) -> None:
        """Lay out static HTML of this package."""
        reader = _Reader()
        reader.feed(text)
        reader.close()
        for found in reader.found:
            if isinstance(found, Block):
                self._paragraph(found)
            else:
                self._table(found)
            self.space()

    def space(self) -> None:
        """Leave a little room."""
        self._y += 0 if self.full else _GAP

    def _paragraph(self, block: Block) -> None:
        lines = _lines(block, WIDE)
        drawn = (_drawn(line, 0, (i + 1) * _LINE - 4, False) for i, line in enumerate(lines))
        self.put(drawn, len(lines) * _LINE)

    def _table(self, table: Table) -> None:
        widths = _columns(table)
        for row in table:
            cells = [_lines(cell, w - _ROOM) for cell, w in zip(row, widths, strict=False)]
            self._row(row, cells, widths)

    def _row(
        self, row: Sequence[Block], cells: Sequence[list[Line]], widths: Sequence[float]
    ) -> None:
        height = max(map(len, cells), default=1) * _LINE + _PAD
        parts = [f'<path d="M0 {height - 0.5}H{sum(widths):.0f}" stroke="#dddddd"/>']
        x = 0.0
        for cell, lines, wide in zip(row, cells, widths, strict=False):
            at = wide - _PAD if cell.right else _PAD
            drawn = [
                _drawn(line, at, i * _LINE - 3, cell.right) for i, line in enumerate(lines, 1)
            ]
            # An SVG of its own cuts off what is wider than it was measured.
            size = f'x="{x:.1f}" width="{wide:.1f}" height="{height}"'
            parts.append(f"<svg {size}>{''.join(drawn)}</svg>")
            x += wide
        self.put(parts, height)

    def svg(self) -> str:
        """The sheet as a document."""
        wide, high = WIDE + 2 * _MARGIN, round(self._y + _MARGIN)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" '
            f'font-family="{_FONT}" font-size="{_SIZE}" fill="{INK}" xml:space="preserve">'
            f'<rect width="100%" height="100%" fill="#ffffff"/>{"".join(self._parts)}</svg>'
        )
