"""What a GGUF file says about itself: read with bounds, never trusted."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from synthnb.errors import SettingsError
from synthnb.types import JSON

__all__ = ["Header", "read_header"]

_FIXED = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?"} | {
    10: "<Q",
    11: "<q",
    12: "<d",
}
_STRING, _ARRAY = 8, 9
_MOST_KEYS = 4096
_LONGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Header:
    """The few facts we show. Empty or ``None`` where the file is silent."""

    name: str = ""
    architecture: str = ""
    license: str = ""
    context: int | None = None
    """Tokens that the model was trained for."""
    has_chat_template: bool = False


def read_header(path: Path) -> Header:
    """Read the metadata of a GGUF file (versions 2 and 3), reading little of it.

    Raises ``SettingsError`` where it is absent, another kind of file, or cut off.
    """
    try:
        with path.open("rb") as file:
            return _header(file)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, OverflowError, struct.error) as error:
        why = str(error) if type(error) is ValueError else "its header is cut off or damaged"
        raise SettingsError(f"{path} is not a usable GGUF model file: {why}.") from None


def _header(file: BinaryIO) -> Header:
    if file.read(4) != b"GGUF":
        raise ValueError("it does not begin with GGUF")
    version, _tensors, count = struct.unpack("<IQQ", file.read(20))
    if version not in (2, 3):
        raise ValueError(f"GGUF version {version} is unknown")
    if count > _MOST_KEYS:
        raise ValueError("its header is damaged")
    facts: dict[str, JSON] = {}
    for _ in range(count):
        key = _string(file)
        (kind,) = struct.unpack("<I", file.read(4))
        facts[key] = _value(file, kind)
    architecture = _text(facts.get("general.architecture"))
    context = facts.get(f"{architecture}.context_length")
    return Header(
        name=_text(facts.get("general.name")),
        architecture=architecture,
        license=_text(facts.get("general.license")),
        context=context if isinstance(context, int) and context > 0 else None,
        has_chat_template=bool(facts.get("tokenizer.chat_template")),
    )


def _text(value: JSON) -> str:
    """One printable line of it: this ends up on screens."""
    text = value if isinstance(value, str) else ""
    return "".join(c for c in text if c.isprintable())[:80]


def _string(file: BinaryIO) -> str:
    (length,) = struct.unpack("<Q", file.read(8))
    if length > _LONGEST:
        raise ValueError("its header is damaged")
    data = file.read(length)
    if len(data) < length:
        raise ValueError("its header is cut off")
    return data.decode("utf-8", "replace")


def _value(file: BinaryIO, kind: int) -> JSON:
    """One value; arrays (the vocabulary) are skipped over."""
    if kind == _STRING:
        return _string(file)
    if kind == _ARRAY:
        inner, count = struct.unpack("<IQ", file.read(12))
        if inner in _FIXED:
            file.seek(struct.calcsize(_FIXED[inner]) * count, 1)
        elif inner == _STRING and count <= 4 * _LONGEST:
            for _ in range(count):
                (length,) = struct.unpack("<Q", file.read(8))
                file.seek(length, 1)
        else:
            raise ValueError("its header is damaged")
        return None
    if kind not in _FIXED:
        raise ValueError("its header is damaged")
    form = _FIXED[kind]
    return struct.unpack(form, file.read(struct.calcsize(form)))[0]
