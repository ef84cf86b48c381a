"""A model as the writer of the text experiment: one request a text, all at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

from synthnb.concurrency import run_sync
from synthnb.errors import RowModelError
from synthnb.types import Model, Request

__all__ = ["model_rewrite", "rewriter"]


def model_rewrite(
    name: str | None,
    instruction: str,
    *,
    max_tokens: int,
    seed: int,
    tape: str | Path | None = None,
) -> Rewriter:
    """Return a writer that asks the model ``PROFILE/MODEL`` (the settings' own by default).

    A ``tape`` that exists answers in its place; one that does not is recorded.
    """
    from synthnb.models import get_model
    from synthnb.models.tape import Recorder, Replay
    from synthnb.settings import load_settings

    settings = load_settings()
    chosen = name or settings.model
    model: Model
    if tape is not None and Path(tape).exists():
        model = Replay(tape, chosen)
    else:
        model = get_model(chosen, settings)
        model = model if tape is None else Recorder(model, tape)
    return Rewriter(model, instruction, max_tokens, seed, owned=True)


def rewriter(
    model: Model, instruction: str, *, max_tokens: int = 80, seed: int = 0
) -> Rewriter:
    """Return a writer around any model, a replayed tape for one."""
    return Rewriter(model, instruction, max_tokens, seed)


class Rewriter:
    """Rewrites lists of texts; a text whose answer is no use stays as it was."""

    def __init__(
        self,
        model: Model,
        instruction: str,
        max_tokens: int,
        seed: int,
        *,
        owned: bool = False,
    ) -> None:
        self._owned = owned
        self._model = model
        self._instruction = instruction
        self._max_tokens = max_tokens
        self._seed = seed

    def __call__(self, texts: list[str], generation: int) -> list[str]:
        """Return the texts, each rewritten once, in the same order."""
        return run_sync(self._all(texts, generation))

    def close(self) -> None:
        """Release the model, if it was opened here."""
        if self._owned:
            run_sync(self._model.aclose())

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
