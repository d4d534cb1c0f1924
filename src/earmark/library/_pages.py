"""What a library answers with: pages of tracks, all of one track, and tables of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from earmark.analysis import MEASUREMENTS, Answer
from earmark.library import LibraryTrack
from earmark.recommend import Neighbour
from earmark.records import Record

__all__ = ["TrackDetails", "TrackPage", "csv_rows"]


@dataclass(frozen=True)
class TrackPage(Record, schema="earmark.library/2", keys=("total", "tracks", "warned?")):
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


def _clips(details: TrackDetails) -> list[dict[str, Any]]:
    """Return what the model says clip by clip."""
    answer = details.answer
    if answer is None:
        return []
    columns = (answer.bounds.tolist(), answer.timeline.tolist(), answer.sounding.tolist())
    return [
        {
            "start": start,
            "end": end,
            "silent": not sounding,
            "probabilities": dict(zip(answer.classes, row, strict=True)) if sounding else None,
        }
        for (start, end), row, sounding in zip(*columns, strict=True)
    ]


@dataclass(frozen=True)
class TrackDetails(
    Record,
    schema="earmark.library-track/2",
    keys=(
        *("track", ("distance", lambda details: getattr(details.answer, "distance", None))),
        *(("clips", _clips), "similar=neighbours"),
    ),
):
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


_COLUMNS = (
    *("id", "path", "artist", "albumartist", "title", "album", "year", "duration"),
    *MEASUREMENTS,
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
