"""Queries for tracks and for what a model says of them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any

import numpy as np

from earmark.analysis import Answer
from earmark.errors import ParameterError
from earmark.library._database import Database
from earmark.library._filters import Filters, stored, tables_of, where
from earmark.library._track import LibraryTrack
from earmark.library._track_rows import TRACK_COLUMNS, answer_from_row, track_of
from earmark.types import IntArray, PathName

__all__ = ["TrackQueries"]

_TRACKS = f"SELECT {TRACK_COLUMNS} FROM {tables_of(TRACK_COLUMNS)}"

_SORTS = {
    "path": "t.path, t.part",
    "artist": "t.artist COLLATE NOCASE, t.album COLLATE NOCASE, t.path, t.part",
    "title": "t.title COLLATE NOCASE, t.path, t.part",
    "genre": "COALESCE(c.genre, a.genre) COLLATE NOCASE, t.path, t.part",
    "confidence": "a.confidence DESC, t.path, t.part",
    "doubt": "CASE a.unsure WHEN 'unfamiliar' THEN 0 WHEN 'undecided' THEN 1 ELSE 2 END, "
    "a.margin, t.path, t.part",
    "year": "t.year, t.path, t.part",
    "added": "t.added_at DESC, t.path, t.part",
}


class TrackQueries(Database):
    """The part of a library that finds tracks; it never waits for a process that writes."""

    def setting(self, name: str) -> Any:
        """Return what the library remembers under a name.

        Parameters
        ----------
        name : str
            E.g. ``"model"``.

        Returns
        -------
        object
            What was remembered, or None.
        """
        rows = self.query("SELECT value FROM setting WHERE name = ?", [name])
        return json.loads(rows[0]["value"]) if rows else None

    def count(self, filters: Filters | None = None) -> int:
        """Count tracks.

        Parameters
        ----------
        filters : Filters or None
            Which; None: those that are there and were analysed.

        Returns
        -------
        int
            How many.
        """
        clause, values = where(filters or Filters())
        query = f"SELECT count(*) FROM {tables_of(clause)} WHERE {clause}"
        ((number,),) = self.query(query, values)
        return int(number)

    def ids(self, filters: Filters | None = None) -> IntArray:
        """List the numbers of tracks, which takes a tenth of the time of listing the tracks.

        Parameters
        ----------
        filters : Filters or None
            Which; None: those that are there and were analysed.

        Returns
        -------
        np.ndarray of int [shape=(n,)]
            Rising.
        """
        clause, values = where(filters or Filters())
        query = f"SELECT t.id FROM {tables_of(clause)} WHERE {clause} ORDER BY t.id"
        return np.array([row["id"] for row in self.query(query, values)], dtype=np.int64)

    def tracks(
        self,
        filters: Filters | None = None,
        *,
        sort: str = "path",
        limit: int | None = None,
        offset: int = 0,
    ) -> list[LibraryTrack]:
        """List tracks.

        Parameters
        ----------
        filters : Filters or None
            Which; None: those that are there and were analysed.
        sort : {"path", "artist", "title", "genre", "confidence", "doubt", "year", "added"}
            In what order: the most confident and the newest first, else rising.
        limit : int or None
            How many at the most.
        offset : int
            How many to pass over.

        Returns
        -------
        list of LibraryTrack
            The tracks.

        Raises
        ------
        ParameterError
            If there is no such order, or `limit` or `offset` is less than 0.
        """
        if sort not in _SORTS:
            raise ParameterError(f"sort={sort!r} is not one of {', '.join(_SORTS)}")
        if offset < 0 or (limit is not None and limit < 0):
            raise ParameterError(f"limit={limit!r}, offset={offset!r}: 0 or more is needed")
        clause, values = where(filters or Filters(), ordered=sort == "path")
        query = f"{_TRACKS} WHERE {clause} ORDER BY {_SORTS[sort]} LIMIT ? OFFSET ?"
        rows = self.query(query, [*values, -1 if limit is None else limit, offset])
        return [track_of(row) for row in rows]

    def track(self, track_id: int) -> LibraryTrack:
        """Return the track of a number.

        Parameters
        ----------
        track_id : int
            Its number.

        Returns
        -------
        LibraryTrack
            The track, be its file there or not.

        Raises
        ------
        ParameterError
            If there is none.
        """
        found = self.tracks_of([track_id])
        if not found:
            raise ParameterError(f"track={track_id!r} is not in the library {self.path!r}")
        return found[0]

    def tracks_of(self, track_ids: Iterable[int]) -> list[LibraryTrack]:
        """Return the tracks of some numbers.

        Parameters
        ----------
        track_ids : iterable of int
            Their numbers.

        Returns
        -------
        list of LibraryTrack
            In the order given; numbers of no track are left out.
        """
        wanted = [int(number) for number in track_ids]
        query = f"{_TRACKS} WHERE t.id IN (SELECT value FROM json_each(?))"
        found = {row["id"]: track_of(row) for row in self.query(query, [json.dumps(wanted)])}
        return [found[number] for number in wanted if number in found]

    def find(self, path: PathName, *, part: int | None = None) -> LibraryTrack | None:
        """Return the track of a file.

        Parameters
        ----------
        path : str or path-like
            The file.
        part : int or None
            Number of the track in the cue sheet of the file, 0 where the file is one track; None:
            the first that is there.

        Returns
        -------
        LibraryTrack or None
            The track whose file is there or, if there is none, the last one that was.
        """
        query = (
            f"{_TRACKS} WHERE t.path = ? "
            f"{'' if part is None else 'AND t.part = ? '}"
            "ORDER BY t.missing_since IS NOT NULL, t.missing_since DESC, t.part LIMIT 1"
        )
        values: list[Any] = [stored(os.path.abspath(os.fspath(path)))]
        rows = self.query(query, values if part is None else [*values, part])
        return track_of(rows[0]) if rows else None

    def tracks_in(self, path: PathName) -> list[LibraryTrack]:
        """Return all tracks of a file that is there: several where it has a cue sheet.

        Parameters
        ----------
        path : str or path-like
            The file.

        Returns
        -------
        list of LibraryTrack
            In the order of their numbers; none where the file is gone.
        """
        query = f"{_TRACKS} WHERE t.path = ? AND t.missing_since IS NULL ORDER BY t.part"
        rows = self.query(query, [stored(os.path.abspath(os.fspath(path)))])
        return [track_of(row) for row in rows]

    def answer(self, track_id: int) -> Answer | None:
        """Return the answer of the model for a track, clip by clip.

        Parameters
        ----------
        track_id : int
            Its number.

        Returns
        -------
        Answer or None
            None where it was not asked.
        """
        query = (
            "SELECT m.sha256, m.classes, a.unsure, a.distance, a.probabilities, l.bounds, "
            "l.sounding, l.probabilities AS clips FROM answer a JOIN model m ON m.id = a.model_id "
            "JOIN timeline l ON l.track_id = a.track_id WHERE a.track_id = ?"
        )
        rows = self.query(query, [track_id])
        return answer_from_row(rows[0]) if rows else None

    def by_digest(self, digest: bytes) -> list[LibraryTrack]:
        """Return the tracks of some audio.

        Parameters
        ----------
        digest : bytes
            `earmark.audio.audio_digest` of a file.

        Returns
        -------
        list of LibraryTrack
            By number; including those whose file no longer exists.
        """
        query = f"{_TRACKS} WHERE t.digest = ? ORDER BY t.id"
        return [track_of(row) for row in self.query(query, [digest])]
