"""A started run: it works on the background loop while the caller waits, paints or stops it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures import wait as futures_wait
from typing import TYPE_CHECKING

from synthnb.api.preparing import Run
from synthnb.batch import Batch
from synthnb.engine import Engine
from synthnb.engine.run import HELD
from synthnb.errors import StoreError
from synthnb.events import Event, Notice, RowDone, RunEnded
from synthnb.store import RunInfo, StoredRecords
from synthnb.types import Record

if TYPE_CHECKING:
    from synthnb.charts.stored import Gathered

__all__ = ["Handle", "launch"]

STEP = 0.2
"""Seconds between looks at a future while waiting without end."""

Listener = Callable[[Event], None]


class Collector:
    """Keeps the records of a run as long as they are few, of many what charts count."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.records: list[Record] = []
        self._places: list[int] = []
        self._gathered: Gathered | None = None
        self.ended: RunEnded | None = None
        self.notices: list[Notice] = []

    @property
    def spilled(self) -> bool:
        """Whether the records are in the store alone."""
        return self._gathered is not None

    def hear(self, event: Event) -> None:
        """Take one event."""
        if isinstance(event, RowDone):
            if self._gathered is not None:
                self._gathered.hear(event.place, event.record)
                return
            self.records.append(event.record)
            self._places.append(event.place)
            if len(self.records) > HELD and self._run.store is not None:
                self._spill()
        elif isinstance(event, RunEnded):
            self.ended = event
        elif isinstance(event, Notice) and len(self.notices) < 100:
            self.notices.append(event)

    def _spill(self) -> None:
        from synthnb.charts.stored import Gathered

        self._gathered = Gathered(self._run.recipe)
        for place, record in zip(self._places, self.records, strict=True):
            self._gathered.hear(place, record)
        self.records, self._places = [], []

    def all(self) -> Sequence[Record]:
        """Every record so far."""
        if self._gathered is None or self._run.store is None:
            return list(self.records)
        records = StoredRecords(self._run.store, self._run.id)
        if self.ended is not None:
            from synthnb.charts.stored import take_columns

            take_columns(records, self._gathered)
        return records


class Handle:
    """Control over one run. Made by ``api.start``."""

    def __init__(self, run: Run, on_event: Listener | None) -> None:
        self.run = run
        self._listener = on_event
        self._collector = Collector(run)
        self._engine: Engine | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._future: Future[None] | None = None
        self._batch: Batch | None = None
        self._stop_asked = False
        self._lock = threading.Lock()

    def done(self, timeout: float = 0.0) -> bool:
        """Whether the run has ended; waits up to ``timeout`` seconds for it."""
        try:
            self._wait(timeout)
        except FutureTimeout:
            return False
        except Exception:
            return True
        return True

    def result(self, timeout: float | None = None) -> Batch:
        """The batch; after ``timeout`` seconds the one of what is finished by then."""
        try:
            self._wait(timeout)
        except FutureTimeout:
            return self._partial()
        return self._made()

    def stop(self) -> None:
        """End the run and keep what is finished; returns at once."""
        self._stop_asked = True
        loop, engine = self._loop, self._engine
        if loop is not None and engine is not None:
            loop.call_soon_threadsafe(engine.stop, "interrupted", "stopped by you")

    def when_done(self, call: Callable[[Batch | None, BaseException | None], None]) -> None:
        """Call with the batch, or with what went wrong, on a thread of its own."""

        def over(future: Future[None]) -> None:
            def tell() -> None:
                try:
                    batch = self.result()
                except BaseException as error:
                    call(None, error)
                else:
                    call(batch, None)

            threading.Thread(target=tell, name="synthnb-done", daemon=True).start()

        assert self._future is not None
        self._future.add_done_callback(over)

    @property
    def future(self) -> Future[None]:
        """Done when the run is; holds no result."""
        assert self._future is not None
        return self._future

    def _wait(self, timeout: float | None) -> None:
        """Wait in short steps, so that an interrupt reaches the caller on every system."""
        assert self._future is not None
        if timeout is None:
            while not self._future.done():
                futures_wait([self._future], STEP)
        self._future.result(timeout)

    def _made(self) -> Batch:
        with self._lock:
            if self._batch is None:
                self._batch = self._register(self._partial())
            return self._batch

    def _partial(self) -> Batch:
        run, ended = self.run, self._collector.ended
        engine = self._engine
        funnel = ended.funnel if ended else dict(engine.funnel) if engine else {}
        return Batch(
            records=self._collector.all(),
            recipe=run.recipe,
            funnel=funnel,
            usage=ended.usage if ended else run.purse.usage(),
            status=ended.status if ended else "interrupted",
            reason=ended.reason if ended else "stopped by you",
            name=run.name,
            plan_targets=run.plan.targets,
            elapsed=ended.elapsed if ended else 0.0,
            run=run.id,
            wanted=run.wanted,
            exhausted=ended.exhausted if ended else (),
            frame=run.frame,
        )

    def _register(self, batch: Batch) -> Batch:
        """Give the batch its version number among those of this folder and name."""
        store = self.run.store
        if store is None:
            return batch
        run = self.run
        digest = f"{run.recipe.fingerprint[:8]}{run.id}"  # reading back a long run takes long
        if not self._collector.spilled:
            digest = batch.hash
        try:
            made = store.register_version(
                run.project, batch.name, run.id, digest, tape=run.replayed
            )
        except StoreError as error:
            self._tell(Notice(f"{error} This batch has no version number.", "store"))
            return batch
        # Decisions on rows belong to the run that first made this content.
        return batch.replace(version=made.number, run=made.run)

    # on the loop's thread

    async def drive(self) -> None:
        """Run to the end; started by ``launch``."""
        run = self.run
        self._loop = asyncio.get_running_loop()
        run.notify = self._tell
        try:
            self._open_run()
            for notice in run.notices:
                self._tell(notice)
            engine = self._engine = Engine(run.job(), self._tell)
            if self._stop_asked:
                engine.stop("interrupted", "stopped by you")
            await engine.run()
        finally:
            await run.aclose()

    def _open_run(self) -> None:
        run, store = self.run, self.run.store
        if store is None:
            return
        if store.notice:
            self._tell(Notice(store.notice, "store"))
            store.notice = None
        if run.resumed:
            return
        info = RunInfo(
            run.id, run.project, run.name, run.recipe.dumps(), str(run.base),
            run.recipe.fingerprint, run.wanted,
            None if run.recipe.model else run.default_model,
            run.plan.source.sha256 if run.plan.source is not None else None,
            since=run.since, flags=run.flags,
        )  # fmt: skip
        try:
            store.start_run(info)
        except StoreError as error:
            self._tell(Notice(f"{error} This run cannot be resumed.", "store"))

    def _tell(self, event: Event) -> None:
        """Pass an event on. A listener that fails ends the run, rows are kept."""
        self._collector.hear(event)
        if self._listener is None:
            return
        try:
            self._listener(event)
        except Exception as error:
            self._listener = None
            if self._engine is not None:
                said = str(error) or type(error).__name__
                self._engine.stop("failed", f"what listens to the run failed: {said}")


def launch(run: Run, on_event: Listener | None = None) -> Handle:
    """Start a prepared run on the background loop."""
    from synthnb.concurrency import start

    handle = Handle(run, on_event)
    run.started = True  # from here on the run lets go of its models itself
    handle._future = start(handle.drive())
    return handle
