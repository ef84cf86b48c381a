"""SVG of our own as a PNG of few colours: a fifth of the bytes, the same to the eye.

Drawn with resvg, which vl-convert brings along, without a browser, a script or a network.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from synthnb.charts.sheet import BLUE, INK, ORANGE
from synthnb.errors import ExportError

__all__ = ["drawn"]

Bytes = NDArray[np.uint8]

_HEAD = b"\x89PNG\r\n\x1a\n"
_SHARES = {INK: (0.0, 0.08, 0.17, 0.33, 0.5, 0.67, 0.83, 1.0)} | {
    colour: (0.2, 0.45, 0.7, 1.0) for colour in (BLUE, ORANGE)
}
"""Sixteen colours: how much of each ink there is on white paper."""


def drawn(svg: str, *, scale: float = 1.25) -> bytes:
    """The SVG as PNG; ``scale`` is the pixels of one unit."""
    try:
        import vl_convert
    except ImportError as error:
        raise ExportError("Pictures need vl-convert: pip install vl-convert-python") from error
    return _few_colours(bytes(vl_convert.svg_to_png(svg, scale=scale)))


def _few_colours(png: bytes) -> bytes:
    """The picture with four bits a pixel; as it is where it is not written as expected."""
    pixels = _pixels(png)
    if pixels is None:
        return png
    palette, nearest = _palette()
    deep = pixels[:, :, :3].astype(np.uint16) >> 4
    places = nearest[deep[:, :, 0] << 8 | deep[:, :, 1] << 4 | deep[:, :, 2]]
    high, wide = places.shape
    if wide % 2:
        places = np.pad(places, ((0, 0), (0, 1)))
    packed = places[:, 0::2] << 4 | places[:, 1::2]
    lines = np.pad(packed, ((0, 0), (1, 0)))  # each line begins with its filter: none
    head = struct.pack(">IIBBBBB", wide, high, 4, 3, 0, 0, 0)
    body = zlib.compress(lines.tobytes(), 9)
    parts = ((b"IHDR", head), (b"PLTE", palette), (b"IDAT", body), (b"IEND", b""))
    return _HEAD + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(_HEAD)
    while place < len(png):
        (size,) = struct.unpack_from(">I", png, place)
        yield png[place + 4 : place + 8], png[place + 8 : place + 8 + size]
        place += size + 12


def _pixels(png: bytes) -> Bytes | None:
    """Lines of red, green, blue, alpha: eight bits each, as differences to the left."""
    chunks = list(_chunks(png))
    wide, high, *kind = struct.unpack(">IIBBBBB", chunks[0][1])
    lines = np.frombuffer(
        zlib.decompress(b"".join(data for name, data in chunks if name == b"IDAT")), np.uint8
    )
    if kind != [8, 6, 0, 0, 0] or (lines := lines.reshape(high, -1))[:, 0].min() != 1:
        return None
    if lines[:, 0].max() != 1:
        return None
    steps = lines[:, 1:].reshape(high, wide, 4)
    found: Bytes = np.cumsum(steps, axis=1, dtype=np.uint8)
    return found


@cache
def _palette() -> tuple[bytes, Bytes]:
    """The colours, and the nearest of them to each red, green, blue of four bits."""
    white = np.full(3, 255.0)
    colours = np.array(
        [
            white + share * (np.frombuffer(bytes.fromhex(ink[1:]), np.uint8) - white)
            for ink, shares in _SHARES.items()
            for share in shares
        ]
    ).round()
    every = np.indices((16, 16, 16)).reshape(3, -1).T * 17.0
    apart = ((every[:, None, :] - colours[None, :, :]) ** 2).sum(axis=2)
    return colours.astype(np.uint8).tobytes(), apart.argmin(axis=1).astype(np.uint8)
