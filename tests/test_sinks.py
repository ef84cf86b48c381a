"""Rows written one by one and read back by the libraries that people use."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from synthnb import sinks
from synthnb.sinks import JsonlSink, ParquetSink
from synthnb.types import Row


def parquet(tmp_path: Path, rows: list[Row]) -> list[Row]:
    with ParquetSink(tmp_path / "rows.parquet") as sink:
        for row in rows:
            sink.write(row)
    return list(pq.read_table(tmp_path / "rows.parquet").to_pylist())


def test_lines_and_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sinks, "GROUP", 10)
    rows: list[Row] = [{"text": f"row {i}", "answer": {"n": i}} for i in range(25)]
    assert parquet(tmp_path, rows) == rows
    assert pq.ParquetFile(tmp_path / "rows.parquet").num_row_groups == 3
    with JsonlSink(tmp_path / "rows.jsonl") as sink:
        for row in rows:
            sink.write(row)
    lines = (tmp_path / "rows.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == rows


def test_a_column_that_starts_empty_gets_its_type_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sinks, "GROUP", 2)
    rows: list[Row] = [{"x": None}, {"x": None}, {"x": 1}, {"x": 2}, {"x": 2.5}, {"x": 3}]
    assert parquet(tmp_path, rows) == [
        {"x": None}, {"x": None}, {"x": 1.0}, {"x": 2.0}, {"x": 2.5}, {"x": 3.0},
    ]  # fmt: skip


def test_new_columns_and_new_fields_widen_the_schema(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sinks, "GROUP", 1)
    read = parquet(tmp_path, [{"a": {"x": 1}}, {"a": {"x": 2, "y": "new"}, "b": "also new"}])
    assert read[0] == {"a": {"x": 1, "y": None}, "b": None}
    assert read[1] == {"a": {"x": 2, "y": "new"}, "b": "also new"}


def test_mixed_types_become_json_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sinks, "GROUP", 2)
    read = parquet(tmp_path, [{"x": 1}, {"x": 2}, {"x": "three"}, {"x": [4]}])
    assert [row["x"] for row in read] == ["1", "2", '"three"', "[4]"]


def test_no_rows_leave_an_empty_table(tmp_path: Path) -> None:
    assert parquet(tmp_path, []) == []


def test_odd_values_are_saved(tmp_path: Path) -> None:
    rows: list[Row] = [{"x": "\ud800"}, {"x": "nul\x00"}, {"x": "🌍" * 1000}]
    assert [row["x"] for row in parquet(tmp_path, rows)] == ["?", "nul\x00", "🌍" * 1000]
    with JsonlSink(tmp_path / "rows.jsonl") as sink:
        sink.write({"x": "\ud800", "big": 2**70})
    assert json.loads((tmp_path / "rows.jsonl").read_text()) == {"x": "?", "big": 2**70}


def test_objects_without_fields_become_missing(tmp_path: Path) -> None:
    read = parquet(tmp_path, [{"a": {}, "b": [{}]}, {"a": {}, "b": []}])
    assert read == [{"a": None, "b": [None]}, {"a": None, "b": []}]
