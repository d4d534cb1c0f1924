"""ID3v2 tags at the start of a file, one after another, even in kinds that should have none.

FLAC, Ogg and WavPack files have their own tags, but some programs put ID3 in front of them anyway,
and some players read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import BinaryIO

from earmark.tags._container import BadTagError, Container, Entries
from earmark.tags._id3v2 import (
    HEADER_SIZE,
    genre_frame,
    id3_fields,
    is_genre_frame,
    new_tag,
    parse_tag,
    render_tag,
    tag_size,
)
from earmark.tags._splice import read_bytes, splice
from earmark.tags._tags import Fields, GenreState, filled

__all__ = ["LeadingID3", "leading_fields", "leading_tags", "readable_leading", "size_of_leading"]

_MOST = 8
"""Maximum number of tags in a row."""


def leading_tags(file: BinaryIO) -> list[tuple[int, int]]:
    """Return where the ID3v2 tags at the start of a file begin and end."""
    places: list[tuple[int, int]] = []
    at = 0
    while len(places) < _MOST and (size := tag_size(read_bytes(file, at, HEADER_SIZE))):
        places.append((at, at + size))
        at += size
    return places


def size_of_leading(file: BinaryIO) -> int:
    """Return how many bytes ID3v2 tags take at the start of a file."""
    tags = leading_tags(file)
    return tags[-1][1] if tags else 0


class LeadingID3(Container):
    """One of the ID3v2 tags at the start of a file, counted from 0."""

    name = "ID3v2"
    entry_name = "frame"

    def __init__(self, number: int = 0) -> None:
        self._number = number
        self.label = f"ID3v2 {number}"

    def place(self, file: BinaryIO) -> tuple[int, int] | None:
        """Return where it begins and ends, or None."""
        tags = leading_tags(file)
        return tags[self._number] if self._number < len(tags) else None

    def data(self, file: BinaryIO) -> bytes:
        """Return its bytes."""
        place = self.place(file)
        return b"" if place is None else read_bytes(file, place[0], place[1] - place[0])

    def load(self, file: BinaryIO) -> Entries | None:
        data = self.data(file)
        if not data:
            return None
        layout, frames = parse_tag(data)
        return Entries(frames, layout)

    def create(self, file: BinaryIO) -> Entries:
        return Entries([], new_tag())

    def store(self, file: BinaryIO, tag: Entries) -> None:
        start, stop = self.place(file) or (0, 0)
        splice(file, start, stop, render_tag(tag.layout, tag.raw))

    def remove(self, file: BinaryIO, state: GenreState) -> None:
        start, stop = self.place(file) or (0, 0)
        splice(file, start, stop, b"")

    def is_genre(self, entry: bytes) -> bool:
        return is_genre_frame(entry)

    def entries_of(self, tag: Entries, genres: Sequence[str]) -> list[bytes]:
        return [genre_frame(tag.layout, genres)]

    def fields(self, file: BinaryIO) -> Fields:
        return id3_fields(self.data(file))


def readable_leading(file: BinaryIO, *, first: int = 0) -> list[Container]:
    """Return the tags from a number on that can be split; others are left alone."""
    tags: list[Container] = []
    for number in range(first, len(leading_tags(file))):
        with suppress(BadTagError):
            tag = LeadingID3(number)
            tag.load(file)
            tags.append(tag)
    return tags


def leading_fields(file: BinaryIO, *, first: int = 0) -> Fields:
    """Return the fields of the tags from a number on, as far as they can be read."""
    fields: dict[str, Sequence[str]] = {}
    for number in range(first, len(leading_tags(file))):
        with suppress(BadTagError):
            fields = {**filled(LeadingID3(number).fields(file)), **fields}
    return fields
