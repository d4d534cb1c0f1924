"""Words that people read in more than one place, so that they are the same everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from earmark.types import Unsure

__all__ = ["UNSURE_WORDS", "counted", "protocol_title", "unsure_words"]

UNSURE_WORDS: Mapping[Unsure, str] = MappingProxyType(
    {
        "unfamiliar": "not like any music I know",
        "undecided": "not sure",
        "silent": "silent",
    }
)
"""What an unsure answer is called where its genres are not named."""


_PROTOCOL_TITLES = {
    "official_artist_clean": "official, new artists only",
    "unseen": "new rows",
    "unseen_known_artists": "new rows, known artists",
}


def counted(n: int, singular: str, plural: str | None = None) -> str:
    """Write a number with words that agree with it.

    Parameters
    ----------
    n : int
        How many there are.
    singular : str
        The words after 1, such as ``file`` or ``genre has``.
    plural : str or None
        The words after any other number; None adds an s.

    Returns
    -------
    str
        The number, with separators of thousands, and the words.

    Examples
    --------
    >>> counted(1, "file"), counted(1200, "file"), counted(2, "genre has", "genres have")
    ('1 file', '1,200 files', '2 genres have')
    """
    return f"{n:,} {singular if n == 1 else plural or singular + 's'}"


def protocol_title(protocol: str) -> str:
    """Return what a protocol is called where people read its name.

    Parameters
    ----------
    protocol : str
        As results files name it.

    Returns
    -------
    str
        A few words; most protocols are called as they are named.

    Examples
    --------
    >>> protocol_title("unseen"), protocol_title("artist")
    ('new rows', 'artist')
    """
    return _PROTOCOL_TITLES.get(protocol, protocol)


def unsure_words(unsure: Unsure, *, genre: str | None = None, runner_up: str | None = None) -> str:
    """Say why an answer is unsure.

    Parameters
    ----------
    unsure : {"unfamiliar", "undecided", "silent"}
        The reason.
    genre, runner_up : str or None
        The two most probable genres.

    Returns
    -------
    str
        A few words, without a full stop.

    Examples
    --------
    >>> unsure_words("undecided", genre="rock", runner_up="metal")
    'not sure: between rock and metal'
    >>> unsure_words("unfamiliar", genre="rock", runner_up="metal")
    'not like any music I know'
    """
    words = UNSURE_WORDS[unsure]
    if unsure == "undecided" and genre is not None and runner_up is not None:
        return f"{words}: between {genre} and {runner_up}"
    return words
