"""A file that is changed only in memory, to try a change without making it."""

from __future__ import annotations

import io
import os
from typing import BinaryIO

__all__ = ["Overlay"]

_Piece = tuple[bytes | None, int, int]
"""Bytes, or None for those of the file; the start within them, and the length."""


class Overlay(io.RawIOBase):
    """A file as it would be after changes; the file itself is only read.

    Nothing is copied when content moves: the content is a list of pieces, each a stretch of the
    file or new bytes.
    """

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file
        self._pieces: list[_Piece] = [(None, 0, file.seek(0, os.SEEK_END))]
        self._at = 0
        self.name = file.name

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    @property
    def _size(self) -> int:
        return sum(length for _, _, length in self._pieces)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise OSError(22, "Invalid argument")
        self._at = start + offset
        return self._at

    def _between(self, start: int, stop: int) -> list[_Piece]:
        """Return the pieces of a stretch."""
        pieces: list[_Piece] = []
        at = 0
        for data, first, length in self._pieces:
            begin, end = max(start, at), min(stop, at + length)
            if begin < end:
                pieces.append((data, first + begin - at, end - begin))
            at += length
        return pieces

    def read(self, size: int | None = -1) -> bytes:
        end = self._size
        stop = end if size is None or size < 0 else min(self._at + size, end)
        parts = []
        for data, first, length in self._between(self._at, stop):
            if data is None:
                self._file.seek(first)
                parts.append(self._file.read(length))
            else:
                parts.append(data[first : first + length])
        self._at = max(self._at, stop)
        return b"".join(parts)

    def splice(self, start: int, stop: int, data: bytes) -> None:
        """Replace the bytes from `start` to `stop` with `data`, and move the rest."""
        new: list[_Piece] = [(data, 0, len(data))] if data else []
        before, after = self._between(0, start), self._between(stop, self._size)
        self._pieces = [*before, *new, *after]

    def write(self, data: bytes) -> int:  # type: ignore[override]
        content = bytes(data)
        gap = self._at - self._size
        if gap > 0:
            self.splice(self._size, self._size, bytes(gap))
        self.splice(self._at, self._at + len(content), content)
        self._at += len(content)
        return len(content)

    def truncate(self, size: int | None = None) -> int:
        wanted = self._at if size is None else size
        if wanted > self._size:
            self.splice(self._size, self._size, bytes(wanted - self._size))
        self._pieces = self._between(0, wanted)
        return wanted
