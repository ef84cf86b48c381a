"""``semantic_duplicate``: rows that say the same in other words.

By default TF-IDF weights of words and character runs, reduced by SVD once there are rows
enough: it sees shared words and stems, not synonyms. With ``embeddings: PROFILE/MODEL`` the
vectors are a model's: an endpoint's, or the embedded model's.
"""

from __future__ import annotations

import contextlib
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
from synthnb.errors import CheckError, RetryableModelError, RowModelError
from synthnb.middleware.layer import Layer
from synthnb.types import JSON, Embedder, Reason

THRESHOLD = 0.9
FIRST_FIT = 16
"""Texts from which on weights are learned; they are learned anew at every doubling."""
SVD_FROM = 256
DIMENSIONS = 128
MOST_FIT = 8_192
TOGETHER = 64
"""Texts embedded by one request."""


class _Vectors(Protocol):
    """Texts as unit vectors that grow with what is known."""

    async def foresee(self, texts: Sequence[str]) -> None:
        """These are asked next."""

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
        self._sparse: Any = None
        self._dense = _Rows()

    async def foresee(self, texts: Sequence[str]) -> None:
        """Nothing: weights may be learned anew between any two of them."""

    async def nearest(self, text: str) -> tuple[float, int]:
        if not self._texts:
            return 0.0, -1
        self._learn()
        import numpy as np

        own = self._vectors([text]).T
        cosines = (
            (self._sparse @ own).toarray() if self._svd is None else self._dense.rows @ own
        )
        flat = np.asarray(cosines).ravel()
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
            self._sparse, self._dense, self._placed = None, _Rows(), 0
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
        """Place new vectors after the others."""
        if self._svd is not None:
            self._dense.add(fresh)
        elif self._sparse is None:
            self._sparse = fresh
        else:
            from scipy.sparse import vstack

            self._sparse = vstack((self._sparse, fresh)).tocsr()


class _Embedded:
    """Vectors of a model that embeds."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._known = _Rows()
        self._ahead: dict[str, Any] = {}
        """Vectors of texts that come next."""

    async def foresee(self, texts: Sequence[str]) -> None:
        wanted = list(dict.fromkeys(texts))
        self._ahead = dict(zip(wanted, await self._embed(wanted), strict=True))

    async def nearest(self, text: str) -> tuple[float, int]:
        if text not in self._ahead:
            await self.foresee([text])
        if not len(self._known):
            return 0.0, -1
        cosines = self._known.rows @ self._ahead[text]
        best = int(cosines.argmax())
        return float(cosines[best]), best

    async def add(self, texts: Sequence[str]) -> None:
        new = [text for text in texts if text not in self._ahead]
        found = self._ahead | dict(zip(new, await self._embed(new), strict=True))
        self._known.add([found[text] for text in texts])

    async def _embed(self, texts: Sequence[str]) -> Any:
        import numpy as np

        if not texts:
            return []
        rows: list[list[float]] = []
        for start in range(0, len(texts), TOGETHER):
            rows += (await self._model.embed(texts[start : start + TOGETHER])).vectors
        widths = {len(row) for row in rows} | ({self._known.width} - {0})
        if len(widths) > 1:
            told = f"gave vectors of {' and '.join(map(str, sorted(widths)))} numbers"
            raise RowModelError(f"{self._model.name} {told}", kind="width")
        found = np.asarray(rows, dtype=np.float32)
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        return found / np.where(lengths == 0, 1.0, lengths)


class _Rows:
    """Vectors of one length, in an array with room to grow."""

    def __init__(self) -> None:
        self._held: Any = None
        self._size = 0

    def __len__(self) -> int:
        return self._size

    @property
    def width(self) -> int:
        """Numbers of a vector; 0 before the first."""
        return 0 if self._held is None else int(self._held.shape[1])

    @property
    def rows(self) -> Any:
        """(rows, numbers) of what is held."""
        return self._held[: self._size]

    def add(self, fresh: Any) -> None:
        """Put vectors after the others."""
        import numpy as np

        fresh = np.asarray(fresh, np.float32)
        if not len(fresh):
            return
        end = self._size + len(fresh)
        if self._held is None or end > len(self._held):
            room = np.zeros((end + end // 2, fresh.shape[1]), np.float32)
            if self._size:
                room[: self._size] = self.rows
            self._held = room
        self._held[self._size : end] = fresh
        self._size = end


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

    async def foresee(self, rows: Sequence[Candidate]) -> None:
        """Embed these together; each is asked for alone where that fails."""
        texts = [text_of(row, self.column) for row in rows]
        with contextlib.suppress(RowModelError, RetryableModelError):
            await self._catch_up()
            await self._vectors.foresee([text for text in texts if text.strip()])

    async def __call__(self, row: Candidate) -> Sequence[Reason]:
        """Passed below the threshold; the value is the greatest cosine."""
        text = text_of(row, self.column)
        if not text.strip():
            return (unknown(self.name, "nothing to compare", self.column),)
        try:
            await self._catch_up()
            cosine, place = await self._vectors.nearest(text)
        except (RowModelError, RetryableModelError) as error:
            return (unknown(self.name, str(error), self.column),)
        value = round(max(0.0, cosine), 3)
        if cosine < self.threshold:
            return (Reason(self.name, value, "", self.column, True),)
        return (Reason(self.name, value, f"{value} like {self._where[place]}", self.column),)

    async def _catch_up(self) -> None:
        """Place what was accepted meanwhile."""
        if self._waiting:
            await self._vectors.add(self._waiting)
            self._waiting = []

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
    if not isinstance(model.inside if isinstance(model, Layer) else model, Embedder):
        raise CheckError(f"{name} gives no embeddings; leave 'embeddings' out for TF-IDF")
    return model
