"""The diff as plain HTML, for viewers without the extension: no script, no style."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synthnb.diff.rows import Shown, Side, differing, shown_rows
from synthnb.diff.sentences import (
    facts,
    figure,
    interval_text,
    keys_line,
    look_first,
    note,
    signed,
    subtitle,
)
from synthnb.visible import escape

if TYPE_CHECKING:
    from synthnb.diff import Diff

__all__ = ["diff_html"]

PAIRS = 8
LINES = 60


def diff_html(diff: Diff, *, pairs: int = PAIRS) -> str:
    """Verdict, recipe change, metrics and the first pairs whose outcome differs."""
    parts = [f"<p><b>{escape(diff.verdict)}</b> {escape(facts(diff))}</p>"]
    finding = look_first(diff)
    if finding is not None:
        parts.append(f"<p><b>Look first:</b> {escape(finding)}</p>")
    if diff.recipe.changed:
        parts.append(_recipe(diff))
    if not diff.same:
        parts += [_metrics(diff) if diff.results else "", _pairs(diff, pairs)]
    return "\n".join(part for part in parts if part)


def _recipe(diff: Diff) -> str:
    tags = {"removed": "del", "added": "ins"}
    signs = {"removed": "−", "added": "+"}
    lines = []
    for line in diff.recipe.lines[:LINES]:
        tag = tags.get(line.op)
        text = "".join(
            f"<{tag}>{escape(piece)}</{tag}>" if marked and tag else escape(piece)
            for marked, piece in line.parts
        )
        lines.append(f"{signs.get(line.op, ' ')} {text}")
    return f"<p><b>Recipe</b> {keys_line(diff)}</p><pre>{chr(10).join(lines)}</pre>"


def _metrics(diff: Diff) -> str:
    old, new = diff.labels
    names = ["metric", old, new, "change"]
    names += ["95% interval", "verdict"] if diff.paired else []
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    lines = []
    for r in diff.results:
        digits = r.measure.digits
        cells = [figure(r.old, digits), figure(r.new, digits), signed(r.change, digits)]
        cells += [interval_text(r)] if diff.paired else []
        row = "".join(f'<td align="right">{escape(cell)}</td>' for cell in cells)
        word = f"<b>{r.word}</b>" if r.clear else r.word
        last = f"<td>{word}</td>" if diff.paired else ""
        lines.append(f'<tr><th scope="row">{escape(r.measure.label)}</th>{row}{last}</tr>')
    return (
        f"<p><b>What changed</b> {escape(subtitle(diff))}</p>"
        f"<table><tr>{head}</tr>{''.join(lines)}</table><p>{escape(note(diff))}</p>"
    )


def _pairs(diff: Diff, most: int) -> str:
    rows = shown_rows(diff, most, 600)
    if not rows:
        return ""
    names = ["#", *(["attributes"] if diff.paired else []), *diff.labels]
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    lines = "".join(_row(row, paired=diff.paired) for row in rows)
    n = differing(diff)
    title, said = "Rows", "not paired: each version by itself"
    if diff.paired:
        title, said = "Row pairs", f"the outcome differs in {n} of {len(diff.pairs)}"
    if any(row.mode == "shared" for row in rows):
        said += "; <mark>in both</mark>, marked where less than 30% of words are shared"
    return (
        f"<p><b>{title}</b> {said}</p><table><tr>{head}</tr>{lines}</table>"
        "<p>Open in JupyterLab with synthnb to see all of them.</p>"
    )


def _row(row: Shown, *, paired: bool) -> str:
    cells = [f'<td align="right">{row.number}</td>']
    if paired:
        cells.append(f'<td align="left">{"<br>".join(map(escape, row.attributes))}</td>')
    shared = row.mode == "shared"
    cells += [
        _side(row.old, "mark" if shared else "del"),
        _side(row.new, "mark" if shared else "ins"),
    ]
    return f"<tr>{''.join(cells)}</tr>"


def _side(side: Side | None, tag: str) -> str:
    if side is None:
        return "<td></td>"
    own = f"<i>{escape(' · '.join(side.attributes))}</i><br>" if side.attributes else ""
    text = "".join(
        f"<{tag}>{escape(piece)}</{tag}>" if marked else escape(piece)
        for marked, piece in side.parts
    )
    why = f" <i>{escape(side.tag)}</i>" if side.tag else ""
    return f'<td align="left">{own}{text or "<i>no text</i>"}{why}</td>'
