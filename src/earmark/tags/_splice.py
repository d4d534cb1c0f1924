"""Read a stretch of an open file, and replace it."""

from __future__ import annotations

import os
from typing import BinaryIO

from earmark.tags._overlay import Overlay

__all__ = ["file_size", "read_bytes", "splice"]

_BLOCK = 1 << 20


def file_size(file: BinaryIO) -> int:
    """Return the size of an open file."""
    return file.seek(0, os.SEEK_END)


def read_bytes(file: BinaryIO, start: int, size: int) -> bytes:
    """Return up to `size` bytes from `start` on."""
    file.seek(start)
    return file.read(max(0, size))


def splice(file: BinaryIO, start: int, stop: int, data: bytes) -> None:
    """Replace the bytes from `start` to `stop` with `data`, and move the rest."""
    if isinstance(file, Overlay):
        file.splice(start, stop, data)
        return
    growth = len(data) - (stop - start)
    end = file_size(file)
    if growth > 0:
        at = end
        while at > stop:
            size = min(_BLOCK, at - stop)
            at -= size
            block = read_bytes(file, at, size)
            file.seek(at + growth)
            file.write(block)
    elif growth < 0:
        for at in range(stop, end, _BLOCK):
            block = read_bytes(file, at, _BLOCK)
            file.seek(at + growth)
            file.write(block)
        file.truncate(end + growth)
    file.seek(start)
    file.write(data)
