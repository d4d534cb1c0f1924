"""ID3v1: 128 bytes at the end of a file; the last byte is the number of a genre."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import BinaryIO

from earmark.tags._id3v2 import id3_fields
from earmark.tags._splice import file_size, read_bytes
from earmark.tags._tags import DEFAULT_GENRE, Fields, filled

__all__ = [
    "NO_GENRE",
    "genre_number",
    "id3v1_of",
    "listed_genre",
    "set_genre_number",
    "with_id3v1",
]

NO_GENRE = 255
_SIZE = 128


def id3v1_of(file: BinaryIO) -> bytes | None:
    """Return the ID3v1 tag at the end of a file."""
    size = file_size(file)
    tail = read_bytes(file, max(0, size - _SIZE), _SIZE)
    return tail if len(tail) == _SIZE and tail.startswith(b"TAG") else None


def _plain(genre: str) -> str:
    return "".join(filter(str.isalnum, genre.casefold()))


@cache
def _numbers() -> Mapping[str, int]:
    from mutagen.id3 import TCON

    return {_plain(name): number for number, name in reversed(list(enumerate(TCON.GENRES)))}


def genre_number(genre: str) -> int | None:
    """Return the ID3v1 number of a genre in any spelling."""
    return _numbers().get(_plain(genre))


def listed_genre(genre: str) -> str | None:
    """Spell a genre as in the list of ID3v1, which most programs know.

    Parameters
    ----------
    genre : str
        A name, whatever its case and punctuation.

    Returns
    -------
    str or None
        Its entry in the list, or None.

    Examples
    --------
    >>> listed_genre("hiphop"), listed_genre("hip hop"), listed_genre("my own")
    ('Hip-Hop', 'Hip-Hop', None)
    """
    from mutagen.id3 import TCON

    number = genre_number(genre)
    return None if number is None else str(TCON.GENRES[number])


def set_genre_number(file: BinaryIO, number: int) -> None:
    """Write the number of a genre into the ID3v1 tag that a file has."""
    file.seek(file_size(file) - 1)
    file.write(bytes([number]))


def with_id3v1(file: BinaryIO, fields: Fields) -> Fields:
    """Return the fields of a file, completed by those of its ID3v1 tag."""
    fields = filled(fields)
    v1 = id3v1_of(file)
    if v1 is None:
        return fields
    # Programs write number 0, Blues, if nobody chose a genre.
    default = {DEFAULT_GENRE: ["0"]} if v1[-1] == 0 and "genre" not in fields else {}
    return {**filled(id3_fields(v1)), **fields, **default}
