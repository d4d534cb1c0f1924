"""Opening a library: where it is, what is refused and left untouched, and how it is brought up."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import made_up_library
import pytest

from earmark.errors import LibraryError, LibraryVersionError
from earmark.files import FileState
from earmark.library import _connections, library_path, open_library
from earmark.library._schema import APPLICATION_ID, SCHEMA_VERSION
from earmark.tags import Tags


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the file of a library of twenty tracks."""
    path = tmp_path / "music.db"
    with open_library(path, create=True) as library:
        for number in range(20):
            made_up_library.add(library, f"/music/{number}.mp3")
    return path


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_path_is_the_argument_else_the_environment_else_the_users(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EARMARK_LIBRARY", str(tmp_path / "mine.db"))
    assert library_path() == str(tmp_path / "mine.db")
    assert library_path(tmp_path / "other.db") == str(tmp_path / "other.db")
    monkeypatch.setenv("EARMARK_LIBRARY", "")
    assert os.path.basename(library_path()) == "library.db"
    assert "earmark" in library_path()
    assert library_path("~/a.db") == os.path.join(os.path.expanduser("~"), "a.db")


def test_none_is_made_unless_asked(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="earmark scan FOLDER") as caught:
        open_library(tmp_path / "none.db")
    assert caught.value.path == str(tmp_path / "none.db")
    assert not os.listdir(tmp_path)


def test_folder_is_made_with_the_library(tmp_path: Path) -> None:
    with open_library(tmp_path / "a" / "b" / "music.db", create=True) as library:
        assert library.count() == 0
        ((mode,),) = library.query("PRAGMA journal_mode")
        ((keys,),) = library.query("PRAGMA foreign_keys")
    assert (mode, keys) == ("wal", 1)


def test_header_says_what_it_is(path: Path) -> None:
    header = path.read_bytes()[:100]
    assert int.from_bytes(header[68:72], "big") == APPLICATION_ID
    assert int.from_bytes(header[60:64], "big") == SCHEMA_VERSION


def test_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="it is a folder"):
        open_library(tmp_path)


@pytest.mark.parametrize("create", [False, True])
@pytest.mark.parametrize("content", [b"text, no library", b"SQLite format 3\0", b"\0" * 5000])
def test_what_is_no_library_is_refused_untouched(
    tmp_path: Path, content: bytes, create: bool
) -> None:
    path = tmp_path / "music.db"
    path.write_bytes(content)
    with pytest.raises(LibraryError, match="it is not a library"):
        open_library(path, create=create)
    assert path.read_bytes() == content
    assert os.listdir(tmp_path) == ["music.db"]


@pytest.mark.parametrize("create", [False, True])
def test_file_of_another_program_is_refused_untouched(tmp_path: Path, create: bool) -> None:
    path = tmp_path / "music.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE track (id)")
    other.close()
    before = digest(path)
    with pytest.raises(LibraryError, match="another program's"):
        open_library(path, create=create)
    assert digest(path) == before


@pytest.mark.parametrize("logged", [False, True])
def test_file_without_a_table_is_a_library_that_was_just_begun(
    tmp_path: Path, logged: bool
) -> None:
    path = tmp_path / "music.db"
    path.touch()
    if logged:  # a scan was ended when it had said how it writes, and had not written yet
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.close()
        assert path.stat().st_size == 4096
    with pytest.raises(LibraryError, match="it is empty"):
        open_library(path)
    with open_library(path, create=True) as library:
        assert library.count() == 0


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_file_that_is_cut_short_is_refused_untouched(path: Path, share: float) -> None:
    os.truncate(path, int(path.stat().st_size * share))
    before = digest(path)
    with pytest.raises(LibraryError, match="it is incomplete"):
        open_library(path)
    assert digest(path) == before
    assert os.listdir(path.parent) == ["music.db"]


def test_damage_inside_is_an_error_of_the_library(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(LibraryError) as caught, open_library(path) as library:
        library.tracks()
    assert caught.value.path == str(path)


def test_newer_library_is_refused_untouched(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    before = digest(path)
    with pytest.raises(LibraryVersionError, match="newer release"):
        open_library(path, create=True)
    assert digest(path) == before
    assert os.listdir(path.parent) == ["music.db"]


def newer(monkeypatch: pytest.MonkeyPatch, migration: object) -> None:
    """Have the release know a version more than there is."""
    monkeypatch.setattr(_connections, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
    monkeypatch.setattr(_connections, "MIGRATIONS", {SCHEMA_VERSION: migration})


def test_older_library_is_converted_with_a_copy(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def add_column(connection: sqlite3.Connection) -> None:
        connection.execute("ALTER TABLE track ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm'")

    newer(monkeypatch, add_column)
    with open_library(path) as library:
        ((mood,),) = library.query("SELECT DISTINCT mood FROM track")
        assert mood == "calm"
        assert library.count() == 20
    copy = path.with_name(f"music.db.version-{SCHEMA_VERSION}")
    assert sorted(os.listdir(path.parent)) == ["music.db", copy.name]
    monkeypatch.undo()
    with open_library(copy) as library:
        assert library.count() == 20
    with pytest.raises(LibraryVersionError):
        open_library(path)


def test_conversion_that_fails_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM track")
        connection.execute("SELECT nonsense")

    newer(monkeypatch, fail)
    with pytest.raises(LibraryError, match="nonsense"):
        open_library(path)
    monkeypatch.undo()
    with open_library(path) as library:
        assert library.count() == 20


def test_version_that_nothing_converts_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer(monkeypatch, None)
    monkeypatch.setattr(_connections, "MIGRATIONS", {})
    with pytest.raises(LibraryError, match="this release cannot convert"):
        open_library(path)


def test_several_processes_make_one_library(tmp_path: Path) -> None:
    code = (
        "import sys; from earmark.library import open_library\n"
        "with open_library(sys.argv[1], create=True) as library: print(library.count())"
    )
    path = tmp_path / "music.db"
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    assert [process.communicate()[0] for process in processes] == [b"0\n"] * 4
    assert [process.returncode for process in processes] == [0] * 4


def test_library_that_may_not_be_written_can_be_read(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_connections.os, "access", lambda where, mode: mode != os.W_OK)
    before = digest(path)
    with open_library(path) as library:
        assert library.count() == 20
        with pytest.raises(LibraryError, match="it may not be written"):
            library.remember("model", "a")
    assert digest(path) == before
    assert os.listdir(path.parent) == ["music.db"]


def test_library_without_track_numbers_gets_them(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("DROP INDEX track_by_path")
    connection.execute("CREATE UNIQUE INDEX track_by_path ON track (path)")
    added = ["track_number", "disc_number", "composer", "part", "starts_at", "ends_at", "cue_sheet"]
    added.append("gaps")
    for column in added:
        connection.execute(f"ALTER TABLE track DROP COLUMN {column}")
    connection.execute("PRAGMA user_version = 1")
    connection.close()
    with open_library(path) as library:
        track = library.tracks()[0]
        assert (track.tags.track_number, track.tags.disc_number, track.tags.composer) == (
            None,
            None,
            "",
        )
        moved = (track.id, track.path, FileState(1, 1), Tags(track_number=3, composer="Ann"))
        library.scanned.move([moved], now=2.0)
        track = library.track(track.id)
        assert (track.tags.track_number, track.tags.disc_number, track.tags.composer) == (
            3,
            None,
            "Ann",
        )
        assert (track.part, track.start, track.end, track.name) == (0, None, None, track.path)
