"""Rows of any kind as one sparse matrix with named columns, for small classifiers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np

from synthnb.metrics.arrays import floats, matrix
from synthnb.metrics.tokens import tokens

__all__ = ["Rows", "featurize", "length_of"]

Rows: TypeAlias = Any
"""A list of texts, an (n,) or (n, d) array of numbers, or a DataFrame of either."""

_MOST_WORDS = 20_000
_MOST_SQUARES = 64
"""Up to so many numeric columns, their squares join: they show a change of spread."""


def length_of(rows: Rows) -> int:
    """Return the number of rows."""
    listed = hasattr(rows, "__len__") and getattr(rows, "ndim", 1) > 0
    if isinstance(rows, (str, Mapping)) or not listed:
        raise ValueError(
            f"expected a list of texts, an array or a DataFrame, got {type(rows).__name__}"
        )
    return len(rows)


def featurize(parts: Sequence[Rows]) -> tuple[list[Any], list[str]]:
    """Return one sparse matrix per part, over the same columns, and the columns' names.

    Texts become TF-IDF weights of words and word pairs, numbers are scaled to mean 0 and
    variance 1 over all parts, short lists of values become one column a value.
    """
    from scipy.sparse import csr_matrix, hstack

    for part in parts:
        if isinstance(part, str) or not length_of(part):
            raise ValueError("expected a list of rows, at least one")
    sizes = [length_of(part) for part in parts]
    blocks: list[Any] = []
    names: list[str] = []
    for label, values in _columns(parts):
        block, inner = _numbers(values) if _is_numeric(values) else _words(values, label)
        blocks.append(block)
        names += [f"{label}{name}" for name in inner]
    if not names:
        raise ValueError("the rows hold nothing to learn from")
    whole = csr_matrix(hstack(blocks))
    ends = np.cumsum(sizes)
    return [whole[end - size : end] for end, size in zip(ends, sizes, strict=True)], names


def _columns(parts: Sequence[Rows]) -> list[tuple[str, Any]]:
    """Return (name, values of all parts) of each column; arrays and texts are one column."""
    framed = [hasattr(part, "columns") for part in parts]
    if not any(framed):
        joined = [value for part in parts for value in part]
        if all(isinstance(value, str) for value in joined):
            return [("", joined)]
        strange = [value for value in joined if not isinstance(value, str)]
        if len(strange) < len(joined):
            raise ValueError(
                f"expected texts alone, got {type(strange[0]).__name__} among them"
            )
        arrays = [np.asarray(part, dtype=object) for part in parts]
        shaped = [rows[:, None] if rows.ndim == 1 else rows for rows in arrays]
        if len({rows.shape[1:] for rows in shaped}) > 1:
            raise ValueError("all sides must have the same columns")
        return [("x", matrix(np.vstack(shaped).tolist(), "rows"))]
    if not all(framed):
        raise ValueError("all sides must be of one kind: texts, arrays or frames")
    names = [str(name) for name in parts[0].columns]
    if any(set(map(str, part.columns)) != set(names) for part in parts):
        raise ValueError("all sides must have the same columns")
    return [
        (f"{name}: ", [value for part in parts for value in list(part[name])]) for name in names
    ]


def _is_numeric(values: Any) -> bool:
    if isinstance(values, np.ndarray):
        return True
    known = [value for value in values if value is not None]
    return bool(known) and all(
        isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
        for value in known
    )


def _numbers(values: Any) -> tuple[Any, list[str]]:
    from scipy.sparse import csr_matrix

    raw = np.array(
        [[np.nan if value is None else value] for value in values]
        if isinstance(values, list)
        else values,
        dtype=np.float64,
    )
    missing = ~np.isfinite(raw)
    floats(raw[~missing], "rows")
    counted = np.maximum((~missing).sum(axis=0), 1)
    mean = np.where(missing, 0.0, raw).sum(axis=0) / counted
    scaled = np.where(missing, 0.0, raw - mean)
    deviation = np.sqrt((scaled**2).sum(axis=0) / counted)
    scaled /= np.where(deviation == 0, 1.0, deviation)
    width = raw.shape[1]
    names = [str(column) for column in range(width)] if width > 1 else ["value"]
    columns: list[Any] = [scaled]
    if width <= _MOST_SQUARES:
        columns.append(scaled**2)
        names += [f"{name} squared" for name in names]
    if missing.any():
        columns.append(missing.any(axis=1, keepdims=True).astype(np.float64))
        names.append("missing")
    return csr_matrix(np.hstack(columns)), names


def _words(values: list[Any], label: str) -> tuple[Any, list[str]]:
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = ["" if value is None else str(value) for value in values]
    category = bool(label) and len(set(texts)) <= min(50, max(len(texts) // 5, 2))
    vectors = TfidfVectorizer(
        analyzer=(lambda text: [text]) if category else _words_and_pairs,
        sublinear_tf=True,
        use_idf=not category,
        max_features=_MOST_WORDS,
    )
    try:
        weights = vectors.fit_transform(texts)
    except ValueError:  # not one word in the column
        return csr_matrix((len(texts), 0)), []
    return weights, [str(name) for name in vectors.get_feature_names_out()]


def _words_and_pairs(text: str) -> list[str]:
    words = tokens(text)
    return words + [f"{a} {b}" for a, b in pairwise(words)]
