"""Documents: chunks are verbatim, overlapping, and read from disk one by one."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthnb.errors import SourceError
from synthnb.recipe.parts import Chunk, Source
from synthnb.source import SourceRows, open_source
from synthnb.source.documents import html_text


def chunks(
    folder: Path, pattern: str | list[str], words: int = 5, overlap: int = 2
) -> SourceRows:
    source = Source(documents=pattern, chunk=Chunk(words=words, overlap=overlap))
    return open_source(source, base=folder)


def test_chunks_overlap_and_are_verbatim(tmp_path: Path) -> None:
    text = "one two\n\nthree  four five six sévèn eight nine\n"
    (tmp_path / "a.txt").write_text(text)
    source = chunks(tmp_path, "a.txt")
    assert source.columns == ["chunk", "path", "position"]
    assert [source.row(i) for i in range(len(source))] == [
        {"chunk": "one two\n\nthree  four five", "path": "a.txt", "position": 1},
        {"chunk": "four five six sévèn eight", "path": "a.txt", "position": 2},
        {"chunk": "sévèn eight nine", "path": "a.txt", "position": 3},
    ]


@pytest.mark.parametrize("overlap", [0, 4, 9])
def test_no_word_is_lost_and_no_tail_repeats(tmp_path: Path, overlap: int) -> None:
    (tmp_path / "a.md").write_text(" ".join(map(str, range(50))))
    source = chunks(tmp_path, "a.md", words=5, overlap=overlap)
    parts = [source.row(i)["chunk"].split() for i in range(len(source))]
    assert {int(word) for part in parts for word in part} == set(range(50))
    assert not set(parts[-1]) <= set(parts[-2])


def test_chunks_are_whole_sentences_where_there_are_any(tmp_path: Path) -> None:
    text = (
        "# Hours\n\nWe open at nine. On Monday, e.g. in May, we close early! Ask at the desk."
    )
    (tmp_path / "a.md").write_text(text)
    source = chunks(tmp_path, "a.md", words=10, overlap=4)
    assert [source.row(i)["chunk"] for i in range(len(source))] == [
        "# Hours\n\nWe open at nine.",
        "On Monday, e.g. in May, we close early!",
        "Ask at the desk.",
    ]
    twice = chunks(tmp_path, "a.md", words=12, overlap=8)
    assert twice.values("chunk") == [
        "# Hours\n\nWe open at nine.",
        "We open at nine. On Monday, e.g. in May, we close early!",
        "On Monday, e.g. in May, we close early! Ask at the desk.",
    ]
    (tmp_path / "b.txt").write_text("猫である。名前はまだ無い。「犬」もいる。")
    japanese = chunks(tmp_path, "b.txt", words=9, overlap=0)
    assert japanese.values("chunk") == ["猫である。", "名前はまだ無い。", "「犬」もいる。"]


@given(lengths=st.lists(st.integers(1, 14), min_size=1, max_size=20), overlap=st.integers(0, 9))
def test_no_sentence_is_lost(lengths: list[int], overlap: int) -> None:
    words, at = [], 0
    for length in lengths:
        words += [f"W{at + i}" for i in range(length)]
        at += length
        words[-1] += "."
    with TemporaryDirectory() as folder:
        Path(folder, "a.txt").write_text(" ".join(words))
        parts = [
            text.split() for text in chunks(Path(folder), "a.txt", 10, overlap).values("chunk")
        ]
    assert list(dict.fromkeys(word for part in parts for word in part)) == words
    for before, part in pairwise(parts):
        assert len(part) <= 10 and not set(part) <= set(before)
        assert len(set(part) & set(before)) <= overlap


def test_japanese_has_no_spaces(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("吾輩は猫である。名前はまだ無い。")
    source = chunks(tmp_path, "a.txt", words=6, overlap=0)
    assert source.row(0)["chunk"] == "吾輩は猫であ" and len(source) > 2


def test_a_folder_of_many_kinds(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    (docs / "deep").mkdir(parents=True)
    (docs / "a.txt").write_text("plain text")
    (docs / "deep" / "b.md").write_text("# Title")
    (docs / "c.html").write_text("<p>Tea</p><script>alert(1)</script>")
    (docs / "d.csv").write_text("name,job\nAda,engineer\n")
    (docs / "e.csv").write_text('name;job\nBo;"pilot, cook"\n')
    (docs / "e.bin").write_bytes(b"\0\1")
    (docs / ".hidden.txt").write_text("no")
    (docs / "out.txt").symlink_to("/etc/hostname")
    found = {row["path"]: row["chunk"] for row in map(*rows_of(chunks(tmp_path, "docs")))}
    assert found == {
        "docs/a.txt": "plain text",
        "docs/c.html": "Tea",
        "docs/d.csv": "name: Ada, job: engineer",
        "docs/e.csv": "name: Bo, job: pilot, cook",
        "docs/deep/b.md": "# Title",
    }
    assert len(chunks(tmp_path, "docs/**/*.md")) == 1
    assert len(chunks(tmp_path, ["docs/*.txt", "docs/a.txt"])) == 1
    given = open_source(None, base=tmp_path / "other", frame=docs)
    assert set(given.values("path")) == set(found), "rows tell no folder of this machine"
    assert len(open_source(None, base=tmp_path, frame=docs)) == 5
    assert len(open_source(None, base=tmp_path, frame=f"{docs}/**/*.md")) == 1


def rows_of(source: SourceRows) -> tuple[Any, range]:
    return source.row, range(len(source))


def test_html_loses_markup_and_keeps_words() -> None:
    body = "<h1>Tea</h1><p>a &lt; b<br>c <b>d</b></p><style>p{}</style>"
    page = f"<head><title>x</title></head>{body}"
    assert html_text(page) == "Tea\na < b\nc d"
    assert html_text("<p>open <script>never closed") == "open"


def pdf(text: str) -> bytes:
    """A PDF of one page, written by hand."""
    stream = f"BT /F1 12 Tf 10 50 Td ({text}) Tj ET"
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 100]/Contents 4 0 R"
        "/Resources<</Font<</F1 5 0 R>>>>>>",
        f"<</Length {len(stream)}>>\nstream\n{stream}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, places = "%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    xref = f"xref\n0 6\n0000000000 65535 f \n{table}trailer\n<</Size 6/Root 1 0 R>>\n"
    return f"{out}{xref}startxref\n{len(out)}\n%%EOF\n".encode()


def test_pdf(tmp_path: Path) -> None:
    pytest.importorskip("pypdf")
    (tmp_path / "a.pdf").write_bytes(pdf("Tea is a warm drink"))
    assert chunks(tmp_path, "a.pdf").row(0)["chunk"] == "Tea is a warm drink"
    (tmp_path / "b.pdf").write_bytes(b"%PDF nonsense")
    with pytest.raises(SourceError, match=r"b\.pdf is not readable as PDF"):
        chunks(tmp_path, "b.pdf")


def test_what_bad_documents_get(tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9 au lait")
    (tmp_path / "empty.txt").write_text(" \n")
    (tmp_path / "table.xlsx").write_bytes(b"PK")
    for pattern, says in {
        "latin.txt": "not UTF-8",
        "empty.txt": "holds no text",
        "table.xlsx": "not a document",
        "none.txt": "no file or folder none.txt",
        "*.rst": "No document matches",
        "../*.txt": "outside its folder",
        "/etc/*.txt": "outside its folder",
    }.items():
        with pytest.raises(SourceError, match=says) as caught:
            chunks(tmp_path, pattern)
        assert "\n" not in str(caught.value)
    (tmp_path / "qa.synth.yaml").write_text("synthnb: 1")
    for name, says in {"qa.synth.yaml": "holds no rows", "lib.so": "neither table nor"}.items():
        (tmp_path / name).touch()
        with pytest.raises(SourceError, match=says):
            open_source(None, base=tmp_path, frame=tmp_path / name)


def test_a_large_folder_is_not_held_in_memory(tmp_path: Path) -> None:
    line = "word " * 199 + "end\n"
    for name in "abcd":
        (tmp_path / f"{name}.txt").write_text(line * 3000)  # 3 MB
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from synthnb.recipe.parts import Source\n"
        "from synthnb.source import open_source\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "base = Path(sys.argv[1])\n"
        "open_source(Source(documents='a.txt'), base=base)\n"
        "before = peak()\n"
        "source = open_source(Source(documents='*.txt'), base=base)\n"
        "print(len(source), len(source.row(5000)['chunk'].split()), peak() - before)"
    )
    out = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    count, words, grown = map(int, out.stdout.split())
    assert count == 4 * -(-(600_000 - 40) // 260) and words == 300
    assert grown < (4_000 if sys.platform == "linux" else 4_000_000)


@pytest.mark.parametrize("gap", ["\n", " \n", "\r\n", " "], ids=repr)
def test_a_long_gap_is_read_once(tmp_path: Path, gap: str) -> None:
    """Each of these took hours when white space was tried from every place in it."""
    gap *= 200_000
    (tmp_path / "a.txt").write_text(f"one two{gap}Three four{gap}five six{gap}", newline="")
    source = chunks(tmp_path, "a.txt", words=3, overlap=0)
    cut = ["one two", f"Three four{gap}five", "six"]
    words = ["one", "two", "Three", "four", "five", "six"]
    found = [source.row(i)["chunk"] for i in range(len(source))]
    assert found == (cut if "\n" in gap else [f"one two{gap}Three", f"four{gap}five six"])
    assert " ".join(found).split() == words
    lines = open_source(Source(documents="a.txt", chunk=Chunk(lines=9)), base=tmp_path)
    assert lines.row(0)["chunk"].split() == words


def test_documents_of_the_working_folder_keep_their_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the recipe lies elsewhere, and however the folder is spelled."""
    for name in ("x", "y"):
        (tmp_path / "docs" / name).mkdir(parents=True)
        (tmp_path / "docs" / name / "a.txt").write_text(name)
    monkeypatch.chdir(tmp_path)
    for place in (None, "docs", tmp_path / "docs"):
        source = Source(documents="docs")
        rows = open_source(source, base=tmp_path / "recipes", frame=place)
        assert [rows.row(i)["path"] for i in (0, 1)] == ["docs/x/a.txt", "docs/y/a.txt"]


def test_a_page_of_gaps_is_read_once() -> None:
    assert html_text("<b> </b>" * 100_000 + "<p>end") == "end"


def test_a_changed_document_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one")
    digest = chunks(tmp_path, "a.txt").sha256
    (tmp_path / "a.txt").write_text("two")
    with pytest.raises(SourceError, match="changed since"):
        open_source(Source(documents="a.txt", sha256=digest), base=tmp_path)


def test_code_is_read_where_the_pattern_names_it_and_cut_by_lines(tmp_path: Path) -> None:
    code = "def a():\n    return 1\n\n\ndef b():\n    return 2\n"
    (tmp_path / "a.py").write_text(code)
    (tmp_path / "b.md").write_text("text")
    source = Source(documents="*.py", chunk=Chunk(lines=2))
    rows = open_source(source, base=tmp_path)
    assert [rows.row(i)["chunk"] for i in range(len(rows))] == [
        "def a():\n    return 1",
        "def b():\n    return 2",
    ]
    assert [chunks(tmp_path, "*").row(0)["path"]] == ["b.md"]
