"""The store: answers, runs, rows, versions and decisions in one SQLite file.

The only room that keeps state on disk. A finished answer is committed (group commit
within 50 ms) before anything counts it, so ``kill -9`` loses no finished row.
"""

from __future__ import annotations

from synthnb.store.database import Store
from synthnb.store.rows import StoredRecords, decode_record, encode_record, id_marks, row_id
from synthnb.store.runs import RunInfo, VersionInfo

__all__ = [
    "RunInfo",
    "Store",
    "StoredRecords",
    "VersionInfo",
    "decode_record",
    "encode_record",
    "id_marks",
    "row_id",
]
