"""The genres of a library, and names that none of its tracks has."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from earmark.errors import ParameterError
from earmark.library._records import Filters
from earmark.library._rows import tables, where

if TYPE_CHECKING:
    from earmark.library._store import Library

__all__ = ["check_genre", "count_genres"]

_MAX_LISTED = 30


def count_genres(library: Library, filters: Filters | None = None) -> dict[str, int]:
    """Count the tracks of each genre.

    Parameters
    ----------
    library : Library
        The library.
    filters : Filters or None
        Which tracks to count; None: the analysed ones whose files exist.

    Returns
    -------
    dict of str to int
        The most frequent genre first. The genre of a track is the user's, else the model's.

    Examples
    --------
    >>> import tempfile
    >>> from earmark.library import open_library
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open_library(f"{folder}/a.db", create=True) as library:
    ...         count_genres(library)
    {}
    """
    clause, values = where(filters or Filters())
    rows = library.query(
        "SELECT COALESCE(c.genre, a.genre) AS genre, count(*) AS n "
        f"FROM {tables(clause, 'a. c.')} WHERE {clause} GROUP BY 1",
        values,
    )
    counts = Counter({row["genre"]: row["n"] for row in rows if row["genre"] is not None})
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def check_genre(library: Library, genre: str | None) -> None:
    """Refuse a genre that no track of a library has, and list those that there are.

    Parameters
    ----------
    library : Library
        The library.
    genre : str or None
        The name of a genre, in upper or lower case; None is always accepted.

    Raises
    ------
    ParameterError
        If no track has this genre, neither by the user's word nor by the model's answer.

    Examples
    --------
    >>> import tempfile
    >>> from earmark.library import open_library
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open_library(f"{folder}/a.db", create=True) as library:
    ...         check_genre(library, "opera")
    Traceback (most recent call last):
    ...
    earmark.errors.ParameterError: genre='opera': the library has no tracks with a genre yet
    """
    if genre is None:
        return
    ((known,),) = library.query(
        "SELECT EXISTS (SELECT 1 FROM answer WHERE genre = ? COLLATE NOCASE) "
        "OR EXISTS (SELECT 1 FROM correction WHERE genre = ? COLLATE NOCASE)",
        [genre, genre],
    )
    if known:
        return
    counts = count_genres(library)
    if not counts:
        raise ParameterError(f"genre={genre!r}: the library has no tracks with a genre yet")
    listed = ", ".join(f"{name} ({n:,})" for name, n in list(counts.items())[:_MAX_LISTED])
    more = len(counts) - _MAX_LISTED
    raise ParameterError(
        f"genre={genre!r}: no track has this genre. The library has: {listed}"
        + (f" and {more} more" if more > 0 else "")
    )
