"""Empty genres: what programs write to tags if nobody chose a genre."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from functools import cache

__all__ = ["DEFAULT_EMPTY_GENRES", "is_empty_genre", "named_genres"]

DEFAULT_EMPTY_GENRES: tuple[str, ...] = (
    *("Other", "Others", "Misc", "Misc.", "Miscellaneous", "Various Genres", "General"),
    *("Unknown", "Unknown Genre", "Genre Unknown", "Genre", "Default", "Any"),
    *("None", "No Genre", "N/A", "Null", "Nil", "Empty", "Blank", "TBD", "To be determined"),
    *("Not set", "Unset", "Not specified", "Unspecified", "Not available", "Not defined"),
    *("Undefined", "Unclassified", "Uncategorized", "Uncategorised", "Untagged", "No tag"),
    # From players in other languages.
    *("Unbekannt", "Unbekanntes Genre", "Sonstige", "Sonstiges", "Andere", "Inconnu"),
    *("Genre inconnu", "Autre", "Autres", "Desconocido", "Género desconocido", "Otro", "Otros"),
    *("Sconosciuto", "Genere sconosciuto", "Altro", "Desconhecido", "Outro", "Outros"),
    *("Onbekend", "Okänd", "Ukjent", "Ukendt", "Nieznany", "Неизвестно", "Другое", "不明", "未知"),
)
"""Genres that count as empty, whatever their case, spaces and punctuation.

Besides these, a text without a letter, and a number with or without the word *Genre* before it
(``Genre 12``, ``(255)``), count as none.
"""

_NUMBER = re.compile(r"(?:genre|id3|id3v1)*\d+")


def _key(text: str) -> str:
    """Return the common form of the spellings of a genre; symbols count if there are no letters."""
    folded = unicodedata.normalize("NFC", text).casefold().strip()
    return "".join(filter(str.isalnum, folded)) or folded


@cache
def _default_keys() -> frozenset[str]:
    return frozenset(map(_key, DEFAULT_EMPTY_GENRES))


def is_empty_genre(text: str, also: Collection[str] = ()) -> bool:
    """Say whether a genre in a tag is empty, so that the file counts as having none.

    Parameters
    ----------
    text : str
        One genre of a file.
    also : collection of str
        More genres that count as none, besides `DEFAULT_EMPTY_GENRES`; whatever their case, spaces
        and punctuation.

    Returns
    -------
    bool
        Whether it counts as empty.

    Examples
    --------
    >>> [is_empty_genre(text) for text in ("Other", "Genre 12", "<unknown>", "-", "Rock")]
    [True, True, True, True, False]
    >>> is_empty_genre("My Music", also=["my music"])
    True
    """
    key = _key(text)
    if key in _default_keys() or _NUMBER.fullmatch(key):
        return True
    # A single emoji may be somebody's genre; punctuation is not.
    if not any(unicodedata.category(sign)[0] in "LN" or _is_picture(sign) for sign in key):
        return True
    return bool(also) and key in {_key(genre) for genre in also}


def _is_picture(sign: str) -> bool:
    return unicodedata.category(sign) == "So" and sign != "\N{REPLACEMENT CHARACTER}"


def named_genres(genres: Iterable[str], also: Collection[str] = ()) -> tuple[str, ...]:
    """Return the genres of a file that are not empty.

    Parameters
    ----------
    genres : iterable of str
        The genres in a file's tags.
    also : collection of str
        More genres that count as none, see `is_empty_genre`.

    Returns
    -------
    tuple of str
        Genres that are not empty, in order; none for a file that counts as having none.

    Examples
    --------
    >>> named_genres(["Other", "Rock"]), named_genres(["misc"]), named_genres(["Rock"], ["rock"])
    (('Rock',), (), ())
    """
    return tuple(genre for genre in genres if not is_empty_genre(genre, also))
