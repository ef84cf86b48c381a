"""Documents as rows: txt, md, html, pdf and csv files cut into overlapping chunks.

The text of all documents is copied once into one unnamed temporary file; what stays in
memory is where each chunk lies, 24 bytes a chunk.
"""

from __future__ import annotations

import codecs
import csv
import re
import tempfile
from array import array
from collections.abc import Callable, Iterator
from glob import glob
from hashlib import sha256
from html.parser import HTMLParser
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import IO
from weakref import finalize

from synthnb.errors import SourceError
from synthnb.recipe.parts import Chunk, Source
from synthnb.source.tables import SUFFIXES, delimiter_of
from synthnb.types import Row

__all__ = ["DocumentTable", "html_text", "read_documents"]

_BLOCK = 1 << 20
_LINE = re.compile(r"(?<![^\S\n])[^\S\n]*+\S[^\n]*")
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff。！？]|[^\s\u3040-\u30ff\u3400-\u9fff。！？]+")
"""One word; Chinese and Japanese write none apart, so each character counts as one."""
_SENTENCE = re.compile(
    r"""(?: [.!?…] [)\]"'”’»*_]* \s+ | [。！？] [」』）]* \s*
    | (?<!\s) (?= [^\S\n]*\n [^\S\n]*\n ) \s++ )
    (?= [^\s a-zß-öø-ÿ] )""",
    re.VERBOSE,
)
"""What stands before a sentence or a paragraph: a lower-case letter begins neither.

White space is read once, however long it is: it begins where none stands before it.
"""
_SILENT = frozenset(["script", "style", "noscript", "template", "svg", "head", "iframe"])
_BREAKS = frozenset(
    [
        *("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt"),
        *("figcaption", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr"),
        *("li", "main", "nav", "ol", "p", "pre", "section", "table", "td", "th", "title", "tr"),
        "ul",
    ]
)


_Span = tuple[int, int, bool]
"""Start and end of a word or line in the spool, and whether a sentence begins with it."""


class DocumentTable:
    """Chunks as rows: ``chunk`` (verbatim text), ``path``, ``position`` (from 1)."""

    columns: list[str] = ["chunk", "path", "position"]  # noqa: RUF012

    def __init__(self, name: str) -> None:
        self.name = name
        self._spool: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (see below)
        finalize(self, self._spool.close)  # open as long as the table is in use
        self._lock = Lock()
        self._starts = array("Q")
        self._sizes = array("L")
        self._documents = array("L")
        self._paths: list[str] = []
        self._first: list[int] = []
        self._hash = sha256()

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def sha256(self) -> str:
        """Hash over paths and extracted texts."""
        return self._hash.hexdigest()

    def row(self, index: int) -> Row:
        """One chunk; safe to call from several threads."""
        with self._lock:
            self._spool.seek(self._starts[index])
            text = self._spool.read(self._sizes[index]).decode("utf-8")
        document = self._documents[index]
        position = index - self._first[document] + 1
        return {"chunk": text, "path": self._paths[document], "position": position}

    def add(self, path: str, pieces: Iterator[str], chunk: Chunk) -> None:
        """Copy one document's text into the spool and note where its chunks lie."""
        document = len(self._paths)
        self._paths.append(path)
        self._first.append(len(self))
        self._hash.update(f"\n{path}\n".encode("utf-8", "surrogatepass"))
        self._spool.seek(0, 2)
        for start, end in _windows(self._copy(pieces, lines=chunk.lines is not None), chunk):
            self._starts.append(start)
            self._sizes.append(end - start)
            self._documents.append(document)

    def _copy(self, pieces: Iterator[str], *, lines: bool) -> Iterator[_Span]:
        """Write ``pieces``, yielding where each word or line lies in the spool."""
        place, rest = self._spool.tell(), ""
        unit = _LINE if lines else _WORD
        for piece in pieces:
            cut = _last_gap(rest + piece, lines=lines)
            ready, rest = (rest + piece)[:cut], (rest + piece)[cut:]
            yield from self._write(ready, place, unit)
            place = self._spool.tell()
        yield from self._write(rest, place, unit)

    def _write(self, text: str, place: int, unit: re.Pattern[str]) -> Iterator[_Span]:
        data = text.encode("utf-8", "replace")
        self._spool.write(data)
        self._hash.update(data)
        at, done = place, 0
        plain = len(data) == len(text)
        first = {m.end() for m in _SENTENCE.finditer(text)} if unit is _WORD else set()
        for match in unit.finditer(text):
            start, end = match.span()
            if plain:
                yield place + start, place + end, start in first
                continue
            at += len(text[done:start].encode("utf-8", "replace"))
            size = len(match[0].encode("utf-8", "replace"))
            yield at, at + size, start in first
            at, done = at + size, end


def _last_gap(text: str, *, lines: bool = False) -> int:
    """Where to cut so that no word or line is split; a giant one is cut anyway."""
    for place in range(len(text) - 1, max(-1, len(text) - 10_000), -1):
        if text[place] == "\n" or (not lines and text[place].isspace()):
            return place
    return len(text)


def _windows(words: Iterator[_Span], chunk: Chunk) -> Iterator[tuple[int, int]]:
    """Spans of at most ``chunk.words`` words, each of whole sentences where that leaves at
    least half of them, or of ``chunk.lines`` lines side by side.

    A span repeats the last sentences of the one before, up to ``chunk.overlap`` words; in a
    text without sentences it repeats so many words.
    """
    size = max(1, chunk.lines or chunk.words)
    overlap = 0 if chunk.lines else max(0, min(chunk.overlap, size - 1))
    held: list[_Span] = []
    said = 0  # words at the front that the span before had
    for word in words:
        held.append(word)
        if len(held) <= size:
            continue
        least = max(1, size // 2, said + 1)
        cut = next((i for i in range(size, least - 1, -1) if held[i][2]), size)
        if said and not held[cut][2] and held[said][2]:
            held, said = held[said:], 0  # a long sentence needs the room
            continue
        yield held[0][0], held[cut - 1][1]
        back = max(1, cut - overlap)
        start = next((i for i in range(back, cut) if held[i][2]), None)
        if start is None:
            start = cut if held[cut][2] else back
        held, said = held[start:], cut - start
    if len(held) > said:
        yield held[0][0], held[-1][1]


def read_documents(source: Source, base: Path, *, given: bool = False) -> DocumentTable:
    """Chunk every document that the recipe's patterns name, or the user's own path.

    Raises a SourceError if nothing matches, if a file lies outside the recipe's folder
    and the user did not name it, or if a document holds no text.
    """
    patterns = [source.documents] if isinstance(source.documents, str) else source.documents
    files = _files(list(patterns or []), base, given=given)
    name = ", ".join(patterns or [])
    if not files:
        kinds = ", ".join(sorted(_READERS))
        raise SourceError(f"No document matches {name} (in {base.name or base}; {kinds}).")
    table, chunk = DocumentTable(name), source.chunk or Chunk()
    for shown, path in files:
        try:
            table.add(shown, _reader(path)(path, shown), chunk)
        except OSError as error:
            raise SourceError(f"{shown} can't be read: {error.strerror or error}.") from None
    if not len(table):
        raise SourceError(f"{name} holds no text.")
    if source.sha256 is not None and not given and table.sha256 != source.sha256.lower():
        raise SourceError(
            f"The documents {name} changed since the recipe was saved; "
            "take the sha256 line out of the recipe, or pass --source."
        )
    return table


def _files(patterns: list[str], base: Path, *, given: bool) -> list[tuple[str, Path]]:
    """(name shown, path) of every readable document, sorted, each once."""
    found: dict[Path, str] = {}
    for pattern in patterns:
        near = _root(pattern)
        for path in _matches(pattern, base, given=given):
            # Rows name their document: never by a path of this machine.
            folders = (one for one in (base, near, Path.cwd()) if path.is_relative_to(one))
            inside = next(folders, path.parent)
            shown = path.relative_to(inside)
            found.setdefault(path.resolve(), Path(shown).as_posix())
    return sorted((shown, path) for path, shown in found.items())


def _root(pattern: str) -> Path:
    """The folder above the folder or file that a path or pattern begins with."""
    head = re.split(r"[*?\[]", pattern, maxsplit=1)[0]
    return Path(head if head == pattern else head.rpartition("/")[0] or ".").parent


def _matches(pattern: str, base: Path, *, given: bool) -> list[Path]:
    from synthnb.source import allowed_path

    if given and re.search(r"[*?\[]", pattern):
        found = [Path(name) for name in sorted(glob(pattern, recursive=True))]
        known = {*_READERS, Path(pattern).suffix.lower()} & {*_READERS, *CODE}
        return [path for path in found if path.suffix.lower() in known and path.is_file()]
    if given:
        named = Path(pattern)
    else:
        head = re.split(r"[*?\[]", pattern, maxsplit=1)[0]
        fixed = head if head == pattern else head.rpartition("/")[0] or "."
        named = allowed_path(fixed, base)
        if head != pattern:
            rest = pattern[len(head.rpartition("/")[0]) :].lstrip("/")
            found = sorted(named.glob(rest)) if named.is_dir() else []
            code = Path(pattern).suffix.lower() in CODE
            return [path for path in found if _usable(path, named, code=code)]
    if named.is_dir():
        return [path for path in sorted(named.rglob("*")) if _usable(path, named)]
    if not named.is_file():
        raise SourceError(f"There is no file or folder {pattern}; name another with --source.")
    if named.suffix.lower() not in {*_READERS, *CODE}:
        if pattern.endswith((".yaml", ".yml")):
            raise SourceError(f"{pattern} holds no rows; name a file of rows (rows.jsonl).")
        what = "neither table nor document" if given else "not a document"
        kinds = ", ".join(sorted({*_READERS, *(SUFFIXES if given else ())}))
        raise SourceError(f"{pattern} is {what} that synthnb reads ({kinds}).")
    return [named]


def _usable(path: Path, root: Path, *, code: bool = False) -> bool:
    """A document under ``root`` that is neither hidden nor a link that leads outside.

    Files of code are taken only where the pattern names their ending.
    """
    target = path.resolve()
    suffix = path.suffix.lower()
    if not (suffix in _READERS or (code and suffix in CODE)) or not target.is_file():
        return False
    if not target.is_relative_to(root.resolve()):
        return False
    return not any(part.startswith(".") for part in path.relative_to(root).parts)


def _read_plain(path: Path, shown: str) -> Iterator[str]:
    """The file's text in pieces of about a million bytes."""
    with path.open("rb") as stream:
        head = stream.read(2)
        stream.seek(0)
        wide = head in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        decoder = codecs.getincrementaldecoder("utf-16" if wide else "utf-8-sig")()
        done = 0
        while True:
            block = stream.read(_BLOCK)
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                raise SourceError(
                    f"{shown} is not UTF-8 text (near byte {done + error.start}); "
                    "save it as UTF-8."
                ) from None
            if "\0" in text:
                raise SourceError(f"{shown} is not text: it holds zero bytes.")
            yield text
            done += len(block)
            if not block:
                return


class _Stripper(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent.append(tag)
        elif tag == "body":
            self._silent.clear()  # a head that was never closed
        elif tag in _BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._silent:
            del self._silent[self._silent.index(tag) :]
        elif tag in _BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(re.sub(r"\s+", " ", data))

    def taken(self) -> str:
        text = "".join(self.parts)
        self.parts.clear()
        return re.sub(r"(?<! ) *\n[ \n]*", "\n", text)


def html_text(markup: str) -> str:
    """The words of an HTML page: tags, scripts and styles dropped, entities decoded.

    >>> html_text("<p>Tea &amp; <b>milk</b><script>x()</script></p>")
    'Tea & milk'
    """
    stripper = _Stripper()
    stripper.feed(markup)
    stripper.close()
    return stripper.taken().strip()


def _read_html(path: Path, shown: str) -> Iterator[str]:
    stripper = _Stripper()
    for piece in _read_plain(path, shown):
        stripper.feed(piece)
        yield stripper.taken()
    stripper.close()
    yield stripper.taken()


def _read_pdf(path: Path, shown: str) -> Iterator[str]:
    try:
        import pypdf
    except ImportError:
        raise SourceError(f"Reading {shown} needs pypdf: pip install pypdf") from None
    try:
        for page in pypdf.PdfReader(path).pages:
            yield (page.extract_text() or "") + "\n\n"
    except Exception as error:  # pypdf raises whatever a broken file provokes
        kind = type(error).__name__
        raise SourceError(f"{shown} is not readable as PDF ({kind}).") from None


def _read_cells(path: Path, shown: str) -> Iterator[str]:
    """Each CSV row as one line: ``column: cell, column: cell``."""
    lines = _lines(_read_plain(path, shown))
    first = next(lines, "")
    reader = csv.reader(chain([first], lines), delimiter=delimiter_of(first))
    try:
        header = next(reader, [])
        for cells in reader:
            pairs = zip(header, cells, strict=False)
            yield ", ".join(f"{name}: {cell}" for name, cell in pairs if cell) + "\n"
    except csv.Error as error:
        raise SourceError(f"{shown} is not readable as CSV: {error}.") from None


def _lines(pieces: Iterator[str]) -> Iterator[str]:
    rest = ""
    for piece in pieces:
        *whole, rest = (rest + piece).split("\n")
        yield from (line + "\n" for line in whole)
    if rest:
        yield rest


_READERS: dict[str, Callable[[Path, str], Iterator[str]]] = {
    ".txt": _read_plain,
    ".md": _read_plain,
    ".html": _read_html,
    ".htm": _read_html,
    ".pdf": _read_pdf,
    ".csv": _read_cells,
}

CODE = frozenset(
    [
        *(".py", ".js", ".ts", ".java", ".c", ".h", ".cpp", ".hpp", ".cs", ".go", ".rs", ".rb"),
        *(".php", ".swift", ".kt", ".scala", ".r", ".jl", ".sh", ".sql", ".lua", ".hs"),
    ]
)
"""Endings of code files: read as plain text where a pattern such as ``src/*.py`` names them."""


def _reader(path: Path) -> Callable[[Path, str], Iterator[str]]:
    return _READERS.get(path.suffix.lower(), _read_plain)
