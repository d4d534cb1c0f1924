"""APEv2, at the end of WavPack, Monkey's Audio and Musepack files, item by item.

Such files may have an ID3v1 tag after it, and some have ID3v2 in front.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from earmark.tags._container import BadTagError, Container, Entries, Others
from earmark.tags._id3v1 import id3v1_of, with_id3v1
from earmark.tags._leading import leading_fields, readable_leading
from earmark.tags._splice import file_size, read_bytes, splice
from earmark.tags._tags import Fields, GenreState, field_name, filled

__all__ = ["APE_TAG", "APEv2", "Monkeys", "Musepack", "WavPack"]

_MAGIC = b"APETAGEX"
_SIZE = 32
_HAS_HEADER, _IS_HEADER = 1 << 31, 1 << 29
_V1_SIZE = 128


@dataclass(frozen=True)
class _Place:
    """The place of a tag, and its footer."""

    start: int
    stop: int
    version: int = 2000
    flags: int = _HAS_HEADER


def _number(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")


def _end(file: BinaryIO) -> int:
    """Return where a tag ends, or would end: at the end, before ID3v1 and lyrics."""
    end = file_size(file)
    if end >= _V1_SIZE and read_bytes(file, end - _V1_SIZE, 3) == b"TAG":
        end -= _V1_SIZE
    tail = read_bytes(file, max(0, end - 15), min(end, 15))
    if tail[-9:] == b"LYRICS200" and tail[:6].isdigit() and int(tail[:6]) + 15 <= end:
        end -= int(tail[:6]) + 15
    return end


def _items(body: bytes, count: int) -> list[bytes]:
    items, at = [], 0
    for _ in range(count):
        end_of_key = body.find(b"\0", at + 8)
        stop = end_of_key + 1 + _number(body, at)
        if end_of_key < 0 or stop > len(body):
            raise BadTagError("its APEv2 tag is damaged: an item is longer than it")
        items.append(body[at:stop])
        at = stop
    if at != len(body):
        raise BadTagError("its APEv2 tag is damaged: it is longer than its items")
    return items


def _key(item: bytes) -> str:
    return item[8 : item.index(b"\0", 8)].decode("latin-1")


class APEv2(Container):
    """A file with an APEv2 tag at its end."""

    name = "ape tag"
    entry_name = "item"
    label = "APEv2"

    def load(self, file: BinaryIO) -> Entries | None:
        end = _end(file)
        footer = read_bytes(file, max(0, end - _SIZE), min(end, _SIZE))
        if not footer.startswith(_MAGIC):
            return None
        version, size, count, flags = (_number(footer, at) for at in (8, 12, 16, 20))
        start = end - size - (_SIZE if flags & _HAS_HEADER else 0)
        if size < _SIZE or start < 0 or version not in (1000, 2000):
            raise BadTagError("its APEv2 tag is damaged: its footer contradicts itself")
        items = _items(read_bytes(file, end - size, size - _SIZE), count)
        return Entries(items, _Place(start, end, version, flags))

    def create(self, file: BinaryIO) -> Entries:
        end = _end(file)
        return Entries([], _Place(end, end))

    def store(self, file: BinaryIO, tag: Entries) -> None:
        place: _Place = tag.layout
        body = b"".join(tag.raw)

        def mark(flags: int) -> bytes:
            numbers = (place.version, len(body) + _SIZE, len(tag.raw), flags)
            return (_MAGIC + b"".join(n.to_bytes(4, "little") for n in numbers)).ljust(_SIZE, b"\0")

        head = mark(place.flags | _IS_HEADER) if place.flags & _HAS_HEADER else b""
        splice(file, place.start, place.stop, head + body + mark(place.flags & ~_IS_HEADER))

    def remove(self, file: BinaryIO, state: GenreState) -> None:
        tag = self.load(file)
        if tag is not None:
            splice(file, tag.layout.start, tag.layout.stop, b"")

    def is_genre(self, entry: bytes) -> bool:
        return _key(entry).lower() == "genre"

    def entries_of(self, tag: Entries, genres: Sequence[str]) -> list[bytes]:
        if tag.layout.version == 1000:  # which knows neither UTF-8 nor several values
            try:
                value = genres[0].encode("latin-1") + b"\0"
            except UnicodeEncodeError as error:
                raise BadTagError("its APEv1 tag cannot hold the genre's letters") from error
        else:
            value = "\0".join(genres).encode()
        return [len(value).to_bytes(4, "little") + bytes(4) + b"Genre\0" + value]

    def fields(self, file: BinaryIO) -> Fields:
        fields = {}
        for item in self.entries(file):
            is_text = _number(item, 4) >> 1 & 3 == 0
            if is_text:
                value = item[item.index(b"\0", 8) + 1 :]
                texts = value.decode("utf-8", "replace").split("\0")
                fields[field_name(_key(item))] = texts
        return fields

    def own_others(self, file: BinaryIO) -> Others:
        size = file_size(file) - (0 if id3v1_of(file) is None else _V1_SIZE)
        end = _end(file)
        lyrics = read_bytes(file, end, max(0, size - end))
        after = [("after", lyrics)] if lyrics else []
        return (*super().own_others(file), *after)


class _File(APEv2):
    """A kind of file with an APEv2 tag."""

    label = ""
    may_have_id3v1 = True

    def fields(self, file: BinaryIO) -> Fields:
        return with_id3v1(file, {**leading_fields(file), **filled(super().fields(file))})

    def further_tags(self, file: BinaryIO) -> Sequence[Container]:
        return readable_leading(file)


class WavPack(_File):
    """A WavPack file."""

    name = "wavpack"


class Monkeys(_File):
    """A Monkey's Audio file."""

    name = "monkeys"


class Musepack(_File):
    """A Musepack file."""

    name = "musepack"


APE_TAG = APEv2()
