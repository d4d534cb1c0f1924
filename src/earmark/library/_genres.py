"""The genres of a library, and names that none of its tracks has."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from earmark.errors import ParameterError
from earmark.library._filters import Filters, tables_of, where
from earmark.tags import named_genres

if TYPE_CHECKING:
    from earmark.library._library import Library

__all__ = ["check_genre", "count_genres", "genre_key", "is_genre_name", "known_genres"]

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
        f"FROM {tables_of(clause, 'a. c.')} WHERE {clause} GROUP BY 1",
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


def is_genre_name(text: str) -> bool:
    """Tell whether a text can be the name of a genre, rather than a slip of the keyboard.

    Parameters
    ----------
    text : str
        What was typed, or is in a tag.

    Returns
    -------
    bool
        Whether it has two letters (or one of a script that writes words with one), can be printed,
        and is not written like an option.

    Examples
    --------
    >>> [is_genre_name(text) for text in ("jazz", "R&B", "8-bit", "n", "?", "--clear", "17")]
    [True, True, True, False, False, False, False]
    """
    text = text.strip()
    letters = [character for character in text if character.isalpha()]
    enough = len(letters) >= 2 or any(not character.isascii() for character in letters)
    return enough and text.isprintable() and not text.startswith("-")


def genre_key(text: str) -> str:
    """Return what the spellings of one genre share: the name without case, spaces and hyphens.

    Parameters
    ----------
    text : str
        A name.

    Returns
    -------
    str
        Equal for "Jazz" and "jazz", "Hip-Hop" and "hiphop".

    Examples
    --------
    >>> genre_key("  Bossa  Nova "), genre_key("Hip-Hop")
    ('bossanova', 'hiphop')
    """
    return "".join(text.split()).replace("-", "").replace("_", "").casefold()


def known_genres(library: Library, *, treat_as_empty: Collection[str] = ()) -> Mapping[str, str]:
    """List the genres that a library knows, each in one spelling.

    Parameters
    ----------
    library : Library
        The library.
    treat_as_empty : collection of str
        More values of tags that count as no genre.

    Returns
    -------
    mapping of str to str
        By `genre_key`: the spelling of the models that were asked, else the one that the user
        chose most often, else the most frequent one in tags. Values of tags that say nothing, such
        as "Other", are left out, and so is what cannot be a name.

    Examples
    --------
    >>> import tempfile
    >>> from earmark.library import open_library
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open_library(f"{folder}/a.db", create=True) as library:
    ...         known_genres(library)
    {}
    """
    names: list[str] = []
    for row in library.query(
        "SELECT classes FROM model WHERE id IN (SELECT model_id FROM answer) ORDER BY id DESC"
    ):
        names += json.loads(row["classes"])
    names += [
        row["genre"]
        for row in library.query(
            "SELECT genre, count(*) AS n FROM correction GROUP BY genre ORDER BY n DESC, genre"
        )
    ]
    for row in library.query(
        "SELECT genres, count(*) AS n FROM track WHERE genres <> '[]' "
        "GROUP BY genres ORDER BY n DESC, genres"
    ):
        names += named_genres(json.loads(row["genres"]), treat_as_empty)
    known: dict[str, str] = {}
    for name in names:
        if is_genre_name(name):
            known.setdefault(genre_key(name), name.strip())
    return known
