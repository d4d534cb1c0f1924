"""Which tracks may be suggested: music that is long enough, familiar, and like the query."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from earmark.errors import ParameterError
from earmark.library import Filters, LibraryTrack
from earmark.recommend._catalogue import Catalogue
from earmark.records import Record
from earmark.types import BoolArray, Seconds

__all__ = [
    "FLOORS",
    "MIN_LENGTH",
    "By",
    "LeftOut",
    "Selection",
    "candidates",
    "is_familiar",
]

By = Literal["style", "timbre"]
"""How songs are compared: in a learnt space, or by the sound of their segments."""

MIN_LENGTH: Seconds = 20.0
"""Shorter tracks are jingles and effects more often than songs."""

FLOORS: dict[By, float] = {"style": 0.1, "timbre": 0.65}
"""Cosines, of songs or of segments, below which a song is no likelier to be of the query's genre
than any other song. See ``docs/decisions/0014-suggestions.md``."""


@dataclass(frozen=True)
class Selection:
    """Which tracks may be suggested.

    Attributes
    ----------
    filters : Filters or None
        Only these tracks; None: all that were analysed and whose files exist.
    min_length : float
        Leave out tracks shorter than this, in seconds.
    include_unfamiliar : bool
        Whether to suggest music unlike any the model knows to a query that the model knows. To an
        unfamiliar query it is suggested in any case.
    min_likeness : float or None
        Leave out songs whose cosine with the query (by timbre: whose nearest segment's) is below
        this; 0: none. None: what `FLOORS` says.
    """

    filters: Filters | None = None
    min_length: Seconds = MIN_LENGTH
    include_unfamiliar: bool = False
    min_likeness: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.min_length < np.inf:
            raise ParameterError(f"min_length={self.min_length!r} must be 0 or more seconds")
        if self.min_likeness is not None and not 0 <= self.min_likeness <= 1:
            raise ParameterError(f"min_likeness={self.min_likeness!r} must be from 0 to 1")

    def floor(self, by: By) -> float:
        """Return the cosine that a song needs.

        Parameters
        ----------
        by : {"style", "timbre"}
            How songs are compared.

        Returns
        -------
        float
            A cosine; minus infinity where any will do.
        """
        floor = FLOORS[by] if self.min_likeness is None else self.min_likeness
        return floor if floor > 0 else -np.inf


@dataclass(frozen=True)
class LeftOut(Record):
    """How many tracks were left out of what could have been suggested, by the reason.

    Attributes
    ----------
    silent : int
        Tracks without sound.
    short : int
        Tracks shorter than the least length.
    unfamiliar : int
        Tracks unlike any music the model knows, where the query is familiar.
    unlike : int
        Tracks too little like the query; counted only where there were too few songs without them.
    """

    silent: int = 0
    short: int = 0
    unfamiliar: int = 0
    unlike: int = 0


def is_familiar(catalogue: Catalogue, track: LibraryTrack) -> bool:
    """Say whether a track is like music the model knows, whatever genre the user has set."""
    if track.corrected is None:
        return track.unsure != "unfamiliar"
    answer = catalogue.library.answer(track.id)
    return answer is None or answer.unsure != "unfamiliar"


def candidates(
    catalogue: Catalogue,
    selection: Selection,
    *,
    familiar: bool,
    without: Iterable[int] = (),
) -> tuple[BoolArray, LeftOut]:
    """Return which tracks may be suggested, by number [shape=(n,)], and how many may not, and why.

    `familiar` says whether the query is like music the model knows. Tracks in `without`, the query
    songs, are neither suggested nor counted. `unlike` of what is left out is 0: it depends on the
    query.
    """
    library, ids = catalogue.library, catalogue.style.ids
    placed = np.zeros(int(ids[-1]) + 1, dtype=np.bool_)
    placed[ids] = True
    placed[[number for number in without if number < len(placed)]] = False
    unsuitable = library.unsuitable(
        min_length=selection.min_length,
        unfamiliar=familiar and not selection.include_unfamiliar,
    )
    silent = unsuitable.pop("silent")  # they have no place, and so are in no index
    if selection.filters is None or selection.filters == Filters():
        allowed = placed
        silent = np.array([one.id for one in library.tracks_of(silent) if not one.missing])
    else:
        matching = library.ids(selection.filters)
        silent = np.intersect1d(silent, matching)
        allowed = np.zeros_like(placed)
        allowed[matching[matching < len(allowed)]] = True
        allowed &= placed
    counts = {"silent": len(silent)}
    for reason, numbers in unsuitable.items():
        there = numbers[numbers < len(allowed)]
        there = there[allowed[there]]
        allowed[there] = False
        counts[reason] = len(there)
    return allowed, LeftOut(**counts)
