"""ID3v2: a tag taken apart into its frames and put together again, each frame byte for byte.

Versions 2.2, 2.3 and 2.4 stay what they are. What a frame holds is only looked at where it says a
genre, so that frames that are damaged, unknown or written in another way stay as they are.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from earmark.tags._container import BadTagError, parser_errors
from earmark.tags._tags import Fields, field_name

__all__ = [
    "HEADER_SIZE",
    "ID3v2",
    "genre_frame",
    "id3_fields",
    "is_genre_frame",
    "new_tag",
    "parse_tag",
    "render_tag",
    "tag_size",
]

HEADER_SIZE = 10
_PADDING = 1024
_UNSYNCHRONISED, _EXTENDED, _FOOTER = 0x80, 0x40, 0x10
_LARGEST = 1 << 28


@dataclass(frozen=True)
class ID3v2:
    """What a tag is besides its frames.

    Attributes
    ----------
    version : int
        2, 3 or 4.
    revision, flags : int
        As in the header.
    extended : bytes
        The extended header.
    size : int
        Of the whole tag in the file, padding and header included.
    plain_sizes : bool
        Whether sizes in a 2.4 tag are not syncsafe, as some programs write them.
    """

    version: int = 3
    revision: int = 0
    flags: int = 0
    extended: bytes = b""
    size: int = 0
    plain_sizes: bool = False


def _from_syncsafe(digits: bytes) -> int:
    value = 0
    for digit in digits:
        value = value << 7 | digit & 0x7F
    return value


def _to_syncsafe(value: int) -> bytes:
    return bytes(value >> shift & 0x7F for shift in (21, 14, 7, 0))


def tag_size(head: bytes) -> int:
    """Return the size of the tag that begins with ten bytes; 0 if none does."""
    if len(head) < HEADER_SIZE or head[:3] != b"ID3" or max(head[6:10]) > 0x7F:
        return 0
    return HEADER_SIZE + _from_syncsafe(head[6:10]) + 10 * bool(head[5] & _FOOTER)


def _undo_unsynchronisation(body: bytes) -> bytes:
    return body.replace(b"\xff\x00", b"\xff")


def _unsynchronise(body: bytes) -> bytes:
    found = bytearray()
    for at, byte in enumerate(body):
        found.append(byte)
        following = body[at + 1] if at + 1 < len(body) else 0
        if byte == 0xFF and (following >= 0xE0 or following == 0):
            found.append(0)
    return bytes(found)


def _extended_size(body: bytes, version: int, flags: int) -> int:
    """Return the size of the extended header, or refuse what would have to be computed again."""
    if version == 2 and flags & _EXTENDED:
        raise BadTagError("its ID3v2.2 tag is compressed")
    if not flags & _EXTENDED:
        return 0
    if version == 3:
        size = 4 + int.from_bytes(body[:4], "big")
        has_checksum = bool(body[4] & 0x80) if len(body) > 4 else True
    else:
        size = _from_syncsafe(body[:4])
        has_checksum = bool(body[5] & 0x20) if len(body) > 5 else True
    if has_checksum:
        raise BadTagError("its ID3 tag carries a checksum of itself")
    return size


def _frames(body: bytes, version: int, *, plain: bool) -> list[bytes]:
    """Cut a tag into frames; BadTagError if it does not come out even."""
    n_name, n_head = (3, 6) if version == 2 else (4, 10)
    frames, at = [], 0
    while at + n_head <= len(body) and body[at]:
        name = body[at : at + n_name]
        if not all(48 <= byte <= 57 or 65 <= byte <= 90 or byte == 32 for byte in name):
            raise BadTagError(f"its ID3 tag is damaged at byte {at}: no frame is named {name!r}")
        digits = body[at + n_name : at + n_name + (3 if version == 2 else 4)]
        syncsafe = version == 4 and not plain
        size = _from_syncsafe(digits) if syncsafe else int.from_bytes(digits, "big")
        if at + n_head + size > len(body):
            raise BadTagError(f"its ID3 tag is damaged: frame {name.decode()} is longer than it")
        frames.append(body[at : at + n_head + size])
        at += n_head + size
    if any(body[at:]):
        raise BadTagError(f"its ID3 tag is damaged at byte {at}: bytes that are no frame")
    return frames


def parse_tag(data: bytes) -> tuple[ID3v2, list[bytes]]:
    """Take a whole tag, header included, apart.

    Raises
    ------
    BadTagError
        If it is damaged or of a kind that cannot be put together again.
    """
    size = tag_size(data[:HEADER_SIZE])
    version, revision, flags = data[3:6]
    if not size or size > len(data):
        raise BadTagError("its ID3 tag is cut short")
    if version not in (2, 3, 4):
        raise BadTagError(f"its ID3 tag is of version 2.{version}")
    if version == 4 and flags & _FOOTER:
        raise BadTagError("its ID3 tag has a footer")
    body = data[HEADER_SIZE:size]
    if version < 4 and flags & _UNSYNCHRONISED:
        body = _undo_unsynchronisation(body)
    n_extended = _extended_size(body, version, flags)
    extended, body = body[:n_extended], body[n_extended:]
    plain = False
    try:
        frames = _frames(body, version, plain=False)
    except BadTagError:
        if version != 4:
            raise
        plain = True
        frames = _frames(body, version, plain=True)
    return ID3v2(version, revision, flags, extended, size, plain), frames


def new_tag() -> ID3v2:
    """Return what a new tag is like: of version 2.3, which every program reads."""
    return ID3v2()


def render_tag(tag: ID3v2, frames: Sequence[bytes]) -> bytes:
    """Put a tag together, as long as it was where its padding suffices."""
    body = tag.extended + b"".join(frames)
    if tag.version < 4 and tag.flags & _UNSYNCHRONISED:
        body = _unsynchronise(body)
    size = HEADER_SIZE + len(body)
    if size > tag.size:
        size += _PADDING
    size = max(size, tag.size)
    if size >= _LARGEST:
        raise BadTagError("its ID3 tag would be larger than 256 MiB")
    if tag.version == 3 and len(tag.extended) >= 10:  # it names the size of the padding
        padding = (size - HEADER_SIZE - len(body)).to_bytes(4, "big")
        if not tag.flags & _UNSYNCHRONISED:
            body = body[:6] + padding + body[10:]
    head = b"ID3" + bytes([tag.version, tag.revision, tag.flags]) + _to_syncsafe(size - HEADER_SIZE)
    return (head + body).ljust(size, b"\0")


def is_genre_frame(frame: bytes) -> bool:
    """Tell whether a frame of any version says a genre."""
    return frame.startswith(b"TCON") or (frame.startswith(b"TCO") and not frame[3:4].isalnum())


def genre_frame(tag: ID3v2, genres: Sequence[str]) -> bytes:
    """Return the frame that says some genres, separated by null characters."""
    if tag.version == 4:
        content = b"\x03" + "\0".join(genres).encode()
    else:
        # A parenthesis would begin a number of ID3v1's.
        text = "\0".join(f"({genre}" if genre.startswith("(") else genre for genre in genres)
        try:
            content = b"\0" + text.encode("latin-1")
        except UnicodeEncodeError:
            content = b"\x01\xff\xfe" + text.encode("utf-16-le")
    if tag.version == 2:
        return b"TCO" + len(content).to_bytes(3, "big") + content
    plain = tag.version == 3 or tag.plain_sizes
    size = len(content).to_bytes(4, "big") if plain else _to_syncsafe(len(content))
    return b"TCON" + size + b"\0\0" + content


def id3_fields(data: bytes) -> Fields:
    """Return what an ID3 tag says: ID3v2 at the start of the data, else ID3v1 at its end.

    Raises
    ------
    BadTagError
        If it cannot be read.
    """
    from mutagen.id3 import ID3NoHeaderError

    try:
        return _fields(data)
    except ID3NoHeaderError:
        return {}
    except parser_errors() as error:
        raise BadTagError(f"its ID3 tag cannot be read: {error}") from error


def _fields(data: bytes) -> Fields:
    import mutagen.id3

    read: Any = mutagen.id3.ID3
    tags = read(io.BytesIO(data))
    names = {"artist": "TPE1", "albumartist": "TPE2", "title": "TIT2", "album": "TALB"}
    names |= {"date": "TDRC", "isrc": "TSRC"}
    names |= {"tracknumber": "TRCK", "discnumber": "TPOS", "composer": "TCOM"}
    found: dict[str, Sequence[str]] = {
        name: [str(text) for text in tags[frame].text]
        for name, frame in names.items()
        if frame in tags
    }
    found["genre"] = [genre for frame in tags.getall("TCON") for genre in frame.genres]
    for frame in tags.getall("TXXX"):
        found.setdefault(field_name(frame.desc), [str(text) for text in frame.text])
    for frame in tags.getall("UFID"):
        if frame.owner == "http://musicbrainz.org":
            found["musicbrainz_trackid"] = [frame.data.decode("ascii", "replace")]
    return found
