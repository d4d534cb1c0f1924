"""Queries for features, vectors and measurements, which indexes are built of."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from earmark.analysis import MEASUREMENTS
from earmark.library._connections import sqlite_errors
from earmark.library._database import Database
from earmark.library._schema import SHORT_TRACKS_S
from earmark.library._track_rows import matrix_of
from earmark.types import Float32Array, IntArray, Seconds

__all__ = ["VectorQueries"]


class VectorQueries(Database):
    """The part of a library that reads what songs are compared by."""

    @property
    def generation(self) -> int:
        """A number that changes whenever a vector comes, goes or changes."""
        ((number,),) = self.query("SELECT number FROM generation")
        return int(number)

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
        return matrix_of(rows[0]) if rows else None

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
                yield row["track_id"], matrix_of(row)

    def embeddings(self, vectors_id: str) -> tuple[IntArray, Float32Array]:
        """Return where every track that is not silent and whose file is there lies in a space.

        Parameters
        ----------
        vectors_id : str
            Which space, see `earmark.models.Space.vectors_id`.

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
        rows = self.query(query, [vectors_id])
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
