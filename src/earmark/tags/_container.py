"""The common interface of all kinds of tags: a tag is a list of entries of raw bytes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, ClassVar

from earmark.tags._damage import BadTagError, parser_errors
from earmark.tags._id3v1 import NO_GENRE, genre_number, id3v1_of, set_genre_number
from earmark.tags._tags import Fields, GenreState

__all__ = ["BadTagError", "Container", "Entries", "Others", "parser_errors"]

Others = tuple[tuple[str, bytes], ...]
"""Everything except genres, by name, as bytes."""


@dataclass
class Entries:
    """A tag in memory: its entries, and what its container needs to write it."""

    raw: list[bytes]
    layout: Any


class Container(ABC):
    """A kind of file, and the place of its tags.

    `name` stands in the states of files, and `entry_name` is what one of its entries is called. Of
    a second tag, `label` tells which one of its file it is, and `always` whether it gets a genre
    even if it has none. If `may_have_id3v1`, such a file may end in an ID3v1 tag, whose genre
    number is changed as well.
    """

    name: ClassVar[str]
    entry_name: ClassVar[str] = "entry"
    label: str = ""
    always: ClassVar[bool] = False
    may_have_id3v1: ClassVar[bool] = False

    @abstractmethod
    def fields(self, file: BinaryIO) -> Fields:
        """Return the fields of the tags."""

    @abstractmethod
    def load(self, file: BinaryIO) -> Entries | None:
        """Return the tag; None if there is none."""

    @abstractmethod
    def create(self, file: BinaryIO) -> Entries:
        """Return an empty tag for a file that has none."""

    @abstractmethod
    def store(self, file: BinaryIO, tag: Entries) -> None:
        """Write a tag that was loaded or created, and then changed."""

    @abstractmethod
    def remove(self, file: BinaryIO, state: GenreState) -> None:
        """Remove an empty tag that did not exist in that state."""

    @abstractmethod
    def is_genre(self, entry: bytes) -> bool:
        """Say whether an entry holds a genre."""

    @abstractmethod
    def entries_of(self, tag: Entries, genres: Sequence[str]) -> list[bytes]:
        """Return the entries for some genres; `tag` still has the old ones."""

    def further_tags(self, file: BinaryIO) -> Sequence[Container]:
        """Return the other tags of a file, which programs may read instead of the first."""
        return ()

    def others(self, file: BinaryIO) -> Others:
        """Return everything except genres."""
        v1 = id3v1_of(file) if self.may_have_id3v1 else None
        return (
            *self.own_others(file),
            *(
                (f"{tag.label}: {name}", raw)
                for tag in self.further_tags(file)
                for name, raw in tag.own_others(file)
            ),
            *([] if v1 is None else [("ID3v1", v1[:-1])]),
        )

    def own_others(self, file: BinaryIO) -> Others:
        """Return everything except genres, in the first tag and outside tags."""
        return tuple(
            (self.entry_name, entry) for entry in self.entries(file) if not self.is_genre(entry)
        )

    def entries(self, file: BinaryIO) -> list[bytes]:
        """Return the entries of the tag; none without a tag."""
        tag = self.load(file)
        return [] if tag is None else tag.raw

    def extra_state(self, file: BinaryIO, tag: Entries | None) -> dict[str, int | None]:
        """Return what a state holds in addition to entries."""
        return {}

    def place_of_new(self, kept: Sequence[bytes]) -> int:
        """Return the place of a first genre among the entries."""
        return len(kept)

    def spelling(self, file: BinaryIO, genres: Sequence[str]) -> tuple[str, ...]:
        """Return some genres as a file will spell them."""
        return tuple(dict.fromkeys(genre.strip() for genre in genres))

    def genre_entries(self, file: BinaryIO) -> tuple[tuple[int, bytes], ...]:
        """Return the entries with a genre, and their places among all."""
        entries = enumerate(self.entries(file))
        return tuple((at, entry) for at, entry in entries if self.is_genre(entry))

    def _changed(self, file: BinaryIO) -> list[Container]:
        """Return the other tags that are changed with the first."""
        return [tag for tag in self.further_tags(file) if tag.always or tag.genre_entries(file)]

    def state(self, file: BinaryIO) -> GenreState:
        """Return the state of the genres of the file."""
        tag = self.load(file)
        extra = self.extra_state(file, tag)
        if self.may_have_id3v1:
            v1 = id3v1_of(file)
            extra["id3v1"] = None if v1 is None else v1[-1]
        second = {tag.label: tag.genre_entries(file) for tag in self._changed(file)}
        return GenreState(self.name, tag is not None, self.genre_entries(file), extra, second)

    def write(self, file: BinaryIO, genres: Sequence[str]) -> None:
        """Replace the genres in every tag that has one."""
        second = self._changed(file)
        self.write_own(file, genres)
        for tag in second:
            tag.write_own(file, genres)
        if self.may_have_id3v1 and id3v1_of(file) is not None:
            number = genre_number(genres[0])
            set_genre_number(file, NO_GENRE if number is None else number)

    def write_own(self, file: BinaryIO, genres: Sequence[str]) -> None:
        """Replace the genres of the first tag, in the place of the first one, else at the end."""
        tag = self.load(file) or self.create(file)
        at = next((at for at, raw in enumerate(tag.raw) if self.is_genre(raw)), None)
        kept = [entry for entry in tag.raw if not self.is_genre(entry)]
        at = self.place_of_new(kept) if at is None else at
        tag.raw = [*kept[:at], *self.entries_of(tag, genres), *kept[at:]]
        self.store(file, tag)

    def restore(self, file: BinaryIO, state: GenreState) -> None:
        """Restore the genres, and leave everything else as it is."""
        self.restore_own(file, state)
        for second in self.further_tags(file):
            entries = state.second.get(second.label)
            if entries is not None:
                second.restore_own(file, GenreState(second.name, True, entries))
        number = state.extra.get("id3v1")
        if self.may_have_id3v1 and number is not None and id3v1_of(file) is not None:
            set_genre_number(file, number)

    def restore_own(self, file: BinaryIO, state: GenreState) -> None:
        """Restore the genres of the first tag."""
        tag = self.load(file)
        if tag is None:
            if not state.there:
                return
            tag = self.create(file)
        tag.raw = [entry for entry in tag.raw if not self.is_genre(entry)]
        for at, entry in state.entries:
            tag.raw.insert(at, entry)
        self.store(file, tag)
        if not tag.raw and not state.there:
            self.remove(file, state)
