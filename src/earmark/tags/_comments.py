"""Vorbis comments: the vendor, and entries ``NAME=value``, as bytes."""

from __future__ import annotations

from collections.abc import Sequence

from earmark.tags._container import BadTagError, Container, Entries
from earmark.tags._tags import Fields, field_name

__all__ = ["CommentContainer", "comment_fields", "parse_comments", "render_comments"]


def parse_comments(data: bytes) -> tuple[bytes, list[bytes], bytes]:
    """Return the vendor, the entries, and the bytes after them; BadTagError if damaged."""
    at = 0

    def number() -> int:
        nonlocal at
        digits = data[at : at + 4]
        at += 4
        if len(digits) < 4:
            raise BadTagError("its Vorbis comments are cut short")
        return int.from_bytes(digits, "little")

    def text() -> bytes:
        nonlocal at
        size = number()
        if at + size > len(data):
            raise BadTagError("its Vorbis comments are damaged: an entry is longer than they are")
        at += size
        return data[at - size : at]

    vendor = text()
    entries = [text() for _ in range(number())]
    return vendor, entries, data[at:]


def render_comments(vendor: bytes, entries: Sequence[bytes]) -> bytes:
    """Return the bytes of comments."""

    def sized(text: bytes) -> bytes:
        return len(text).to_bytes(4, "little") + text

    count = len(entries).to_bytes(4, "little")
    return sized(vendor) + count + b"".join(map(sized, entries))


class CommentContainer(Container):
    """A kind of file with Vorbis comments."""

    entry_name = "comment"

    def is_genre(self, entry: bytes) -> bool:
        return entry[:6].upper() == b"GENRE="

    def entries_of(self, tag: Entries, genres: Sequence[str]) -> list[bytes]:
        return [b"GENRE=" + genre.encode() for genre in genres]


def comment_fields(entries: Sequence[bytes]) -> Fields:
    """Return the fields of entries."""
    fields: dict[str, list[str]] = {}
    for entry in entries:
        name, _, value = entry.decode("utf-8", "replace").partition("=")
        fields.setdefault(field_name(name), []).append(value)
    return fields
