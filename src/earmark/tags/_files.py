"""Tags of files by path, for all kinds of tags."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO, cast

from earmark.errors import TagError
from earmark.tags._container import BadTagError, Container, Others
from earmark.tags._overlay import Overlay
from earmark.tags._registry import container_of
from earmark.tags._tags import GenreState, Tags, tags_of
from earmark.tags._witness import fields_by_mutagen, witnessed
from earmark.types import PathName

__all__ = [
    "can_write",
    "other_tags",
    "preview_genres",
    "read_genre_state",
    "read_tags",
    "restore_genre_state",
    "write_genres",
]


@contextmanager
def _opened(path: PathName, mode: str = "rb") -> Iterator[BinaryIO]:
    """Open a file; errors become a TagError."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise TagError(path, "it is not a file")
        with open(path, mode) as file:
            yield file  # type: ignore[misc]
    except (BadTagError, TagError) as error:
        reason = error.reason if isinstance(error, TagError) else str(error)
        raise TagError(path, reason) from error
    except OSError as error:
        raise TagError(path, (error.strerror or str(error)).lower()) from error
    except ValueError as error:  # a null character in the name
        raise TagError(path, str(error)) from error
    except Exception as error:
        # Whatever a parser runs into in a damaged file must not stop work on thousands of others.
        raise TagError(path, f"its tags are damaged: {error!r}") from error


def _writable(file: BinaryIO, path: PathName) -> Container:
    container = container_of(file, os.fspath(path))
    if container is None:
        raise TagError(path, "tags of this kind of file cannot be written")
    return container


def read_tags(path: PathName) -> Tags:
    """Read the tags of an audio file.

    Parameters
    ----------
    path : str or path-like
        The file. Its content tells its kind.

    Returns
    -------
    Tags
        Empty if the file has none, or its kind is not supported.

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
        fields = fields_by_mutagen(file) if container is None else container.fields(file)
        return tags_of(fields)


def can_write(path: PathName) -> bool:
    """Say whether the genre of a file can be written, judging by its kind.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    bool
        Whether its kind can be written. Its tags may still be damaged.

    Raises
    ------
    TagError
        If the file cannot be opened.
    """
    with _opened(path) as file:
        return container_of(file, os.fspath(path)) is not None


def read_genre_state(path: PathName) -> GenreState:
    """Read the exact state of the genres of a file.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    GenreState
        State for `restore_genre_state`.

    Raises
    ------
    TagError
        If the file cannot be opened, its tags are damaged, or its kind cannot be written.
    """
    with _opened(path) as file:
        return _writable(file, path).state(file)


def write_genres(path: PathName, genres: Sequence[str]) -> tuple[str, ...]:
    """Change the genres of a file, and nothing else in it.

    The file is changed in place, so pass a copy. Existing padding is used.

    Parameters
    ----------
    path : str or path-like
        The file.
    genres : sequence of str
        One or several, none empty.

    Returns
    -------
    tuple of str
        Its genres as `read_tags` returns them now: as given, or in the spelling of ID3v1 if a file
        has only an ID3v1 tag.

    Raises
    ------
    TagError
        If the file cannot be opened or written, its tags are damaged, its kind cannot be written,
        or it cannot hold those genres.

    Examples
    --------
    >>> import numpy as np, soundfile, tempfile
    >>> with tempfile.NamedTemporaryFile(suffix=".ogg") as file:
    ...     soundfile.write(file.name, np.zeros(2205), 22_050)
    ...     write_genres(file.name, ["Rock"])
    ('Rock',)
    """
    _check_genres(path, genres)
    with _opened(path, "r+b") as file:
        return _write(_writable(file, path), file, genres)


def _check_genres(path: PathName, genres: Sequence[str]) -> None:
    if not genres or not all(genre.strip() and "\0" not in genre for genre in genres):
        raise TagError(path, f"genres={list(genres)!r}: give one or more, none empty")


def _write(container: Container, file: BinaryIO, genres: Sequence[str]) -> tuple[str, ...]:
    """Write genres, and return the genres read afterwards."""
    spelling = container.spelling(file, genres)
    container.write(file, genres)
    file.flush()
    stored = tags_of(container.fields(file)).genres
    if stored != spelling:
        raise BadTagError(f"its tags would store {list(stored)!r} instead of {list(genres)!r}")
    return stored


def preview_genres(path: PathName, genres: Sequence[str]) -> tuple[str, ...]:
    """Check whether the genres of a file can be changed, without changing it.

    Everything that `write_genres` does is done in memory and checked, so it refuses the same files.

    Parameters
    ----------
    path : str or path-like
        The file.
    genres : sequence of str
        One or several, none empty.

    Returns
    -------
    tuple of str
        Its genres as `read_tags` would return them.

    Raises
    ------
    TagError
        If the file cannot be opened, its tags are damaged, its kind cannot be written, or it cannot
        hold those genres without changing anything else.

    Examples
    --------
    >>> import numpy as np, soundfile, tempfile
    >>> with tempfile.NamedTemporaryFile(suffix=".flac") as file:
    ...     soundfile.write(file.name, np.zeros(2205), 22_050)
    ...     preview_genres(file.name, ["Rock"]), read_tags(file.name).genres
    (('Rock',), ())
    """
    _check_genres(path, genres)
    with _opened(path) as file:
        container, changed = _writable(file, path), cast(BinaryIO, Overlay(file))
        stored = _write(container, changed, genres)
        seen = witnessed(file)
        same = container.others(changed) == container.others(file)
        if not same or (seen is not None and witnessed(changed) != seen):
            raise BadTagError("other tags would not stay the same")
        return stored


def restore_genre_state(path: PathName, state: GenreState) -> None:
    """Restore the genres of a file, and change nothing else in it.

    The file is changed in place, so pass a copy.

    Parameters
    ----------
    path : str or path-like
        The file.
    state : GenreState
        Result of `read_genre_state`. Other tags may have changed since.

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
    """Read all tags of a file except the genre, including pictures, as raw values.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    tuple of (str, bytes)
        Equal for two files if and only if just genres, padding and audio differ.

    Raises
    ------
    TagError
        If the file cannot be opened, its tags are damaged, or its kind cannot be written.
    """
    with _opened(path) as file:
        return _writable(file, path).others(file)
