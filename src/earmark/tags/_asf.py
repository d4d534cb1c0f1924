"""ASF (WMA): attributes in three lists of the header; all else in it stays as it is.

An attribute is in the extended content description, or in the metadata or the metadata library of
the header extension, where some programs put a second value. An entry is the bytes of an attribute,
after a letter for its list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO
from uuid import UUID

from earmark.tags._container import BadTagError, Container, Entries, Others
from earmark.tags._splice import file_size, read_bytes, splice
from earmark.tags._tags import Fields, GenreState, field_name

__all__ = ["ASF"]

_CONTENT = UUID("75b22633-668e-11cf-a6d9-00aa0062ce6c").bytes_le
_EXTENDED = UUID("d2d0a440-e307-11d2-97f0-00a0c95ea850").bytes_le
_EXTENSION = UUID("5fbf03b5-a92e-11cf-8ee3-00c00c205365").bytes_le
_LIBRARY = UUID("44231c94-9498-49d1-a141-1d134e457054").bytes_le
_METADATA = UUID("c5f8cbea-5baf-4877-8467-aa8c44fa4cca").bytes_le
_PROPERTIES = UUID("8cabdca1-a947-11cf-8ee4-00c00c205365").bytes_le
_PADDING = UUID("1806d474-cadf-4509-a4ba-9aabcb96aae8").bytes_le

_HEAD, _TOP = 24, 30
_NEW_PADDING = 1024
_LARGEST = 1 << 26
_IN_DESCRIPTION = b"D"
_INNER_LISTS = {b"M": _METADATA, b"L": _LIBRARY}
"""Lists in the header extension, by the letter of their entries."""
# WM/GenreID has the genre as a number of ID3v1.
_GENRES = ("wm/genre", "wm/genreid")
_GENRE_NUMBER = "genre number"
_NAMES = {
    "author": "artist",
    "wm/albumartist": "albumartist",
    "wm/albumtitle": "album",
    "wm/genre": "genre",
    "wm/year": "date",
    "wm/genreid": _GENRE_NUMBER,
    "wm/isrc": "isrc",
    "wm/tracknumber": "tracknumber",
    "wm/partofset": "discnumber",
    "wm/composer": "composer",
}

Object = tuple[bytes, bytes]
"""Its kind and content."""


@dataclass(frozen=True)
class _Layout:
    """The objects of the header, and how long it is."""

    objects: list[Object]
    size: int


def _number(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "little")


def _objects(data: bytes) -> Iterator[Object]:
    at = 0
    while at < len(data):
        size = _number(data, at + 16, 8)
        if size < _HEAD or at + size > len(data):
            raise BadTagError("its ASF header is damaged: an object is longer than it")
        yield data[at : at + 16], data[at + _HEAD : at + size]
        at += size


def _joined(objects: Iterable[Object]) -> bytes:
    return b"".join(
        kind + (_HEAD + len(content)).to_bytes(8, "little") + content for kind, content in objects
    )


def _attributes(content: bytes, where: bytes) -> list[bytes]:
    """Split a list of attributes."""
    attributes, at = [], 2
    for _ in range(_number(content, 0, 2)):
        if where == _IN_DESCRIPTION:
            value = at + 2 + _number(content, at, 2) + 2
            stop = value + 2 + _number(content, value, 2)
        else:
            stop = at + 12 + _number(content, at + 4, 2) + _number(content, at + 8, 4)
        if stop > len(content):
            raise BadTagError("its ASF header is damaged: an attribute is longer than it")
        attributes.append(where + content[at:stop])
        at = stop
    return attributes


def _list_of(entries: Sequence[bytes], where: bytes) -> bytes:
    ours = [entry[1:] for entry in entries if entry.startswith(where)]
    return len(ours).to_bytes(2, "little") + b"".join(ours)


def _text(data: bytes) -> str:
    return data.decode("utf-16-le", "replace").rstrip("\0")


def _attribute(entry: bytes) -> tuple[str, str]:
    """Return the name and value of an attribute; ``""`` for a value that is not text."""
    body = entry[1:]
    if entry.startswith(_IN_DESCRIPTION):
        n_name = _number(body, 0, 2)
        name, kind = body[2 : 2 + n_name], _number(body, 2 + n_name, 2)
        value = body[6 + n_name :]
    else:
        n_name, kind = _number(body, 4, 2), _number(body, 6, 2)
        name, value = body[12 : 12 + n_name], body[12 + n_name :]
    if kind == 0:
        return _text(name), _text(value)
    return _text(name), str(_number(value, 0, len(value))) if kind in (3, 4, 5) else ""


def _named(number: str) -> str:
    """Return the name of a genre given by number, such as ``(17)`` or ``17``."""
    from mutagen.id3 import TCON

    digits = number.strip().strip("()")
    at = int(digits) if digits.isdecimal() and digits.isascii() else len(TCON.GENRES)
    return str(TCON.GENRES[at]) if at < len(TCON.GENRES) else ""


def _replaced(objects: Sequence[Object], kind: bytes, content: bytes) -> list[Object]:
    """Return the objects with the content of one replaced."""
    replaced, done = [], False
    for item in objects:
        ours = item[0] == kind and not done
        replaced.append((kind, content) if ours else item)
        done = done or ours
    return replaced


def _content_of(objects: Sequence[Object], wanted: bytes) -> bytes | None:
    return next((content for kind, content in objects if kind == wanted), None)


def _inner(objects: Sequence[Object]) -> list[Object]:
    """Return the objects in the header extension, after its first 22 bytes."""
    extension = _content_of(objects, _EXTENSION)
    return [] if extension is None else list(_objects(extension[22:]))


def _padded(objects: list[Object], size: int) -> list[Object]:
    """Shrink or grow the padding so that the header keeps its length, or make room."""
    missing = size - _TOP - len(_joined(objects))
    if missing == 0:
        return objects
    padding = _content_of(objects, _PADDING)
    if padding is not None:
        room = len(padding) + missing
        return _replaced(objects, _PADDING, bytes(room if room >= 0 else _NEW_PADDING))
    return [*objects, (_PADDING, bytes(missing - _HEAD if missing >= _HEAD else _NEW_PADDING))]


class ASF(Container):
    """An ASF file."""

    name = "asf"
    entry_name = "attribute"

    def _layout(self, file: BinaryIO) -> _Layout:
        top = read_bytes(file, 0, _TOP)
        size = _number(top, 16, 8)
        if len(top) < _TOP or not _TOP <= size <= min(file_size(file), _LARGEST):
            raise BadTagError("its ASF header is damaged: it is longer than the file")
        return _Layout(list(_objects(read_bytes(file, _TOP, size - _TOP))), size)

    def load(self, file: BinaryIO) -> Entries | None:
        layout = self._layout(file)
        lists = {kind for kind, _ in (*layout.objects, *_inner(layout.objects))}
        if not lists & {_EXTENDED, *_INNER_LISTS.values()}:
            return None
        description = _content_of(layout.objects, _EXTENDED)
        entries = [] if description is None else _attributes(description, _IN_DESCRIPTION)
        for letter, kind in _INNER_LISTS.items():
            content = _content_of(_inner(layout.objects), kind)
            entries += [] if content is None else _attributes(content, letter)
        return Entries(entries, layout)

    def create(self, file: BinaryIO) -> Entries:
        return Entries([], self._layout(file))

    def store(self, file: BinaryIO, tag: Entries) -> None:
        layout: _Layout = tag.layout
        objects = layout.objects
        if any(entry.startswith(_IN_DESCRIPTION) for entry in tag.raw):
            there = _content_of(objects, _EXTENDED) is not None
            objects = objects if there else [*objects, (_EXTENDED, b"")]
        objects = _replaced(objects, _EXTENDED, _list_of(tag.raw, _IN_DESCRIPTION))
        before = inner = _inner(objects)
        for letter, kind in _INNER_LISTS.items():
            inner = _replaced(inner, kind, _list_of(tag.raw, letter))
        if inner != before:
            content = _joined(inner)
            own = (_content_of(objects, _EXTENSION) or b"")[:18]
            extension = own + len(content).to_bytes(4, "little") + content
            objects = _replaced(objects, _EXTENSION, extension)
        self._write(file, objects, layout.size)

    def extra_state(self, file: BinaryIO, tag: Entries | None) -> dict[str, int | None]:
        there = _content_of(self._layout(file).objects, _EXTENDED) is not None
        return {"description": int(there)}

    def restore_own(self, file: BinaryIO, state: GenreState) -> None:
        super().restore_own(file, state)
        if state.there and state.extra.get("description") == 0:
            description = _content_of(self._layout(file).objects, _EXTENDED)
            if description is not None and not _attributes(description, _IN_DESCRIPTION):
                self.remove(file, state)

    def _write(self, file: BinaryIO, objects: list[Object], size: int) -> None:
        """Write a header over one of another length."""
        objects = _padded(objects, size)
        body = _joined(objects)
        before = file_size(file)
        properties = _content_of(objects, _PROPERTIES)
        if properties is not None and _number(properties, 16, 8) == before:
            after = (before + _TOP + len(body) - size).to_bytes(8, "little")
            properties = properties[:16] + after + properties[24:]
            body = _joined(_replaced(objects, _PROPERTIES, properties))
        top = read_bytes(file, 0, _TOP)
        length = (_TOP + len(body)).to_bytes(8, "little")
        head = top[:16] + length + len(objects).to_bytes(4, "little") + top[28:]
        splice(file, 0, size, head + body)

    def remove(self, file: BinaryIO, state: GenreState) -> None:
        layout = self._layout(file)
        self._write(file, [item for item in layout.objects if item[0] != _EXTENDED], layout.size)

    def is_genre(self, entry: bytes) -> bool:
        return _attribute(entry)[0].lower() in _GENRES

    def entries_of(self, tag: Entries, genres: Sequence[str]) -> list[bytes]:
        def sized(text: str) -> bytes:
            data = text.encode("utf-16-le") + b"\0\0"
            if len(data) >= 1 << 16:
                raise BadTagError("a genre is longer than ASF can hold")
            return len(data).to_bytes(2, "little") + data

        return [_IN_DESCRIPTION + sized("WM/Genre") + b"\0\0" + sized(genre) for genre in genres]

    def fields(self, file: BinaryIO) -> Fields:
        fields: dict[str, list[str]] = {}
        content = _content_of(self._layout(file).objects, _CONTENT)
        if content is not None:
            n_title, n_author = _number(content, 0, 2), _number(content, 2, 2)
            fields["title"] = [_text(content[10 : 10 + n_title])]
            fields["artist"] = [_text(content[10 + n_title : 10 + n_title + n_author])]
        for entry in self.entries(file):
            name, value = _attribute(entry)
            known = _NAMES.get(name.lower(), field_name(name))
            fields.setdefault(known, []).append(value)
        numbers = fields.pop(_GENRE_NUMBER, [])
        if not any(fields.get("genre", [])):
            fields["genre"] = [name for name in map(_named, numbers) if name]
        return fields

    def own_others(self, file: BinaryIO) -> Others:
        layout = self._layout(file)
        changed = (_EXTENDED, _EXTENSION, _PROPERTIES, _PADDING, *_INNER_LISTS.values())
        others = [
            (str(UUID(bytes_le=kind)), content)
            for kind, content in (*layout.objects, *_inner(layout.objects))
            if kind not in changed
        ]
        return (*others, *super().own_others(file))
