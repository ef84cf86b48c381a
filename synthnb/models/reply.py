"""An HTTP/1.1 reply from bytes as they arrive: strict, bounded, without any input or output.

Lengths that contradict each other, heads without end and bodies beyond the limit are
errors; nothing of a reply is ever taken for part of the next one.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

__all__ = ["BrokenReply", "Parser", "Reply", "TooLarge"]

HEAD = 65_536
"""Bytes that status line and headers may take."""
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-5]\d\d)(?: [^\r\n]*)?\Z")
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9a-z]+\Z")
_SIZE = re.compile(rb"[0-9a-fA-F]{1,15}\Z")


class BrokenReply(ValueError):
    """What came is not HTTP."""


class TooLarge(ValueError):
    """The body is larger than any answer should be; holds the beginning of it."""

    def __init__(self, start: bytes) -> None:
        super().__init__("too large")
        self.start = start


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply. Names of headers are lower case; ``keep``: another request may follow."""

    status: int
    headers: dict[str, str]
    body: bytes
    keep: bool


class Parser:
    """One reply; ``feed`` until it returns it, ``eof`` when the connection ends first."""

    __slots__ = ("_buffer", "_chunks", "_head", "_keep", "_left", "_limit", "_size", "_status")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._buffer = b""
        self._head: dict[str, str] | None = None
        self._status = 0
        self._keep = False
        self._left: int | None = 0
        """Bytes of the body to come; ``None``: chunked; -1: until the connection ends."""
        self._chunks: list[bytes] = []
        self._size = 0

    @property
    def begun(self) -> bool:
        """Whether anything has come."""
        return self._head is not None or bool(self._buffer)

    def feed(self, data: bytes) -> Reply | None:
        """Take bytes; the reply once it is whole. Raises ``BrokenReply`` or ``TooLarge``."""
        if self._buffer:
            data, self._buffer = self._buffer + data, b""
        while self._head is None:
            end = data.find(b"\r\n\r\n")
            if end < 0 or end > HEAD:
                if len(data) > HEAD or not b"HTTP/1."[: len(data)] == data[:7]:
                    raise BrokenReply("no HTTP status line")
                self._buffer = data
                return None
            self._read_head(data[:end])
            data = data[end + 4 :]
        if self._left is None:
            return self._read_chunks(data)
        if self._left >= 0:
            if not self._chunks and len(data) == self._left:
                return self._whole(data)  # the usual case: all of it in one piece
            if len(data) > self._left:
                self._keep = False  # bytes that nobody asked for
                data = data[: self._left]
            self._left -= len(data)
        self._add(data)
        return self._whole(b"".join(self._chunks)) if self._left == 0 else None

    def eof(self) -> Reply | None:
        """The connection has ended: the reply, if that is how it says that it is whole."""
        if self._head is None or self._left != -1:
            return None
        return self._whole(b"".join(self._chunks))

    def _read_head(self, head: bytes) -> None:
        first, *lines = head.split(b"\r\n")
        status = _STATUS.match(first)
        if status is None:
            raise BrokenReply("no HTTP status line")
        if status[2][:1] == b"1":
            return  # 100 or 103: the reply itself is still to come
        headers: dict[str, str] = {}
        for line in lines:
            name, colon, value = line.decode("latin-1").partition(":")
            name, value = name.lower(), value.strip(" \t")
            if not colon or not _NAME.match(name):
                raise BrokenReply("a header without a name")
            if name in headers and (name != "content-length" or headers[name] != value):
                value = f"{headers[name]}, {value}"
            headers[name] = value
        self._status = int(status[2])
        said = headers.get("connection", "").lower()
        self._keep = "close" not in said and (status[1] == b"1" or "keep-alive" in said)
        self._left = self._length(headers)
        self._head = headers

    def _length(self, headers: dict[str, str]) -> int | None:
        coding = headers.get("transfer-encoding")
        if coding is not None:
            if coding.lower() != "chunked":
                raise BrokenReply(f"transfer-encoding {coding[:40]}")
            self._keep = self._keep and "content-length" not in headers
            return None
        if self._status in (204, 304):
            return 0
        length = headers.get("content-length")
        if length is None:
            self._keep = False
            return -1
        if not (length.isascii() and length.isdigit() and len(length) < 16):
            raise BrokenReply(f"content-length {length[:40]}")
        size = int(length)
        if size > self._limit:
            raise TooLarge(b"")
        return size

    def _read_chunks(self, data: bytes) -> Reply | None:
        place = 0
        while True:
            end = data.find(b"\r\n", place)
            if end < 0 or end - place > 4096:
                break
            size = data[place:end].partition(b";")[0].strip()
            if not _SIZE.match(size):
                raise BrokenReply("a chunk without a size")
            length = int(size, 16)
            if length == 0:
                return self._trailer(data, end + 2, place)
            if self._size + length > self._limit:
                raise TooLarge(b"".join(self._chunks)[:4000])
            if len(data) < end + 4 + length:
                break
            if data[end + 2 + length : end + 4 + length] != b"\r\n":
                raise BrokenReply("a chunk without an end")
            self._add(data[end + 2 : end + 2 + length])
            place = end + 4 + length
        self._buffer = data[place:]
        if end - place > 4096 or (end < 0 and len(self._buffer) > 4096):
            raise BrokenReply("a chunk without a size")
        return None

    def _trailer(self, data: bytes, start: int, place: int) -> Reply | None:
        """What follows the last chunk: headers that nobody needs, then an empty line."""
        if data[start : start + 2] == b"\r\n":
            end = start + 2
        else:
            end = data.find(b"\r\n\r\n", start) + 4
            if end < 4:
                if len(data) - start > HEAD:
                    raise BrokenReply("a trailer without an end")
                self._buffer = data[place:]
                return None
        self._keep = self._keep and end == len(data)
        return self._whole(b"".join(self._chunks))

    def _add(self, data: bytes) -> None:
        self._chunks.append(data)
        self._size += len(data)
        if self._size > self._limit:
            raise TooLarge(b"".join(self._chunks)[:4000])

    def _whole(self, body: bytes) -> Reply:
        assert self._head is not None
        coding = self._head.get("content-encoding", "identity").lower()
        if coding != "identity" and body:
            body = self._unpacked(body, coding)
        return Reply(self._status, self._head, body, self._keep)

    def _unpacked(self, body: bytes, coding: str) -> bytes:
        """Packed although we asked for it plain; no more of it than the limit allows."""
        if coding not in ("gzip", "x-gzip", "deflate"):
            raise BrokenReply(f"content-encoding {coding[:40]}")
        for bits in (47, -15) if coding == "deflate" else (47,):
            unpack = zlib.decompressobj(bits)
            try:
                plain = unpack.decompress(body, self._limit + 1)
            except zlib.error:
                continue
            if len(plain) > self._limit:
                raise TooLarge(plain[:4000])
            if unpack.eof:
                return plain
        raise BrokenReply(f"broken {coding}")
