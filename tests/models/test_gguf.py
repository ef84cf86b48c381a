"""GGUF headers: what a file says about itself, hostile ones included."""

from __future__ import annotations

import contextlib
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synthnb.errors import SettingsError
from synthnb.models.gguf import read_header


def _string(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def gguf_file(name: str = "Tiny") -> bytes:
    """A header without tensors, as small as they come."""
    text = {
        "general.architecture": "llama",
        "general.name": name,
        "general.license": "mit",
        "tokenizer.chat_template": "{{ messages }}",
    }
    body = b"".join(
        _string(key) + struct.pack("<I", 8) + _string(value) for key, value in text.items()
    )
    body += _string("llama.context_length") + struct.pack("<II", 4, 8192)
    body += _string("tokenizer.tokens") + struct.pack("<IIQ", 9, 8, 2) + _string("a") * 2
    body += _string("tokenizer.scores") + struct.pack("<IIQff", 9, 6, 2, 0.0, 1.0)
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(text) + 3) + body


def test_a_header_names_licence_context_and_template(tmp_path: Path) -> None:
    path = tmp_path / "tiny.gguf"
    path.write_bytes(gguf_file())
    header = read_header(path)
    assert (header.name, header.license, header.architecture) == ("Tiny", "mit", "llama")
    assert header.context == 8192
    assert header.has_chat_template


def test_text_from_the_file_is_one_short_printable_line(tmp_path: Path) -> None:
    path = tmp_path / "loud.gguf"
    path.write_bytes(gguf_file("\x1b[2Jgone\n" + "x" * 500))
    assert read_header(path).name.startswith("[2Jgone")
    assert len(read_header(path).name) == 80


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"hello", "does not begin with GGUF"),
        (b"", "does not begin with GGUF"),
        (b"GGUF" + struct.pack("<IQQ", 9, 0, 0), "version 9 is unknown"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 2**60), "damaged"),
        (b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 2**60), "damaged"),
        (gguf_file()[:70], "cut off"),
        (
            gguf_file().replace(struct.pack("<IQ", 6, 2), struct.pack("<IQ", 6, 2**63)),
            "damaged",
        ),
    ],
)
def test_another_or_damaged_file_is_one_clear_line(
    tmp_path: Path, data: bytes, why: str
) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(data)
    with pytest.raises(SettingsError, match=why) as caught:
        read_header(path)
    assert "\n" not in str(caught.value)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(4, 300), st.binary(min_size=1, max_size=8))
def test_flipped_bytes_give_a_header_or_our_error(
    tmp_path: Path, at: int, noise: bytes
) -> None:
    data = bytearray(gguf_file())
    data[at : at + len(noise)] = noise
    path = tmp_path / "noise.gguf"
    path.write_bytes(data)
    with contextlib.suppress(SettingsError):
        read_header(path)
