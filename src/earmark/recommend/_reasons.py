"""A line that says why two songs are near, out of what is known of both."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from earmark.analysis import MEASUREMENTS
from earmark.identity import artist_of
from earmark.library import Library, LibraryTrack

__all__ = ["Scale", "scale_of", "why"]

Scale = Mapping[str, tuple[float, float]]
"""By trait: where the lower and the upper third of a library's tracks end and begin."""

_WORDS = {
    "brightness": ("dark", "bright"),
    "loudness": ("soft", "loud"),
    "percussiveness": ("sustained", "percussive"),
}
_SAME_TEMPO = 0.06
_SHARED = 0.2


def scale_of(library: Library) -> Scale:
    """Measure what counts as much and as little in a library.

    By trait, the bounds of the middle third of its tracks; empty for fewer than ten tracks.
    """
    _, values = library.measurements()
    if len(values) < 10:
        return {}
    low, high = np.nanquantile(values, [1 / 3, 2 / 3], axis=0)
    return {
        name: (float(low[at]), float(high[at]))
        for at, name in enumerate(MEASUREMENTS)
        if name in _WORDS
    }


def why(first: LibraryTrack, other: LibraryTrack, scale: Scale) -> str:
    """Say what two tracks have in common.

    Parameters
    ----------
    first, other : LibraryTrack
        The tracks.
    scale : mapping of str to (float, float)
        See `scale_of`.

    Returns
    -------
    str
        Artist, genre, tempo, and what both have more or less of than two thirds of the library;
        nothing where none of these is alike.

    Examples
    --------
    >>> from earmark.analysis import AnswerSummary
    >>> def track(number, probabilities, **measurements):
    ...     answer = AnswerSummary(probabilities=probabilities)
    ...     path = f"{number}.mp3"
    ...     return LibraryTrack(
    ...         number, path, "analysed", False, answer=answer, measurements=measurements
    ...     )
    >>> first = track(1, {"reggae": 0.82, "pop": 0.18}, tempo=92.3, brightness=900.0)
    >>> other = track(2, {"reggae": 0.77, "pop": 0.23}, tempo=94.0, brightness=800.0)
    >>> why(first, other, {"brightness": (1000.0, 2000.0)})
    'both most like reggae (82 %, 77 %); tempo 92 and 94; both dark'
    >>> why(first, track(3, {"pop": 1.0}), {})
    ''
    """
    parts = []
    if artist_of(first) and artist_of(first) == artist_of(other):
        parts.append("by the same artist")
    for part in (_genre(first, other), _tempo(first, other), _measurements(first, other, scale)):
        if part:
            parts.append(part)
    return "; ".join(parts)


def _genre(first: LibraryTrack, other: LibraryTrack) -> str:
    if first.corrected and first.corrected == other.corrected:
        return f"both {first.corrected}, as you say"
    p, q = first.answer.probabilities, other.answer.probabilities
    if not p or not q or "unfamiliar" in (first.unsure, other.unsure):
        return ""  # probabilities of what is like nothing known mean little
    shared = max(p, key=lambda genre: min(p[genre], q.get(genre, 0.0)))
    shares = f"({p[shared]:.0%}, {q.get(shared, 0.0):.0%})".replace("%", " %")
    if shared == max(p, key=p.__getitem__) == max(q, key=q.__getitem__):
        return f"both most like {shared} {shares}"
    return (
        f"both partly like {shared} {shares}"
        if min(p[shared], q.get(shared, 0.0)) >= _SHARED
        else ""
    )


def _tempo(first: LibraryTrack, other: LibraryTrack) -> str:
    a, b = first.measurements.get("tempo"), other.measurements.get("tempo")
    if not a or not b:
        return ""
    told = f"tempo {a:.0f} and {b:.0f}"
    if abs(np.log(a / b)) <= _SAME_TEMPO:
        return told
    twice = min(abs(np.log(a / b * 2)), abs(np.log(a / b / 2))) <= _SAME_TEMPO
    return f"{told}, one twice the other" if twice else ""


def _measurements(first: LibraryTrack, other: LibraryTrack, scale: Scale) -> str:
    found = []
    for name, (low, high) in scale.items():
        if name not in first.measurements or name not in other.measurements:
            continue
        values = (first.measurements[name], other.measurements[name])
        less, more = _WORDS[name]
        if max(values) < low:
            found.append(less)
        elif min(values) > high:
            found.append(more)
    return f"both {', '.join(found)}" if found else ""
