"""Synthetic rows beside real ones: told apart, useful for training, covering, copied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from synthnb import metrics
from synthnb.metrics.tokens import tokens
from synthnb.nearduplicates import NearDuplicateIndex
from synthnb.report.subject import Table
from synthnb.report.texts import FEWEST, ROWS
from synthnb.report.value import Copying, Measure, Word
from synthnb.visible import one_line

__all__ = ["copies", "coverage", "told_apart", "trained"]

SAMPLE = 1000
"""Rows a side for the classifier and the clouds of points."""
COPY_ROWS = 20_000
"""Real rows looked at for copies; and synthetic ones for the longest shared run."""
NEAR = 0.8
_RUN = 8


def told_apart(
    table: Table, real: Table, *, seed: int = 0
) -> tuple[Measure, list[tuple[str, float]]]:
    """C2ST over the columns both have, its top features, and real against real."""
    title = "told from real rows (C2ST accuracy)"
    shared = [name for name in table.columns if name in real.columns]
    if not shared:
        return _not(title, "c2st", "no column has the same name in the real rows"), []
    size = min(len(table), len(real), SAMPLE)
    if size < 20:
        return _not(title, "c2st", "needs 20 rows on each side"), []
    rng = np.random.default_rng(seed)
    own, other = _drawn(table, size, rng), _drawn(real, size, rng)
    groups = (own.parents, other.ids) if own.parents and other.ids else None
    try:
        score = metrics.c2st(_rows(other, shared), _rows(own, shared), groups=_swap(groups))
    except ValueError as error:
        return _not(title, "c2st", one_line(str(error))), []
    half = len(other) // 2
    baseline, real_score = None, 0.5
    if half >= 20:
        order = rng.permutation(len(other))
        sides = (other.take(order[:half].tolist()), other.take(order[half:].tolist()))
        try:
            real_score = float(metrics.c2st(*(_rows(side, shared) for side in sides)))
            reach = 0.98 / np.sqrt(score.n)
            baseline = (float(real_score - reach), float(real_score + reach))
        except ValueError:
            pass
    value = float(score)
    reach = 1.96 * float(np.sqrt(value * (1 - value) / score.n))
    word: Word = "worse" if score.p < 0.05 else "no evidence"
    measure = Measure(
        "c2st", title, value, value - reach, min(value + reach, 1.0), real_score, baseline,
        word, "lower", f"{size:,} rows a side; 0.5 is a guess",
    )  # fmt: skip
    return measure, _tells(score.top)


def _tells(top: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    """The strongest features, without words that only repeat a longer one beside them."""
    kept: list[tuple[str, float]] = []
    for name, weight in sorted(top, key=lambda item: (-abs(item[1]), -len(item[0]))):
        words = set(name.split(": ", 1)[-1].split())
        rival = any(
            words < set(other.split(": ", 1)[-1].split()) and (weight > 0) == (also > 0)
            for other, also in top
        )
        if weight and not rival:
            kept.append((name, weight))
    return kept


def _swap(groups: Any) -> Any:
    return None if groups is None else (groups[1], groups[0])


def _rows(table: Table, names: Sequence[str]) -> Any:
    import pandas as pd

    if len(names) == 1 and not all(isinstance(v, int | float) for v in table.columns[names[0]]):
        return table.texts(names[0])
    from synthnb.report.subject import flat

    columns = {
        name: [
            v if isinstance(v, int | float) and not isinstance(v, bool) else flat(v)
            for v in table.columns[name]
        ]
        if _mixed_free(table.columns[name])
        else table.texts(name)
        for name in names
    }
    return pd.DataFrame(columns)


def _mixed_free(values: Sequence[Any]) -> bool:
    return all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)


def _drawn(table: Table, size: int, rng: np.random.Generator) -> Table:
    if len(table) <= size:
        return table
    return table.take(np.sort(rng.permutation(len(table))[:size]).tolist())


def _not(title: str, name: str, note: str) -> Measure:
    return Measure(name, title, None, note=note)


def trained(
    table: Table, real: Table, text: str | None, label: str | None, *, seed: int = 0
) -> Measure:
    """TSTR: a model trained on the synthetic rows, on real ones, tested on other real ones."""
    title = "trained on these, tested on real (TSTR)"
    if label is None:
        return _not(title, "tstr", "no label column that both sides have")
    names = [n for n in table.columns if n in real.columns and n != label]
    if text in names:
        names = [str(text)]
    if not names:
        return _not(title, "tstr", f"no column beside {label} that both sides have")
    if min(len(table), len(real) // 2) < 20:
        return _not(title, "tstr", "needs 20 rows, and 40 real ones")
    rng = np.random.default_rng(seed)
    own, other = _drawn(table, 2 * SAMPLE, rng), _drawn(real, 4 * SAMPLE, rng)
    order = rng.permutation(len(other))
    half = len(other) // 2
    train, test = other.take(order[:half].tolist()), other.take(order[half:].tolist())
    sides = [(_rows(side, names), _labels(side, label)) for side in (own, test, train)]
    (rows, labels), (test_rows, test_labels), (real_rows, real_labels) = sides
    try:
        score = metrics.tstr(
            rows, labels, test_rows, test_labels, real=real_rows, real_labels=real_labels
        )
    except ValueError as error:
        return _not(title, "tstr", one_line(str(error)))
    reach = 1.96 * float(np.sqrt(0.25 / score.n))
    word: Word = "no evidence"
    if abs(score.gap) > reach:
        word = "worse" if score.gap > 0 else "better"
    note = f"{label}; a constant answer scores {score.baseline:.2f}"
    return Measure(
        "tstr", title, float(score), real=score.trtr, word=word, better="higher", note=note
    )


def _labels(table: Table, label: str) -> list[Any]:
    return [v if isinstance(v, int | float) else str(v) for v in table.columns[label]]


def coverage(texts: Sequence[str], real: Sequence[str], *, seed: int = 0) -> list[Measure]:
    """Coverage, density, precision of the texts among real ones; real against real beside."""
    titles = {
        "coverage": "real rows covered (k = 5)",
        "precision": "rows among the real ones",
        "density": "density among the real ones",
    }
    rng = np.random.default_rng(seed)
    size = min(len(texts), len(real) // 2, ROWS // 2)
    if size < FEWEST:
        return [
            _not(title, name, "needs 8 rows, and 16 real ones")
            for name, title in titles.items()
        ]
    own = [texts[i] for i in rng.permutation(len(texts))[:size]]
    order = rng.permutation(len(real))
    one, two = ([real[i] for i in part] for part in (order[:size], order[size : 2 * size]))
    try:
        points = metrics.embed([*own, *one, *two], 64)
        found = metrics.prdc(points[size : 2 * size], points[:size])
        baseline = metrics.prdc(points[size : 2 * size], points[2 * size :])
    except ValueError as error:
        return [_not(title, name, one_line(str(error))) for name, title in titles.items()]
    return [
        _point(name, title, found[name], baseline[name], size) for name, title in titles.items()
    ]


def _point(name: str, title: str, value: float, real: float, size: int) -> Measure:
    reach = 1.96 * float(np.sqrt(max(real * (1 - real), 0.01) * 2 / size))
    if name == "density":
        reach = 1.96 * float(np.sqrt(2 * max(real, 0.1) / size))
    word: Word = (
        "no evidence" if abs(value - real) <= reach else "worse" if value < real else "changed"
    )
    most = np.inf if name == "density" else 1.0
    near = (max(real - reach, 0.0), min(real + reach, most))
    note = f"{size:,} rows; beside it what {size:,} other real rows reach"
    return Measure(
        name, title, value, real=real, baseline=near, word=word, better="real", note=note
    )


def copies(
    texts: Sequence[str], real: Sequence[str], holdout: Sequence[str] = (), *, seed: int = 0
) -> Copying:
    """The copy alarm: equal and nearly equal rows, the longest shared run, nearer to what."""
    rng = np.random.default_rng(seed)
    known = _sample(real, COPY_ROWS, rng)
    own = _sample(texts, COPY_ROWS, rng)
    plain = {_normal(text) for text in known}
    exact = sum(_normal(text) in plain for text in own)
    index = NearDuplicateIndex(NEAR)
    for _ in index.extend(known):
        pass
    near = list(index.matches(own))
    longest, row, source, span = _longest(own, known)
    note = f"{len(own):,} rows against {len(known):,} real ones"
    return Copying(
        len(own), exact, len(near), _nearer(own, known, holdout, rng), longest,
        span, row, source, note,
    )  # fmt: skip


def _sample(texts: Sequence[str], most: int, rng: np.random.Generator) -> list[str]:
    if len(texts) <= most:
        return list(texts)
    return [texts[i] for i in np.sort(rng.permutation(len(texts))[:most])]


def _normal(text: str) -> str:
    return " ".join(text.casefold().split())


def _longest(own: Sequence[str], known: Sequence[str]) -> tuple[int, str, str, str]:
    """The row that shares the longest run of words with a real row, and that run."""
    holders: dict[int, list[int]] = {}
    words = [_normal_tokens(text) for text in known]
    for place, line in enumerate(words):
        for gram in _runs(line):
            holders.setdefault(gram, []).append(place)
    best = (0, "", "", "")
    for text in own:
        line = _normal_tokens(text)
        if len(line) <= best[0]:
            continue
        candidates: dict[int, int] = {}
        for gram in _runs(line):
            for place in holders.get(gram, ())[:20]:
                candidates[place] = candidates.get(place, 0) + 1
        for place in sorted(candidates, key=lambda p: -candidates[p])[:3]:
            if candidates[place] + _RUN - 1 <= best[0]:
                break
            start, size = _shared(line, words[place])
            if size > best[0]:
                best = (size, text, known[place], " ".join(line[start : start + size]))
    return best


def _normal_tokens(text: str) -> list[str]:
    return tokens(text.casefold())


def _runs(line: list[str]) -> list[int]:
    return [hash(tuple(line[i : i + _RUN])) for i in range(len(line) - _RUN + 1)]


def _shared(a: list[str], b: list[str]) -> tuple[int, int]:
    from difflib import SequenceMatcher

    match = SequenceMatcher(None, a, b, autojunk=False).find_longest_match()
    return match.a, match.size


def _nearer(
    own: Sequence[str], known: Sequence[str], holdout: Sequence[str], rng: np.random.Generator
) -> float | None:
    """dcr_share, where real rows were held out before the rows were made."""
    if min(len(holdout), len(known), len(own)) < FEWEST:
        return None
    sides = [_sample(side, SAMPLE, rng) for side in (known, holdout, own)]
    try:
        points = metrics.embed([text for side in sides for text in side], 64)
    except ValueError:
        return None
    ends = np.cumsum([len(side) for side in sides])
    return metrics.dcr_share(points[: ends[0]], points[ends[0] : ends[1]], points[ends[1] :])
