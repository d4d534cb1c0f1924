"""Tags of files by their path: what callers see of the kinds of tags."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO

from earmark.errors import TagError
from earmark.tags._container import BadTagError, Container, Others, parser_errors
from earmark.tags._registry import container_of
from earmark.tags._tags import Fields, GenreState, Tags, field_name, tags_of
from earmark.types import PathName

__all__ = [
    "can_write",
    "other_tags",
    "read_genre_state",
    "read_tags",
    "restore_genre_state",
    "seen_by_mutagen",
    "write_genres",
]


_GENRE_NAMES = frozenset(["genre", "tcon", "\xa9gen", "gnre", "wm/genre"])
"""What mutagen calls the genre, in lower case."""


@contextmanager
def _opened(path: PathName, mode: str = "rb") -> Iterator[BinaryIO]:
    """Open a file; what goes wrong with it becomes a TagError."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise TagError(path, "it is not a file")
        with open(path, mode) as file:
            yield file  # type: ignore[misc]
    except BadTagError as error:
        raise TagError(path, str(error)) from error
    except OSError as error:
        raise TagError(path, (error.strerror or str(error)).lower()) from error
    except ValueError as error:  # a null character in the name
        raise TagError(path, str(error)) from error


def _writable(file: BinaryIO, path: PathName) -> Container:
    container = container_of(file, os.fspath(path))
    if container is None:
        raise TagError(path, "tags of this kind of file can be read only, if at all")
    return container


def _other_fields(file: BinaryIO) -> Fields:
    """Return what mutagen reads of a kind of file that is not written."""
    file.seek(0)
    try:
        return _found_by_mutagen(file)
    except parser_errors() as error:
        raise BadTagError(f"its tags cannot be read: {error}") from error


def _found_by_mutagen(file: BinaryIO) -> Fields:
    import mutagen

    found: Any = mutagen.File(file)
    tags = getattr(found, "tags", None) or {}
    if hasattr(tags, "getall"):  # ID3
        tags = {"artist": tags.get("TPE1"), "albumartist": tags.get("TPE2")} | {
            "title": tags.get("TIT2"),
            "album": tags.get("TALB"),
            "date": tags.get("TDRC"),
            "isrc": tags.get("TSRC"),
            "tracknumber": tags.get("TRCK"),
            "discnumber": tags.get("TPOS"),
            "composer": tags.get("TCOM"),
            "genre": tags["TCON"].genres if "TCON" in tags else None,
        }
    fields = {}
    for name, value in dict(tags).items():
        several = getattr(value, "text", value)
        texts = several if isinstance(several, list) else str(several or "").split("\0")
        fields[field_name(str(name))] = [str(text) for text in texts]
    return fields


def read_tags(path: PathName) -> Tags:
    """Read what an audio file says of itself.

    Parameters
    ----------
    path : str or path-like
        The file. Its kind is told by its content.

    Returns
    -------
    Tags
        Empty where the file has none, or is of a kind whose tags nobody here reads.

    Raises
    ------
    TagError
        If the file cannot be opened, or its tags are damaged.

    Examples
    --------
    >>> import numpy as np, soundfile, tempfile
    >>> with tempfile.NamedTemporaryFile(suffix=".flac") as file:
    ...     soundfile.write(file.name, np.zeros(2205), 22_050)
    ...     _ = write_genres(file.name, ["Rock", "Blues"])
    ...     read_tags(file.name).genres
    ('Rock', 'Blues')
    """
    with _opened(path) as file:
        container = container_of(file, os.fspath(path))
        fields = _other_fields(file) if container is None else container.fields(file)
        return tags_of(fields)


def can_write(path: PathName) -> bool:
    """Tell whether the genre of a file can be written, judged by the kind of file it is.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    bool
        Whether its kind is one of those that are written. Its tags may be damaged all the same.

    Raises
    ------
    TagError
        If the file cannot be opened.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile(suffix=".mp3") as file:
    ...     can_write(file.name)
    False
    """
    with _opened(path) as file:
        return container_of(file, os.fspath(path)) is not None


def read_genre_state(path: PathName) -> GenreState:
    """Read what a file says of its genre, to the last byte.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    GenreState
        What `restore_genre_state` takes.

    Raises
    ------
    TagError
        If the file cannot be opened, its tags are damaged, or its kind is not written.

    Examples
    --------
    >>> import numpy as np, soundfile, tempfile
    >>> with tempfile.NamedTemporaryFile(suffix=".wav") as file:
    ...     soundfile.write(file.name, np.zeros(2205), 22_050)
    ...     read_genre_state(file.name).there
    False
    """
    with _opened(path) as file:
        return _writable(file, path).state(file)


def write_genres(path: PathName, genres: Sequence[str]) -> tuple[str, ...]:
    """Change the genres of a file, and nothing else in it.

    The file is changed where it is: give a copy. What is there already of the tag's padding is
    used.

    Parameters
    ----------
    path : str or path-like
        The file.
    genres : sequence of str
        One or several, none empty.

    Returns
    -------
    tuple of str
        Its genres as `read_tags` gives them now: as asked, or as ID3v1's list spells them where a
        file has an ID3v1 tag only.

    Raises
    ------
    TagError
        If the file cannot be opened or written, its tags are damaged, its kind is not written, or
        it cannot say those genres.

    Examples
    --------
    >>> import numpy as np, soundfile, tempfile
    >>> with tempfile.NamedTemporaryFile(suffix=".ogg") as file:
    ...     soundfile.write(file.name, np.zeros(2205), 22_050)
    ...     write_genres(file.name, ["Rock"])
    ('Rock',)
    """
    if not genres or not all(genre.strip() and "\0" not in genre for genre in genres):
        raise TagError(path, f"genres={list(genres)!r}: one or more are needed, none empty")
    with _opened(path, "r+b") as file:
        container = _writable(file, path)
        if container.load(file) is None and container.state(file).extra.get("id3v1") is not None:
            spelt = None
        else:
            spelt = tuple(dict.fromkeys(genre.strip() for genre in genres))
        container.write(file, genres)
        file.flush()
        found = tags_of(container.fields(file)).genres
        if spelt is not None and found != spelt:
            raise BadTagError(f"its kind of tags makes {list(found)!r} of {list(genres)!r}")
        return found


def restore_genre_state(path: PathName, state: GenreState) -> None:
    """Make the genres of a file what they were, and change nothing else in it.

    The file is changed where it is: give a copy.

    Parameters
    ----------
    path : str or path-like
        The file.
    state : GenreState
        What `read_genre_state` gave. Other tags may have changed since.

    Raises
    ------
    TagError
        If the file cannot be opened or written, its tags are damaged, or the state is of another
        kind of file.

    Examples
    --------
    >>> import numpy as np, soundfile, tempfile
    >>> with tempfile.NamedTemporaryFile(suffix=".flac") as file:
    ...     soundfile.write(file.name, np.zeros(2205), 22_050)
    ...     before = read_genre_state(file.name)
    ...     _ = write_genres(file.name, ["Rock"])
    ...     restore_genre_state(file.name, before)
    ...     read_tags(file.name).genres
    ()
    """
    with _opened(path, "r+b") as file:
        container = _writable(file, path)
        if container.name != state.container:
            raise BadTagError(f"it was a {state.container} file, and is now {container.name}")
        container.restore(file, state)


def other_tags(path: PathName) -> Others:
    """Read everything a file says but its genre, pictures included, as raw values.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    tuple of (str, bytes)
        Equal for two files exactly if nothing but genres, padding and audio differs.

    Raises
    ------
    TagError
        If the file cannot be opened, its tags are damaged, or its kind is not written.

    Examples
    --------
    >>> import numpy as np, soundfile, tempfile
    >>> with tempfile.NamedTemporaryFile(suffix=".flac") as file:
    ...     soundfile.write(file.name, np.zeros(2205), 22_050)
    ...     before = other_tags(file.name)
    ...     _ = write_genres(file.name, ["Rock"])
    ...     other_tags(file.name) == before
    True
    """
    with _opened(path) as file:
        return _writable(file, path).others(file)


def seen_by_mutagen(path: PathName) -> dict[str, str] | None:
    """Read everything a file says but its genre by another reader than ours, as a second witness.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    dict of str to str
        By the names that mutagen gives them, each value's digest; None where mutagen cannot read
        the file.

    Examples
    --------
    >>> import numpy as np, soundfile, tempfile
    >>> with tempfile.NamedTemporaryFile(suffix=".flac") as file:
    ...     soundfile.write(file.name, np.zeros(2205), 22_050)
    ...     _ = write_genres(file.name, ["Rock"])
    ...     "genre" in seen_by_mutagen(file.name)
    False
    """
    try:
        return _witnessed(os.fspath(path))
    except parser_errors():
        return None


def _witnessed(path: str) -> dict[str, str] | None:
    import mutagen

    found: Any = mutagen.File(path)
    if found is None:
        return None
    values = {str(name): value for name, value in (found.tags or {}).items()}
    values["pictures"] = [picture.write() for picture in getattr(found, "pictures", ())]
    return {
        name: hashlib.sha256(repr(value).encode("utf-8", "surrogatepass")).hexdigest()
        for name, value in values.items()
        if name.lower() not in _GENRE_NAMES
    }
