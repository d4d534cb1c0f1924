"""Scanning files that something is wrong with: each is its own failure, and stops no other."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import mutagen.id3
import pytest
from scan_helpers import write_song

from earmark.analysis import _tracks as tracks
from earmark.errors import AudioError, LibraryError
from earmark.library import Filters, LibraryTrack, open_library
from earmark.scanning import _scan as scanning
from earmark.workflows.classify import classify_many
from earmark.workflows.features import extract_features
from earmark.workflows.scan import scan

UNREADABLE_TAGS = ("rf64.wav", "id3.aac", "cut.aiff", "id3.opus")


def _ffmpeg(source: Path, target: Path, *options: str) -> None:
    tags = ("-metadata", "title=Title", "-metadata", "genre=Rock")
    command = ["ffmpeg", "-v", "error", "-i", source, *tags, *options, target]
    subprocess.run(command, check=True)


@pytest.fixture(scope="module")
def unreadable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of files whose audio is whole and whose tags cannot be read."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    folder = tmp_path_factory.mktemp("unreadable")
    song = write_song(folder / "song.flac", seed=1)
    music = folder / "music"
    music.mkdir()
    _ffmpeg(song, music / "rf64.wav", "-rf64", "always")
    _ffmpeg(song, music / "id3.aac", "-c:a", "aac", "-write_id3v2", "1")
    _ffmpeg(song, music / "cut.aiff", "-write_id3v2", "1")
    os.truncate(music / "cut.aiff", (music / "cut.aiff").stat().st_size - 1)
    _ffmpeg(song, music / "id3.opus", "-ar", "48000")
    tag = mutagen.id3.ID3()
    tag.add(mutagen.id3.TIT2(encoding=3, text="Title"))
    tag.save(music / "id3.opus")
    return music


@pytest.fixture
def music(unreadable: Path, tmp_path: Path) -> Path:
    """Return a copy of that folder."""
    return shutil.copytree(unreadable, tmp_path / "music")


def _tracks(library: Path, **filters: Any) -> dict[str, LibraryTrack]:
    with open_library(library) as opened:
        return {os.path.basename(one.path): one for one in opened.tracks(Filters(**filters))}


@pytest.mark.parametrize("names", [UNREADABLE_TAGS, UNREADABLE_TAGS[:1]], ids=["four", "single"])
def test_file_whose_tags_cannot_be_read_is_scanned_with_a_warning(
    music: Path, tmp_path: Path, names: tuple[str, ...]
) -> None:
    library = tmp_path / "library.db"
    report = scan([music / name for name in names], library=library, jobs=2)
    assert (report.n_analysed, report.failed) == (len(names), ())
    tracks = _tracks(library)
    assert tracks.keys() == set(names)
    for track in tracks.values():
        assert track.answer.genre is not None
        if not track.tags.title:  # what can be read after all is as good
            (warning,) = (one for one in track.warnings if "tags" in one)
            assert warning.startswith("its tags cannot be read: ")


def test_moved_and_touched_files_with_unreadable_tags_are_recognised(
    music: Path, tmp_path: Path
) -> None:
    library = tmp_path / "library.db"
    (music / "text.mp3").write_text("no music\n" * 99)
    scan([music], library=library, jobs=2)
    for path in music.iterdir():
        os.utime(path, ns=(1, 1))
    report = scan([music], library=library, jobs=2)
    assert (report.n_refreshed, report.n_analysed, len(report.failed)) == (4, 0, 1)
    before = _tracks(library)
    music.rename(tmp_path / "elsewhere")
    report = scan([tmp_path / "elsewhere"], library=library, jobs=2)
    assert (report.n_moved, report.n_analysed, len(report.failed)) == (4, 0, 1)
    after = _tracks(library)
    assert {name: one.warnings for name, one in after.items()} == {
        name: one.warnings for name, one in before.items()
    }


def test_warning_goes_when_the_tags_can_be_read_again(music: Path, tmp_path: Path) -> None:
    library = tmp_path / "library.db"
    scan([music / "cut.aiff"], library=library, jobs=1)
    assert any("its tags cannot be read" in one for one in _tracks(library)["cut.aiff"].warnings)
    with open(music / "cut.aiff", "ab") as file:
        file.write(b"\0")
    report = scan([music / "cut.aiff"], library=library, jobs=1)
    assert (report.n_refreshed, report.n_analysed) == (1, 0)
    track = _tracks(library)["cut.aiff"]
    assert (track.tags.title, track.warnings) == ("Title", ())


def _overflow(*_: Any, **__: Any) -> Any:
    raise RecursionError("maximum recursion depth exceeded")


def test_reader_of_tags_that_fails_unforeseen_costs_the_tags_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    song = write_song(tmp_path / "a.flac", seed=3, title="T")
    monkeypatch.setattr(tracks, "read_tags", _overflow)
    report = scan([song], library=tmp_path / "library.db", jobs=1)
    assert (report.n_analysed, report.failed) == (1, ())
    (track,) = _tracks(tmp_path / "library.db").values()
    assert track.warnings == (
        "its tags cannot be read: unexpected RecursionError: maximum recursion depth exceeded",
    )


@pytest.mark.parametrize("step", ["analyse_file", "read_file", "answer", "place"])
def test_error_nobody_foresaw_is_the_failure_of_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    library = tmp_path / "library.db"
    songs = [write_song(tmp_path / "music" / f"{at}.flac", seed=at) for at in range(2)]
    scan(songs[:1], library=library, jobs=1)
    songs[0].rename(tmp_path / "music" / "moved.flac")  # so that files are examined
    home = scanning.Analyser if step in ("answer", "place") else scanning
    whole = getattr(home, step)
    n_calls = 0

    def fail_at_first(*arguments: Any, **settings: Any) -> Any:
        nonlocal n_calls
        n_calls += 1
        return (_overflow if n_calls == 1 else whole)(*arguments, **settings)

    monkeypatch.setattr(home, step, fail_at_first)
    report = scan([tmp_path / "music"], library=library, jobs=1)
    if step == "read_file":  # what could not be looked at is listened to
        assert (report.failed, report.n_moved + report.n_analysed) == ((), 2)
        return
    (failed,) = report.failed
    assert failed.reason == "unexpected RecursionError: maximum recursion depth exceeded"
    assert report.n_moved == 1
    again = scan([tmp_path / "music"], library=library, jobs=1)
    assert (again.failed, again.n_analysed) == ((), 1)  # it may have been so for once only


def test_answer_that_the_library_refuses_is_the_failure_of_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    songs = [write_song(tmp_path / f"{at}.flac", seed=at) for at in range(2)]
    whole = scanning.Analyser.answer
    reasons: Any = iter(["no reason the tables know", None])

    def answer(*arguments: Any, **settings: Any) -> Any:
        return dataclasses.replace(whole(*arguments, **settings), unsure=next(reasons))

    monkeypatch.setattr(scanning.Analyser, "answer", answer)
    report = scan(songs, library=tmp_path / "library.db", jobs=1)
    assert report.n_analysed == 1
    (failed,) = report.failed
    assert failed.reason.startswith("unexpected ParameterError: the library")


def test_kept_features_that_are_damaged_are_computed_again(tmp_path: Path) -> None:
    library = tmp_path / "library.db"
    for at in range(2):
        write_song(tmp_path / "music" / f"{at}.flac", seed=at)
    scan([tmp_path / "music"], library=library, jobs=1)
    with open_library(library) as opened, opened.transaction() as connection:
        connection.execute("UPDATE matrix SET content = x'00' WHERE track_id = 1")
        connection.execute("UPDATE embedding SET space_sha256 = 'of an older release'")
    report = scan([tmp_path / "music"], library=library, jobs=1)
    assert (report.n_answered, report.n_analysed, report.failed) == (1, 1, ())


def test_library_that_cannot_be_written_ends_the_scan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise LibraryError(tmp_path, "the disk is full")

    write_song(tmp_path / "a.flac", seed=1)
    monkeypatch.setattr(scanning.Analyser, "place", full)
    with pytest.raises(LibraryError, match="full"):
        scan([tmp_path], library=tmp_path / "library.db", jobs=1)


def test_classify_and_features_go_on_after_an_error_nobody_foresaw(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    songs = [write_song(tmp_path / f"{at}.flac", seed=at) for at in range(2)]
    nowhere = "a\0b.flac"
    output = tmp_path / "features.parquet"
    done = extract_features([nowhere, *songs], output=output, jobs=1)
    assert (done.n_rows, [one.path for one in done.failed]) == (2, [nowhere])

    whole = tracks.extract_track

    def overflow_once(path: str, *arguments: Any) -> Any:
        return (_overflow if path == str(songs[0]) else whole)(path, *arguments)

    monkeypatch.setattr(tracks, "extract_track", overflow_once)
    first, second = classify_many(songs, jobs=1)
    assert isinstance(first.error, AudioError)
    assert first.error.reason.startswith("unexpected RecursionError")
    assert second.error is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_pipes_are_not_waited_for(tmp_path: Path) -> None:
    write_song(tmp_path / "music" / "a.flac", seed=1)
    os.mkfifo(tmp_path / "music" / "a.cue")
    os.mkfifo(tmp_path / "music" / "b.mp3")
    report = scan([tmp_path / "music"], library=tmp_path / "library.db", jobs=1)
    assert report.n_analysed == 1
    (warned,) = report.warned
    assert warned.warnings == ("cue sheet 'a.cue': it is not a file",)
