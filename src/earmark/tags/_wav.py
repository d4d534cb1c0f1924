"""WAV: the genre in an ID3 tag and in each list of texts (`LIST INFO`); players read either.

Files of more than 4 GiB (RF64, BW64) have their sizes in a separate chunk, which is kept correct.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from earmark.tags._chunks import FORM, HEAD, Chunk, Chunks, text_of
from earmark.tags._container import BadTagError, Container, Entries
from earmark.tags._splice import read_bytes
from earmark.tags._tags import Fields, GenreState

__all__ = ["WAV"]

_GENRE = b"IGNR"
_INFO = b"INFO"
_LONG = (b"RF64", b"BW64")
_NAMES = {
    b"IART": "artist",
    b"INAM": "title",
    b"IPRD": "album",
    b"IGNR": "genre",
    b"ICRD": "date",
    b"ITRK": "tracknumber",
    b"IPRT": "tracknumber",
    b"IMUS": "composer",
}


def _texts(content: bytes) -> list[bytes]:
    """Split a list of texts; each includes its padding byte, if any."""
    texts, at = [], 0
    while at < len(content):
        size = int.from_bytes(content[at + 4 : at + HEAD], "little")
        stop = at + HEAD + size
        if at + HEAD > len(content) or stop > len(content):
            raise BadTagError("its LIST INFO chunk is damaged: a text is longer than it")
        stop += size % 2 and content[stop : stop + 1] == b"\0"
        texts.append(content[at:stop])
        at = stop
    return texts


def _value(text: bytes) -> str:
    size = int.from_bytes(text[4:HEAD], "little")
    return text_of(text[HEAD : HEAD + size])


class _Info(Container):
    """One of the lists of texts of a WAV file, counted from 0."""

    name = "info"
    entry_name = "text"
    always = True

    def __init__(self, parent: WAV, number: int) -> None:
        self._parent, self._number = parent, number
        self.label = f"INFO {number}"

    def load(self, file: BinaryIO) -> Entries | None:
        lists = self._parent.infos(file)
        if self._number >= len(lists):
            return None
        chunk = lists[self._number]
        content = read_bytes(file, chunk.content + 4, chunk.stop - chunk.content - 4)
        return Entries(_texts(content), chunk)

    def create(self, file: BinaryIO) -> Entries:
        raise BadTagError("it has no LIST INFO chunk")

    def store(self, file: BinaryIO, tag: Entries) -> None:
        place: Chunk = tag.layout
        chunk = self._parent.chunk_of(b"LIST", _INFO + b"".join(tag.raw))
        self._parent.put(file, place.start, place.stop, chunk)

    def remove(self, file: BinaryIO, state: GenreState) -> None:
        """Do nothing: such a list is never created."""

    def is_genre(self, entry: bytes) -> bool:
        return entry[:4].upper() == _GENRE

    def place_of_new(self, kept: Sequence[bytes]) -> int:
        return 0  # the last text may lack its padding byte

    def entries_of(self, tag: Entries, genres: Sequence[str]) -> list[bytes]:
        value = "; ".join(genres).encode() + b"\0"
        return [_GENRE + len(value).to_bytes(4, "little") + value + bytes(len(value) % 2)]

    def fields(self, file: BinaryIO) -> Fields:
        texts = self.entries(file)
        return {_NAMES[text[:4]]: [_value(text)] for text in texts if text[:4] in _NAMES}


class WAV(Chunks):
    """A WAV file, RF64 and BW64 included."""

    name = "wav"
    order = "little"
    tag_name = b"id3 "
    audio_name = b"data"

    def infos(self, file: BinaryIO) -> list[Chunk]:
        """Return the lists of texts."""
        return [
            chunk
            for chunk in self.chunks(file)
            if chunk.name == b"LIST" and read_bytes(file, chunk.content, 4) == _INFO
        ]

    def _readable(self, file: BinaryIO, number: int, chunk: Chunk) -> bool:
        """Say whether a list can be split; one that cannot and has a genre is refused."""
        try:
            _Info(self, number).load(file)
        except BadTagError:
            if _GENRE in chunk.read(file):
                raise
            return False
        return True

    def further_tags(self, file: BinaryIO) -> Sequence[Container]:
        return [
            _Info(self, number)
            for number, chunk in enumerate(self.infos(file))
            if self._readable(file, number, chunk)
        ]

    def _own_fields(self, file: BinaryIO) -> Fields:
        fields: dict[str, Sequence[str]] = {}
        for number in range(len(self.infos(file))):
            try:
                fields |= _Info(self, number).fields(file)
            except BadTagError:
                continue
        return fields

    def _is_left_alone(self, file: BinaryIO, chunk: Chunk) -> bool:
        if not super()._is_left_alone(file, chunk) or chunk.name in (b"ds64", *_LONG):
            return False
        lists = self.infos(file)
        return chunk not in lists or not self._readable(file, lists.index(chunk), chunk)

    def _long_sizes(self, file: BinaryIO) -> dict[bytes, int]:
        head = read_bytes(file, 0, FORM + HEAD + 28)
        if head[:4] not in _LONG or head[FORM : FORM + 4] != b"ds64":
            return {}
        whole, audio = (self.number(head[at : at + 8]) for at in (20, 28))
        sizes = {b"RIFF": whole, b"data": audio}
        n_more = min(self.number(head[44:48]), 100)
        table = read_bytes(file, 48, 12 * n_more)
        for at in range(0, len(table) - 11, 12):
            sizes[table[at : at + 4]] = self.number(table[at + 4 : at + 12])
        return sizes

    def _mend_size(self, file: BinaryIO, growth: int) -> None:
        super()._mend_size(file, growth)
        whole = self._long_sizes(file).get(b"RIFF", 0)
        if whole:
            file.seek(20)
            file.write((whole + growth).to_bytes(8, self.order))
