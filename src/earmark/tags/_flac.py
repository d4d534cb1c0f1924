"""FLAC: Vorbis comments in their own block before the audio.

There should be one such block; if a program has added another, both get the genre.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from earmark.tags._comments import (
    CommentContainer,
    comment_fields,
    parse_comments,
    render_comments,
)
from earmark.tags._container import BadTagError, Container, Entries, Others
from earmark.tags._flac_cue import cue_text
from earmark.tags._id3v1 import with_id3v1
from earmark.tags._leading import leading_fields, readable_leading, size_of_leading
from earmark.tags._splice import file_size, read_bytes, splice
from earmark.tags._tags import Fields, GenreState, filled

__all__ = ["FLAC"]

_PADDING, _COMMENTS = 1, 4
_HEAD = 4
_NEW_PADDING = 4096
_LARGEST = 1 << 24

Block = tuple[int, bytes]


@dataclass(frozen=True)
class _Layout:
    vendor: bytes
    rest: bytes


def _start(file: BinaryIO) -> int:
    """Return where the blocks begin."""
    return size_of_leading(file) + 4


def _blocks(file: BinaryIO) -> tuple[list[Block], int]:
    """Return the metadata blocks, and where they end."""
    at, size = _start(file), file_size(file)
    blocks: list[Block] = []
    last = False
    while not last:
        head = read_bytes(file, at, _HEAD)
        length = int.from_bytes(head[1:], "big")
        if len(head) < _HEAD or at + _HEAD + length > size:
            raise BadTagError("its FLAC header is damaged: a block is longer than the file")
        last = bool(head[0] & 0x80)
        blocks.append((head[0] & 0x7F, read_bytes(file, at + _HEAD, length)))
        at += _HEAD + length
    return blocks, at


def _length(blocks: Sequence[Block]) -> int:
    return sum(_HEAD + len(content) for _, content in blocks)


def _fitted(blocks: list[Block], length: int) -> list[Block]:
    """Shrink or grow the padding so that the blocks keep their length, or make room."""
    missing = length - _length(blocks)
    paddings = [at for at, (kind, _) in enumerate(blocks) if kind == _PADDING]
    if paddings:
        at = paddings[-1]
        size = len(blocks[at][1]) + missing
        blocks[at] = (_PADDING, bytes(size if size >= 0 else _NEW_PADDING))
    elif missing >= _HEAD:
        blocks.append((_PADDING, bytes(missing - _HEAD)))
    elif missing:
        blocks.append((_PADDING, bytes(_NEW_PADDING)))
    return blocks


def _write(file: BinaryIO, blocks: list[Block], end: int) -> None:
    start = _start(file)
    blocks = _fitted(blocks, end - start)
    data = b""
    for at, (kind, content) in enumerate(blocks):
        if len(content) >= _LARGEST:
            raise BadTagError("a block of its FLAC header would be too long")
        last = 0x80 if at == len(blocks) - 1 else 0
        data += bytes([kind | last]) + len(content).to_bytes(3, "big") + content
    splice(file, start, end, data)


def _comment_blocks(blocks: Sequence[Block]) -> list[int]:
    """Return the places of the blocks with comments."""
    return [at for at, (kind, _) in enumerate(blocks) if kind == _COMMENTS]


class _Comments(CommentContainer):
    """One of the blocks with comments, counted from 0."""

    name = "comments"
    always = True

    def __init__(self, number: int) -> None:
        self._number = number
        self.label = f"comments {number}"

    def load(self, file: BinaryIO) -> Entries | None:
        blocks, _ = _blocks(file)
        places = _comment_blocks(blocks)
        if self._number >= len(places):
            return None
        vendor, entries, rest = parse_comments(blocks[places[self._number]][1])
        return Entries(entries, _Layout(vendor, rest))

    def create(self, file: BinaryIO) -> Entries:
        return Entries([], _Layout(b"", b""))

    def store(self, file: BinaryIO, tag: Entries) -> None:
        blocks, end = _blocks(file)
        content = render_comments(tag.layout.vendor, tag.raw) + tag.layout.rest
        places = _comment_blocks(blocks)
        if self._number < len(places):
            blocks[places[self._number]] = (_COMMENTS, content)
        else:
            blocks.insert(1, (_COMMENTS, content))
        _write(file, blocks, end)

    def remove(self, file: BinaryIO, state: GenreState) -> None:
        blocks, end = _blocks(file)
        places = _comment_blocks(blocks)
        if self._number < len(places):
            del blocks[places[self._number]]
            _write(file, blocks, end)

    def fields(self, file: BinaryIO) -> Fields:
        return comment_fields(self.entries(file))

    def own_others(self, file: BinaryIO) -> Others:
        tag = self.load(file)
        if tag is None:
            return ()
        vendor = [("vendor", tag.layout.vendor)] if tag.layout.vendor else []
        return (*vendor, *super().own_others(file))


class FLAC(_Comments):
    """A FLAC file."""

    name = "flac"
    may_have_id3v1 = True

    def __init__(self) -> None:
        super().__init__(0)
        self.label = ""

    def further_tags(self, file: BinaryIO) -> Sequence[Container]:
        blocks, _ = _blocks(file)
        more = map(_Comments, range(1, len(_comment_blocks(blocks))))
        return [*more, *readable_leading(file)]

    def fields(self, file: BinaryIO) -> Fields:
        fields: dict[str, Sequence[str]] = {**leading_fields(file)}
        blocks, _ = _blocks(file)
        for number in range(len(_comment_blocks(blocks)))[::-1]:
            fields |= filled(_Comments(number).fields(file))
        if "cuesheet" not in fields and (sheet := cue_text(dict(reversed(blocks)))):
            fields["cuesheet"] = [sheet]
        return with_id3v1(file, fields)

    def own_others(self, file: BinaryIO) -> Others:
        blocks, _ = _blocks(file)
        left_alone = (
            () if readable_leading(file) else (("before", read_bytes(file, 0, _start(file))),)
        )
        return (
            *left_alone,
            *super().own_others(file),
            *(
                (f"block {kind}", content)
                for kind, content in blocks
                if kind not in (_PADDING, _COMMENTS)
            ),
        )
