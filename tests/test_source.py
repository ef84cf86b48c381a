"""Real rows: what a file becomes, and the one line a bad one gets."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synthnb.errors import SourceError
from synthnb.recipe.parts import Chunk, Source
from synthnb.source import SourceRows, in_place_of, open_source, row_id
from synthnb.source.tables import to_frame


def opened(folder: Path, name: str, content: str | bytes, **settings: Any) -> SourceRows:
    raw = content.encode() if isinstance(content, str) else content
    (folder / name).write_bytes(raw)
    return open_source(Source(path=name, **settings), base=folder)


def rows(source: SourceRows) -> list[dict[str, Any]]:
    return [source.row(i) for i in range(len(source))]


def test_csv_cells_get_the_types_of_their_column(tmp_path: Path) -> None:
    text = "id,zip,score,ok,note\n1,007,1.5,true,hello\n2,123,,false,\n-3,9,2e3,TRUE,NA\n"
    assert rows(opened(tmp_path, "a.csv", text)) == [
        {"id": 1, "zip": "007", "score": 1.5, "ok": True, "note": "hello"},
        {"id": 2, "zip": "123", "score": None, "ok": False, "note": None},
        {"id": -3, "zip": "9", "score": 2000.0, "ok": True, "note": "NA"},
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", 'text;n\n"a; b\nc";1\n'),
        ("a.tsv", '"text"\tn\n"a; b\nc"\t1\n'),
        ("a.csv", b'\xef\xbb\xbftext,n\r\n"a; b\nc",1\r\n'),
        ("a.csv", 'text,n\n"a; b\nc",1\n'.encode("utf-16")),
        ("a.json", '[{"text": "a; b\\nc", "n": 1}]'),
        ("a.json", '{"text": ["a; b\\nc"], "n": [1]}'),
        ("a.json", '{"text": "a; b\\nc", "n": 1}\n{"text": "a; b\\nc", "n": 1}'),
        ("a.jsonl", '{"text": "a; b\\nc", "n": 1}\n\n'),
    ],
)
def test_text_formats(tmp_path: Path, name: str, content: str | bytes) -> None:
    source = opened(tmp_path, name, content)
    assert source.columns == ["text", "n"]
    assert source.row(0) == {"text": "a; b\nc", "n": 1}


FRAME = pd.DataFrame(
    {
        "text": ["a", None],
        "n": [1, 2],
        "x": [0.5, np.nan],
        "day": pd.to_datetime(["2026-01-31 08:30", None]),
        "kind": pd.Categorical(["u", "v"]),
        "tags": [["p", "q"], []],
    },
    index=[5, 9],
)
JSON_ROWS = [
    {"text": "a", "n": 1, "x": 0.5, "day": "2026-01-31T08:30:00", "kind": "u",
     "tags": ["p", "q"]},
    {"text": None, "n": 2, "x": None, "day": None, "kind": "v", "tags": []},
]  # fmt: skip


def test_frames_keep_their_types(tmp_path: Path) -> None:
    assert rows(open_source(None, base=tmp_path, frame=FRAME)) == JSON_ROWS
    assert (
        rows(open_source(None, base=tmp_path, frame=pa.Table.from_pandas(FRAME)))[0]["n"] == 1
    )
    assert rows(open_source(None, base=tmp_path, frame=JSON_ROWS)) == JSON_ROWS
    mixed = pd.DataFrame({"a": [1, "x", None]})
    assert rows(open_source(None, base=tmp_path, frame=mixed)) == [
        {"a": 1},
        {"a": "x"},
        {"a": None},
    ]


def test_rows_go_back_into_a_frame_like_the_one_they_came_from() -> None:
    day = pd.to_datetime(["2026-01-31"])
    like = pd.DataFrame({"day": day, "mood": pd.Categorical(["angry"]), "n": [1]})
    row = {"day": "2026-02-01T00:00:00", "mood": "angry", "n": 2.5}
    assert dict(to_frame([row], list(row), like=like).dtypes)["day"] == like["day"].dtype
    assert to_frame([row], list(row), like=like)["mood"].dtype == like["mood"].dtype
    other = {"day": "soon", "mood": "happy", "n": 2.5}  # what a recipe wrote anew
    assert to_frame([other], list(other), like=like).to_dict("records") == [other]


@pytest.mark.parametrize(
    "days",
    [
        pd.to_datetime(["2026-01-31 10:00:00.5", "2026-02-01", None], format="ISO8601"),
        pd.to_datetime(["2026-01-31", "2026-07-31 08:30"], format="ISO8601").tz_localize(
            "Europe/Berlin"
        ),
        pd.to_datetime(["2026-01-31 10:00:00.123456789", "2026-02-01"], format="ISO8601"),
    ],
)
def test_dates_of_any_spelling_go_back_as_dates(days: pd.DatetimeIndex, tmp_path: Path) -> None:
    like = pd.DataFrame({"day": days})
    read = rows(open_source(None, base=tmp_path, frame=like))

    assert to_frame(read, ["day"], like=like).equals(like)


def test_parquet_and_excel(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pandas(FRAME, preserve_index=False), tmp_path / "a.parquet")
    source = open_source(Source(path="a.parquet"), base=tmp_path)
    assert rows(source) == JSON_ROWS
    FRAME[["text", "n"]].to_excel(tmp_path / "a.xlsx", index=False)
    excel = open_source(Source(path="a.xlsx"), base=tmp_path)
    assert rows(excel) == [{"text": "a", "n": 1}, {"text": None, "n": 2}]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", "", "a.csv is empty"),
        ("a.csv", "a,b\n", "column names but no rows"),
        ("a.csv", "a,b\n1,2\n1,2,3\n", "a.csv, line 3: 3 cells"),
        ("a.csv", "a,a\n1,2\n", "names column 'a' twice"),
        ("a.csv", "a,\n1,2\n", "column 2 has no name"),
        ("a.csv", b"a\n\xe9\n", "not UTF-8 text"),
        ("a.csv", b"a\0b\n", "zero bytes"),
        ("a.csv", 'a\n"x', "not readable as CSV"),
        ("a.json", '{"a": 1}', "must be a list of objects"),
        ("a.json", "[1, 2]", "row 1 is not an object"),
        ("a.json", "[" * 100_000, "nested too deep"),
        ("a.json", "{", "line 1: not JSON"),
        ("a.jsonl", '{"a": 1}\n[2]\n', "line 2: not one JSON object"),
        ("a.parquet", b"PAR1nonsense", "not readable as Parquet"),
        ("a.xlsx", b"PK nonsense", "not readable as an Excel workbook"),
        ("a.exe", b"MZ", "not a table that synthnb reads"),
    ],
)
def test_what_bad_files_get(tmp_path: Path, name: str, content: str | bytes, says: str) -> None:
    with pytest.raises(SourceError) as caught:
        opened(tmp_path, name, content)
    assert says in str(caught.value) and "\n" not in str(caught.value)


def test_an_absent_file_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no file rows\.csv .*--source"):
        open_source(Source(path="rows.csv"), base=tmp_path)
    with pytest.raises(SourceError, match="A set is not a table"):
        open_source(None, base=tmp_path, frame={1, 2})
    with pytest.raises(SourceError, match="has no rows"):
        open_source(None, base=tmp_path, frame=[])


def test_chosen_columns(tmp_path: Path) -> None:
    text = "text,label,id\na,x,1\n"
    assert opened(tmp_path, "a.csv", text, columns=["label"]).row(0) == {"label": "x"}
    with pytest.raises(SourceError, match="did you mean 'label'"):
        opened(tmp_path, "a.csv", text, columns=["lable"])
    with pytest.raises(SourceError, match="no column 'family'"):
        opened(tmp_path, "a.csv", text, group="family")
    assert opened(tmp_path, "a.csv", text, group="id", columns=["text"]).group_of(0) == 1


def test_a_strangers_recipe_reaches_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, here = tmp_path / "recipe", tmp_path / "work"
    base.mkdir(), here.mkdir()
    monkeypatch.chdir(here)
    (tmp_path / "secret.csv").write_text("a\n1\n")
    (base / ".hidden.csv").write_text("a\n1\n")
    (base / "link.csv").symlink_to(tmp_path / "secret.csv")
    (here / "mine.csv").write_text("a\n1\n")
    for path in (str(tmp_path / "secret.csv"), "../secret.csv", "link.csv", ".hidden.csv",
                 "/etc/passwd"):  # fmt: skip
        with pytest.raises(SourceError, match="--source"):
            open_source(Source(path=path), base=base)
    with pytest.raises(SourceError, match="not a local file"):
        open_source(Source(path="https://example.org/a.csv"), base=base)
    assert len(open_source(Source(path="mine.csv"), base=base)) == 1
    assert len(open_source(None, base=base, frame="../secret.csv")) == 1


def test_pipes_and_folders_are_no_tables(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(SourceError, match="is not a file"):
        open_source(Source(path="pipe.csv"), base=tmp_path)


def test_ids_follow_from_content(tmp_path: Path) -> None:
    source = opened(tmp_path, "a.csv", "a,b\n1,x\n2,y\n1,x\n")
    assert source.id(0) == source.id(2) == row_id({"b": "x", "a": 1}) != source.id(1)
    assert len(source.id(0)) == 16


def test_generation_depth_of_our_own_rows(tmp_path: Path) -> None:
    notes: list[Any] = [None, {"generation": 2}, '{"generation": 3}', "gibberish", {"x": 1}]
    lines = [{"text": str(i), "_synthnb": note} for i, note in enumerate(notes)]
    source = opened(tmp_path, "a.jsonl", "\n".join(map(json.dumps, lines)))
    assert source.columns == ["text"]
    assert [source.depth(i) for i in range(5)] == [0, 2, 3, 1, 1]
    assert source.row(1) == {"text": "1"}


def test_a_pinned_hash_is_held(tmp_path: Path) -> None:
    first = opened(tmp_path, "a.csv", "a\n1\n")
    assert len(opened(tmp_path, "a.csv", "a\n1\n", sha256=first.sha256)) == 1
    with pytest.raises(SourceError, match="changed since the recipe was saved"):
        opened(tmp_path, "a.csv", "a\n2\n", sha256=first.sha256)


def test_the_recipe_settings_are_carried(tmp_path: Path) -> None:
    source = opened(tmp_path, "a.csv", "a\n1\n", license="CC0-1.0", local_only=True)
    assert (source.license, source.local_only, source.name) == ("CC0-1.0", True, "a.csv")
    frame = open_source(None, base=tmp_path, frame=[{"a": 1}])
    assert len(frame.sha256) == 64


def test_other_rows_do_not_inherit_a_licence(tmp_path: Path) -> None:
    own = Source(path="a.csv", license="CC0-1.0", sha256="0" * 64, per_row=2, columns=["a"])
    other = in_place_of(own, "b.csv", base=tmp_path)
    assert (other.path, other.license, other.sha256) == ("b.csv", None, None)
    assert (other.per_row, other.columns) == (2, ["a"])
    assert in_place_of(own, [{"a": 1}], base=tmp_path).license is None
    assert in_place_of(own, tmp_path / "a.csv", base=tmp_path) is own
    (tmp_path / "a.csv").write_text("a\n1\n")  # beside the recipe, not where one stands
    assert in_place_of(own, "a.csv", base=tmp_path).license is None
    said_of_rows_to_come = Source(license="CC0-1.0")
    assert in_place_of(said_of_rows_to_come, "b.csv", base=tmp_path).license == "CC0-1.0"
    cut = Source(documents="docs", chunk=Chunk(words=40), license="CC0-1.0")
    texts = in_place_of(cut, "other/*.md", base=tmp_path)
    assert (texts.documents, texts.chunk, texts.license) == ("other/*.md", cut.chunk, None)
    assert in_place_of(cut, "b.csv", base=tmp_path).chunk is None
    assert in_place_of(cut, tmp_path / "docs", base=tmp_path) is cut
    listed = Source(documents=["docs"], license="CC0-1.0")
    assert in_place_of(listed, tmp_path / "docs", base=tmp_path) is listed
    several = Source(documents=["docs", "more"], license="CC0-1.0")
    assert in_place_of(several, tmp_path / "docs", base=tmp_path).license is None
    (tmp_path / "docs").mkdir()  # what a cell names may be a folder
    folder = in_place_of(Source(path="docs"), tmp_path / "docs", base=tmp_path)
    assert (folder.path, folder.documents) == (None, str(tmp_path / "docs"))


def test_half_a_surrogate_pair_is_no_reason_to_end_a_run(tmp_path: Path) -> None:
    source = opened(
        tmp_path, "a.jsonl", '{"note": "half \\ud800", "seen": {"\\ud83d": "\\ude00"}}'
    )
    assert rows(source) == [{"note": "half \ufffd", "seen": {"\ufffd": "\ufffd"}}]
    assert rows(opened(tmp_path, "b.jsonl", '{"note": "\\ud83d\\ude00"}')) == [{"note": "😀"}]
