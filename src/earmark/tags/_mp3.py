"""MP3 and raw AAC: ID3v2 at the start, and APEv2 and ID3v1 at the end, if present."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import BinaryIO

from earmark.tags._apev2 import APE_TAG
from earmark.tags._container import BadTagError, Container, Entries
from earmark.tags._id3v1 import (
    NO_GENRE,
    genre_number,
    id3v1_of,
    listed_genre,
    set_genre_number,
    with_id3v1,
)
from earmark.tags._leading import LeadingID3, leading_fields, readable_leading
from earmark.tags._tags import Fields, GenreState, filled

__all__ = ["AAC", "MP3"]

_NAMING = ("artist", "title", "album", "genre")


class MP3(LeadingID3):
    """An MP3 file."""

    name = "mp3"
    may_have_id3v1 = True

    def fields(self, file: BinaryIO) -> Fields:
        sources: list[Fields] = []
        with suppress(BadTagError):  # ID3 can still be read
            sources.append(APE_TAG.fields(file))
        sources += [leading_fields(file, first=1), super().fields(file)]
        merged: dict[str, Sequence[str]] = {}
        for fields in sources:
            merged |= filled(fields)
        return with_id3v1(file, merged)

    def further_tags(self, file: BinaryIO) -> Sequence[Container]:
        return [*readable_leading(file, first=1), APE_TAG]

    def write(self, file: BinaryIO, genres: Sequence[str]) -> None:
        if self.load(file) is not None or not self._named_elsewhere(file):
            super().write(file, genres)
            return
        # A new ID3v2 tag would hide artist and title from programs that read only one tag.
        if APE_TAG.load(file) is not None and self._says(APE_TAG.fields(file)):
            APE_TAG.write_own(file, genres)
            number = genre_number(genres[0])
        else:
            number = self._only_number(genres)
        if id3v1_of(file) is not None:
            set_genre_number(file, NO_GENRE if number is None else number)

    def _named_elsewhere(self, file: BinaryIO) -> bool:
        return id3v1_of(file) is not None or self._says(APE_TAG.fields(file))

    @staticmethod
    def _says(fields: Fields) -> bool:
        return any(any(fields.get(name, ())) for name in _NAMING)

    @staticmethod
    def _only_number(genres: Sequence[str]) -> int:
        number = genre_number(genres[0])
        if number is None or len(genres) > 1:
            raise BadTagError(
                "it has only an ID3v1 tag, which holds one genre of a fixed list: "
                f"{'; '.join(genres)!r} is not on it"
            )
        return number

    def spelling(self, file: BinaryIO, genres: Sequence[str]) -> tuple[str, ...]:
        name = listed_genre(genres[0])
        only_v1 = id3v1_of(file) is not None and not self._says(APE_TAG.fields(file))
        if name is None or self.load(file) is not None or not only_v1:
            return super().spelling(file, genres)
        return (name,)

    def state(self, file: BinaryIO) -> GenreState:
        state = super().state(file)
        if state.there or APE_TAG.load(file) is None:
            return state
        # APEv2 may get a genre although it has none yet.
        second = {APE_TAG.label: APE_TAG.genre_entries(file), **state.second}
        return GenreState(state.container, state.there, state.entries, state.extra, second)


class AAC(MP3):
    """A raw AAC stream after an ID3v2 tag; without one it gets none."""

    name = "aac"

    def create(self, file: BinaryIO) -> Entries:
        raise BadTagError("it has no ID3 tag")
