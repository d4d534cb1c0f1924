"""Libraries of version 1 become libraries of this version, with nothing lost."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from earmark.library import Filters, Library, library_stats, open_library

TABLES = (Path(__file__).parent / "version_1.sql").read_text()
CLASSES = '["blues", "jazz", "rock"]'
BOUNDS = np.array([[0.0, 30.0], [30.0, 75.0]])


def floats(*values: float) -> bytes:
    return np.array(values, dtype="<f4").tobytes()


def write_track(
    connection: sqlite3.Connection,
    number: int,
    name: str,
    *,
    unsure: str | None,
    warnings: str = "[]",
    shares: tuple[float, ...] = (0.1, 0.3, 0.6),
) -> None:
    connection.execute(
        "INSERT INTO track (id, path, size, mtime_ns, digest, state, warnings, title, duration, "
        "tempo, brightness, loudness, percussiveness, added_at, scanned_at) "
        "VALUES (?, ?, 1, 2, x'01', 'analysed', ?, ?, 75, 120, 1500, -12, 0.4, 10, 11)",
        [number, f"/music/{name}.mp3".encode(), warnings, name],
    )
    connection.execute(
        "INSERT INTO answer VALUES (?, 1, 'rock', 0.6, 'jazz', ?, 3.5, ?)",
        [number, unsure, floats(*shares)],
    )
    clips = [BOUNDS.astype("<f8").tobytes(), floats(*shares, *shares)]
    connection.execute("INSERT INTO timeline VALUES (?, ?, ?)", [number, *clips])
    connection.execute("INSERT INTO matrix VALUES (?, 's', 2, '|u1', ?)", [number, bytes(range(8))])
    connection.execute("INSERT INTO embedding VALUES (?, 'space', ?)", [number, floats(1, 0)])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the file of a library of version 1."""
    path = tmp_path / "music.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(TABLES)
    connection.execute("INSERT INTO model VALUES (1, 'hash', ?)", [CLASSES])
    write_track(connection, 1, "sure", unsure=None)
    write_track(connection, 2, "doubtful", unsure="confidence")
    write_track(connection, 3, "strange", unsure="unfamiliar")
    silent = '["silent: every sample is zero"]'
    write_track(connection, 4, "quiet", unsure="unfamiliar", warnings=silent)
    write_track(connection, 5, "said", unsure="confidence")
    connection.execute("INSERT INTO correction VALUES (5, 'polka', 12)")
    connection.commit()
    connection.close()
    return path


@pytest.fixture
def library(path: Path) -> Library:
    """Return the library, converted."""
    return open_library(path)


def test_confidence_becomes_undecided_in_libraries(library: Library) -> None:
    with library:
        assert {one.tags.title: one.unsure for one in library.tracks()} == {
            "sure": None,
            "doubtful": "undecided",
            "strange": "unfamiliar",
            "quiet": "silent",
            "said": None,
        }
        assert [one.tags.title for one in library.tracks(Filters(unsure=True))] == [
            *("doubtful", "quiet", "strange")
        ]
        assert dict(library_stats(library).n_unsure) == {
            "undecided": 1,
            "unfamiliar": 1,
            "silent": 1,
        }


def test_margin_and_seconds_that_count_are_filled_in(library: Library) -> None:
    with library:
        track, answer = library.track(1), library.answer(1)
    assert track.answer.margin == pytest.approx(0.3)
    assert (track.answer.genre, track.answer.confidence, track.answer.runner_up) == (
        "rock",
        0.6,
        "jazz",
    )
    assert answer is not None
    assert answer.sounding.tolist() == [30.0, 45.0]
    assert answer.timeline.shape == (2, 3)


def test_answer_to_silence_is_taken_back(library: Library) -> None:
    with library:
        track, answer = library.track(4), library.answer(4)
        assert (track.genre, track.answer.confidence, track.answer.margin) == (None, None, None)
        assert (track.answer.runner_up, dict(track.answer.probabilities)) == (None, {})
        assert (track.measurements.get("tempo"), track.measurements.get("loudness")) == (None, None)
        assert answer is not None
        assert (answer.distance, answer.ranked, answer.sounding.tolist()) == (None, [], [0, 0])
        assert np.isnan(answer.timeline).all()
        ids, vectors = library.embeddings("space")
        assert (ids.tolist(), vectors.shape) == ([1, 2, 3, 5], (4, 2))
        assert [number for number, _ in library.segments("s")] == [1, 2, 3, 5]
        assert library.measurements()[0].tolist() == [1, 2, 3, 5]


def test_old_library_is_kept_beside_the_new_one(path: Path, library: Library) -> None:
    with library:
        assert library.query("PRAGMA foreign_key_check") == []
        assert library.track(5).corrected == "polka"
        library.set_genre([1], "folk", now=20.0)
    copy = sqlite3.connect(path.with_name("music.db.version-1"))
    rows = copy.execute("SELECT unsure, count(*) FROM answer GROUP BY 1 ORDER BY 1").fetchall()
    assert rows == [(None, 1), ("confidence", 2), ("unfamiliar", 2)]
    copy.close()
    assert sorted(os.listdir(path.parent)) == ["music.db", "music.db.version-1"]


def test_converted_tables_are_those_of_a_new_library(library: Library, tmp_path: Path) -> None:
    def tables(opened: Library) -> dict[str, set[tuple[str, str, int]]]:
        names = opened.query("SELECT name FROM sqlite_schema WHERE type IN ('table', 'index')")
        return {
            row["name"]: {
                (one["name"], one["type"], one["notnull"])
                for one in opened.query(f"PRAGMA table_info({row['name']!r})")
            }
            for row in names
        }

    with library, open_library(tmp_path / "new.db", create=True) as new:
        assert tables(library) == tables(new)


def test_long_files_are_read_again_for_a_cue_sheet_inside(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("UPDATE track SET duration = 3600 WHERE id = 2")
    connection.commit()
    connection.close()
    with open_library(path) as library:
        states = {one.id: one.state for one in library.scanned.known()}
        assert {(one.part, one.cue_sheet) for one in library.scanned.known()} == {(0, "")}
    assert [number for number, state in states.items() if state is None] == [2]
