"""The run: workers fill rows, checks decide, events say what happened.

Rows live in a fixed number of workers, never in a list of the whole run. A decision that
depends on other rows (checks that compare, quotas) is made in the order of the plan, so
the same rows are kept at any concurrency.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from synthnb.checks import Check
from synthnb.engine.breaker import Breaker
from synthnb.engine.decisions import Judge, Records
from synthnb.engine.pipeline import Outcome, Pipeline
from synthnb.engine.problems import FULL, STAGES
from synthnb.engine.slots import Slots
from synthnb.errors import FatalModelError, SynthError
from synthnb.events import Event, Notice, Progress, RowDone, RunEnded, RunStarted, Status
from synthnb.middleware import BudgetReached, Purse
from synthnb.store import Store, encode_record
from synthnb.types import Record, Usage

__all__ = ["HELD", "Engine", "Job"]

TICK = 0.25
"""Seconds between progress events."""
BEAT = 3.0
"""Seconds between signs of life in the store."""
AHEAD = 4096
"""Candidates that may be finished before the oldest undecided one."""
TOGETHER = 256
"""Candidates that are looked up together before they are decided one by one."""
REAL = 10**12
"""Places of real rows in the store: after every candidate."""
HELD = 20_000
"""Rows up to which a run is held in memory as well; a longer one needs its store."""
GRACE = {"budget": 2.0, "stopped": 1.0, "interrupted": 0.4}
"""Seconds that answers on their way get when a run ends early."""


@dataclass(slots=True)
class Job:
    """Everything one run needs; ``api.prepare`` makes it."""

    run_id: str
    pipeline: Pipeline
    slots: Slots
    records: Records
    checks: Sequence[Check]
    purse: Purse
    workers: int
    models: tuple[str, ...] = ()
    store: Store | None = None
    stop_if: dict[str, float] = field(default_factory=dict)
    full_calls: bool = True
    """Keep the prompts with the stored rows."""
    main: str = ""
    """The column that ``stop_if: {novelty_below: …}`` reads and progress shows."""


class Engine:
    """Runs one job once. ``emit`` is called with every event, on the loop's thread."""

    def __init__(self, job: Job, emit: Callable[[Event], None]) -> None:
        self.job, self.emit = job, emit
        self.funnel = dict.fromkeys(STAGES, 0)
        self.rejected = 0
        self.judge = Judge(job.checks)
        self.breaker = Breaker(job.slots.n, job.stop_if, job.main)
        self._ordered = bool(self.judge.ordered or job.slots.in_order)
        self._waiting: list[tuple[int, int, Outcome]] = []
        self._ready: deque[Outcome] = deque()
        self._next_seq = 0
        self._draining = False
        self._status: Status = "done"
        self._reason = ""
        self._stopping = False
        self._turned = asyncio.Event()
        self._over = asyncio.Event()
        self._started = time.monotonic()
        self._beat_at = 0.0
        self._running: set[asyncio.Task[None]] = set()

    @property
    def usage(self) -> Usage:
        """Sums so far."""
        return self.job.purse.usage()

    async def run(self) -> None:
        """Run to the end; rows, reasons and the end are events. Never raises for a row."""
        job = self.job
        self.emit(RunStarted(job.run_id, job.slots.n, job.models, job.main))
        ticker = asyncio.ensure_future(self._tick())
        workers = [asyncio.ensure_future(self._work()) for _ in range(job.workers)]
        self._running = set(workers)
        over = asyncio.ensure_future(self._over.wait())
        try:
            await asyncio.wait(
                {over, asyncio.ensure_future(asyncio.wait(workers))},
                return_when=asyncio.FIRST_COMPLETED,
            )
            # Nothing more is sent now; what was answered, or is about to be, is kept.
            await asyncio.wait(workers, timeout=GRACE.get(self._status, 0.0))
        finally:
            for task in (*workers, ticker, over):
                task.cancel()
            await asyncio.gather(*workers, ticker, over, return_exceptions=True)
            await self._leftovers()
            await self._end()

    def stop(self, status: Status, reason: str) -> None:
        """Send nothing more and end; what is finished is kept. The first call counts."""
        if self._stopping:
            return
        self._stopping = True
        self._status, self._reason = status, reason
        self.job.slots.abandon()
        self.job.purse.closed = True
        self._turned.set()
        self._over.set()

    # workers

    async def _work(self) -> None:
        slots, ordered = self.job.slots, self._ordered
        try:
            while not self._stopping:
                if ordered and slots.handed - self._next_seq > AHEAD:
                    await self._turn()
                    continue
                slot = slots.next()
                if slot is None:
                    if slots.done:
                        self._turned.set()
                        return
                    await self._turn()
                    continue
                for outcome in await self.job.pipeline.run(slot):
                    await self._finished(outcome)
        except BudgetReached as error:
            self.stop("budget", str(error))
        except FatalModelError as error:
            self.stop("stopped", str(error))
        except asyncio.CancelledError:
            raise
        except SynthError as error:
            self.stop("failed", str(error))
        except Exception as error:
            self.stop("failed", f"{type(error).__name__}: {error}")
            raise

    async def _turn(self) -> None:
        """Wait until something was decided."""
        if self._turned.is_set():
            self._turned.clear()
        await self._turned.wait()

    async def _finished(self, outcome: Outcome) -> None:
        """Judge what needs no other row; then decide, or wait for the rows before."""
        if outcome.lost is None:
            await self.judge.alone(outcome)
        if not self._ordered:
            self._decide(outcome)
            return
        heapq.heappush(self._waiting, (outcome.row.seq, id(outcome), outcome))
        if not self._draining:
            await self._drain()

    async def _drain(self) -> None:
        """Decide every candidate whose predecessors are all decided."""
        self._draining = True
        try:
            # What else finishes in this turn of the loop is decided along with it.
            await asyncio.sleep(0)
            while self._gather():
                await self.judge.foresee(self._ready)
                while self._ready:
                    await self._compare(self._ready.popleft())
        finally:
            self._draining = False

    def _gather(self) -> bool:
        """Put those that can be decided now in their order; whether there are any."""
        while (
            self._waiting
            and self._waiting[0][0] == self._next_seq
            and len(self._ready) < TOGETHER
        ):
            self._ready.append(heapq.heappop(self._waiting)[2])
            self._next_seq += 1
        return bool(self._ready)

    async def _compare(self, outcome: Outcome) -> None:
        if outcome.lost is None and not outcome.failed:
            await self.judge.among(outcome)
        self._decide(outcome)

    async def _leftovers(self) -> None:
        """Finished candidates behind one that will never finish are decided as well.

        Those that would need a model again are not: it is asked no more, and their answers
        are in the store for a resume.
        """
        self._draining = True
        self._ready.extend(outcome for _, _, outcome in sorted(self._waiting))
        self._waiting.clear()
        try:
            while self._ready:
                await self._compare(self._ready.popleft())
        except FatalModelError:
            pass
        except Exception as error:
            self.stop("failed", f"{type(error).__name__}: {error}")

    # decisions

    def _decide(self, outcome: Outcome) -> None:
        slots = self.job.slots
        if outcome.lost is None and not outcome.failed:
            full = slots.full(outcome.row.values)
            if full is not None:
                outcome.reject(FULL, full)
        record, stage = self.job.records.make(outcome)
        for name in STAGES:
            if name == stage:
                break
            self.funnel[name] += 1
        if record.accepted:
            slots.admit(outcome.row.values)
            slots.accept(outcome.slot)
            self.judge.admit(outcome)
            self.job.pipeline.admit(outcome.row, record)
        else:
            self.rejected += 1
            slots.lose(outcome.slot, record.reasons[0])
        self._store(outcome.row.seq, record)
        self.emit(RowDone(record, outcome.row.seq))
        tripped = self.breaker.count(outcome.lost, record)
        if tripped is not None:
            cells = slots.short_cells() if slots.accepted and slots.in_order else []
            self.stop("stopped", "; ".join([tripped, *cells]))
        self._turned.set()

    def _store(self, seq: int, record: Record) -> None:
        store = self.job.store
        if store is None:
            return
        try:
            value = encode_record(record, messages=self.job.full_calls)
        except (TypeError, ValueError) as error:
            self.emit(Notice(f"row {record.index} cannot be stored: {error}", "store"))
            return
        store.add_row(self.job.run_id, seq, record.accepted, value)
        now = time.monotonic()
        if now - self._beat_at > BEAT:
            self._beat_at = now
            store.beat(self.job.run_id, self.funnel["accepted"], self.rejected)
            if store.failure is not None and self.job.slots.n > HELD:
                self.stop("failed", f"{store.failure} Rows of a long run cannot be kept.")

    # progress and end

    async def _tick(self) -> None:
        last: tuple[int, int, int] | None = None
        while True:
            await asyncio.sleep(TICK)
            if time.monotonic() > self.job.purse.ends:
                minutes = self.job.purse.caps.minutes or 0.0
                self.stop("budget", f"the budget of {minutes:g} minutes is used up")
            state = (self.funnel["accepted"], self.rejected, self.usage.requests)
            if state != last:
                last = state
                self.emit(self._progress())

    def _progress(self) -> Progress:
        return Progress(
            self.funnel["accepted"],
            self.rejected,
            self.job.slots.n,
            self.job.purse.in_flight,
            self.usage,
            time.monotonic() - self._started,
            dict(self.funnel),
        )

    async def _end(self) -> None:
        slots = self.job.slots
        short: tuple[object, ...] = ()
        if not self._stopping and slots.accepted < slots.n:
            self._status = "exhausted"
            self._reason = slots.why_short()
        if slots.accepted < slots.n:
            short = slots.shortfall()
        last = REAL
        for last, record in enumerate(self.job.records.real(slots.accepted), REAL + 1):
            self._store(last - 1, record)
            self.emit(RowDone(record, last - 1))
        elapsed = time.monotonic() - self._started
        ended = RunEnded(
            self.job.run_id, self._status, self._reason, dict(self.funnel), self.usage,
            elapsed, short,  # type: ignore[arg-type]
        )  # fmt: skip
        # Before an interruption more candidates may have been needed than are needed now.
        stale = [] if self._stopping else [(slots.handed, REAL), (last, 2 * REAL)]
        await self._close(ended, stale)
        self.emit(self._progress())
        self.emit(ended)

    async def _close(self, ended: RunEnded, stale: list[tuple[int, int]]) -> None:
        if self.job.store is None:
            return
        usage = ended.usage
        outcome = {
            "funnel": dict(ended.funnel), "elapsed": ended.elapsed,
            "usage": [usage.requests, usage.prompt_tokens, usage.completion_tokens,
                      usage.cached, usage.cost, usage.currency],
            "paid": self.job.purse.paid,
            "exhausted": list(ended.exhausted),
        }  # fmt: skip
        counts = (self.funnel["accepted"], self.rejected)
        try:
            await self.job.store.finish_run(
                self.job.run_id, ended.status, ended.reason, counts, outcome, stale
            )
        except Exception as error:
            self.emit(Notice(f"{error} The end of this run is not stored.", "store"))
