"""Features of audio files, kept between runs in the user's cache folder."""

from __future__ import annotations

import io
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from earmark.audio import Missing
from earmark.extraction._tracks import TrackFeatures
from earmark.features import FeatureSet
from earmark.files import FileState, file_state
from earmark.records import package_version

__all__ = ["FeatureCache", "open_feature_cache"]

_VARIABLE = "EARMARK_FEATURE_CACHE"
"""Environment variable that names another file; empty: nothing is kept."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS features (
    path BLOB NOT NULL,         -- absolute, as the file system has it
    part TEXT NOT NULL,         -- which stretch of the file; empty: all of it
    fingerprint TEXT NOT NULL,  -- of the feature set
    version TEXT NOT NULL,      -- of Earmark, which decoded the file
    size INTEGER NOT NULL,      -- bytes of the file
    mtime_ns INTEGER NOT NULL,  -- when it was changed
    about TEXT NOT NULL,        -- all but the features, as JSON
    matrix BLOB NOT NULL,       -- a row for each clip, as numpy.save writes it
    PRIMARY KEY (path, part, fingerprint)
) WITHOUT ROWID
"""


class FeatureCache:
    """Features by file and feature set, in a database; losing it costs time and nothing else.

    A file that was changed, another version of Earmark or other parameters of the features are
    misses. Each file is written as soon as it is done, so that a run that was interrupted goes on
    from there. A cache that cannot be read or written, or a connection of None, is one without
    entries.
    """

    def __init__(self, connection: sqlite3.Connection | None) -> None:
        self._connection = connection

    def get(self, path: str, kind: FeatureSet, *, part: str = "") -> TrackFeatures | None:
        """Return the features of a file or a `part` of it; None if it has changed since."""
        state = file_state(path)
        if self._connection is None or state is None:
            return None
        query = (
            "SELECT about, matrix FROM features WHERE path = ? AND part = ? AND fingerprint = ? "
            "AND version = ? AND size = ? AND mtime_ns = ?"
        )
        key = (_stored(path), part, kind.fingerprint)
        values = (*key, package_version(), state.size, state.mtime_ns)
        try:
            row = self._connection.execute(query, values).fetchone()
            return None if row is None else _features(kind, *row)
        except (sqlite3.Error, ValueError, KeyError, TypeError):
            return None

    def put(
        self,
        path: str,
        kind: FeatureSet,
        features: TrackFeatures,
        *,
        state: FileState | None,
        part: str = "",
    ) -> None:
        """Keep the features of a file whose `state` was taken before it was read."""
        if self._connection is None or state is None or state != file_state(path):
            return
        matrix = io.BytesIO()
        np.save(matrix, features.matrix(kind), allow_pickle=False)
        about = {
            "duration": features.duration,
            "bounds": features.bounds,
            "warnings": features.warnings,
            "sounding": features.sounding,
            "missing": [[one.start, one.length] for one in features.missing],
        }
        values = (
            *(_stored(path), part, kind.fingerprint),
            *(package_version(), state.size, state.mtime_ns),
            *(json.dumps(about), matrix.getvalue()),
        )
        try:
            self._connection.execute(
                "INSERT OR REPLACE INTO features VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values
            )
        except sqlite3.Error:
            self._connection = None  # a full or read-only disk: the rest would fail as well


def _stored(path: str) -> bytes:
    return os.fsencode(os.path.abspath(path))


def _features(kind: FeatureSet, about: str, matrix: bytes) -> TrackFeatures:
    known = json.loads(about)
    rows = np.load(io.BytesIO(matrix), allow_pickle=False)
    return TrackFeatures(
        duration=known["duration"],
        bounds=tuple((start, end) for start, end in known["bounds"]),
        values={kind.name: tuple(rows)},
        warnings=tuple(known["warnings"]),
        sounding=tuple(known["sounding"]),
        missing=tuple(Missing(start, length) for start, length in known["missing"]),
    )


def _path() -> Path | None:
    named = os.environ.get(_VARIABLE)
    if named is not None:
        return Path(named) if named else None
    import platformdirs

    return Path(platformdirs.user_cache_dir("earmark", appauthor=False)) / "features.db"


@contextmanager
def open_feature_cache() -> Iterator[FeatureCache]:
    """Open the cache of features; without one, nothing is found in it and nothing is kept."""
    connection = _connect()
    try:
        yield FeatureCache(connection)
    finally:
        if connection is not None:
            connection.close()


def _connect() -> sqlite3.Connection | None:
    path = _path()
    if path is None:
        return None
    connection = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=30, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(_SCHEMA)
        # What another version decoded is never used again.
        connection.execute("DELETE FROM features WHERE version != ?", (package_version(),))
    except (sqlite3.Error, OSError):
        if connection is not None:
            connection.close()
        return None
    return connection
