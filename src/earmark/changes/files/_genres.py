"""Which genre a song is put under: the user's, that of its tags or the model's; or its album's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from earmark.changes._genre_names import usual_name
from earmark.changes.files._policy import OrganisePolicy
from earmark.changes.files._safe_names import alike
from earmark.tags import named_genres
from earmark.wording import unsure_words

if TYPE_CHECKING:
    from earmark.library import LibraryTrack

__all__ = ["NO_CHOICE", "UNSURE", "Choice", "choose", "of_album"]

UNSURE = "Unsure"
"""Folder of songs whose genre is unsure."""

_NO_TAG = "no genre in its tags"


@dataclass(frozen=True)
class Choice:
    """The genre a song is put under.

    Attributes
    ----------
    genre : str
        Its name; ``""`` where there is none.
    kept : str
        Why the song is kept where it is; ``""`` if it is not.
    note : str
        What is to be said of the genre; ``""`` for nothing.
    votes : bool
        Whether it counts for its album: the word of somebody who is sure.
    fixed : bool
        Whether it is the user's own word, which no album changes.
    weight : float
        How sure it is, from 0 to 1; decides between genres of as many votes.
    """

    genre: str
    kept: str = ""
    note: str = ""
    votes: bool = False
    fixed: bool = False
    weight: float = 1.0


NO_CHOICE = Choice("")


def _named(
    said: str, policy: OrganisePolicy, *, fixed: bool = False, weight: float = 1.0
) -> Choice:
    """Return a genre as the user calls it."""
    name = policy.names.get(said, said if fixed else usual_name(said))
    if not name and said in policy.names:
        return Choice("", kept="your names file leaves this genre out")
    return Choice(name, votes=True, fixed=fixed, weight=weight)


def _unsure(words: str, policy: OrganisePolicy) -> Choice:
    return Choice(UNSURE, kept=words if policy.keep_unsure else "", note=words)


def _predicted(track: LibraryTrack, policy: OrganisePolicy) -> Choice:
    if track.unsure is not None:
        words = unsure_words(track.unsure, genre=track.predicted, runner_up=track.runner_up)
        return _unsure(words, policy)
    if track.predicted is None:
        reason = f": {track.error_reason}" if track.error_reason else ""
        return Choice("", kept=f"not analysed{reason}")
    return _named(track.predicted, policy, weight=track.confidence or 0.0)


def choose(track: LibraryTrack, policy: OrganisePolicy) -> Choice:
    """Choose the genre a song by itself is put under.

    Parameters
    ----------
    track : LibraryTrack
        The song.
    policy : OrganisePolicy
        Whose word counts.

    Returns
    -------
    Choice
        The user's own word wins over all; a genre of the tags that says nothing is none.

    Examples
    --------
    >>> from earmark.library import LibraryTrack
    >>> track = LibraryTrack(1, "/a.mp3", "analysed", False, genres=("Other", "hip hop"))
    >>> choose(track, OrganisePolicy("/music", genre_source="tag")).genre
    'Hip-Hop'
    """
    if track.corrected is not None:
        return _named(track.corrected, policy, fixed=True)
    if policy.genre_source == "predicted":
        return _predicted(track, policy)
    tagged = named_genres(track.genres, policy.treat_as_empty)
    if tagged:
        return _named(tagged[0], policy)
    if policy.genre_source == "tag":
        return Choice("", kept=_NO_TAG if policy.keep_unsure else "", note=_NO_TAG)
    return _predicted(track, policy)


def of_album(choices: Sequence[Choice]) -> list[Choice]:
    """Give the songs of an album one genre: that of most votes.

    Parameters
    ----------
    choices : sequence of Choice
        Of each of its songs.

    Returns
    -------
    list of Choice
        Unsure songs do not vote, and follow; of genres with as many votes the surer wins, then the
        first by name. A song of which the user has said the genre votes, and stays with it.
    """
    votes: dict[str, list[Choice]] = {}
    for choice in choices:
        if choice.votes:
            votes.setdefault(alike(choice.genre), []).append(choice)
    if not votes:
        return list(choices)
    ranked = sorted(votes, key=lambda key: (-len(votes[key]), -_weight(votes[key]), key))
    genre = _commonest(one.genre for one in votes[ranked[0]])
    n_votes = len(votes[ranked[0]])
    note = f"genre of its album: {n_votes} of {len(choices)} songs"
    return [
        choice
        if choice.fixed or alike(choice.genre) == ranked[0]
        else Choice(genre, note=note, votes=True)
        for choice in choices
    ]


def _weight(choices: Iterable[Choice]) -> float:
    return sum(choice.weight for choice in choices)


def _commonest(names: Iterable[str]) -> str:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return min(counts, key=lambda name: (-counts[name], name))
