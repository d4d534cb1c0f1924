"""The genre a song is put under: the user's, that of its tags or the model's, or its album's."""

from __future__ import annotations

from collections import Counter
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

__all__ = ["NO_CHOICE", "UNSURE", "GenreChoice", "choose", "of_album"]

UNSURE = "Unsure"
"""Folder of songs whose genre is unsure."""

_NO_TAG = "no genre in its tags"


@dataclass(frozen=True)
class GenreChoice:
    """The genre a song is put under; an empty one is none.

    `kept` says why the song stays where it is, `note` is a remark on the genre. `votes` says
    whether it counts for its album, `fixed` whether it is the user's correction, which no album
    changes; `weight`, from 0 to 1, decides between genres with the same number of votes.
    """

    genre: str
    kept: str = ""
    note: str = ""
    votes: bool = False
    fixed: bool = False
    weight: float = 1.0


NO_CHOICE = GenreChoice("")


def _named(
    genre: str, policy: OrganisePolicy, *, fixed: bool = False, weight: float = 1.0
) -> GenreChoice:
    """Return a genre as the user calls it."""
    name = policy.names.get(genre, genre if fixed else usual_name(genre))
    if not name and genre in policy.names:
        return GenreChoice("", kept="your names file leaves this genre out")
    return GenreChoice(name, votes=True, fixed=fixed, weight=weight)


def _unsure(words: str, policy: OrganisePolicy) -> GenreChoice:
    return GenreChoice(UNSURE, kept=words if policy.keep_unsure else "", note=words)


def _predicted(track: LibraryTrack, policy: OrganisePolicy) -> GenreChoice:
    if track.unsure is not None:
        words = unsure_words(
            track.unsure, genre=track.answer.genre, runner_up=track.answer.runner_up
        )
        return _unsure(words, policy)
    if track.answer.genre is None:
        reason = f": {track.error_reason}" if track.error_reason else ""
        return GenreChoice("", kept=f"not analysed{reason}")
    return _named(track.answer.genre, policy, weight=track.answer.confidence or 0.0)


def choose(track: LibraryTrack, policy: OrganisePolicy) -> GenreChoice:
    """Choose the genre a song by itself is put under.

    The user's correction comes first; a genre of the tags that says nothing is none.
    """
    if track.corrected is not None:
        return _named(track.corrected, policy, fixed=True)
    if policy.genre_source == "predicted":
        return _predicted(track, policy)
    tagged = named_genres(track.tags.genres, policy.treat_as_empty)
    if tagged:
        return _named(tagged[0], policy)
    if policy.genre_source == "tag":
        return GenreChoice("", kept=_NO_TAG if policy.keep_unsure else "", note=_NO_TAG)
    return _predicted(track, policy)


def of_album(choices: Sequence[GenreChoice]) -> list[GenreChoice]:
    """Give the songs of an album one genre: the one with most votes.

    Unsure songs follow without a vote. On a tie the surer genre wins, then the
    first by name. A song the user has corrected votes, and keeps its genre.
    """
    votes: dict[str, list[GenreChoice]] = {}
    for choice in choices:
        if choice.votes:
            votes.setdefault(alike(choice.genre), []).append(choice)
    if not votes:
        return list(choices)
    ranked = sorted(votes, key=lambda key: (-len(votes[key]), -_weight(votes[key]), key))
    genre = _commonest(choice.genre for choice in votes[ranked[0]])
    n_votes = len(votes[ranked[0]])
    note = f"genre of its album: {n_votes} of {len(choices)} songs"
    return [
        choice
        if choice.fixed or alike(choice.genre) == ranked[0]
        else GenreChoice(genre, note=note, votes=True)
        for choice in choices
    ]


def _weight(choices: Iterable[GenreChoice]) -> float:
    return sum(choice.weight for choice in choices)


def _commonest(names: Iterable[str]) -> str:
    counts = Counter(names)
    return min(counts, key=lambda name: (-counts[name], name))
