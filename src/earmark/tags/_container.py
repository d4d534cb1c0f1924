"""The interface behind which all kinds of tags are: a tag is a list of entries, each raw bytes."""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, ClassVar

from earmark.tags._tags import Fields, GenreState

__all__ = ["BadTagError", "Container", "Entries", "Others", "parser_errors"]

Others = tuple[tuple[str, bytes], ...]
"""Everything but genres, named, as bytes."""


class BadTagError(ValueError):
    """A tag is not as its kind is written; the reason is the message."""


def parser_errors() -> tuple[type[Exception], ...]:
    """Return what mutagen raises on files that are not as their kind is written.

    Besides its own error those are whatever its parsers run into: a key or an index that is not
    there, a number that is too short, containers within containers without an end.
    """
    from mutagen import MutagenError

    return (
        *(MutagenError, ArithmeticError, AssertionError, AttributeError, EOFError, LookupError),
        *(MemoryError, RuntimeError, TypeError, ValueError, struct.error),
    )


@dataclass
class Entries:
    """A tag in memory.

    Attributes
    ----------
    raw : list of bytes
        Its entries.
    layout : object
        What its container needs to write it again.
    """

    raw: list[bytes]
    layout: Any


class Container(ABC):
    """A kind of file, and where its tags are."""

    name: ClassVar[str]

    @abstractmethod
    def fields(self, file: BinaryIO) -> Fields:
        """Return what the tags say."""

    @abstractmethod
    def load(self, file: BinaryIO) -> Entries | None:
        """Return the tag; None if there is none."""

    @abstractmethod
    def create(self, file: BinaryIO) -> Entries:
        """Return an empty tag for a file that has none."""

    @abstractmethod
    def store(self, file: BinaryIO, tag: Entries) -> None:
        """Write a tag that was loaded, or created, and then changed."""

    @abstractmethod
    def remove(self, file: BinaryIO, state: GenreState) -> None:
        """Take away a tag that holds nothing and was not there in that state."""

    @abstractmethod
    def is_genre(self, entry: bytes) -> bool:
        """Tell whether an entry says a genre."""

    @abstractmethod
    def entries_of(self, tag: Entries, genres: Sequence[str]) -> list[bytes]:
        """Return the entries that say some genres."""

    def others(self, file: BinaryIO) -> Others:
        """Return everything but genres."""
        tag = self.load(file)
        raw = [] if tag is None else tag.raw
        return tuple(("entry", entry) for entry in raw if not self.is_genre(entry))

    def more(self, file: BinaryIO, tag: Entries | None) -> dict[str, int | None]:
        """Return what a state must hold besides entries."""
        return {}

    def state(self, file: BinaryIO) -> GenreState:
        """Return what the file says of its genre."""
        tag = self.load(file)
        raw = [] if tag is None else tag.raw
        entries = tuple((at, entry) for at, entry in enumerate(raw) if self.is_genre(entry))
        return GenreState(self.name, tag is not None, entries, self.more(file, tag))

    def write(self, file: BinaryIO, genres: Sequence[str]) -> None:
        """Replace the genres, where the first of them stands, else at the end."""
        tag = self.load(file) or self.create(file)
        at = next((at for at, raw in enumerate(tag.raw) if self.is_genre(raw)), None)
        kept = [entry for entry in tag.raw if not self.is_genre(entry)]
        at = len(kept) if at is None else at
        tag.raw = [*kept[:at], *self.entries_of(tag, genres), *kept[at:]]
        self.store(file, tag)

    def restore(self, file: BinaryIO, state: GenreState) -> None:
        """Make the genres as they were, and leave all else as it is."""
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
