"""The engine: from a plan to decided rows, as a stream of events. It knows no screen."""

from __future__ import annotations

from synthnb.engine.build import build_job
from synthnb.engine.run import Engine, Job
from synthnb.engine.streaming import stream

__all__ = ["Engine", "Job", "build_job", "stream"]
