-- The tables of version 1, as the release that wrote them had them.
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
    artist TEXT NOT NULL DEFAULT '',       -- what the file says of itself
    albumartist TEXT NOT NULL DEFAULT '',
    title TEXT NOT NULL DEFAULT '',
    album TEXT NOT NULL DEFAULT '',
    genres TEXT NOT NULL DEFAULT '[]',     -- JSON: list of str
    year INTEGER,
    ids TEXT NOT NULL DEFAULT '{}',        -- JSON: of MusicBrainz, ISRC
    duration REAL,
    tempo REAL,                            -- traits, see TRAITS
    brightness REAL,
    loudness REAL,
    percussiveness REAL,
    added_at REAL NOT NULL,
    scanned_at REAL NOT NULL
) STRICT;
CREATE UNIQUE INDEX track_by_path ON track (path) WHERE missing_since IS NULL;
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

CREATE TABLE answer (                      -- what a model says of a track; narrow, for what is
    track_id INTEGER PRIMARY KEY REFERENCES track (id) ON DELETE CASCADE,  -- filtered by
    model_id INTEGER NOT NULL REFERENCES model (id),
    genre TEXT NOT NULL,
    confidence REAL NOT NULL,
    runner_up TEXT NOT NULL,
    unsure TEXT CHECK (unsure IN ('confidence', 'unfamiliar')),
    distance REAL NOT NULL,
    probabilities BLOB NOT NULL            -- float32 [n_classes]
) STRICT;
CREATE INDEX answer_by_genre ON answer (genre COLLATE NOCASE);
CREATE INDEX answer_unsure ON answer (unsure) WHERE unsure IS NOT NULL;

CREATE TABLE timeline (                    -- the same clip by clip
    track_id INTEGER PRIMARY KEY REFERENCES track (id) ON DELETE CASCADE,
    bounds BLOB NOT NULL,                  -- float64 [n_clips, 2]: start and end in seconds
    probabilities BLOB NOT NULL            -- float32 [n_clips, n_classes]
) STRICT;

CREATE TABLE embedding (                   -- where a track lies in a learnt space
    track_id INTEGER PRIMARY KEY REFERENCES track (id) ON DELETE CASCADE,
    space_sha256 TEXT NOT NULL,
    vector BLOB NOT NULL                   -- float32 [d]
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
PRAGMA application_id = 1161908813;
PRAGMA user_version = 1;
