"""A run in the background: a handle that the next cells can look at, stop or wait for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from synthnb.events import Progress
from synthnb.notebook.progress import progress_text
from synthnb.visible import one_line

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.events import Event

__all__ = ["LiveBatch"]


class LiveBatch:
    """What ``%%synth NAME --background`` binds until the run ends.

    ``wait()`` gives the batch, ``stop()`` ends the run and keeps its rows. When the run is
    over the variable holds the batch itself, and this handle shows it.
    """

    def __init__(self, name: str, wanted: int) -> None:
        self.name = name
        self.wanted = wanted
        self._latest: Progress | None = None
        self._over = threading.Event()
        self._batch: Batch | None = None
        self._error: BaseException | None = None
        self._stop: Callable[[], Any] = lambda: None

    def hear(self, event: Event) -> None:
        """Remember the newest progress; called on the thread of the event loop."""
        if isinstance(event, Progress):
            self._latest = event

    def ended(self, batch: Batch | None, error: BaseException | None) -> None:
        """The run is over; called once."""
        self._batch, self._error = batch, error
        self._over.set()

    def stops_by(self, stop: Callable[[], Any]) -> None:
        """How to end the run."""
        self._stop = stop

    @property
    def done(self) -> bool:
        """Whether the run is over."""
        return self._over.is_set()

    def wait(self, timeout: float | None = None) -> Batch:
        """The batch, once the run is over; ``TimeoutError`` after ``timeout`` seconds.

        Interrupting the wait leaves the run going.
        """
        left = timeout
        while not self._over.wait(0.1 if left is None else min(0.1, left)):
            if left is not None:
                left -= 0.1
                if left <= 0:
                    raise TimeoutError(f"{self.name} is still running; {self!r}")
        if self._error is not None:
            raise self._error
        assert self._batch is not None
        return self._batch

    def stop(self, timeout: float = 5.0) -> Batch:
        """End the run; the batch of all finished rows."""
        self._stop()
        return self.wait(timeout)

    @property
    def running(self) -> str:
        """What to do meanwhile, for those who ask for the batch too early."""
        return (
            f"{one_line(self.name, 60)} is still running: {self.name}.wait() gives the batch, "
            f"{self.name}.stop() ends the run and keeps its rows"
        )

    def __getattr__(self, name: str) -> Any:
        """What the batch has, as soon as there is one."""
        if name.startswith("_"):
            raise AttributeError(name)
        if self._batch is None:
            raise AttributeError(f"no {name} yet; {self.running}")
        return getattr(self._batch, name)

    def __len__(self) -> int:
        if self._batch is not None:
            return len(self._batch)
        return self._latest.accepted if self._latest else 0

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        name = one_line(self.name, 60)
        if self._batch is not None:
            return f"<LiveBatch {name}, over: {self._batch.verdict}>"
        if self._error is not None:
            return f"<LiveBatch {name}, failed: {one_line(str(self._error))}>"
        if self._latest is None:
            return f"<LiveBatch {name}, running: {self.wanted:,} rows wanted>"
        return f"<LiveBatch {name}, running: {' '.join(progress_text(self._latest))}>"

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> dict[str, object]:
        if self._batch is not None:
            return self._batch._repr_mimebundle_()
        return {"text/plain": repr(self)}
