"""Scanning albums that are one file: each track of the cue sheet is a track of the library."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scan_helpers import ARTISTS, refuse_to_decode, sheet_of, write_album

from earmark.library import Filters, LibraryTrack, open_library
from earmark.scanning import _scan as scanning
from earmark.workflows.scan import ScanReport, scan


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an album and its sheet, scanned."""
    home = tmp_path_factory.mktemp("recorded")
    write_album(home / "music" / "album.flac")
    (home / "music" / "album.cue").write_text(sheet_of("album.wav"))
    scan([home / "music"], library=home / "library.db", jobs=1)
    return home


@pytest.fixture
def home(recorded: Path, tmp_path: Path) -> Path:
    """Return a copy of the folder whose library knows it."""
    shutil.copytree(recorded / "music", tmp_path / "music")
    with open_library(recorded / "library.db") as known:
        known.query(f"VACUUM INTO '{tmp_path / 'library.db'}'")
    with open_library(tmp_path / "library.db") as library, library.transaction() as connection:
        connection.execute(
            "UPDATE track SET path = CAST(replace(CAST(path AS TEXT), ?, ?) AS BLOB)",
            [str(recorded), str(tmp_path)],
        )
        connection.execute("DELETE FROM root")
    return tmp_path


@pytest.fixture
def again(home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ScanReport]:
    """Return a function that scans again and must not decode, unless allowed to."""

    def run(*, may_listen: bool = False) -> ScanReport:
        with monkeypatch.context() as context:
            if not may_listen:
                context.setattr(scanning, "analyse_file", refuse_to_decode)
            return scan([home / "music"], library=home / "library.db", jobs=1)

    return run


def _tracks(home: Path, **filters: Any) -> list[LibraryTrack]:
    with open_library(home / "library.db") as library:
        return library.tracks(Filters(**filters))


def _named(home: Path) -> dict[str, str]:
    return {Path(one.name).name: one.tags.title for one in _tracks(home)}


_WHOLE = {f"album.flac#0{n}": f"Song of {artist}" for n, artist in enumerate(ARTISTS, start=1)}


@pytest.mark.parametrize("name", ["album.flac", "album.wav"])
def test_each_track_of_the_sheet_is_a_track_of_the_library(tmp_path: Path, name: str) -> None:
    album = write_album(tmp_path / "music" / name)
    (tmp_path / "music" / "album.cue").write_text(sheet_of("album.wav"))
    report = scan([tmp_path / "music"], library=tmp_path / "library.db", jobs=1)
    assert (report.n_files, report.n_analysed, report.n_tracks) == (1, 1, 4)
    assert report.failed == ()
    tracks = _tracks(tmp_path)
    assert [Path(one.name).name for one in tracks] == [f"{name}#0{n}" for n in range(1, 5)]
    assert {one.path for one in tracks} == {str(album)}
    assert [one.tags.artist for one in tracks] == list(ARTISTS)
    assert {(one.tags.albumartist, one.tags.album, one.tags.year) for one in tracks} == {
        ("Various", "One File", 1999)
    }
    assert [(one.start, one.end) for one in tracks] == [(0, 2), (2, 4), (4, 6), (6, None)]
    assert [one.duration for one in tracks] == pytest.approx([2.0] * 4)
    assert len({tuple(one.answer.probabilities.values()) for one in tracks}) == 4
    with open_library(tmp_path / "library.db") as library:
        answers = [library.answer(one.id) for one in tracks]
    assert all(one is not None and one.bounds[0, 0] == 0 for one in answers)


def test_unchanged_album_costs_no_more_than_a_look(
    home: Path, again: Callable[..., ScanReport]
) -> None:
    report = again()
    assert (report.n_files, report.n_unchanged, report.n_refreshed) == (1, 1, 0)
    assert _named(home) == _WHOLE


def test_edited_sheet_alone_is_noticed(home: Path, again: Callable[..., ScanReport]) -> None:
    sheet = home / "music" / "album.cue"
    sheet.write_text(sheet.read_text().replace("Song of Bob", "Another title"))
    report = again()
    assert (report.n_refreshed, report.n_analysed) == (1, 0)
    assert _named(home)["album.flac#02"] == "Another title"
    assert again().n_unchanged == 1


def test_corrections_survive_where_the_part_is_the_same_audio(
    home: Path, again: Callable[..., ScanReport]
) -> None:
    before = {one.tags.title: one.id for one in _tracks(home)}
    with open_library(home / "library.db") as library:
        library.set_genre(before.values(), "zouk", now=1.0)
    # Two tracks become one, and what comes after gets other numbers.
    sheet = sheet_of("album.wav", artists=("Ann", "Cid", "Dot"), starts=(0, 4, 6))
    (home / "music" / "album.cue").write_text(sheet)
    report = again(may_listen=True)
    assert (report.n_analysed, report.n_tracks) == (1, 3)
    tracks = _tracks(home)
    assert [(one.part, one.tags.title, one.duration) for one in tracks] == [
        (1, "Song of Ann", 4.0),
        (2, "Song of Cid", 2.0),
        (3, "Song of Dot", 2.0),
    ]
    assert [one.id for one in tracks[1:]] == [before["Song of Cid"], before["Song of Dot"]]
    assert [one.corrected for one in tracks[1:]] == ["zouk", "zouk"]
    # The first is other audio now, too short to tell by its sound that it begins the same.
    assert {one.tags.title for one in _tracks(home, missing=True)} == {"Song of Ann", "Song of Bob"}
    assert again().n_unchanged == 1


def test_renumbered_tracks_are_recognised_without_decoding(
    home: Path, again: Callable[..., ScanReport]
) -> None:
    ids = [one.id for one in _tracks(home)]
    sheet = home / "music" / "album.cue"
    text = sheet.read_text()
    for number in (4, 3, 2, 1):
        text = text.replace(f"TRACK 0{number}", f"TRACK 0{number + 1}")
    sheet.write_text(text)
    assert again().n_refreshed == 1
    assert [(one.id, one.part) for one in _tracks(home)] == list(
        zip(ids, (2, 3, 4, 5), strict=True)
    )


def test_album_moved_with_its_sheet_is_recognised(
    home: Path, again: Callable[..., ScanReport]
) -> None:
    ids = [one.id for one in _tracks(home)]
    (home / "music" / "sorted").mkdir()
    for name in ("album.flac", "album.cue"):
        (home / "music" / name).rename(home / "music" / "sorted" / name)
    report = again()
    assert (report.n_moved, report.n_missing) == (1, 0)
    assert _named(home) == _WHOLE
    assert [one.id for one in _tracks(home)] == ids
    assert {one.path for one in _tracks(home)} == {str(home / "music" / "sorted" / "album.flac")}


def test_album_without_its_sheet_is_one_track_again(
    home: Path, again: Callable[..., ScanReport]
) -> None:
    ids = [one.id for one in _tracks(home)]
    sheet = home / "music" / "album.cue"
    text = sheet.read_text()
    sheet.unlink()
    report = again(may_listen=True)
    assert (report.n_analysed, report.n_missing) == (1, 4)
    (whole,) = _tracks(home)
    assert (whole.part, whole.duration, Path(whole.name).name) == (0, 8.0, "album.flac")
    assert len(_tracks(home, missing=True)) == 4
    sheet.write_text(text)
    report = again()  # its tracks are known from before
    assert (report.n_refreshed, report.n_missing) == (1, 1)
    assert [one.id for one in _tracks(home)] == ids


def test_album_that_is_gone_and_one_that_changes(
    home: Path, again: Callable[..., ScanReport]
) -> None:
    write_album(home / "music" / "album.flac", seed=7)
    assert again(may_listen=True).n_analysed == 1
    assert len(_tracks(home)) == 4
    (home / "music" / "album.flac").unlink()
    assert again().n_missing == 4
    assert _tracks(home) == []


def test_track_beyond_the_end_of_the_file_fails_and_stops_no_other(
    home: Path, again: Callable[..., ScanReport]
) -> None:
    sheet = sheet_of("album.wav", artists=(*ARTISTS, "Eve"), starts=(0, 2, 4, 6, 59))
    (home / "music" / "album.cue").write_text(sheet)
    report = again(may_listen=True)
    (error,) = report.failed
    assert error.path == f"{home / 'music' / 'album.flac'}#05"
    assert error.reason == "it begins at 59.00 s, where the file has ended"
    assert len(_tracks(home)) == 4
    (failed,) = _tracks(home, state="failed")
    assert (failed.part, failed.tags.title) == (5, "")
    second = again()
    assert [str(one) for one in second.failed] == [str(error)]
    assert second.n_unchanged == 1


def test_track_that_fails_where_another_was_is_a_failure_still(
    home: Path, again: Callable[..., ScanReport]
) -> None:
    ids = [one.id for one in _tracks(home)]
    # A jingle of half a second now comes before the last, whose number goes up.
    sheet = sheet_of("album.wav", artists=("Ann", "Bob", "Cid", "Jingle", "Dot"), starts=range(5))
    for number, start in enumerate(("00:00", "02:00", "04:00", "05:38", "06:00")):
        sheet = sheet.replace(f"INDEX 01 00:0{number}:00", f"INDEX  01  00:{start}")
    sheet = sheet.replace("INDEX  01  ", "INDEX 01 ")
    (home / "music" / "album.cue").write_text(sheet)
    (error,) = again(may_listen=True).failed
    assert error.path.endswith("album.flac#04")
    assert [one.part for one in _tracks(home, state="failed")] == [4]
    assert _tracks(home)[-1].id == ids[-1]
    assert [str(one) for one in again().failed] == [str(error)]


def test_damaged_album_fails_once_and_comes_back(
    home: Path, again: Callable[..., ScanReport]
) -> None:
    album = home / "music" / "album.flac"
    content = album.read_bytes()
    album.write_bytes(b"no music")
    report = again(may_listen=True)
    assert [(error.path, error.code) for error in report.failed] == [(str(album), "no-audio")]
    assert len(_tracks(home, state="failed")) == 4
    assert [error.path for error in again().failed] == [str(album)]
    album.write_bytes(content)
    assert again().n_refreshed == 1
    assert _named(home) == _WHOLE


def test_sheet_that_cannot_be_used_is_a_warning_of_the_file(
    home: Path, again: Callable[..., ScanReport]
) -> None:
    (home / "music" / "album.cue").write_text("TRACK 01 AUDIO\nINDEX 01 00:99:00\n")
    again(may_listen=True)
    (whole,) = _tracks(home)
    assert whole.part == 0
    assert whole.warnings == (
        "cue sheet 'album.cue': INDEX of track 1: '00:99:00' is not a time "
        "(minutes:seconds:frames)",
    )
    assert again().n_unchanged == 1


def test_what_is_wrong_with_a_sheet_is_reported_once(
    home: Path, again: Callable[..., ScanReport]
) -> None:
    sheet = home / "music" / "album.cue"
    sheet.write_text(sheet.read_text() + "  TRACK 05 AUDIO\n    TITLE Lost\n")
    (home / "library.db").unlink()
    again(may_listen=True)
    assert [one.warnings for one in _tracks(home)] == [
        ("cue sheet: track 5 has no INDEX 01 and is left out",),
        *[()] * 3,
    ]


def test_scan_that_is_ended_leaves_no_album_half_done(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_album(home / "music" / "second.flac", seed=20)
    (home / "music" / "second.cue").write_text(sheet_of("second.wav"))
    with open_library(home / "library.db") as library:
        add, written = type(library.scanned).add, []

    def ended(self: Any, path: str, **found: Any) -> int:
        written.append(path)
        if len(written) == 3:
            raise KeyboardInterrupt
        return add(self, path, **found)

    with monkeypatch.context() as context:
        context.setattr(type(library.scanned), "add", ended)
        with pytest.raises(KeyboardInterrupt):
            scan([home / "music"], library=home / "library.db", jobs=1)
    assert len(_tracks(home)) == 4
    assert scan([home / "music"], library=home / "library.db", jobs=1).n_tracks == 4
    assert len(_tracks(home)) == 8
