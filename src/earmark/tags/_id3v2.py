"""ID3v2: split a tag into its frames and join them again, each frame byte for byte.

Versions 2.2, 2.3 and 2.4 stay as they are. Only frames with a genre are decoded, so damaged,
unknown or unusual frames stay as they are.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from earmark.tags._damage import BadTagError, parser_errors
from earmark.tags._tags import Fields, field_name

__all__ = [
    "HEADER_SIZE",
    "ID3v2",
    "fields_of_frames",
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
_FRAMES = {
    "artist": "TPE1",
    "albumartist": "TPE2",
    "title": "TIT2",
    "album": "TALB",
    "date": "TDRC",
    "isrc": "TSRC",
    "tracknumber": "TRCK",
    "discnumber": "TPOS",
    "composer": "TCOM",
}
_LIKE_AUDIO = re.compile(rb"\xff[\xe0-\xff]")
_UNSAFE = re.compile(rb"\xff(?=[\x00\xe0-\xff]|\Z)")


Escaping = Literal["needed", "all", "none"]
Checksum = Literal["", "all", "frames"]


@dataclass(frozen=True)
class ID3v2:
    """A tag without its frames.

    `size` is that of the whole tag in the file, with header and padding; `plain_sizes` says that
    sizes in a 2.4 tag are not syncsafe, as some programs write them; with a footer it may not be
    `padded`. `escaping` says after which 0xFF of an unsynchronised tag a zero stands. `checksum`
    says whether the checksum covers everything after the extended header, or only the frames; it is
    empty if there is none, or a wrong one, which stays. `tells_padding` says that the extended
    header states the length of the padding correctly.
    """

    version: int = 3
    revision: int = 0
    flags: int = 0
    extended: bytes = b""
    size: int = 0
    plain_sizes: bool = False
    padded: bool = True
    escaping: Escaping = "needed"
    checksum: Checksum = ""
    tells_padding: bool = False


def _from_syncsafe(digits: bytes) -> int:
    value = 0
    for digit in digits:
        value = value << 7 | digit & 0x7F
    return value


def _to_syncsafe(value: int) -> bytes:
    return bytes(value >> shift & 0x7F for shift in (21, 14, 7, 0))


def tag_size(head: bytes) -> int:
    """Return the size of the tag that begins with ten bytes, or 0."""
    if len(head) < HEADER_SIZE or head[:3] != b"ID3" or max(head[6:10]) > 0x7F:
        return 0
    return HEADER_SIZE + _from_syncsafe(head[6:10]) + 10 * bool(head[5] & _FOOTER)


def _escaped(body: bytes, *, every: bool = False) -> bytes:
    """Insert a zero after each 0xFF that could look like the start of audio, or after every one."""
    return body.replace(b"\xff", b"\xff\0") if every else _UNSAFE.sub(b"\xff\0", body)


def _unescaped(body: bytes) -> tuple[bytes, Escaping]:
    """Remove the zeros from an unsynchronised body, and return after which 0xFF they were."""
    if _LIKE_AUDIO.search(body):
        return body, "none"  # it is marked as unsynchronised, but is not
    plain = body.replace(b"\xff\0", b"\xff")
    if _escaped(plain) != body and _escaped(plain, every=True) == body:
        return plain, "all"
    return plain, "needed"


def _extended_size(body: bytes, version: int, flags: int) -> int:
    """Return the size of the extended header."""
    if version == 2 and flags & _EXTENDED:
        raise BadTagError("its ID3v2.2 tag is compressed")
    if not flags & _EXTENDED:
        return 0
    size = 4 + int.from_bytes(body[:4], "big") if version == 3 else _from_syncsafe(body[:4])
    if not 6 <= size <= len(body):
        raise BadTagError("its ID3 tag is damaged: its extended header is longer than it")
    return size


def _place_of_checksum(extended: bytes, version: int) -> slice | None:
    """Return the place of the checksum in an extended header, or None."""
    if version == 3:
        has_checksum = len(extended) >= 14 and extended[4] & 0x80
        return slice(10, 14) if has_checksum else None
    if len(extended) < 12 or not extended[5] & 0x20:
        return None
    at = 6 + bool(extended[5] & 0x40)  # a byte before it marks an update
    return slice(at + 1, at + 6) if extended[at : at + 1] == b"\5" else None


def _checksum(data: bytes, version: int) -> bytes:
    value = zlib.crc32(data)
    if version == 3:
        return value.to_bytes(4, "big")
    return bytes(value >> shift & 0x7F for shift in (28, 21, 14, 7, 0))


def _kind_of_checksum(extended: bytes, version: int, content: bytes, padding: bytes) -> Checksum:
    place = _place_of_checksum(extended, version)
    if place is None:
        return ""
    # In version 2.3 it covers the frames, in 2.4 also the padding; programs confuse them.
    stored = extended[place]
    if stored == _checksum(content, version) and (version == 3 or padding):
        return "frames"
    return "all" if stored == _checksum(content + padding, version) else ""


def _frames(body: bytes, version: int, *, plain: bool) -> list[bytes]:
    """Split a tag into frames; BadTagError if they do not add up."""
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
        raise BadTagError(f"its ID3 tag is damaged at byte {at}: bytes that are not a frame")
    return frames


def parse_tag(data: bytes) -> tuple[ID3v2, list[bytes]]:
    """Split a whole tag; BadTagError if joining it would give something else."""
    size = tag_size(data[:HEADER_SIZE])
    version, revision, flags = data[3:6]
    if not size or size > len(data):
        raise BadTagError("its ID3 tag is cut short")
    if version not in (2, 3, 4):
        raise BadTagError(f"its ID3 tag is of version 2.{version}")
    n_footer = HEADER_SIZE if version == 4 and flags & _FOOTER else 0
    body = data[HEADER_SIZE : size - n_footer]
    escaping: Escaping = "needed"
    if version < 4 and flags & _UNSYNCHRONISED:
        body, escaping = _unescaped(body)
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
    content = b"".join(frames)
    padding = body[len(content) :]
    return (
        ID3v2(
            *(version, revision, flags, extended, size, plain),
            padded=bool(padding) or not n_footer,
            escaping=escaping,
            checksum=_kind_of_checksum(extended, version, content, padding),
            tells_padding=version == 3 and extended[6:10] == len(padding).to_bytes(4, "big"),
        ),
        frames,
    )


def new_tag() -> ID3v2:
    """Return the layout of a new tag: version 2.3, which every program reads."""
    return ID3v2()


def render_tag(tag: ID3v2, frames: Sequence[bytes]) -> bytes:
    """Join a tag, with its old length if the padding suffices."""
    content = b"".join(frames)
    n_footer = HEADER_SIZE if tag.version == 4 and tag.flags & _FOOTER else 0
    is_escaped = tag.version < 4 and tag.flags & _UNSYNCHRONISED and tag.escaping != "none"

    def body_with(padding: int) -> bytes:
        body = _extended_header(tag, content, padding) + content
        return _escaped(body, every=tag.escaping == "all") if is_escaped else body

    padding = 0
    for _ in range(3):  # the extended header holds the padding's length, escaped
        body = body_with(padding)
        size = HEADER_SIZE + len(body) + n_footer
        if size > tag.size and tag.padded and not n_footer:
            size += _PADDING
        if tag.padded:
            size = max(size, tag.size)
        padding = size - HEADER_SIZE - len(body) - n_footer
    if size >= _LARGEST:
        raise BadTagError("its ID3 tag would be larger than 256 MiB")
    body = body_with(padding)
    numbers = bytes([tag.version, tag.revision, tag.flags])
    numbers += _to_syncsafe(size - HEADER_SIZE - n_footer)
    footer = b"3DI" + numbers if n_footer else b""
    return (b"ID3" + numbers + body).ljust(size - n_footer, b"\0") + footer


def _extended_header(tag: ID3v2, content: bytes, padding: int) -> bytes:
    """Return the extended header for the bytes that follow it."""
    extended = tag.extended
    if tag.tells_padding:
        extended = extended[:6] + padding.to_bytes(4, "big") + extended[10:]
    place = _place_of_checksum(extended, tag.version)
    if place is not None and tag.checksum:
        data = content + (bytes(padding) if tag.checksum == "all" else b"")
        new = _checksum(data, tag.version)
        extended = extended[: place.start] + new + extended[place.stop :]
    return extended


def is_genre_frame(frame: bytes) -> bool:
    """Say whether a frame of any version holds a genre."""
    return frame.startswith(b"TCON") or (frame.startswith(b"TCO") and not frame[3:4].isalnum())


def genre_frame(tag: ID3v2, genres: Sequence[str]) -> bytes:
    """Return a frame with some genres, separated by null characters."""
    if tag.version == 4:
        content = b"\x03" + "\0".join(genres).encode()
    else:
        # A parenthesis would start an ID3v1 number.
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
    """Return the fields of an ID3 tag: ID3v2 at the start of the data, else ID3v1 at its end."""
    import mutagen.id3

    read: Any = mutagen.id3.ID3
    try:
        return fields_of_frames(read(io.BytesIO(data)))
    except mutagen.id3.ID3NoHeaderError:
        return {}
    except parser_errors() as error:
        reason = f": {error}" if str(error) else ""
        raise BadTagError(f"its ID3 tag is damaged{reason}") from error


def fields_of_frames(tags: Any) -> Fields:
    """Return the fields of an ID3 tag read by mutagen."""
    fields: dict[str, Sequence[str]] = {
        name: [str(text) for text in tags[frame].text]
        for name, frame in _FRAMES.items()
        if frame in tags
    }
    fields["genre"] = [genre for frame in tags.getall("TCON") for genre in frame.genres]
    for frame in tags.getall("TXXX"):
        fields.setdefault(field_name(frame.desc), [str(text) for text in frame.text])
    for frame in tags.getall("UFID"):
        if frame.owner == "http://musicbrainz.org":
            fields["musicbrainz_trackid"] = [frame.data.decode("ascii", "replace")]
    return fields
