"""``semantic_duplicate``: rows that say the same in other words.

By default TF-IDF weights of words and character runs, reduced by SVD once there are rows
enough: it sees shared words and stems, not synonyms. With ``embeddings: PROFILE/MODEL`` the
vectors are a model's, where that model gives any.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from synthnb.checks.corpus import Against, against
from synthnb.checks.duplicates import text_of
from synthnb.checks.protocol import (
    Candidate,
    Check,
    CheckContext,
    pick,
    register,
    share,
    unknown,
)
from synthnb.errors import CheckError, ModelError
from synthnb.types import JSON, Reason

THRESHOLD = 0.9
FIRST_FIT = 16
"""Texts from which on weights are learned; they are learned anew at every doubling."""
SVD_FROM = 256
DIMENSIONS = 128
MOST_FIT = 8_192


class _Vectors(Protocol):
    """Texts as unit vectors that grow with what is known."""

    async def nearest(self, text: str) -> tuple[float, int]:
        """Greatest cosine with a known text and its number; (0, -1) without one."""

    async def add(self, texts: Sequence[str]) -> None:
        """Know these as well."""


class _Words:
    """TF-IDF of character runs inside words, which any script has, then SVD."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._fitted = self._placed = 0
        self._weights: Any = None
        self._svd: Any = None
        self._known: Any = None

    async def nearest(self, text: str) -> tuple[float, int]:
        if not self._texts:
            return 0.0, -1
        self._learn()
        import numpy as np

        cosines = self._known[: self._placed] @ self._vectors([text]).T
        flat = np.asarray(cosines.toarray() if self._svd is None else cosines).ravel()
        best = int(flat.argmax())
        return float(flat[best]), best

    async def add(self, texts: Sequence[str]) -> None:
        self._texts += texts

    def _learn(self) -> None:
        """Learn the weights anew when there are twice as many texts; else place new ones."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        size = len(self._texts)
        if self._placed == size:
            return
        if size >= 2 * self._fitted and self._fitted < MOST_FIT:
            self._fitted = size
            step = max(1, size // MOST_FIT)
            self._weights = TfidfVectorizer(
                analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True,
                use_idf=size >= FIRST_FIT, max_features=100_000,
            )  # fmt: skip
            sample = [text if text.strip() else "\u00b7" for text in self._texts[::step]]
            fitted = self._weights.fit_transform(sample)
            self._svd = self._reduced(fitted) if size >= SVD_FROM else None
            self._known, self._placed = None, 0
        self._put(self._vectors(self._texts[self._placed :]))
        self._placed = size

    def _reduced(self, weights: Any) -> Any:
        from sklearn.decomposition import TruncatedSVD

        width = min(DIMENSIONS, weights.shape[1] - 1, weights.shape[0] - 1)
        return TruncatedSVD(width, random_state=0).fit(weights) if width > 8 else None

    def _vectors(self, texts: Sequence[str]) -> Any:
        import numpy as np

        weights = self._weights.transform(texts)
        if self._svd is None:
            return weights
        dense = self._svd.transform(weights).astype(np.float32)
        lengths = np.linalg.norm(dense, axis=1, keepdims=True)
        return dense / np.where(lengths == 0, 1.0, lengths)

    def _put(self, fresh: Any) -> None:
        """Place new vectors after the others; dense ones in an array with room to grow."""
        import numpy as np

        if self._known is None:
            self._known = fresh
        elif self._svd is None:
            from scipy.sparse import vstack

            self._known = vstack((self._known, fresh)).tocsr()
        else:
            end = self._placed + len(fresh)
            if end > len(self._known):
                room = np.zeros((end + end // 2, fresh.shape[1]), np.float32)
                room[: self._placed] = self._known[: self._placed]
                self._known = room
            self._known[self._placed : end] = fresh


class _Embedded:
    """Vectors of a model that embeds."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._rows: list[Any] = []
        self._last: tuple[str, Any] | None = None

    async def nearest(self, text: str) -> tuple[float, int]:
        import numpy as np

        (own,) = await self._embed([text])
        self._last = (text, own)
        if not self._rows:
            return 0.0, -1
        cosines = np.stack(self._rows) @ own
        best = int(cosines.argmax())
        return float(cosines[best]), best

    async def add(self, texts: Sequence[str]) -> None:
        if len(texts) == 1 and self._last is not None and self._last[0] == texts[0]:
            self._rows.append(self._last[1])
            return
        for start in range(0, len(texts), 64):
            self._rows += await self._embed(texts[start : start + 64])

    async def _embed(self, texts: Sequence[str]) -> list[Any]:
        import numpy as np

        found = np.asarray(await self._model.embed(list(texts)), dtype=np.float32)
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        return list(found / np.where(lengths == 0, 1.0, lengths))


class SemanticDuplicate:
    """Cosine with every text before."""

    name = "semantic_duplicate"
    cost = 7
    ordered = True

    def __init__(
        self, column: str, threshold: float, known: Against, vectors: _Vectors
    ) -> None:
        self.column: str | None = column
        self.threshold = threshold
        self._joins = known.accepted
        self._vectors = vectors
        self._waiting = [text for text, _ in known.texts]
        self._where = [where for _, where in known.texts]

    async def __call__(self, row: Candidate) -> Sequence[Reason]:
        """Passed below the threshold; the value is the greatest cosine."""
        text = text_of(row, self.column)
        if not text.strip():
            return (unknown(self.name, "nothing to compare", self.column),)
        try:
            if self._waiting:
                await self._vectors.add(self._waiting)
                self._waiting = []
            cosine, place = await self._vectors.nearest(text)
        except ModelError as error:
            return (unknown(self.name, str(error), self.column),)
        value = round(max(0.0, cosine), 3)
        if cosine < self.threshold:
            return (Reason(self.name, value, "", self.column, True),)
        return (Reason(self.name, value, f"{value} like {self._where[place]}", self.column),)

    def admit(self, row: Candidate) -> None:
        """Compare later rows with this one."""
        text = text_of(row, self.column)
        if self._joins and text.strip():
            self._waiting.append(text)
            self._where.append(f"row {row.index}")


@register("semantic_duplicate")
def _semantic_duplicate(options: dict[str, JSON], context: CheckContext) -> Check:
    """``{column, threshold: 0.9, against: [accepted, source, FILE], embeddings: P/M}``."""
    found = pick(
        options, context, column=..., threshold=THRESHOLD, against=["accepted"], embeddings=None
    )
    threshold = share(found, "threshold")
    if not threshold:
        raise CheckError("'threshold' lies between 0 and 1")
    known = against(found, context, column=found["column"])
    vectors: _Vectors = _Words()
    if found["embeddings"] is not None:
        vectors = _Embedded(_embedder(str(found["embeddings"]), context))
    return SemanticDuplicate(found["column"], threshold, known, vectors)


def _embedder(name: str, context: CheckContext) -> Any:
    if context.model_for is None:
        raise CheckError("'embeddings' needs a model")
    model: Any = context.model_for(name)
    # Caching, retries and limits know chat answers alone: vectors come from the model itself.
    while not hasattr(model, "embed"):
        inner = getattr(model, "_model", None) or getattr(model, "model", None)
        if inner is None or isinstance(inner, str):
            raise CheckError(f"{name} gives no embeddings; leave 'embeddings' out for TF-IDF")
        model = inner
    return model
