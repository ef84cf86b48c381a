"""A model around a model."""

from __future__ import annotations

from collections.abc import Sequence

from synthnb.errors import FatalModelError
from synthnb.types import Embedder, Embeddings, Model

__all__ = ["Layer"]


class Layer:
    """Goes by the name and origin of the model inside, and closes it."""

    def __init__(self, model: Model) -> None:
        self._model = model

    @property
    def name(self) -> str:
        """``PROFILE/MODEL`` of the model inside."""
        return self._model.name

    @property
    def origin(self) -> str:
        """The origin of the model that answers."""
        return self._model.origin

    @property
    def inside(self) -> Model:
        """The model behind all layers."""
        inner = self._model
        return inner.inside if isinstance(inner, Layer) else inner

    async def embed(self, texts: Sequence[str]) -> Embeddings:
        """Vectors of the model inside, where it gives any."""
        if not isinstance(self._model, Embedder):
            raise FatalModelError(f"{self.name} gives no embeddings", kind="embeddings")
        return await self._model.embed(texts)

    async def aclose(self) -> None:
        """Close the model inside."""
        await self._model.aclose()
