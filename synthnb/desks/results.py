"""The result of a ranking as JSON, static HTML and lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from synthnb.diff.sentences import figure, signed
from synthnb.ranking.raters import few, words
from synthnb.ranking.scores import needed
from synthnb.visible import count, escape

if TYPE_CHECKING:
    from synthnb.ranking.raters import Agreement, Kappa
    from synthnb.ranking.result import JudgeResult, Result
    from synthnb.ranking.scores import Difference
    from synthnb.ranking.session import Ranking

__all__ = ["result_data", "result_html", "result_text"]


def result_data(ranking: Ranking) -> dict[str, Any]:
    """What a view draws when the pairs are done, or when its rater looks between them.

    Then it offers no rows where others judged too: rows pool what all said.
    """
    found = ranking.so_far()
    names = ranking.items.systems
    return {
        "sentence": found.sentence,
        "facts": found.facts,
        "systems": [
            {
                "name": names[s.system] or "all", "won": s.won, "tied": s.tied, "lost": s.lost,
                "strength": round(s.strength, 3), "low": round(s.low, 3),
                "high": round(s.high, 3),
            }
            for s in found.strengths
        ],
        "differences": _differences(found, names),
        "agreement": _agreement(found.agreement),
        "judges": [_judge(judge, people_of(found)) for judge in found.judges],
        "pairs": found.pairs,
        "decided": found.decided,
        "rows": 0 if found.hidden else len(found.preferences),
        "gone": 0 if found.hidden else sum(n for n, _ in found.gone),
        "sum": f"{found.sum}; {found.columns}",
        "asked": 0 if found.hidden else found.asked,
        "ties": found.ties,
        "both_bad": found.both_bad,
        "skipped": found.skipped,
        "left_out": ranking.items.same,
        "more": ranking.left,
        "ahead": _ahead(ranking, found),
    }  # fmt: skip


def _ahead(ranking: Ranking, found: Result) -> str:
    """What it takes where nothing is clear yet: pairs of this share, and those there are."""
    if not found.differences or any(d.clear for d in found.differences):
        return ""
    said = []
    first = found.strengths[0]
    if len(found.strengths) == 2 and first.won != first.lost:
        of, won = first.won + first.lost, max(first.won, first.lost)
        least = needed(won, of)
        if least is None:
            said.append(f"At {won} of {of} even 10,000 decided pairs would not tell")
        elif least > of:
            said.append(f"If {won} of {of} is their share, about {least:,} decided pairs tell")
    left = ranking.left + len(ranking.pairs) - found.pairs - found.skipped
    if left > 0:
        said.append(f"{count(left, 'more pair')} of these rows can be judged")
    else:
        said.append("all pairs of these rows are judged: more take more rows")
    told = "; ".join(said)
    return f"{told[0].upper()}{told[1:]}."


def _differences(found: Result, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """The strongest against the next, and neighbours whose order is open."""
    return [
        {
            "better": names[d.better], "other": names[d.other], "value": round(d.value, 3),
            "low": round(d.low, 3), "high": round(d.high, 3),
            "verdict": _verdict(d),
        }
        for d in found.differences[:6]
    ]  # fmt: skip


def _verdict(found: Difference) -> str:
    if not found.linked:
        return "never compared, not even by way of others"
    return "better" if found.clear else "no evidence"


def _kappa(found: Kappa) -> dict[str, Any]:
    low, high = found.interval if found.interval is not None else (None, None)
    return {
        "pairs": found.pairs,
        "same": found.same,
        "table": [list(row) for row in found.table],
        "value": _rounded(found.value),
        "low": _rounded(low),
        "high": _rounded(high),
        "few": found.few,
        "word": words(found.value) if found.value is not None and not found.few else "",
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _agreement(found: Agreement | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "raters": list(found.raters),
        "fleiss": _rounded(found.fleiss),
        "fleiss_pairs": found.fleiss_pairs,
        "fleiss_few": few(found.fleiss_pairs),
        "krippendorff": _rounded(found.krippendorff),
        "krippendorff_few": few(found.krippendorff_pairs),
        "cohen": [{"a": a, "b": b, **_kappa(k)} for (a, b), k in found.cohen.items()],
    }


def people_of(found: Result) -> str:
    """Whom a judge is held against."""
    return found.raters[0] if len(found.raters) == 1 else "people"


def _judge(found: JudgeResult, people: str) -> dict[str, Any]:
    own = found.kappa
    said = []
    if own.value is None:
        said.append(f"{found.model} and {people}: kappa is undefined on {own.pairs} pairs.")
    else:
        may = "it may rank alone" if found.enough else own.few or "not yet"
        said.append(
            f"{found.model} against {people}: κ {figure(own.value, 2)}. To rank alone it needs "
            f"{found.threshold:.2f} ({found.threshold_from}): {may}. "
            f"It agrees on {own.same} of {own.pairs}."
        )
    if found.flips:
        side = "first" if 2 * found.first >= found.flips else "second"
        often = max(found.first, found.flips - found.first)
        clear = f"prefers the {side} answer" if found.p < 0.05 else "shows no clear side"
        p = f"p = {found.p:.2f}" if found.p >= 0.01 else "p < 0.01"
        said.append(
            f"It {clear} ({often} of {found.flips} flips, {p}); flipped pairs count as ties."
        )
    elif found.pairs:
        said.append(f"No verdict of {found.pairs} turned with the order.")
    if found.unread:
        said.append(f"{found.unread} verdicts could not be read and count for nothing.")
    return {
        "model": found.model, "people": people, "pairs": found.pairs, "unread": found.unread,
        "kept": found.kept, "flips": found.flips, "first": found.first,
        "p": round(found.p, 4), "kappa": _kappa(own), "threshold": round(found.threshold, 3),
        "threshold_from": found.threshold_from, "enough": found.enough, "said": said,
        "differ": len(found.differ),
    }  # fmt: skip


def result_html(ranking: Ranking) -> str:
    """Sentence, strengths, agreement."""
    data = result_data(ranking)
    lines = [f"<p><b>{escape(data['sentence'])}</b></p>", f"<p>{escape(data['facts'])}</p>"]
    rows = [
        f"<tr><td>{escape(s['name'])}</td>"
        f'<td align="right">{s["won"]}–{s["tied"]}–{s["lost"]}</td>'
        f'<td align="right">{signed(s["strength"], 2)}</td>'
        f'<td align="right">{signed(s["low"], 2)} to {signed(s["high"], 2)}</td></tr>'
        for s in data["systems"]
    ]
    if rows:
        head = "<tr><th></th><th>won–tied–lost</th><th>strength</th><th>95%</th></tr>"
        lines.append(f"<table>{head}{''.join(rows)}</table>")
    lines += [f"<p>{escape(said)}</p>" for said in _said(data)]
    return "\n".join(lines)


def result_text(ranking: Ranking) -> list[str]:
    """The same as lines."""
    data = result_data(ranking)
    lines = [data["sentence"], data["facts"]]
    wide = max((len(s["name"]) for s in data["systems"]), default=0)
    lines += [
        f"  {s['name']:<{wide}}  {s['won']}–{s['tied']}–{s['lost']}  {signed(s['strength'], 2)}"
        f"  95% {signed(s['low'], 2)} to {signed(s['high'], 2)}"
        for s in data["systems"]
    ]
    return [*lines, *_said(data)]


def _said(data: dict[str, Any]) -> list[str]:
    """Agreement of raters and of judges, a sentence each."""
    said = []
    if (people := data["agreement"]) is not None:
        each = [(f"{c['a']} and {c['b']} κ", c["value"], c["few"]) for c in people["cohen"]]
        each.append(("Fleiss κ", people["fleiss"], people["fleiss_few"]))
        each.append(("Krippendorff α", people["krippendorff"], people["krippendorff_few"]))
        parts = [
            f"{name} {figure(value, 2)}" + (f", {little}" if little else "")
            for name, value, little in each
            if value is not None
        ]
        said.append("Agreement: " + ("; ".join(parts) or "not defined yet"))
    said += [line for judge in data["judges"] for line in judge["said"]]
    said += [data["ahead"]] if data["ahead"] else []
    return said + ([data["sum"]] if data["gone"] or data["asked"] else [])
