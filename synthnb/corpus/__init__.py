"""What a corpus covers, what it lacks, and the quotas that would fill the gap."""

from __future__ import annotations

from synthnb.corpus.coverage import Coverage, coverage
from synthnb.corpus.filling import Filling

__all__ = ["Coverage", "Filling", "coverage"]
