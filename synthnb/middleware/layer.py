"""A model around a model."""

from __future__ import annotations

from synthnb.types import Model

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

    async def aclose(self) -> None:
        """Close the model inside."""
        await self._model.aclose()
