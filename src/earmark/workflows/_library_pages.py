"""What a library answers with: pages of tracks, all of one track, and tables of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from earmark.library import TRAITS, Answer, LibraryTrack
from earmark.recommend import Neighbour

__all__ = ["TrackDetails", "TrackPage", "csv_rows"]


@dataclass(frozen=True)
class TrackPage:
    """Some of the tracks that were asked for.

    Attributes
    ----------
    tracks : tuple of LibraryTrack
        The tracks.
    total : int
        How many there are in all.
    warned : tuple of LibraryTrack or None
        Tracks with warnings that are listed beside those that failed; None where they are not
        asked for.
    """

    tracks: tuple[LibraryTrack, ...]
    total: int
    warned: tuple[LibraryTrack, ...] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Convert to what JSON can hold.

        Returns
        -------
        dict
            What the schema ``earmark.library/2`` defines.
        """
        warned = self.warned
        return {
            "schema": "earmark.library/2",
            "total": self.total,
            "tracks": [track.to_dict() for track in self.tracks],
            **({} if warned is None else {"warned": [track.to_dict() for track in warned]}),
        }


@dataclass(frozen=True)
class TrackDetails:
    """All that is known of one track.

    Attributes
    ----------
    track : LibraryTrack
        The track.
    answer : Answer or None
        What the model says, clip by clip; None of a track that failed.
    neighbours : tuple of Neighbour
        The nearest songs, by style.
    """

    track: LibraryTrack
    answer: Answer | None
    neighbours: tuple[Neighbour, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Convert to what JSON can hold.

        Returns
        -------
        dict
            What the schema ``earmark.library-track/2`` defines.
        """
        clips = []
        if self.answer is not None:
            for (start, end), row, sounding in zip(
                self.answer.bounds.tolist(),
                self.answer.timeline.tolist(),
                self.answer.sounding.tolist(),
                strict=True,
            ):
                silent = not sounding
                named = None if silent else dict(zip(self.answer.classes, row, strict=True))
                clips.append({"start": start, "end": end, "silent": silent, "probabilities": named})
        return {
            "schema": "earmark.library-track/2",
            "track": self.track.to_dict(),
            "distance": None if self.answer is None else self.answer.distance,
            "clips": clips,
            "similar": [one.to_dict() for one in self.neighbours],
        }


_COLUMNS = (
    *("id", "path", "artist", "albumartist", "title", "album", "year", "duration"),
    *TRAITS,
    *("genre", "corrected", "predicted", "confidence", "runner_up", "unsure"),
)
_PART_COLUMNS = ("part", "start", "end")


def csv_rows(tracks: Sequence[LibraryTrack]) -> Iterator[str]:
    """Write tracks as the lines of a table, the names of the columns first."""
    classes = list(dict.fromkeys(genre for one in tracks for genre in one.probabilities))

    def line(values: Iterable[object]) -> str:
        row = io.StringIO()
        csv.writer(row, lineterminator="\n").writerow(values)
        return row.getvalue()

    shares = [f"p_{genre}" for genre in classes]
    state = ["missing", "error", "warnings"]
    yield line([*_COLUMNS, "tag_genres", *shares, *state, *_PART_COLUMNS])
    for one in tracks:
        yield line(
            [
                *(getattr(one, name) for name in _COLUMNS),
                "; ".join(one.genres),
                *(one.probabilities.get(genre) for genre in classes),
                "yes" if one.missing else "",
                one.error_reason,
                "; ".join(one.warnings),
                *([one.part, one.start, one.end] if one.part else [None] * 3),
            ]
        )
