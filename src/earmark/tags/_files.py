"""Tags of files by their path: what callers see of the kinds of tags."""

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
    """Open a file; what goes wrong with it becomes a TagError."""
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
        # Whatever a parser of ours or of others runs into in a damaged file concerns that file
        # alone, and must not end what is done with thousands.
        raise TagError(path, f"its tags are damaged: {error!r}") from error


def _writable(file: BinaryIO, path: PathName) -> Container:
    container = container_of(file, os.fspath(path))
    if container is None:
        raise TagError(path, "tags of this kind of file cannot be written")
    return container


def read_tags(path: PathName) -> Tags:
    """Read what an audio file says of itself.

    Parameters
    ----------
    path : str or path-like
        The file. Its content tells its kind.

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
        fields = fields_by_mutagen(file) if container is None else container.fields(file)
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
    _check_genres(path, genres)
    with _opened(path, "r+b") as file:
        return _write(_writable(file, path), file, genres)


def _check_genres(path: PathName, genres: Sequence[str]) -> None:
    if not genres or not all(genre.strip() and "\0" not in genre for genre in genres):
        raise TagError(path, f"genres={list(genres)!r}: give one or more, none empty")


def _write(container: Container, file: BinaryIO, genres: Sequence[str]) -> tuple[str, ...]:
    """Write genres, and return what is read then."""
    spelling = container.spelling(file, genres)
    container.write(file, genres)
    file.flush()
    stored = tags_of(container.fields(file)).genres
    if stored != spelling:
        raise BadTagError(f"its tags would store {list(stored)!r} instead of {list(genres)!r}")
    return stored


def preview_genres(path: PathName, genres: Sequence[str]) -> tuple[str, ...]:
    """Try whether the genres of a file can be changed, without changing it.

    All that `write_genres` does is done in memory, and looked over: what is refused here would be
    refused there.

    Parameters
    ----------
    path : str or path-like
        The file.
    genres : sequence of str
        One or several, none empty.

    Returns
    -------
    tuple of str
        Its genres as `read_tags` would give them.

    Raises
    ------
    TagError
        If the file cannot be opened, its tags are damaged, its kind is not written, or it cannot
        say those genres without anything else being changed.

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
    """
    with _opened(path) as file:
        return _writable(file, path).others(file)
