"""Find where the audio of a file begins and ends; before and after it there are tags."""

from __future__ import annotations

import io
import os
from typing import BinaryIO

__all__ = ["FileSlice", "between_tags", "read_at", "size_of_first_tag"]

_MAX_TAGS = 8
"""Maximum number of tags in a row at either end."""


class FileSlice(io.RawIOBase):
    """The bytes `start` to `end` (exclusive) of an open file, as a file of their own."""

    def __init__(self, file: BinaryIO, *, start: int = 0, end: int) -> None:
        super().__init__()
        self._file, self._start, self._size = file, start, end - start
        file.seek(start)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._file.tell() - self._start

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self.tell(), os.SEEK_END: self._size}[whence]
        # Damaged files make FFmpeg seek before the first byte or after the last. That is no error.
        if start + offset < 0:
            return -1
        return self._file.seek(self._start + min(start + offset, self._size)) - self._start

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._size - self.tell())
        return self._file.read(left if size < 0 else min(size, left))


def read_at(file: BinaryIO, start: int, size: int) -> bytes:
    """Read bytes from a place in a file."""
    file.seek(max(0, start))
    return file.read(size)


def _syncsafe(digits: bytes) -> int:
    value = 0
    for digit in digits:
        value = value << 7 | digit & 0x7F
    return value


def size_of_first_tag(head: bytes) -> int:
    """Return the size of the ID3v2 tag that begins with ten bytes, or 0."""
    if len(head) < 10 or not head.startswith(b"ID3"):
        return 0
    return 10 + _syncsafe(head[6:10]) + 10 * bool(head[5] & 0x10)


def _size_of_last_tag(file: BinaryIO, end: int) -> int:
    """Return how many bytes before `end` are a tag, or 0."""
    tail = read_at(file, end - 160, min(end, 160))
    if tail[-128:-125] == b"TAG":  # ID3v1, and the tags that some programs put before it
        extended = read_at(file, end - 128 - 227, 4) == b"TAG+"
        return 128 + 227 * extended
    if tail[-32:-24] == b"APETAGEX":
        has_header = tail[-9] & 0x80
        return int.from_bytes(tail[-20:-16], "little") + (32 if has_header else 0)
    if tail[-9:] == b"LYRICS200" and tail[-15:-9].isdigit():
        return int(tail[-15:-9]) + 15
    if tail[-10:-7] == b"3DI":
        return _syncsafe(tail[-4:]) + 20
    return 0


def between_tags(file: BinaryIO) -> tuple[int, int]:
    """Return where the tags at the start of a file end, and where those at its end begin."""
    end = file.seek(0, os.SEEK_END)
    start = 0
    for _ in range(_MAX_TAGS):
        size = size_of_first_tag(read_at(file, start, 10))
        if not size:
            break
        start += size
    for _ in range(_MAX_TAGS):
        size = _size_of_last_tag(file, end)
        if not 0 < size <= end - start:
            break
        end -= size
    return min(start, end), end
