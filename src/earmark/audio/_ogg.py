"""Check whether all pages of an Ogg file exist, and where one stream follows another."""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass
from typing import BinaryIO

__all__ = ["OggSurvey", "survey_pages"]

_HEAD = 27
_LARGEST_PAGE = 65_307
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass
class OggSurvey:
    """The first byte of each stream in an Ogg file, and whether pages are missing or changed."""

    links: list[int]
    is_damaged: bool


def _is_sound(page: bytes) -> bool:
    """Verify the checksum of a page: zlib's, with the bits of every byte reversed."""
    blank = page[:22] + b"\0\0\0\0" + page[26:]
    crc = ~zlib.crc32(blank.translate(_MIRRORED), 0xFFFFFFFF) & 0xFFFFFFFF
    return crc == int.from_bytes(page[22:26].translate(_MIRRORED), "big")


def _page_at(window: bytes, at: int) -> bytes | None:
    """Return the page that begins at a byte, cut where the window ends; None if none does."""
    head = window[at : at + _HEAD]
    if len(head) < _HEAD or not head.startswith(b"OggS"):
        return None
    lengths = window[at + _HEAD : at + _HEAD + head[26]]
    return window[at : at + _HEAD + len(lengths) + sum(lengths)]


def survey_pages(file: BinaryIO, *, start: int = 0) -> OggSurvey:
    """Read the headers of all pages of an Ogg file, the first of which begins at `start`."""
    size = file.seek(0, os.SEEK_END)
    file.seek(start)
    survey = OggSurvey([], False)
    numbers: dict[int, int] = {}
    seen_audio = ended = True
    window, base, at = b"", start, 0
    while base + at < size:
        if len(window) - at < _LARGEST_PAGE and base + len(window) < size:
            base, window, at = base + at, window[at:] + file.read(1 << 20), 0
        page = _page_at(window, at)
        if page is None or not _is_sound(page):
            survey.is_damaged = True
            found = window.find(b"OggS", at + 1)
            at = found if found >= 0 else len(window)
            continue
        serial, number = page[14:18], int.from_bytes(page[18:22], "little")
        key = int.from_bytes(serial, "little")
        if page[5] & 2:  # the first page of a stream
            if seen_audio:
                survey.links.append(base + at)
            seen_audio, ended = False, False
            numbers[key] = number
        else:
            if number != (numbers.get(key, -2) + 1) & 0xFFFFFFFF:
                survey.is_damaged = True
            numbers[key] = number
            seen_audio = True
            ended = ended or bool(page[5] & 4)
        at += len(page)
    if not ended and survey.links:
        survey.is_damaged = True
    return survey
