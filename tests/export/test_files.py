"""Plain formats, read back by the libraries that people open them with."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from synthnb.errors import ExportError
from synthnb.export import write_rows
from synthnb.types import Row

ROWS: list[Row] = [
    {"text": "Grüße, 世界 🌍", "stars": 5, "answer": {"a": 1, "cites": ["x"]}},
    {"text": '=HYPERLINK("http://127.0.0.1")', "stars": None, "answer": {"a": 2, "cites": []}},
]


def test_jsonl_keeps_structure_and_text(tmp_path: Path) -> None:
    path = write_rows(ROWS, tmp_path / "rows.jsonl")
    assert [json.loads(line) for line in path.read_text("utf-8").splitlines()] == ROWS


def test_parquet_keeps_structs(tmp_path: Path) -> None:
    path = write_rows(ROWS, tmp_path / "rows.parquet")
    assert pq.read_table(path).to_pylist() == ROWS


def test_csv_is_untouched_and_excel_is_neutral(tmp_path: Path) -> None:
    exact = pd.read_csv(write_rows(ROWS, tmp_path / "rows.csv"))
    assert exact["text"][1].startswith("=HYPERLINK")
    sheet = pd.read_csv(write_rows(ROWS, tmp_path / "sheet.csv", "excel"))
    assert sheet["text"][1].startswith("'=HYPERLINK")
    assert sheet["text"][0] == ROWS[0]["text"]


def test_mixed_columns_and_odd_values_still_save(tmp_path: Path) -> None:
    odd: list[Row] = [{"x": 1}, {"x": "one"}, {"x": float("nan")}, {"x": "\ud800"}]
    parquet = write_rows(odd, tmp_path / "odd.parquet")
    assert pq.read_table(parquet).column("x").to_pylist() == ["1", '"one"', None, '"?"']
    lines = write_rows(odd, tmp_path / "odd.jsonl").read_text("utf-8").splitlines()
    assert json.loads(lines[2]) == {"x": None}


def test_unknown_format_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="Formats: jsonl, csv, parquet, excel"):
        write_rows(ROWS, tmp_path / "rows.docx")


def test_no_half_written_file_stays_behind(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(ExportError, match="cannot be written"):
        write_rows(ROWS, blocked / "rows.jsonl")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
