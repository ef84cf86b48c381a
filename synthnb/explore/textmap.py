"""The texts of a batch as points: near means alike. Near copies are marked as clusters.

TF-IDF and the two directions of most variance by default, embeddings of a model on
request. Coordinates are whole numbers from 0 to 1000.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from synthnb.charts.columns import Columns, Floats, columns_of
from synthnb.charts.distributions import limits_of, main_column
from synthnb.charts.similarity import READ, words
from synthnb.explore.live import live_of
from synthnb.metrics.threads import one_thread
from synthnb.visible import count

if TYPE_CHECKING:
    from synthnb.batch import Batch

__all__ = ["DRAWN", "SIDE", "NamedMap", "TextMap", "layout", "text_map"]

SIDE = 1000
SMALL = 600
"""Up to so many texts are placed exactly, without scikit-learn."""
FITTED = 20_000
"""Texts that words and directions are learned from; the others are placed among them."""
PLACED = 100_000
"""Texts that are placed at most, evenly chosen; regions select among them."""
DRAWN = 20_000
"""Points that a view draws; selections see all that are placed."""
EMBEDDED = 5000
"""Texts embedded by a model at most."""
WORDS = "words (TF-IDF)"
"""What a map goes by where nobody names a model."""
CLUSTERS = 50
COMPARED = 20_000
"""Texts that are looked through for near copies."""


@dataclass(frozen=True)
class TextMap:
    """Where each record lies: NaN where it has no text, or was left out."""

    x: Floats
    y: Floats
    clusters: list[list[int]] = field(default_factory=list)
    """Places of records whose texts are near copies, largest cluster first."""
    about: str = WORDS

    @property
    def placed(self) -> NDArray[np.intp]:
        """Places of the records that are on the map."""
        return np.flatnonzero(~np.isnan(self.x))

    def drawn(self, most: int = DRAWN) -> NDArray[np.intp]:
        """An even sample of the placed records, at most ``most``."""
        placed = self.placed
        if len(placed) <= most:
            return placed
        return placed[np.linspace(0, len(placed) - 1, most).astype(np.intp)]

    def __repr__(self) -> str:
        near = f", {len(self.clusters)} clusters of near copies" if self.clusters else ""
        return f"<TextMap of {len(self.placed):,} texts by {self.about}{near}>"


@dataclass(frozen=True)
class NamedMap:
    """The map by a model that somebody named, kept through decisions: no model is asked
    anew without being named anew."""

    made: TextMap
    column: str
    texts: dict[int, int]
    """The hash of the text that each place was placed by."""
    number: int
    """Other than that of the map before."""

    def now(self, table: Columns) -> TextMap:
        """The map without the rows whose text is another by now: where they would lie is
        not known."""
        places = list(self.texts)
        found = zip(places, table.pick(self.column, places), strict=True)
        gone = {place for place, text in found if _told(text) != self.texts[place]}
        if not gone:
            return self.made
        x, y = self.made.x.copy(), self.made.y.copy()
        x[[*gone]] = y[[*gone]] = math.nan
        groups = [[i for i in group if i not in gone] for group in self.made.clusters]
        groups = [group for group in groups if len(group) > 1]
        about = f"{self.made.about}, without {count(len(gone), 'row')} edited since"
        return replace(self.made, x=x, y=y, clusters=groups, about=about)


def text_map(batch: Batch, embeddings: str | None = None) -> TextMap:
    """The map of a batch's main column, made once for each state of its decisions.

    ``embeddings`` names a profile's model as ``PROFILE/MODEL`` (``local/…`` stays in this
    process, any other sends the texts to its endpoint); views and regions then go by that
    map, without rows that are edited later. ``SettingsError`` where rows may not go there,
    ``ModelError`` where it gives none.
    """
    table, live = columns_of(batch), live_of(batch)
    if embeddings is not None:
        live.map = _embedded(batch, table, embeddings, live.maps + 1) or live.map
    named = live.map
    if named is None or len(named.made.x) != table.size:
        return table.once("map", "", lambda: _by_words(batch, table))
    return table.once("map", str(named.number), lambda: named.now(table))


def _told(text: object) -> int:
    return hash(text[:READ]) if isinstance(text, str) else 0


def _texts(batch: Batch, table: Columns) -> tuple[list[int], list[str]]:
    """Places and texts of the main column, an even sample where there are very many."""
    main = main_column(batch)
    if main is None:
        return [], []
    places = np.flatnonzero(~np.isnan(table.lengths(main)))
    places = places[:: _step(len(places))]
    found = zip(places.tolist(), table.pick(main, places), strict=True)
    said = [(place, text[:READ]) for place, text in found if text[:READ].strip()]
    return [place for place, _ in said], [text for _, text in said]


def _step(texts: int) -> int:
    """Of how many texts one is placed."""
    return max(1, math.ceil(texts / PLACED))


def _by_words(batch: Batch, table: Columns) -> TextMap:
    places, texts = _texts(batch, table)
    if len(texts) < 3:
        empty = np.full(table.size, math.nan)
        return TextMap(empty, empty)
    step = _step(table.size)
    about = WORDS + (f", one of every {step} rows" if step > 1 else "")
    return _made(batch, table, places, texts, layout(texts), about)


def _made(
    batch: Batch,
    table: Columns,
    places: Sequence[int],
    texts: Sequence[str],
    points: Floats,
    about: str,
) -> TextMap:
    x, y = np.full(table.size, math.nan), np.full(table.size, math.nan)
    x[places], y[places] = points[:, 0], points[:, 1]
    threshold = limits_of(batch, "near_duplicate").get("threshold", 0.8)
    copies = near_copies(texts[:COMPARED], threshold)
    groups = [[places[i] for i in group] for group in copies]
    return TextMap(x, y, groups, about)


def near_copies(texts: Sequence[str], threshold: float) -> list[list[int]]:
    """Groups of texts that nearly repeat each other, largest first."""
    from synthnb.nearduplicates import near_duplicates

    root = list(range(len(texts)))

    def top(i: int) -> int:
        while root[i] != i:
            root[i] = i = root[root[i]]
        return i

    for later, match in near_duplicates(texts, min(max(threshold, 0.05), 1.0)).items():
        root[top(later)] = top(match.row)
    groups: dict[int, list[int]] = {}
    for i in range(len(texts)):
        groups.setdefault(top(i), []).append(i)
    found = [group for group in groups.values() if len(group) > 1]
    return sorted(found, key=lambda group: (-len(group), group[0]))[:CLUSTERS]


def layout(texts: Sequence[str]) -> Floats:
    """(n, 2) whole numbers 0 to 1000: texts that share rare words lie near each other.

    >>> points = layout(["a red cat", "a red cat", "blue skies ahead", "grey skies ahead"])
    >>> bool((points[0] == points[1]).all())
    True
    """
    with one_thread():  # on small matrices further threads only wait for each other
        rows = _small(texts) if len(texts) <= SMALL else _large(texts)
    return _scaled(rows)


def _small(texts: Sequence[str]) -> Floats:
    """The two principal components of TF-IDF rows, from their inner products."""
    known: dict[str, int] = {}
    counted = [Counter(words(text)) for text in texts]
    shared = Counter(word for found in counted for word in found)
    weights = np.zeros((len(texts), len(shared)))
    for i, found in enumerate(counted):
        for word, times in found.items():
            place = known.setdefault(word, len(known))
            rarity = math.log((1 + len(texts)) / (1 + shared[word])) + 1
            weights[i, place] = (1 + math.log(times)) * rarity
    return principal(_unit(weights))


def _large(texts: Sequence[str]) -> Floats:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.utils.extmath import randomized_svd

    step = max(1, len(texts) // FITTED)
    split = TfidfVectorizer(
        sublinear_tf=True, max_features=5000, min_df=2, dtype=np.float32, strip_accents=None
    )
    try:
        split.fit(texts[::step])
    except ValueError:  # no word twice
        return np.zeros((len(texts), 2))
    weights = split.transform(texts)
    size = min(16, weights.shape[1])
    _, _, directions = randomized_svd(weights[::step], size, n_iter=3, random_state=0)
    rows = np.asarray(weights @ directions.T, np.float64)
    mean = rows[::step].mean(axis=0)
    _, _, axes = np.linalg.svd(rows[::step] - mean, full_matrices=False)
    found: Floats = _signed((rows - mean) @ axes[:2].T)
    return found


def principal(rows: Floats) -> Floats:
    """(n, 2) principal components of (n, d) rows; what has no second one gets zeros."""
    centred = rows - rows.mean(axis=0)
    if len(centred) <= SMALL:
        values, vectors = np.linalg.eigh(centred @ centred.T)
        found = vectors[:, ::-1][:, :2] * np.sqrt(np.maximum(values[::-1][:2], 0.0))
    else:
        _, _, axes = np.linalg.svd(centred, full_matrices=False)
        found = centred @ axes[:2].T
    if found.shape[1] < 2:
        found = np.hstack((found, np.zeros((len(found), 2 - found.shape[1]))))
    return _signed(found)


def _signed(rows: Floats) -> Floats:
    """The same picture on every machine: the farthest point of each axis is positive."""
    far = np.abs(np.round(rows, 9)).argmax(axis=0)
    signs = np.where(rows[far, np.arange(rows.shape[1])] < 0, -1.0, 1.0)
    found: Floats = rows * signs
    return found


def _scaled(rows: Floats) -> Floats:
    low, high = rows.min(axis=0), rows.max(axis=0)
    wide = high - low
    flat = wide < 1e-9
    found = np.where(flat, 0.5, (rows - low) / np.where(flat, 1.0, wide))
    scaled: Floats = np.round(found * SIDE)
    return scaled


def _unit(rows: Floats) -> Floats:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    found: Floats = rows / np.where(lengths == 0, 1.0, lengths)
    return found


def _embedded(batch: Batch, table: Columns, model: str, number: int) -> NamedMap | None:
    """The map by a model's embeddings; none of fewer than three texts."""
    places, texts = _texts(batch, table)
    step = max(1, math.ceil(len(texts) / EMBEDDED))
    places, texts = places[::step], texts[::step]
    column = main_column(batch)
    if len(texts) < 3 or column is None:
        return None
    vectors = np.asarray(_ask(model, texts, _private(batch)), np.float64)
    points = _scaled(principal(_unit(vectors)))
    made = _made(batch, table, places, texts, points, f"embeddings of {model}")
    placed = dict(zip(places, map(_told, texts), strict=True))
    return NamedMap(made, column, placed, number)


def _private(batch: Batch) -> bool:
    """Whether the rows may not leave this machine."""
    recipe = batch.recipe
    return recipe.local_only or (recipe.source is not None and recipe.source.local_only)


def _ask(name: str, texts: list[str], private: bool) -> list[list[float]]:
    from synthnb.concurrency import run_sync
    from synthnb.errors import SettingsError
    from synthnb.middleware import Policy, Retry
    from synthnb.models import get_model
    from synthnb.models.vectors import TOGETHER
    from synthnb.settings import load_settings
    from synthnb.types import Embedder

    settings = load_settings()
    if private:
        settings = settings.override("the recipe", local_only=True)

    async def ask() -> list[list[float]]:
        model = Retry(get_model(name, settings), Policy(patience=60.0))
        try:
            if not isinstance(model.inside, Embedder):
                raise SettingsError(f"{name} gives no embeddings; try local/smollm2-135m.")
            found: list[list[float]] = []
            for start in range(0, len(texts), TOGETHER):
                part = texts[start : start + TOGETHER]
                found += (await model.embed([text[:4000] for text in part])).vectors
            return found
        finally:
            await model.aclose()

    return run_sync(ask())
