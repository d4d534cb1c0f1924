"""What genres are called in tags: the user's own names, else the usual spelling."""

from __future__ import annotations

import csv
import os
import tomllib

from earmark.errors import ParameterError
from earmark.tags import listed_genre
from earmark.types import PathName

__all__ = ["load_names", "usual_name"]


def usual_name(genre: str) -> str:
    """Spell a genre as `earmark.tags.listed_genre` does; itself if it is not in that list."""
    return listed_genre(genre) or genre


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
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ParameterError(f"names={name!r} is not TOML: {error}") from error
        pairs.extend(table.items())
    else:
        for number, row in enumerate(csv.reader(text.splitlines()), start=1):
            if row and len(row) != 2:
                raise ParameterError(
                    f"names={name!r}: line {number} has {len(row)} fields, not 2: {row!r}"
                )
            pairs.extend([(row[0], row[1])] if row else [])
    names: dict[str, str] = {}
    for genre, theirs in pairs:
        if not isinstance(theirs, str) or (theirs and not theirs.isprintable()):
            raise ParameterError(
                f"names={name!r}: {genre!r} is called {theirs!r}, which is not a valid name"
            )
        if genre.strip() in names:
            raise ParameterError(f"names={name!r}: {genre!r} appears more than once")
        names[genre.strip()] = theirs.strip()
    return names
