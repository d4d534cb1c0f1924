"""Tags as mutagen reads them: for files that cannot be written, and to check those that can."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import Any, BinaryIO

from earmark.tags._damage import BadTagError, parser_errors
from earmark.tags._id3v2 import fields_of_frames
from earmark.tags._leading import leading_fields
from earmark.tags._tags import Fields, field_name
from earmark.types import PathName

__all__ = ["fields_by_mutagen", "seen_by_mutagen", "witnessed"]

_GENRE_NAMES = frozenset(["genre", "tcon", "\xa9gen", "gnre", "wm/genre", "wm/genreid"])
"""mutagen's names of the genre, in lower case."""


def _is_genre_name(name: str) -> bool:
    name = name.lower()
    return name in _GENRE_NAMES or (name.startswith("----:") and name.endswith(":genre"))


def fields_by_mutagen(file: BinaryIO) -> Fields:
    """Return the tags that mutagen reads from a kind of file that cannot be written."""
    leading = leading_fields(file)
    file.seek(0)
    try:
        return {**leading, **_found_by_mutagen(file)}
    except parser_errors() as error:
        if leading:  # mutagen takes files that begin with ID3 for MP3
            return leading
        reason = str(error) or type(error).__name__
        raise BadTagError(f"its tags cannot be read: {reason}") from error


def _found_by_mutagen(file: BinaryIO) -> Fields:
    import mutagen

    file_read: Any = mutagen.File(file)
    tags = getattr(file_read, "tags", None) or {}
    if hasattr(tags, "getall"):  # ID3
        return fields_of_frames(tags)
    fields = {}
    for name, value in dict(tags).items():
        several = getattr(value, "text", value)
        texts = several if isinstance(several, list) else str(several or "").split("\0")
        fields[field_name(str(name))] = [str(text) for text in texts]
    return fields


def seen_by_mutagen(path: PathName) -> dict[str, str] | None:
    """Read all tags of a file except the genre with mutagen, to check our own reader.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    dict of str to str
        The digest of each value, by mutagen's names; None if mutagen cannot read the file.

    Examples
    --------
    >>> from earmark.tags import write_genres
    >>> import numpy as np, soundfile, tempfile
    >>> with tempfile.NamedTemporaryFile(suffix=".flac") as file:
    ...     soundfile.write(file.name, np.zeros(2205), 22_050)
    ...     _ = write_genres(file.name, ["Rock"])
    ...     "genre" in seen_by_mutagen(file.name)
    False
    """
    with suppress(OSError, ValueError), open(path, "rb") as file:
        return witnessed(file)
    return None


def witnessed(file: BinaryIO) -> dict[str, str] | None:
    """Return what mutagen reads from an open file except the genre, or None."""
    file.seek(0)
    try:
        return _values(file)
    except Exception:  # noqa: BLE001 (whatever it runs into, it is no witness)
        return None


def _values(file: BinaryIO) -> dict[str, str] | None:
    import mutagen

    file_read: Any = mutagen.File(file)
    if file_read is None:
        return None
    values = {str(name): value for name, value in (file_read.tags or {}).items()}
    values["pictures"] = [picture.write() for picture in getattr(file_read, "pictures", ())]
    return {
        name: hashlib.sha256(repr(value).encode("utf-8", "surrogatepass")).hexdigest()
        for name, value in values.items()
        if not _is_genre_name(name)
    }
