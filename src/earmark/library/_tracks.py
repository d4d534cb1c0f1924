"""What a library is asked."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from earmark.analysis import MEASUREMENTS, Answer
from earmark.errors import ParameterError
from earmark.library._connections import sqlite_errors
from earmark.library._filters import TRACK_COLUMNS, answer_of, stored, tables, track_of, where
from earmark.library._schema import SHORT_TRACKS_S
from earmark.library._track import Filters, LibraryTrack
from earmark.types import Float32Array, IntArray, PathName, Seconds

__all__ = ["Asking"]

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


class Asking:
    """The part of a library that reads; it never waits for a process that writes.

    Attributes
    ----------
    path : str
        Its file.
    """

    def __init__(self, path: str, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        connection.row_factory = sqlite3.Row

    def query(self, query: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Ask the database; for the modules of this package alone.

        Parameters
        ----------
        query : str
            A statement that reads.
        values : sequence
            What stands for its question marks.

        Returns
        -------
        list of sqlite3.Row
            What it found.
        """
        with sqlite_errors(self.path):
            try:
                return self._connection.execute(query, values).fetchall()
            except (UnicodeEncodeError, OverflowError) as error:
                raise ParameterError(f"{values!r}: it cannot be searched for: {error}") from error

    @property
    def generation(self) -> int:
        """A number that changes whenever a vector comes, goes or changes."""
        ((number,),) = self.query("SELECT number FROM generation")
        return int(number)

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
        query = f"SELECT count(*) FROM {tables(clause)} WHERE {clause}"
        ((number,),) = self.query(query, values)
        return int(number)

    def ids(self, filters: Filters | None = None) -> IntArray:
        """List the numbers of tracks, which costs a tenth of listing the tracks.

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
        query = f"SELECT t.id FROM {tables(clause)} WHERE {clause} ORDER BY t.id"
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
        query = (
            f"SELECT {TRACK_COLUMNS} FROM {tables(TRACK_COLUMNS)} WHERE {clause} "
            f"ORDER BY {_SORTS[sort]} LIMIT ? OFFSET ?"
        )
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
        query = (
            f"SELECT {TRACK_COLUMNS} FROM {tables(TRACK_COLUMNS)} "
            "WHERE t.id IN (SELECT value FROM json_each(?))"
        )
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
            f"SELECT {TRACK_COLUMNS} FROM {tables(TRACK_COLUMNS)} WHERE t.path = ? "
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
        query = (
            f"SELECT {TRACK_COLUMNS} FROM {tables(TRACK_COLUMNS)} "
            "WHERE t.path = ? AND t.missing_since IS NULL ORDER BY t.part"
        )
        rows = self.query(query, [stored(os.path.abspath(os.fspath(path)))])
        return [track_of(row) for row in rows]

    def answer(self, track_id: int) -> Answer | None:
        """Return what the model says of a track, clip by clip.

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
        return answer_of(rows[0]) if rows else None

    def matrix(self, track_id: int, fingerprint: str) -> npt.NDArray[Any] | None:
        """Return the features of a track.

        Parameters
        ----------
        track_id : int
            Its number.
        fingerprint : str
            Of the feature set.

        Returns
        -------
        np.ndarray or None
            A row for each clip, or for each segment; None where it was not computed.
        """
        query = "SELECT n_rows, dtype, content FROM matrix WHERE fingerprint = ? AND track_id = ?"
        rows = self.query(query, [fingerprint, track_id])
        return _matrix(rows[0]) if rows else None

    def segments(self, fingerprint: str) -> Iterator[tuple[int, npt.NDArray[np.uint8]]]:
        """Read the segments of every track that is not silent and whose file is there.

        Parameters
        ----------
        fingerprint : str
            Of the feature set.

        Yields
        ------
        (int, np.ndarray [shape=(n_segments, d), dtype=uint8])
            Number of the track, rising, and its segments.
        """
        query = (
            "SELECT m.track_id, m.n_rows, m.dtype, m.content FROM matrix m "
            "JOIN track t ON t.id = m.track_id "
            "WHERE m.fingerprint = ? AND m.n_rows > 0 "
            "AND t.missing_since IS NULL AND t.state = 'analysed' ORDER BY m.track_id"
        )
        with sqlite_errors(self.path):
            for row in self._connection.execute(query, [fingerprint]):
                yield row["track_id"], _matrix(row)

    def embeddings(self, space_sha256: str) -> tuple[IntArray, Float32Array]:
        """Return where every track that is not silent and whose file is there lies in a space.

        Parameters
        ----------
        space_sha256 : str
            Hash of the space's file.

        Returns
        -------
        ids : np.ndarray of int [shape=(n,)]
            Numbers of the tracks, rising.
        vectors : np.ndarray [shape=(n, d), dtype=float32]
            Their places.
        """
        query = (
            "SELECT e.track_id, e.vector FROM embedding e JOIN track t ON t.id = e.track_id "
            "WHERE e.space_sha256 = ? AND e.vector <> x'' "
            "AND t.missing_since IS NULL AND t.state = 'analysed' ORDER BY e.track_id"
        )
        rows = self.query(query, [space_sha256])
        ids = np.array([row["track_id"] for row in rows], dtype=np.int64)
        if not rows:
            return ids, np.empty((0, 0), dtype=np.float32)
        content = b"".join(row["vector"] for row in rows)
        return ids, np.frombuffer(content, dtype="<f4").reshape(len(rows), -1)

    def measurements(self) -> tuple[IntArray, Float32Array]:
        """Return what was measured of every track that is not silent and whose file is there.

        Returns
        -------
        ids : np.ndarray of int [shape=(n,)]
            Numbers of the tracks, rising.
        values : np.ndarray [shape=(n, 4), dtype=float32]
            A column for each name in `MEASUREMENTS`.
        """
        columns = ", ".join(MEASUREMENTS)
        rows = self.query(
            f"SELECT id, {columns} FROM track WHERE state = 'analysed' "
            "AND missing_since IS NULL AND loudness IS NOT NULL ORDER BY id"
        )
        values = np.array([tuple(row)[1:] for row in rows], dtype=np.float32)
        ids = np.array([row["id"] for row in rows], dtype=np.int64)
        return ids, values.reshape(len(rows), len(MEASUREMENTS))

    def unsuitable(
        self, *, min_length: Seconds, unfamiliar: bool
    ) -> dict[Literal["silent", "short", "unfamiliar"], IntArray]:
        """List the tracks that are no songs to suggest, by the reason.

        Parameters
        ----------
        min_length : float
            Tracks shorter than this, in seconds, are too short.
        unfamiliar : bool
            Whether those count that the model finds unlike any music it knows, unless the user has
            named their genre.

        Returns
        -------
        dict of str to np.ndarray of int
            Numbers of tracks, whether their files exist or not; a track may be in several.
        """
        # In the words of the index of short tracks: SQLite uses it for no others.
        short = "duration < ?"
        if min_length <= SHORT_TRACKS_S:
            short = f"duration < {SHORT_TRACKS_S} AND {short}"
        reasons: dict[Literal["silent", "short", "unfamiliar"], IntArray] = {
            "silent": self._numbers("SELECT track_id AS n FROM answer WHERE unsure = 'silent'"),
            "short": self._numbers(f"SELECT id AS n FROM track WHERE {short}", [min_length]),
        }
        if unfamiliar:
            reasons["unfamiliar"] = self._numbers(
                "SELECT track_id AS n FROM answer WHERE unsure = 'unfamiliar' "
                "AND track_id NOT IN (SELECT track_id FROM correction)"
            )
        return reasons

    def _numbers(self, query: str, values: Sequence[Any] = ()) -> IntArray:
        """Return a column ``n`` of numbers, read as one text, which is faster than by rows."""
        ((text,),) = self.query(f"SELECT group_concat(n) FROM ({query})", values)
        return np.array(json.loads(f"[{text or ''}]"), dtype=np.int64)

    def by_digest(self, digest: bytes) -> list[LibraryTrack]:
        """Return the tracks of some audio.

        Parameters
        ----------
        digest : bytes
            `earmark.audio.audio_digest` of a file.

        Returns
        -------
        list of LibraryTrack
            By number; those whose file is gone included.
        """
        query = (
            f"SELECT {TRACK_COLUMNS} FROM {tables(TRACK_COLUMNS)} WHERE t.digest = ? ORDER BY t.id"
        )
        return [track_of(row) for row in self.query(query, [digest])]


def _matrix(row: sqlite3.Row) -> npt.NDArray[Any]:
    flat = np.frombuffer(row["content"], dtype=row["dtype"])
    return flat.reshape(row["n_rows"], -1) if row["n_rows"] else flat.reshape(0, 0)
