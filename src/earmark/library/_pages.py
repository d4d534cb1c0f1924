"""Several tracks as one document or table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from earmark.analysis import MEASUREMENTS
from earmark.library._track import LibraryTrack
from earmark.records import Record

__all__ = ["TrackPage", "csv_rows"]


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


_COLUMNS = (
    *("id", "path", "artist", "albumartist", "title", "album", "year", "duration"),
    *MEASUREMENTS,
    *("genre", "corrected", "predicted", "confidence", "runner_up", "unsure"),
)
_PART_COLUMNS = ("part", "start", "end")


def csv_rows(tracks: Sequence[LibraryTrack]) -> Iterator[str]:
    """Write tracks as the lines of a table, the names of the columns first.

    Parameters
    ----------
    tracks : sequence of LibraryTrack
        The tracks.

    Yields
    ------
    str
        A line of CSV, with its end.
    """
    classes = list(dict.fromkeys(genre for track in tracks for genre in track.answer.probabilities))

    def line(values: Iterable[object]) -> str:
        row = io.StringIO()
        csv.writer(row, lineterminator="\n").writerow(values)
        return row.getvalue()

    shares = [f"p_{genre}" for genre in classes]
    state = ["missing", "error", "warnings"]
    yield line([*_COLUMNS, "tag_genres", *shares, *state, *_PART_COLUMNS])
    for track in tracks:
        content = track.to_dict()
        yield line(
            [
                *(content[name] for name in _COLUMNS),
                "; ".join(track.tags.genres),
                *(track.answer.probabilities.get(genre) for genre in classes),
                "yes" if track.missing else "",
                track.error_reason,
                "; ".join(track.warnings),
                *([track.part, track.start, track.end] if track.part else [None] * 3),
            ]
        )
