"""AIFF and WAV: an ID3 tag in a chunk, and the text chunks that such files have of their own.

If audio has no stated length, as in a file written to a pipe, or is longer than the file, anything
after it would be taken for audio, so a new tag goes before it. The stated size of a file stays as
right or wrong as it was.
"""

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
from earmark.tags._splice import file_size, read_bytes, splice
from earmark.tags._tags import Fields, GenreState, filled

__all__ = ["AIFF", "FORM", "HEAD", "Chunk", "Chunks", "text_of"]

HEAD = 8
FORM = 12
_UNKNOWN = 0xFFFFFFFF


@dataclass(frozen=True)
class Chunk:
    """A chunk: its start, and the start and end of its content.

    An open chunk extends to the end of the file, whatever length it states.
    """

    name: bytes
    start: int
    content: int
    stop: int
    is_open: bool = False

    def read(self, file: BinaryIO) -> bytes:
        """Read its content."""
        return read_bytes(file, self.content, self.stop - self.content)


@dataclass(frozen=True)
class _Layout:
    """The place and kind of the tag, or of a new one."""

    start: int
    stop: int
    head: ID3v2


class Chunks(Container):
    """A file that is a list of chunks."""

    entry_name = "frame"
    order: ClassVar[Literal["big", "little"]]
    tag_name: ClassVar[bytes]
    audio_name: ClassVar[bytes]

    def number(self, data: bytes) -> int:
        """Return bytes as a number, in the byte order of this kind of file."""
        return int.from_bytes(data, self.order)

    def _long_sizes(self, file: BinaryIO) -> dict[bytes, int]:
        """Return sizes that do not fit where they should stand; of the whole file as ``RIFF``."""
        return {}

    def _stated_end(self, file: BinaryIO) -> int | None:
        """Return the stated end of the file, or None."""
        size = self._long_sizes(file).get(b"RIFF", self.number(read_bytes(file, 4, 4)))
        return None if size in (0, _UNKNOWN) else HEAD + size

    def _end(self, file: BinaryIO) -> int:
        """Return where the chunks end: at the stated end, if a chunk ends there."""
        stated, size = self._stated_end(file), file_size(file)
        if stated is None or stated >= size:
            return size
        at, long_sizes = FORM, self._long_sizes(file)
        while at < stated:
            head = read_bytes(file, at, HEAD)
            length = self.number(head[4:])
            at += HEAD + (long_sizes.get(head[:4], length) if length == _UNKNOWN else length)
            if at != stated:
                at += at % 2
        return stated if at == stated else size

    def chunks(self, file: BinaryIO) -> Iterator[Chunk]:
        """Yield the chunks of a file."""
        at, end = FORM, self._end(file)
        long_sizes = self._long_sizes(file)
        while at + HEAD <= end:
            head = read_bytes(file, at, HEAD)
            name, size = head[:4], self.number(head[4:])
            if size == _UNKNOWN:
                size = long_sizes.get(name, size)
            content, stop = at + HEAD, at + HEAD + size
            if name == self.audio_name and self._is_open(file, content, size):
                yield Chunk(name, at, content, file_size(file), is_open=True)
                return
            yield Chunk(name, at, content, max(content, min(stop, end)))
            at = stop + stop % 2

    def _is_open(self, file: BinaryIO, content: int, size: int) -> bool:
        """Say whether audio extends to the end of the file."""
        if content + size > file_size(file):
            return True
        if size:
            return False
        # Programs that were killed leave 0; audio follows unless it is another chunk.
        following = read_bytes(file, content, HEAD)
        if not following:
            return False
        fits = content + HEAD + self.number(following[4:]) <= file_size(file)
        return not (len(following) == HEAD and fits and _is_name(following[:4]))

    def _tag_chunk(self, file: BinaryIO) -> Chunk | None:
        tags = (chunk for chunk in self.chunks(file) if chunk.name.upper() == b"ID3 ")
        return next(tags, None)

    def _place_of_new(self, file: BinaryIO) -> int:
        """Return the place of a new chunk: after all others, but never after open audio."""
        opened = (chunk.start for chunk in self.chunks(file) if chunk.is_open)
        return next(opened, self._end(file))

    def load(self, file: BinaryIO) -> Entries | None:
        chunk = self._tag_chunk(file)
        if chunk is None:
            return None
        head, frames = parse_tag(chunk.read(file))
        return Entries(frames, _Layout(chunk.start, chunk.stop, head))

    def create(self, file: BinaryIO) -> Entries:
        at = self._place_of_new(file)
        return Entries([], _Layout(at, at, new_tag()))

    def store(self, file: BinaryIO, tag: Entries) -> None:
        layout: _Layout = tag.layout
        content = render_tag(layout.head, tag.raw)
        name = read_bytes(file, layout.start, 4) if layout.stop > layout.start else self.tag_name
        self.put(file, layout.start, layout.stop, self.chunk_of(name, content))

    def chunk_of(self, name: bytes, content: bytes) -> bytes:
        """Return the bytes of a chunk."""
        return name + len(content).to_bytes(4, self.order) + content

    def put(self, file: BinaryIO, start: int, stop: int, chunk: bytes) -> None:
        """Replace a chunk and its padding byte, and correct the size of the file."""
        end = self._end(file)
        stop = min(stop + stop % 2, max(end, start))
        chunk += bytes(len(chunk) % 2)
        if chunk and start % 2:  # the last chunk lacks its padding byte
            chunk = b"\0" + chunk
        growth = len(chunk) - (stop - start)
        self._mend_size(file, growth)
        splice(file, start, stop, chunk)

    def _mend_size(self, file: BinaryIO, growth: int) -> None:
        """Change the stated size of the file, if there is one."""
        size = self.number(read_bytes(file, 4, 4))
        if size in (0, _UNKNOWN):
            return
        if size + growth >= _UNKNOWN:
            raise BadTagError("it would be larger than its kind of file can be")
        file.seek(4)
        file.write((size + growth).to_bytes(4, self.order))

    def extra_state(self, file: BinaryIO, tag: Entries | None) -> dict[str, int | None]:
        """Return whether a padding byte is missing before a new tag, or after the last one."""
        return {"odd": (self._place_of_new(file) if tag is None else self._end(file)) % 2}

    def restore_own(self, file: BinaryIO, state: GenreState) -> None:
        super().restore_own(file, state)
        chunk, end = self._tag_chunk(file), self._end(file)
        was_odd = state.there and state.extra.get("odd")
        if was_odd and chunk is not None and chunk.stop % 2 and chunk.stop + 1 == end:
            self._mend_size(file, -1)
            splice(file, chunk.stop, end, b"")

    def remove(self, file: BinaryIO, state: GenreState) -> None:
        chunk = self._tag_chunk(file)
        if chunk is not None:
            # The padding byte of the chunk before it came with it.
            self.put(file, chunk.start - (state.extra.get("odd") or 0), chunk.stop, b"")

    def is_genre(self, entry: bytes) -> bool:
        return is_genre_frame(entry)

    def entries_of(self, tag: Entries, genres: Sequence[str]) -> list[bytes]:
        return [genre_frame(tag.layout.head, genres)]

    def fields(self, file: BinaryIO) -> Fields:
        chunk = self._tag_chunk(file)
        in_tag: Fields = {} if chunk is None else id3_fields(chunk.read(file))
        return {**self._own_fields(file), **filled(in_tag)}

    @abstractmethod
    def _own_fields(self, file: BinaryIO) -> Fields:
        """Return the fields in the chunks of this kind of file."""

    def _is_left_alone(self, file: BinaryIO, chunk: Chunk) -> bool:
        """Say whether a chunk is never changed."""
        return chunk.name not in (self.audio_name, b"id3 ", b"ID3 ")

    def own_others(self, file: BinaryIO) -> Others:
        chunks = [chunk for chunk in self.chunks(file) if self._is_left_alone(file, chunk)]
        return (
            *super().own_others(file),
            *((chunk.name.decode("latin-1"), chunk.read(file)) for chunk in chunks),
        )


def _is_name(name: bytes) -> bool:
    return all(32 <= byte < 127 for byte in name)


def text_of(data: bytes) -> str:
    """Return the text in a chunk: UTF-8, else Latin-1, up to the zeros at its end."""
    data = data.rstrip(b"\0")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


class AIFF(Chunks):
    """An AIFF file."""

    name = "aiff"
    order = "big"
    tag_name = b"ID3 "
    audio_name = b"SSND"
    _NAMES: ClassVar = {b"NAME": "title", b"AUTH": "artist"}

    def _own_fields(self, file: BinaryIO) -> Fields:
        return {
            self._NAMES[chunk.name]: [text_of(chunk.read(file))]
            for chunk in self.chunks(file)
            if chunk.name in self._NAMES
        }
