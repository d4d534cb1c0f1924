-- A library of made-up tracks, as Earmark at 636d555 wrote it.
PRAGMA application_id = 1161908813;
PRAGMA user_version = 2;
BEGIN TRANSACTION;
CREATE TABLE answer (                      -- what a model says of a track; narrow, for what is
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
INSERT INTO "answer" VALUES(1,1,'jazz',8.99999976158142089843e-01,'blues',0.849999975413084,NULL,1.5,X'CDCC4C3D6666663FCDCC4C3D');
INSERT INTO "answer" VALUES(2,1,'rock',4.00000005960464477539e-01,'blues',9.99999940395355224609e-02,'undecided',1.5,X'9A99993E9A99993ECDCCCC3E');
INSERT INTO "answer" VALUES(3,1,'blues',0.800000011920929,'jazz',7.00000010430812835693e-01,'unfamiliar',1.5,X'CDCC4C3FCDCCCC3DCDCCCC3D');
INSERT INTO "answer" VALUES(4,1,'rock',0.800000011920929,'blues',7.00000010430812835693e-01,NULL,1.5,X'CDCCCC3DCDCCCC3DCDCC4C3F');
INSERT INTO "answer" VALUES(5,1,'rock',0.800000011920929,'blues',7.00000010430812835693e-01,NULL,1.5,X'CDCCCC3DCDCCCC3DCDCC4C3F');
INSERT INTO "answer" VALUES(6,1,'rock',0.800000011920929,'blues',7.00000010430812835693e-01,NULL,1.5,X'CDCCCC3DCDCCCC3DCDCC4C3F');
CREATE TABLE batch (                       -- one apply of one plan
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('tag', 'organise')),
    created_at REAL NOT NULL,
    settings TEXT NOT NULL                 -- JSON
) STRICT;
INSERT INTO "batch" VALUES(1,'tag',4.0,'{"threshold": 0.8}');
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
INSERT INTO "change" VALUES(1,1,0,X'2F6D757369632F612E6D7033',NULL,'{"container": "mp3"}','{"genres": ["Jazz"]}','done',NULL);
CREATE TABLE correction (                  -- what the user says; wins over what a model says
    track_id INTEGER PRIMARY KEY REFERENCES track (id) ON DELETE CASCADE,
    genre TEXT NOT NULL,
    corrected_at REAL NOT NULL
) STRICT;
INSERT INTO "correction" VALUES(3,'zouk',3.0);
CREATE TABLE embedding (                   -- where a track lies in a learnt space
    track_id INTEGER PRIMARY KEY REFERENCES track (id) ON DELETE CASCADE,
    space_sha256 TEXT NOT NULL,
    vector BLOB NOT NULL                   -- float32 [d]; empty where the track is silent
) STRICT;
INSERT INTO "embedding" VALUES(1,'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',X'000000000000803F00000040');
INSERT INTO "embedding" VALUES(2,'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',X'000000000000803F00000040');
INSERT INTO "embedding" VALUES(3,'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',X'000000000000803F00000040');
INSERT INTO "embedding" VALUES(4,'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',X'000000000000803F00000040');
INSERT INTO "embedding" VALUES(5,'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',X'000000000000803F00000040');
INSERT INTO "embedding" VALUES(6,'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',X'000000000000803F00000040');
CREATE TABLE generation (                  -- another number whenever a vector comes, goes or
    one INTEGER PRIMARY KEY CHECK (one = 1),  -- changes: what an index is compared with. Drawn, not
    number INTEGER NOT NULL                -- counted: a library that is made anew, or taken back
) STRICT;
INSERT INTO "generation" VALUES(1,133951674515510);
CREATE TABLE matrix (                      -- features: large, and apart from what lists read
    track_id INTEGER NOT NULL REFERENCES track (id) ON DELETE CASCADE,
    fingerprint TEXT NOT NULL,             -- of the feature set
    n_rows INTEGER NOT NULL,               -- a row for each clip, or for each segment
    dtype TEXT NOT NULL CHECK (dtype IN ('<f4', '|u1')),
    content BLOB NOT NULL,
    UNIQUE (fingerprint, track_id)
) STRICT;
INSERT INTO "matrix" VALUES(1,'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',2,'<f4',X'2EB3DFBB06E8853FBDD83D3F3755393F0F34CF3FBB4F9ABF278020BF7E0BA9BF59ADDCBDFAAE7F3F');
INSERT INTO "matrix" VALUES(1,'5555555555555555555555555555555555555555555555555555555555555555',4,'|u1',X'C900798A771BB842596A4C74D677BDED37428E30B0ABADF2');
INSERT INTO "matrix" VALUES(2,'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',2,'<f4',X'2EB3DFBB06E8853FBDD83D3F3755393F0F34CF3FBB4F9ABF278020BF7E0BA9BF59ADDCBDFAAE7F3F');
INSERT INTO "matrix" VALUES(2,'5555555555555555555555555555555555555555555555555555555555555555',4,'|u1',X'C900798A771BB842596A4C74D677BDED37428E30B0ABADF2');
INSERT INTO "matrix" VALUES(3,'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',2,'<f4',X'2EB3DFBB06E8853FBDD83D3F3755393F0F34CF3FBB4F9ABF278020BF7E0BA9BF59ADDCBDFAAE7F3F');
INSERT INTO "matrix" VALUES(3,'5555555555555555555555555555555555555555555555555555555555555555',4,'|u1',X'C900798A771BB842596A4C74D677BDED37428E30B0ABADF2');
INSERT INTO "matrix" VALUES(4,'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',2,'<f4',X'2BF68C3FDD46AD3E933B0ABF9B4FA1BFF382F2BF54AF983C53814FBF9D455FBFF94B63BE805C54BD');
INSERT INTO "matrix" VALUES(4,'5555555555555555555555555555555555555555555555555555555555555555',4,'|u1',X'5D9A2815B3FFAED56A09A691BF9B7C01B22D7A2A93766891');
INSERT INTO "matrix" VALUES(5,'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',2,'<f4',X'2BF68C3FDD46AD3E933B0ABF9B4FA1BFF382F2BF54AF983C53814FBF9D455FBFF94B63BE805C54BD');
INSERT INTO "matrix" VALUES(5,'5555555555555555555555555555555555555555555555555555555555555555',4,'|u1',X'5D9A2815B3FFAED56A09A691BF9B7C01B22D7A2A93766891');
INSERT INTO "matrix" VALUES(6,'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',2,'<f4',X'D926B7BF97C16FBF4AB2C93E8B2A06BFC98E063FC3AC4E3FA3C5B8BF252F823F6E7C18BF7D050640');
INSERT INTO "matrix" VALUES(6,'5555555555555555555555555555555555555555555555555555555555555555',4,'|u1',X'248E85F1E304EFE353636E3B3988A9F1EF543AE8187796F7');
CREATE TABLE model (                       -- those that were asked
    id INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL,
    classes TEXT NOT NULL,                 -- JSON: list of str
    UNIQUE (sha256, classes)
) STRICT;
INSERT INTO "model" VALUES(1,'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','["blues", "jazz", "rock"]');
CREATE TABLE root (                        -- folders and files that were scanned
    path BLOB PRIMARY KEY,
    scanned_at REAL NOT NULL
) STRICT;
INSERT INTO "root" VALUES(X'2F6D75736963',1.0);
CREATE TABLE setting (                     -- what the library remembers, e.g. the model it asks
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL                    -- JSON
) STRICT;
INSERT INTO "setting" VALUES('model','"gtzan943"');
CREATE TABLE timeline (                    -- the same clip by clip
    track_id INTEGER PRIMARY KEY REFERENCES track (id) ON DELETE CASCADE,
    bounds BLOB NOT NULL,                  -- float64 [n_clips, 2]: start and end in seconds
    sounding BLOB NOT NULL,                -- float64 [n_clips]: seconds that are not silent
    probabilities BLOB NOT NULL            -- float32 [n_clips, n_classes]; NaN of a silent clip
) STRICT;
INSERT INTO "timeline" VALUES(1,X'00000000000000000000000000003E400000000000003E400000000000004E40',X'0000000000003E400000000000003E40',X'CDCC4C3D6666663FCDCC4C3DCDCC4C3D6666663FCDCC4C3D');
INSERT INTO "timeline" VALUES(2,X'00000000000000000000000000003E400000000000003E400000000000004E40',X'0000000000003E400000000000003E40',X'9A99993E9A99993ECDCCCC3E9A99993E9A99993ECDCCCC3E');
INSERT INTO "timeline" VALUES(3,X'00000000000000000000000000003E400000000000003E400000000000004E40',X'0000000000003E400000000000003E40',X'CDCC4C3FCDCCCC3DCDCCCC3DCDCC4C3FCDCCCC3DCDCCCC3D');
INSERT INTO "timeline" VALUES(4,X'00000000000000000000000000003E400000000000003E400000000000004E40',X'0000000000003E400000000000003E40',X'CDCCCC3DCDCCCC3DCDCC4C3FCDCCCC3DCDCCCC3DCDCC4C3F');
INSERT INTO "timeline" VALUES(5,X'00000000000000000000000000003E400000000000003E400000000000004E40',X'0000000000003E400000000000003E40',X'CDCCCC3DCDCCCC3DCDCC4C3FCDCCCC3DCDCCCC3DCDCC4C3F');
INSERT INTO "timeline" VALUES(6,X'00000000000000000000000000003E400000000000003E400000000000004E40',X'0000000000003E400000000000003E40',X'CDCCCC3DCDCCCC3DCDCC4C3FCDCCCC3DCDCCCC3DCDCC4C3F');
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
    scanned_at REAL NOT NULL,
    track_number INTEGER,                  -- on its disc; from the tags, as the next two
    disc_number INTEGER,
    composer TEXT NOT NULL DEFAULT '',
    part INTEGER NOT NULL DEFAULT 0,       -- its number in the cue sheet of the file; 0: the file
                                           -- is one track
    starts_at REAL,                        -- of a part: where it begins and ends in the file, in
    ends_at REAL,                          -- seconds; NULL: at its end
    cue_sheet TEXT NOT NULL DEFAULT '',    -- hash of what a sheet beside the file says of it
    gaps TEXT NOT NULL DEFAULT '[]'        -- JSON: [start, length or null] of each stretch that
                                           -- could not be decoded, in seconds
) STRICT;
INSERT INTO "track" VALUES(1,X'2F6D757369632F612E6D7033',100,1,X'355D896AB5C9F0BB353EEB175987AFD6D93CC9A250955746B87AE6C10A47C8C2','analysed',NULL,NULL,NULL,'[]','Ann','Ann and Bob','First','Album','["Trip Hop", "Jazz"]',1999,'{"isrc": "X1"}',60.0,95.5,2000.0,-20.0,0.3,1000.0,1000.0,3,1,'Cid',0,NULL,NULL,'','[]');
INSERT INTO "track" VALUES(2,X'2F6D757369632F622E6D7033',100,1,X'B7A4285F700780377DFD496E6F3A6D929BC7B048923E815AC29C4E5D0FCE17E5','analysed',NULL,NULL,NULL,'[]','','','Second','','[]',2004,'{}',60.0,120.0,2000.0,-20.0,0.3,1000.0,1000.0,NULL,NULL,'',0,NULL,NULL,'','[]');
INSERT INTO "track" VALUES(3,X'2F6D757369632F632E6D7033',100,1,X'DD79E056CCD2130822EAD6CA4CB31410004C0DD835E519F6EF01368FBEFE9DE8','analysed',NULL,NULL,NULL,'[]','Dot','','Third','','[]',NULL,'{}',60.0,120.0,2000.0,-20.0,0.3,1000.0,1000.0,NULL,NULL,'',0,NULL,NULL,'','[]');
INSERT INTO "track" VALUES(4,X'2F6D757369632F616C62756D2E666C6163',100,1,X'F5CFD55BD7753D72A6E63251154DAFE8853D40F1279D06D20C50C1A775893A84','analysed',NULL,NULL,NULL,'[]','Eve','','Part 1','Whole','[]',NULL,'{}',60.0,120.0,2000.0,-20.0,0.3,1000.0,1000.0,NULL,NULL,'',1,0.0,30.0,'s','[]');
INSERT INTO "track" VALUES(5,X'2F6D757369632F616C62756D2E666C6163',100,1,X'40798355FE8B706969C2859AF8CA0CB33A8498A67F647FF5871623BA1B143B80','analysed',NULL,NULL,NULL,'[]','Eve','','Part 2','Whole','[]',NULL,'{}',60.0,120.0,2000.0,-20.0,0.3,1000.0,1000.0,NULL,NULL,'',2,30.0,NULL,'s','[]');
INSERT INTO "track" VALUES(6,X'2F6D757369632F676F6E652E6D7033',100,1,X'B81358F7CA2F59313AD0BFF3448716DD85A037FA3AE605BDE2CAEBBD3366C087','analysed',5.0,NULL,NULL,'[]','','','Gone','','[]',NULL,'{}',60.0,120.0,2000.0,-20.0,0.3,1000.0,1000.0,NULL,NULL,'',0,NULL,NULL,'','[]');
INSERT INTO "track" VALUES(7,X'2F6D757369632F642E6D7033',9,9,NULL,'failed',NULL,'no-audio','no decoder finds audio','[]','','','','','[]',NULL,'{}',NULL,NULL,NULL,NULL,NULL,2.0,2.0,NULL,NULL,'',0,NULL,NULL,'','[]');
CREATE UNIQUE INDEX track_by_path ON track (path, part) WHERE missing_since IS NULL;
CREATE INDEX track_by_digest ON track (digest);
CREATE INDEX track_failed ON track (id) WHERE state = 'failed';
CREATE INDEX track_missing ON track (missing_since) WHERE missing_since IS NOT NULL;
CREATE INDEX matrix_by_track ON matrix (track_id);
CREATE INDEX answer_by_genre ON answer (genre COLLATE NOCASE);
CREATE INDEX answer_unsure ON answer (unsure) WHERE unsure IS NOT NULL;
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
CREATE INDEX change_by_batch ON change (batch_id, position);
CREATE INDEX track_short ON track (duration) WHERE duration < 60;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('track',7);
INSERT INTO "sqlite_sequence" VALUES('batch',1);
INSERT INTO "sqlite_sequence" VALUES('change',1);
COMMIT;
