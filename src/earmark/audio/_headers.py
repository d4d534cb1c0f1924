"""The length that WAV, AIFF, AU, W64, CAF and FLAC headers state, and the actual length."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import BinaryIO, Literal

from earmark.audio._edges import between_tags, read_at

__all__ = ["DataChunk", "data_chunk", "flac_is_whole"]

_W64_DATA = bytes.fromhex("64617461f3acd3118cd100c04f8edb8a")
_W64_RIFF = bytes.fromhex("726966662e91cf11a5d628db04c10000")
_MAX_CHUNKS = 1000
_UNKNOWN_FROM = 0x7FFF_0000
"""Sizes from here on, and 0xFFFF0000, come from programs that cannot seek back."""


@dataclass(frozen=True)
class DataChunk:
    """The uncompressed audio in a file.

    It starts at byte `start` and has `size` bytes by its header (None if the writer did not know),
    of which `available` exist. `is_sound` says whether the rest of the file consists of chunks too.
    """

    start: int
    size: int | None
    available: int
    is_sound: bool


def _is_unknown(size: int) -> bool:
    return size == 0 or _UNKNOWN_FROM <= size < 0x8000_0000 or size >= 0xFFFF_0000


def _chunks(
    file: BinaryIO, at: int, end: int, order: Literal["big", "little"]
) -> tuple[dict[bytes, tuple[int, int]], bool]:
    """Return where the chunks of RIFF or FORM begin, their lengths, and whether they add up."""
    found: dict[bytes, tuple[int, int]] = {}
    for _ in range(_MAX_CHUNKS):
        head = read_at(file, at, 8)
        if len(head) < 8:
            return found, at + len(head) >= end
        name, size = head[:4], int.from_bytes(head[4:], order)
        if not all(32 <= byte < 127 for byte in name):
            # Other kinds of tags, or zeros, may follow the last chunk.
            rest = read_at(file, at, 1 << 16)
            return found, bool(found) and not any(rest)
        found.setdefault(name, (at + 8, size))
        if name in (b"data", b"SSND") and (_is_unknown(size) or at + 8 + size > end):
            return found, True
        at += 8 + size + size % 2
    return found, False


def _in_riff(file: BinaryIO, magic: bytes, end: int) -> DataChunk | None:
    is_form = magic == b"FORM"
    chunks, is_sound = _chunks(file, 12, end, "big" if is_form or magic == b"RIFX" else "little")
    name = b"SSND" if is_form else b"data"
    if name not in chunks:
        return None
    start, size = chunks[name]
    if magic == b"RF64" and b"ds64" in chunks:
        size = int.from_bytes(read_at(file, chunks[b"ds64"][0] + 8, 8), "little")
        return DataChunk(start, size or None, end - start, True)
    if is_form:
        start, size = start + 8, size and max(0, size - 8)
    return DataChunk(start, None if _is_unknown(size) else size, end - start, is_sound)


def _in_au(file: BinaryIO, end: int) -> DataChunk:
    head = read_at(file, 0, 12)
    start, size = (int.from_bytes(head[i : i + 4], "big") for i in (4, 8))
    is_sound = -4 < end - start - size < 4
    return DataChunk(start, None if _is_unknown(size) else size, end - start, is_sound)


def _in_w64(file: BinaryIO, end: int) -> DataChunk | None:
    at = 40
    for _ in range(_MAX_CHUNKS):
        chunk = read_at(file, at, 24)
        size = int.from_bytes(chunk[16:24], "little")
        if len(chunk) < 24 or size < 24:
            return None
        if chunk[:16] == _W64_DATA:
            return DataChunk(at + 24, size - 24, end - at - 24, True)
        at += (size + 7) & ~7
    return None


def _in_caf(file: BinaryIO, end: int) -> DataChunk | None:
    at = 8
    for _ in range(_MAX_CHUNKS):
        chunk = read_at(file, at, 12)
        size = int.from_bytes(chunk[4:12], "big", signed=True)
        if len(chunk) < 12 or size < -1:
            return None
        if chunk[:4] == b"data":
            return DataChunk(at + 16, None if size < 4 else size - 4, end - at - 16, True)
        at += 12 + size
    return None


def data_chunk(file: BinaryIO) -> DataChunk | None:
    """Find the audio of a WAV, AIFF, AU, W64 or CAF file; None if there is none."""
    end = file.seek(0, os.SEEK_END)
    head = read_at(file, 0, 16)
    if head[:4] in (b"RIFF", b"RF64", b"RIFX", b"FORM"):
        return _in_riff(file, head[:4], end)
    if head[:4] == b".snd":
        return _in_au(file, end)
    if head == _W64_RIFF:
        return _in_w64(file, end)
    return _in_caf(file, end) if head[:4] == b"caff" else None


def _crc8(head: bytes) -> int:
    crc = 0
    for byte in head:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07) & 0xFF if crc & 0x80 else crc << 1
    return crc


def _number(coded: bytes) -> tuple[int, int] | None:
    """Decode a frame number, encoded like UTF-8; return it and its length in bytes."""
    if not coded or coded[0] < 0x80:
        return (coded[0], 1) if coded else None
    n = 8 - (~coded[0] & 0xFF).bit_length()
    if n < 2 or n > 7 or len(coded) < n:
        return None
    value = coded[0] & (0x7F >> n)
    for byte in coded[1:n]:
        if byte & 0xC0 != 0x80:
            return None
        value = value << 6 | byte & 0x3F
    return value, n


def _frame_end(head: bytes, usual: int) -> int | None:
    """Return the sample after the FLAC frame with this header; None if it is not a header."""
    if len(head) < 6 or head[0] != 0xFF or head[1] & 0xFE != 0xF8:
        return None
    found = _number(head[4:11])
    if found is None:
        return None
    number, n = found
    n += 4
    code, rate = head[2] >> 4, head[2] & 15
    if code in (6, 7):
        block = int.from_bytes(head[n : n + code - 5], "big") + 1
        n += code - 5
    elif code == 0:
        return None
    else:
        block = 192 if code == 1 else 576 << code - 2 if code < 6 else 256 << code - 8
    n += {12: 1, 13: 2, 14: 2}.get(rate, 0)
    if rate == 15 or len(head) <= n or _crc8(head[:n]) != head[n]:
        return None
    return number + block if head[1] & 1 else number * usual + block


def flac_is_whole(file: BinaryIO, n_samples: int) -> bool:
    """Say whether the last frame of a FLAC file ends with the sample that its header promises."""
    start, end = between_tags(file)
    block = read_at(file, start, 42)
    if block[:4] != b"fLaC":
        return True  # inside another container
    usual = int.from_bytes(block[10:12], "big")
    largest = int.from_bytes(block[15:18], "big") or 1 << 17
    tail = read_at(file, max(start, end - largest - 64), min(end - start, largest + 64))
    at = tail.find(b"\xff")
    while at >= 0:
        if _frame_end(tail[at : at + 17], usual) == n_samples:
            return True
        at = tail.find(b"\xff", at + 1)
    return False
