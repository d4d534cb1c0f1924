"""MP3: ID3v2 at the start, ID3v1 at the end, and APEv2 before that, which is left alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from earmark.tags._apev2 import APE_TAG
from earmark.tags._container import BadTagError, Container, Entries, Others
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
from earmark.tags._splice import file_size, read_at, splice
from earmark.tags._tags import DEFAULT_GENRE, Fields, GenreState

__all__ = ["MP3", "id3v1_of"]

_V1_SIZE = 128
_NO_GENRE = 255


def id3v1_of(file: BinaryIO) -> bytes | None:
    """Return the ID3v1 tag at the end of a file."""
    size = file_size(file)
    tail = read_at(file, max(0, size - _V1_SIZE), _V1_SIZE)
    return tail if len(tail) == _V1_SIZE and tail.startswith(b"TAG") else None


def _plain(genre: str) -> str:
    return "".join(filter(str.isalnum, genre.casefold()))


def _number(genre: str) -> int | None:
    """Return the number that ID3v1 has for a genre, however it is spelt."""
    from mutagen.id3 import TCON

    numbers = {_plain(name): number for number, name in reversed(list(enumerate(TCON.GENRES)))}
    return numbers.get(_plain(genre))


def _set_number(file: BinaryIO, number: int) -> None:
    file.seek(file_size(file) - 1)
    file.write(bytes([number]))


class MP3(Container):
    """An MP3 file."""

    name = "mp3"

    def _tag_bytes(self, file: BinaryIO) -> bytes:
        size = tag_size(read_at(file, 0, HEADER_SIZE))
        return read_at(file, 0, size) if size else b""

    def fields(self, file: BinaryIO) -> Fields:
        tag, v1 = self._tag_bytes(file), id3v1_of(file)
        ape = APE_TAG.fields(file)
        found = {name: values for name, values in id3_fields(tag).items() if any(values)}
        if v1 is None:
            return {**ape, **found}
        of_v1 = {name: values for name, values in id3_fields(v1).items() if any(values)}
        chosen = any(any(values.get("genre", ())) for values in (ape, found))
        default = {DEFAULT_GENRE: ["0"]} if v1[-1] == 0 and not chosen else {}
        return {**ape, **of_v1, **found, **default}

    def load(self, file: BinaryIO) -> Entries | None:
        data = self._tag_bytes(file)
        if not data:
            return None
        layout, frames = parse_tag(data)
        return Entries(frames, layout)

    def create(self, file: BinaryIO) -> Entries:
        return Entries([], new_tag())

    def store(self, file: BinaryIO, tag: Entries) -> None:
        splice(file, 0, tag.layout.size, render_tag(tag.layout, tag.raw))

    def remove(self, file: BinaryIO, state: GenreState) -> None:
        splice(file, 0, len(self._tag_bytes(file)), b"")

    def is_genre(self, entry: bytes) -> bool:
        return is_genre_frame(entry)

    def entries_of(self, tag: Entries, genres: Sequence[str]) -> list[bytes]:
        return [genre_frame(tag.layout, genres)]

    def more(self, file: BinaryIO, tag: Entries | None) -> dict[str, int | None]:
        v1 = id3v1_of(file)
        return {"id3v1": None if v1 is None else v1[-1]}

    def write(self, file: BinaryIO, genres: Sequence[str]) -> None:
        v1 = id3v1_of(file)
        if v1 is None:
            super().write(file, genres)
            return
        number = _number(genres[0])
        if self.load(file) is not None:
            super().write(file, genres)
        elif number is None or len(genres) > 1:
            # A tag of the other kind would hide artist and title from programs that read one only.
            raise BadTagError(
                "it has an ID3v1 tag only, which holds one genre of a fixed list: "
                f"{'; '.join(genres)!r} is not one of it"
            )
        _set_number(file, _NO_GENRE if number is None else number)

    def restore(self, file: BinaryIO, state: GenreState) -> None:
        if state.there or self.load(file) is not None:
            super().restore(file, state)
        number = state.extra.get("id3v1")
        if number is not None and id3v1_of(file) is not None:
            _set_number(file, number)

    def others(self, file: BinaryIO) -> Others:
        tag = self.load(file)
        found = [("frame", raw) for raw in (tag.raw if tag else []) if not self.is_genre(raw)]
        ape = APE_TAG.load(file)
        found += [("APE item", raw) for raw in (ape.raw if ape else [])]
        v1 = id3v1_of(file)
        if v1 is not None:
            found.append(("ID3v1", v1[:-1]))
        return tuple(found)
