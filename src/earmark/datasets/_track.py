"""One piece of music, as a corpus knows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from earmark.types import Seconds

__all__ = ["Track"]


@dataclass(frozen=True)
class Track:
    """One piece of music: what is known of it before its audio is heard.

    Attributes
    ----------
    id : str
        Different from that of every other track of the corpus.
    label : str
        Its genre; ``""`` where that is not known.
    path : str or None
        Its audio file; None where there is none.
    artist, title : str
        As the corpus writes them; ``""`` where not known.
    groups : mapping of str to int
        Tracks that must not be torn apart hold the same number, see `FeatureTable`.
    partitions : mapping of str to str
        Published splits: the part it is in, ``""`` if in none.
    part : int
        Its number in the cue sheet of its file; 0 if the file is one track.
    start, end : float or None
        Where a part begins and ends in its file, in seconds; None where the file does.
    """

    id: str
    label: str
    path: str | None = None
    artist: str = ""
    title: str = ""
    groups: Mapping[str, int] = field(default_factory=dict)
    partitions: Mapping[str, str] = field(default_factory=dict)
    part: int = 0
    start: Seconds | None = None
    end: Seconds | None = None
