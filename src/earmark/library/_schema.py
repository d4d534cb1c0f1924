"""The tables of a library file, and how an older file becomes a newer one.

History:

1. The first: tracks, analyses, answers, embeddings, corrections, and the journal of changes.
2. Track number, disc number and composer, as the tags of a file have them. Answers: ``unsure`` is
   ``unfamiliar``, ``undecided`` (which was ``confidence``) or ``silent``, and a silent track has no
   genre; the margin between the top two; the seconds of each clip that count. Tracks that
   are part of a file, by its cue sheet. The stretches of a track that could not be decoded. An
   index of short tracks.

Paths are kept as the bytes the system gives, which need not be UTF-8. Times are seconds since 1970,
those of files nanoseconds, as the system tells them. Arrays are little-endian and in C order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from sqlite3 import Connection
from types import MappingProxyType

import numpy as np

__all__ = ["APPLICATION_ID", "DDL", "MIGRATIONS", "SCHEMA_VERSION", "SHORT_TRACKS_S"]

APPLICATION_ID = 0x4541524D  # "EARM"
"""What the header of every library says it is."""

SCHEMA_VERSION = 2
"""Raised with every change of the tables; ``PRAGMA user_version`` of the file."""

SHORT_TRACKS_S = 60
"""Tracks shorter than this, in seconds, have an index of their own."""

_SHORT_TRACKS = f"""
CREATE INDEX IF NOT EXISTS track_short ON track (duration) WHERE duration < {SHORT_TRACKS_S};
"""

_ANSWER = """
CREATE TABLE answer (                      -- a model's answer for a track; narrow, for what is
    track_id INTEGER PRIMARY KEY REFERENCES track (id) ON DELETE CASCADE,  -- filtered by
    model_id INTEGER NOT NULL REFERENCES model (id),
    genre TEXT,                            -- NULL, as all that follows, where the track is silent
    confidence REAL,
    runner_up TEXT,
    margin REAL,                           -- between the probabilities of the top two
    unsure TEXT CHECK (unsure IN ('unfamiliar', 'undecided', 'silent')),
    distance REAL,
    probabilities BLOB                     -- float32 [n_classes]
) STRICT;
CREATE INDEX answer_by_genre ON answer (genre COLLATE NOCASE);
CREATE INDEX answer_unsure ON answer (unsure) WHERE unsure IS NOT NULL;
"""

_TIMELINE = """
CREATE TABLE timeline (                    -- the same clip by clip
    track_id INTEGER PRIMARY KEY REFERENCES track (id) ON DELETE CASCADE,
    bounds BLOB NOT NULL,                  -- float64 [n_clips, 2]: start and end in seconds
    sounding BLOB NOT NULL,                -- float64 [n_clips]: seconds that are not silent
    probabilities BLOB NOT NULL            -- float32 [n_clips, n_classes]; NaN of a silent clip
) STRICT;
"""

DDL = (
    """
CREATE TABLE setting (                     -- what the library remembers, e.g. the model it asks
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL                    -- JSON
) STRICT;

CREATE TABLE root (                        -- folders and files that were scanned
    path BLOB PRIMARY KEY,
    scanned_at REAL NOT NULL
) STRICT;

CREATE TABLE track (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice: corrections and plans name it
    path BLOB NOT NULL,
    size INTEGER,                          -- of the file when it was read; with mtime_ns what
    mtime_ns INTEGER,                      -- tells whether it is still that file
    digest BLOB,                           -- of the encoded audio, without tags: survives a move;
                                           -- NULL where nothing was ever heard
    state TEXT NOT NULL CHECK (state IN ('analysed', 'failed')),
    missing_since REAL,                    -- when a scan did not find the file; NULL: it is there
    error_code TEXT,                       -- of a failed one, see earmark.errors
    error_reason TEXT,
    warnings TEXT NOT NULL DEFAULT '[]',   -- JSON: list of str
    artist TEXT NOT NULL DEFAULT '',       -- the tags of the file
    albumartist TEXT NOT NULL DEFAULT '',
    title TEXT NOT NULL DEFAULT '',
    album TEXT NOT NULL DEFAULT '',
    genres TEXT NOT NULL DEFAULT '[]',     -- JSON: list of str
    year INTEGER,
    ids TEXT NOT NULL DEFAULT '{}',        -- JSON: of MusicBrainz, ISRC
    duration REAL,
    tempo REAL,                            -- see MEASUREMENTS of earmark.analysis
    brightness REAL,
    loudness REAL,
    percussiveness REAL,
    added_at REAL NOT NULL,
    scanned_at REAL NOT NULL,
    track_number INTEGER,                  -- on its disc; from the tags, as the next two
    disc_number INTEGER,
    composer TEXT NOT NULL DEFAULT '',
    part INTEGER NOT NULL DEFAULT 0,       -- its number in the cue sheet of the file; 0: the file
                                           -- is one track
    starts_at REAL,                        -- of a part: where it begins and ends in the file, in
    ends_at REAL,                          -- seconds; NULL: at its end
    cue_sheet TEXT NOT NULL DEFAULT '',    -- hash of its part of a sheet beside the file
    gaps TEXT NOT NULL DEFAULT '[]'        -- JSON: [start, length or null] of each stretch that
                                           -- could not be decoded, in seconds
) STRICT;
CREATE UNIQUE INDEX track_by_path ON track (path, part) WHERE missing_since IS NULL;
CREATE INDEX track_by_digest ON track (digest);
CREATE INDEX track_failed ON track (id) WHERE state = 'failed';
CREATE INDEX track_missing ON track (missing_since) WHERE missing_since IS NOT NULL;

CREATE TABLE matrix (                      -- features: large, and apart from what lists read
    track_id INTEGER NOT NULL REFERENCES track (id) ON DELETE CASCADE,
    fingerprint TEXT NOT NULL,             -- of the feature set
    n_rows INTEGER NOT NULL,               -- a row for each clip, or for each segment
    dtype TEXT NOT NULL CHECK (dtype IN ('<f4', '|u1')),
    content BLOB NOT NULL,
    UNIQUE (fingerprint, track_id)
) STRICT;
CREATE INDEX matrix_by_track ON matrix (track_id);

CREATE TABLE model (                       -- those that were asked
    id INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL,
    classes TEXT NOT NULL,                 -- JSON: list of str
    UNIQUE (sha256, classes)
) STRICT;

"""
    + _ANSWER
    + _TIMELINE
    + """
CREATE TABLE embedding (                   -- where a track lies in a learnt space
    track_id INTEGER PRIMARY KEY REFERENCES track (id) ON DELETE CASCADE,
    space_sha256 TEXT NOT NULL,            -- which space: its vectors_id
    vector BLOB NOT NULL                   -- float32 [d]; empty where the track is silent
) STRICT;

CREATE TABLE correction (                  -- what the user says; wins over what a model says
    track_id INTEGER PRIMARY KEY REFERENCES track (id) ON DELETE CASCADE,
    genre TEXT NOT NULL,
    corrected_at REAL NOT NULL
) STRICT;

CREATE TABLE generation (                  -- another number whenever a vector comes, goes or
    one INTEGER PRIMARY KEY CHECK (one = 1),  -- changes: what an index is compared with. Drawn, not
    number INTEGER NOT NULL                -- counted: a library that is made anew, or taken back
) STRICT;                                  -- from a backup, must not come to one it had before.
INSERT INTO generation VALUES (1, abs(random() >> 16));
CREATE TRIGGER embedding_comes AFTER INSERT ON embedding
    BEGIN UPDATE generation SET number = abs(random() >> 16); END;
CREATE TRIGGER embedding_changes AFTER UPDATE ON embedding
    BEGIN UPDATE generation SET number = abs(random() >> 16); END;
CREATE TRIGGER embedding_goes AFTER DELETE ON embedding
    BEGIN UPDATE generation SET number = abs(random() >> 16); END;
CREATE TRIGGER matrix_comes AFTER INSERT ON matrix
    BEGIN UPDATE generation SET number = abs(random() >> 16); END;
CREATE TRIGGER matrix_changes AFTER UPDATE ON matrix
    BEGIN UPDATE generation SET number = abs(random() >> 16); END;
CREATE TRIGGER matrix_goes AFTER DELETE ON matrix
    BEGIN UPDATE generation SET number = abs(random() >> 16); END;
CREATE TRIGGER track_comes_back_or_goes AFTER UPDATE OF missing_since ON track
    WHEN OLD.missing_since IS NOT NEW.missing_since
    BEGIN UPDATE generation SET number = abs(random() >> 16); END;

CREATE TABLE batch (                       -- one apply of one plan
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('tag', 'organise')),
    created_at REAL NOT NULL,
    settings TEXT NOT NULL                 -- JSON
) STRICT;

CREATE TABLE change (                      -- one file of a batch; written before the file is
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    batch_id INTEGER NOT NULL REFERENCES batch (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    path BLOB NOT NULL,                    -- the file that is changed, linked, copied or moved
    target BLOB,                           -- where to; NULL for tags
    before TEXT NOT NULL,                  -- JSON: what undo needs
    after TEXT NOT NULL,                   -- JSON: what was asked for
    state TEXT NOT NULL CHECK (state IN ('begun', 'done', 'failed', 'undone')),
    reason TEXT                            -- of a failed one
) STRICT;
CREATE INDEX change_by_batch ON change (batch_id, position);
"""
    + _SHORT_TRACKS
)


def _statements(script: str) -> list[str]:
    """Take apart a script that holds no trigger."""
    return [part for part in script.split(";\n") if part.strip()]


def _margin(probabilities: bytes) -> float:
    low, high = np.sort(np.frombuffer(probabilities, dtype="<f4"))[-2:].tolist()
    return float(high - low)


def _lengths(bounds: bytes) -> bytes:
    starts, ends = np.frombuffer(bounds, dtype="<f8").reshape(-1, 2).T
    return np.asarray(ends - starts, dtype="<f8").tobytes()


def _to_version_2(connection: Connection) -> None:
    # A scan fills these in when the tags of a file are next read.
    connection.execute("ALTER TABLE track ADD COLUMN track_number INTEGER")
    connection.execute("ALTER TABLE track ADD COLUMN disc_number INTEGER")
    connection.execute("ALTER TABLE track ADD COLUMN composer TEXT NOT NULL DEFAULT ''")
    connection.execute("ALTER TABLE track ADD COLUMN gaps TEXT NOT NULL DEFAULT '[]'")
    _make_room_for_parts(connection)
    connection.execute(_SHORT_TRACKS)
    _rename_unsure(connection)
    _take_back_answers_to_silence(connection)


def _make_room_for_parts(connection: Connection) -> None:
    """Let a file hold several tracks; each file is one track until a scan finds its cue sheet."""
    connection.execute("ALTER TABLE track ADD COLUMN part INTEGER NOT NULL DEFAULT 0")
    connection.execute("ALTER TABLE track ADD COLUMN starts_at REAL")
    connection.execute("ALTER TABLE track ADD COLUMN ends_at REAL")
    connection.execute("ALTER TABLE track ADD COLUMN cue_sheet TEXT NOT NULL DEFAULT ''")
    connection.execute("DROP INDEX track_by_path")
    connection.execute(
        "CREATE UNIQUE INDEX track_by_path ON track (path, part) WHERE missing_since IS NULL"
    )
    # A cue sheet beside a file is seen by any scan, one inside only when the file is read again.
    connection.execute("UPDATE track SET mtime_ns = NULL WHERE duration > 900")


def _zeros(bounds: bytes) -> bytes:
    return bytes(len(bounds) // 2)


def _nans(values: bytes) -> bytes:
    return np.full(len(values) // 4, np.nan, dtype="<f4").tobytes()


def _rename_unsure(connection: Connection) -> None:
    """Rename a reason to be unsure, and make room for tracks without a genre."""
    connection.create_function("margin_of", 1, _margin, deterministic=True)
    connection.create_function("lengths_of", 1, _lengths, deterministic=True)
    for table in ("answer", "timeline"):
        connection.execute(f"ALTER TABLE {table} RENAME TO {table}_1")
    connection.execute("DROP INDEX answer_by_genre")
    connection.execute("DROP INDEX answer_unsure")
    for statement in _statements(_ANSWER) + _statements(_TIMELINE):
        connection.execute(statement)
    connection.execute(
        "INSERT INTO answer SELECT track_id, model_id, genre, confidence, runner_up, "
        "margin_of(probabilities), replace(unsure, 'confidence', 'undecided'), distance, "
        "probabilities FROM answer_1"
    )
    connection.execute(
        "INSERT INTO timeline SELECT track_id, bounds, lengths_of(bounds), probabilities "
        "FROM timeline_1"
    )
    for table in ("answer", "timeline"):
        connection.execute(f"DROP TABLE {table}_1")


def _take_back_answers_to_silence(connection: Connection) -> None:
    connection.create_function("zeros_of", 1, _zeros, deterministic=True)
    connection.create_function("nans_of", 1, _nans, deterministic=True)
    which = """IN (SELECT id FROM track WHERE warnings LIKE '%"silent: every sample is zero"%')"""
    connection.execute(
        "UPDATE answer SET genre = NULL, confidence = NULL, runner_up = NULL, margin = NULL, "
        "distance = NULL, probabilities = NULL, unsure = 'silent' "
        f"WHERE track_id {which}"
    )
    connection.execute(
        "UPDATE timeline SET sounding = zeros_of(bounds), probabilities = nans_of(probabilities) "
        f"WHERE track_id {which}"
    )
    connection.execute(f"UPDATE embedding SET vector = x'' WHERE track_id {which}")
    connection.execute(
        f"UPDATE matrix SET n_rows = 0, content = x'' WHERE dtype = '|u1' AND track_id {which}"
    )
    connection.execute(
        "UPDATE track SET tempo = NULL, brightness = NULL, loudness = NULL, "
        f"percussiveness = NULL WHERE id {which}"
    )


MIGRATIONS: Mapping[int, Callable[[Connection], None]] = MappingProxyType({1: _to_version_2})
"""By the version they start from: what turns a file into one of the next version."""
