"""Text of unknown origin, made fit to look at: nothing hidden, nothing acts."""

from __future__ import annotations

import html
import math
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synthnb.types import JSON, Usage

__all__ = [
    "as_text",
    "clip",
    "cost",
    "count",
    "duration",
    "escape",
    "number",
    "one_line",
    "spent",
    "visible",
    "width",
]

# Control characters can drive a terminal, bidi overrides reorder a line, zero-width and
# tag characters hide words from the reader, and so do blanks that are letters, and
# variation selectors in a row, each of which may stand for a byte. Joiners and marks that
# scripts need stay.
_VARIES = "[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u2028\u2029\u202a-\u202e"
    "\u2060-\u2064\u2066-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff"
    f"\U000e0000-\U000e007f]|(?<={_VARIES}){_VARIES}"
)


def _name(match: re.Match[str]) -> str:
    return f"⟨U+{ord(match.group()):04X}⟩"


def visible(text: str) -> str:
    """Show control, bidi and zero-width characters by name; keep newlines and tabs.

    >>> visible("\\x1b[31mred\\u202e")
    '⟨U+001B⟩[31mred⟨U+202E⟩'
    """
    return _HIDDEN.sub(_name, text.replace("\r\n", "\n"))


def clip(text: str, limit: int) -> str:
    """At most ``limit`` characters, the last one an ellipsis if any were cut."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)].rstrip() + "…"


def one_line(text: str, limit: int = 200) -> str:
    """Visible text on one line of at most ``limit`` characters."""
    return clip(" ".join(visible(text[: limit * 4]).split()), limit)


def width(text: str) -> int:
    """Columns that the text takes on a terminal."""
    return sum(
        0
        if unicodedata.combining(char)
        else 2
        if unicodedata.east_asian_width(char) in "WF"
        else 1
        for char in text
    )


def as_text(value: JSON) -> str:
    """A value as people read it: text as it is, ``–`` for none, compact JSON for the rest."""
    if isinstance(value, str):
        return value
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number(value)
    import json

    return json.dumps(value, ensure_ascii=False, default=str, separators=(", ", ": "))


def number(value: float) -> str:
    """A number without noise: ``6``, ``9.6``, ``0.31``, ``1,204``.

    >>> number(9.6), number(1204), number(-0.195), number(float("nan"))
    ('9.6', '1,204', '−0.195', '–')
    """
    if isinstance(value, float) and not math.isfinite(value):
        return "–"
    if isinstance(value, int) or float(value).is_integer():
        shown = f"{int(value):,}"
    else:
        shown = f"{value:,.3f}".rstrip("0").rstrip(".")
        if float(shown.replace(",", "")) == 0:
            shown = f"{value:.2g}"
    return shown.replace("-", "−")


def count(n: int, noun: str, plural: str | None = None) -> str:
    """``1 row``, ``1,204 tokens``."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def duration(seconds: float) -> str:
    """About how long: whole seconds, minutes or tenths of hours.

    >>> duration(0.2), duration(200), duration(36_000)
    ('1 s', '3 min', '10.0 h')
    """
    if seconds < 90:
        return f"{max(1.0, seconds):.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def cost(usage: Usage) -> str:
    """What the run cost; an unknown price is never shown as zero."""
    if usage.cost is None:
        return "cost unknown"
    if usage.cost == 0:
        return "no cost"
    if usage.cost < 0.00005:
        return f"< 0.0001 {usage.currency}"
    digits = 2 if usage.cost >= 0.1 else 4
    return f"{usage.cost:.{digits}f} {usage.currency}"


def spent(usage: Usage, tokens: int) -> list[str]:
    """What was written and what it cost, of ``tokens`` that models wrote, stored or new.

    >>> from synthnb.types import Usage
    >>> spent(Usage(cached=24), 975)
    ['24 stored answers (975 tokens), nothing sent']
    """
    stored = count(usage.cached, "stored answer")
    if usage.cached and not usage.requests:  # bare tokens would look as if they were paid for
        written = f" ({count(tokens, 'token')})" if tokens else ""
        return [f"{stored}{written}, nothing sent"]
    return [count(tokens, "token"), *([stored] if usage.cached else []), cost(usage)]


def escape(text: str, limit: int = 600) -> str:
    """Text as HTML that shows exactly this text: escaped, hidden characters named, and
    ``$`` and ``\\`` in elements of their own, which no viewer typesets as mathematics.

    >>> escape("<b> costs $5")
    '&lt;b&gt; costs <span>$</span>5'
    """
    safe = html.escape(clip(visible(text[: limit + 1]), limit), quote=True)
    return safe.replace("\\", "<span>\\</span>").replace("$", "<span>$</span>")
