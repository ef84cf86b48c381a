"""A model as the writer of the text experiment: one request a text, all at once."""

from __future__ import annotations

import asyncio

from synthnb.concurrency import run_sync
from synthnb.errors import RowModelError
from synthnb.types import Model, Request

__all__ = ["model_rewrite", "rewriter"]


def model_rewrite(
    name: str | None, instruction: str, *, max_tokens: int, seed: int
) -> Rewriter:
    """Return a writer that asks the model ``PROFILE/MODEL`` (the settings' own by default)."""
    from synthnb.models import get_model
    from synthnb.settings import load_settings

    settings = load_settings()
    model = get_model(name or settings.model, settings)
    return rewriter(model, instruction, max_tokens=max_tokens, seed=seed)


def rewriter(
    model: Model, instruction: str, *, max_tokens: int = 80, seed: int = 0
) -> Rewriter:
    """Return a writer around any model, a replayed tape for one."""
    return Rewriter(model, instruction, max_tokens, seed)


class Rewriter:
    """Rewrites lists of texts; a text whose answer is no use stays as it was."""

    def __init__(self, model: Model, instruction: str, max_tokens: int, seed: int) -> None:
        self._model = model
        self._instruction = instruction
        self._max_tokens = max_tokens
        self._seed = seed

    def __call__(self, texts: list[str], generation: int) -> list[str]:
        """Return the texts, each rewritten once, in the same order."""
        return run_sync(self._all(texts, generation))

    async def _all(self, texts: list[str], generation: int) -> list[str]:
        gate = asyncio.Semaphore(16)

        async def one(row: int, text: str) -> str:
            request = Request(
                model=self._model.name,
                messages=({"role": "user", "content": self._instruction + text},),
                params={"temperature": 0.9, "max_tokens": self._max_tokens},
                column="text",
                row=row,
                attempt=generation,
                seed=self._seed * 1_000_003 + generation * 10_007 + row,
            )
            async with gate:
                try:
                    answer = await self._model.complete(request)
                except RowModelError:
                    return text
            return answer.text.strip() or text

        return list(await asyncio.gather(*(one(row, text) for row, text in enumerate(texts))))
