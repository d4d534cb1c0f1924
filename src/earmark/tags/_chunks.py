"""AIFF and WAV: an ID3 tag in a chunk; what their own text chunks say is read and left alone."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, ClassVar, Literal

from earmark.tags._container import BadTagError, Container, Entries, Others
from earmark.tags._id3v2 import (
    ID3v2,
    genre_frame,
    id3_fields,
    is_genre_frame,
    new_tag,
    parse_tag,
    render_tag,
)
from earmark.tags._splice import file_size, read_at, splice
from earmark.tags._tags import Fields, GenreState

__all__ = ["AIFF", "WAV"]

_HEAD = 8
_FORM = 12
_MOST = 1 << 32


@dataclass(frozen=True)
class _Chunk:
    """A chunk: its name, where it begins, where its content does, and where that ends."""

    name: bytes
    start: int
    content: int
    stop: int


@dataclass(frozen=True)
class _Layout:
    """Where the tag is, or would be, and what kind it is."""

    start: int
    stop: int
    head: ID3v2


class _Chunks(Container):
    """A file that is a list of chunks."""

    order: ClassVar[Literal["big", "little"]]
    tag_name: ClassVar[bytes]
    audio_name: ClassVar[bytes]

    def _number(self, data: bytes) -> int:
        return int.from_bytes(data, self.order)

    def _end(self, file: BinaryIO) -> int:
        return min(file_size(file), _HEAD + self._number(read_at(file, 4, 4)))

    def _chunks(self, file: BinaryIO) -> Iterator[_Chunk]:
        at, end = _FORM, self._end(file)
        while at + _HEAD <= end:
            head = read_at(file, at, _HEAD)
            content = at + _HEAD
            stop = content + self._number(head[4:])
            yield _Chunk(head[:4], at, content, min(stop, end))
            at = stop + stop % 2

    def _tag_chunk(self, file: BinaryIO) -> _Chunk | None:
        found = (one for one in self._chunks(file) if one.name.upper() == b"ID3 ")
        return next(found, None)

    def load(self, file: BinaryIO) -> Entries | None:
        chunk = self._tag_chunk(file)
        if chunk is None:
            return None
        head, frames = parse_tag(read_at(file, chunk.content, chunk.stop - chunk.content))
        return Entries(frames, _Layout(chunk.start, chunk.stop, head))

    def create(self, file: BinaryIO) -> Entries:
        end = self._end(file)
        return Entries([], _Layout(end, end, new_tag()))

    def store(self, file: BinaryIO, tag: Entries) -> None:
        layout: _Layout = tag.layout
        content = render_tag(layout.head, tag.raw)
        name = read_at(file, layout.start, 4) if layout.stop > layout.start else self.tag_name
        self._put(file, layout, name + len(content).to_bytes(4, self.order) + content)

    def _put(self, file: BinaryIO, layout: _Layout, chunk: bytes) -> None:
        """Replace a chunk, and the byte that makes its length even, and mend the file's size."""
        end = self._end(file)
        start, stop = layout.start, min(layout.stop + layout.stop % 2, end)
        if chunk and start % 2:  # the last chunk lacks the byte that would make it even
            chunk = b"\0" + chunk
        chunk += bytes(len(chunk) % 2)
        size = end - _HEAD + len(chunk) - (stop - start)
        if size >= _MOST:
            raise BadTagError("it would be larger than its kind of file can be")
        splice(file, start, stop, chunk)
        file.seek(4)
        file.write(size.to_bytes(4, self.order))

    def remove(self, file: BinaryIO, state: GenreState) -> None:
        chunk = self._tag_chunk(file)
        if chunk is not None:
            self._put(file, _Layout(chunk.start, chunk.stop, new_tag()), b"")

    def is_genre(self, entry: bytes) -> bool:
        return is_genre_frame(entry)

    def entries_of(self, tag: Entries, genres: Sequence[str]) -> list[bytes]:
        return [genre_frame(tag.layout.head, genres)]

    def fields(self, file: BinaryIO) -> Fields:
        chunk = self._tag_chunk(file)
        said: Fields = {}
        if chunk is not None:
            said = id3_fields(read_at(file, chunk.content, chunk.stop - chunk.content))
        said = {name: values for name, values in said.items() if any(values)}
        return {**self._own_fields(file), **said}

    @abstractmethod
    def _own_fields(self, file: BinaryIO) -> Fields:
        """Return what the chunks of this kind of file say."""

    def others(self, file: BinaryIO) -> Others:
        tag = self.load(file)
        found = [("frame", raw) for raw in (tag.raw if tag else []) if not self.is_genre(raw)]
        for chunk in self._chunks(file):
            if chunk.name not in (self.audio_name, b"id3 ", b"ID3 "):
                content = read_at(file, chunk.content, chunk.stop - chunk.content)
                found.append((chunk.name.decode("latin-1"), content))
        return tuple(found)


def _text(data: bytes) -> str:
    data = data.rstrip(b"\0")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


class WAV(_Chunks):
    """A WAV file."""

    name = "wav"
    order = "little"
    tag_name = b"id3 "
    audio_name = b"data"
    _NAMES: ClassVar = {
        b"IART": "artist",
        b"INAM": "title",
        b"IPRD": "album",
        b"IGNR": "genre",
        b"ICRD": "date",
        b"ITRK": "tracknumber",
        b"IPRT": "tracknumber",
        b"IMUS": "composer",
    }

    def _own_fields(self, file: BinaryIO) -> Fields:
        found = {}
        for chunk in self._chunks(file):
            if chunk.name != b"LIST":
                continue
            content = read_at(file, chunk.content, chunk.stop - chunk.content)
            at = 4
            while content.startswith(b"INFO") and at + _HEAD <= len(content):
                size = self._number(content[at + 4 : at + 8])
                name = self._NAMES.get(content[at : at + 4])
                if name is not None:
                    found[name] = [_text(content[at + _HEAD : at + _HEAD + size])]
                at += _HEAD + size + size % 2
        return found


class AIFF(_Chunks):
    """An AIFF file."""

    name = "aiff"
    order = "big"
    tag_name = b"ID3 "
    audio_name = b"SSND"
    _NAMES: ClassVar = {b"NAME": "title", b"AUTH": "artist"}

    def _own_fields(self, file: BinaryIO) -> Fields:
        return {
            self._NAMES[chunk.name]: [
                _text(read_at(file, chunk.content, chunk.stop - chunk.content))
            ]
            for chunk in self._chunks(file)
            if chunk.name in self._NAMES
        }
