"""What genres are called in tags: the user's own names, else the usual spelling."""

from __future__ import annotations

import csv
import os
import tomllib
from collections.abc import Mapping
from functools import cache

from earmark.errors import ParameterError
from earmark.types import PathName

__all__ = ["is_usual_name", "load_names", "usual_name"]


def _plain(genre: str) -> str:
    return "".join(filter(str.isalnum, genre.casefold()))


@cache
def _usual_names() -> Mapping[str, str]:
    from mutagen.id3 import TCON

    return {_plain(name): name for name in reversed(TCON.GENRES)}


def usual_name(genre: str) -> str:
    """Spell a genre as the list of ID3v1 does, which most programs know.

    Parameters
    ----------
    genre : str
        A name, say of a model's class.

    Returns
    -------
    str
        Its entry in the list, whatever case and punctuation; itself if there is none.

    Examples
    --------
    >>> usual_name("hiphop"), usual_name("jazz"), usual_name("my own")
    ('Hip-Hop', 'Jazz', 'my own')
    """
    return _usual_names().get(_plain(genre), genre)


def is_usual_name(text: str) -> bool:
    """Tell whether a text is a genre of ID3v1's list, whatever case and punctuation."""
    return _plain(text) in _usual_names()


def load_names(path: PathName) -> dict[str, str]:
    r"""Read what the user calls genres.

    Parameters
    ----------
    path : str or path-like
        A TOML file of lines ``hiphop = "Rap"``, or a CSV file of lines ``hiphop,Rap``. An empty
        name stands for a genre that is never to be written.

    Returns
    -------
    dict of str to str
        Their names by the model's.

    Raises
    ------
    ParameterError
        If the file cannot be read, or holds something else.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
    ...     _ = file.write("hiphop,Rap")
    ...     file.flush()
    ...     load_names(file.name)
    {'hiphop': 'Rap'}
    """
    name = os.fspath(path)
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            text = file.read()
    except OSError as error:
        raise ParameterError(f"names={name!r}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ParameterError(f"names={name!r} is not UTF-8: {error}") from error
    pairs: list[tuple[str, object]] = []
    if name.lower().endswith(".toml"):
        try:
            told = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ParameterError(f"names={name!r} is not TOML: {error}") from error
        pairs.extend(told.items())
    else:
        for number, row in enumerate(csv.reader(text.splitlines()), start=1):
            if row and len(row) != 2:
                raise ParameterError(
                    f"names={name!r}: line {number} has {len(row)} fields, not 2: {row!r}"
                )
            pairs.extend([(row[0], row[1])] if row else [])
    found: dict[str, str] = {}
    for genre, theirs in pairs:
        if not isinstance(theirs, str) or (theirs and not theirs.isprintable()):
            raise ParameterError(
                f"names={name!r}: {genre!r} is called {theirs!r}, which is not a valid name"
            )
        if genre.strip() in found:
            raise ParameterError(f"names={name!r}: {genre!r} appears more than once")
        found[genre.strip()] = theirs.strip()
    return found
