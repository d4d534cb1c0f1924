"""Spectrograms as PNG pictures inside a page."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Mapping
from typing import Any

from earmark.errors import ParameterError

__all__ = ["data_uri"]

# From silent to loud, with steady lightness, so that colour-blind people can read it too.
_STOPS = ((8, 8, 24), (58, 20, 110), (150, 38, 122), (228, 84, 88), (252, 166, 80), (252, 244, 190))


def _palette() -> bytes:
    """Mix 256 colours between the stops."""
    mixed = bytearray()
    for level in range(256):
        place = level / 255 * (len(_STOPS) - 1)
        below = min(int(place), len(_STOPS) - 2)
        share = place - below
        mixed += bytes(
            round(a + (b - a) * share)
            for a, b in zip(_STOPS[below], _STOPS[below + 1], strict=True)
        )
    return bytes(mixed)


def _chunk(name: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + checksum


def data_uri(spectrogram: Mapping[str, Any]) -> str:
    """Return ``data:image/png;base64,...`` of 256 colours, with the low bands at the bottom.

    ``levels`` of the spectrogram is base64 of 8-bit values row by row, low bands first.
    """
    n_bands, n_columns = spectrogram["shape"]
    levels = base64.b64decode(spectrogram["levels"])
    if len(levels) != n_bands * n_columns:
        raise ParameterError(f"levels has {len(levels)} values, shape is {n_bands} x {n_columns}")
    lines = (levels[at * n_columns : (at + 1) * n_columns] for at in reversed(range(n_bands)))
    content = zlib.compress(b"".join(b"\0" + line for line in lines), 9)
    header = struct.pack(">IIBBBBB", n_columns, n_bands, 8, 3, 0, 0, 0)
    picture = (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"PLTE", _palette())
        + _chunk(b"IDAT", content)
        + _chunk(b"IEND", b"")
    )
    return "data:image/png;base64," + base64.b64encode(picture).decode()
