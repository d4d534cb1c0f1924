"""What a plan promises can be done: it tries every change, in memory, before it promises it."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import mutagen
import pytest
from change_helpers import CLASSES, add_track, tags_in
from tool_files import make_file, run, write_sound

from earmark.changes import apply_plan, undo_batch
from earmark.changes.tags import TagPlan, TagPolicy, TagRow, Threshold, WriteGenres, make_tag_plan
from earmark.library import Filters, Library, open_library
from earmark.tags import read_tags, write_genres


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library.db", create=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sources")


def made_plan(library: Library, **policy: Any) -> Any:
    tracks = library.tracks(Filters(missing=None, state=None))
    return make_tag_plan(
        tracks, threshold=Threshold(0.8), policy=TagPolicy(**policy), classes=CLASSES
    )


def only(library: Library, **policy: Any) -> TagRow:
    (row,) = made_plan(library, **policy).rows
    assert isinstance(row, TagRow)
    return row


def with_id3v1_alone(path: Path) -> Path:
    write_sound(path, seconds=0.3)
    v1 = b"TAG" + b"Title".ljust(30, b"\0") + bytes(94)
    path.write_bytes(path.read_bytes() + v1 + b"\xff")
    return path


def with_damaged_id3(path: Path) -> Path:
    write_sound(path, seconds=0.3)
    damaged = b"ID3\3\0\0\0\0\0\x20" + b"TIT2\0\0\x09\0\0\0Song".ljust(32, b"\0")
    path.write_bytes(damaged + path.read_bytes())
    return path


def without_room(path: Path) -> Path:
    """Write a fragmented file, whose tables cannot be moved."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    source = write_sound(path.with_suffix(".wav"), seconds=0.3)
    flags = ["-movflags", "frag_keyframe+empty_moov", "-frag_duration", "200000", "-f", "mp4"]
    run("ffmpeg", "-v", "error", "-i", source, "-c:a", "aac", *flags, path)
    source.unlink()
    return path


@pytest.mark.parametrize(
    ("name", "make", "genre", "why"),
    [
        ("a.mp3", with_id3v1_alone, "Madchester", "only an ID3v1 tag, which holds one genre of"),
        ("a.mp3", with_damaged_id3, "Jazz", "frame TIT2 is longer than it"),
        ("a.m4a", without_room, "x" * 5000, "it is fragmented, and has no room"),
        ("a.mp3", lambda path: write_sound(path, seconds=0.3), "17", "its tags would store"),
    ],
)
def test_what_cannot_be_written_is_known_when_the_plan_is_made(
    library: Library, tmp_path: Path, name: str, make: Callable[[Path], Path], genre: str, why: str
) -> None:
    song = make(tmp_path / name)
    add_track(library, song, corrected=genre)
    content, names = song.read_bytes(), os.listdir(tmp_path)
    row = only(library)
    assert row.action == "keep"
    assert why in row.why
    assert song.read_bytes() == content
    assert sorted(os.listdir(tmp_path)) == sorted(names)


@pytest.mark.parametrize("key", ["----:com.apple.iTunes:GENRE", "WM/GenreID"])
def test_what_is_planned_for_files_of_other_taggers_is_written(
    library: Library, tmp_path: Path, sources: Path, key: str
) -> None:
    (tmp_path / "music").mkdir()
    kind = "wma of ffmpeg" if key.startswith("WM") else "m4a of ffmpeg"
    song = make_file(kind, tmp_path / "music", sources=sources)
    file: Any = mutagen.File(song)
    file[key] = ["(17)"] if key.startswith("WM") else [b"Bop"]
    file.save()
    tags = read_tags(song)
    add_track(library, song, genre="hiphop")
    run = apply_plan(library, made_plan(library, replace=True))
    assert [(one.state, one.reason) for one in run.outcomes] == [("written", "")]
    assert read_tags(song).genres == tags_in(library, song) == ("Hip-Hop",)
    assert undo_batch(library, WriteGenres).count("undone") == 1
    assert read_tags(song) == tags


def test_plan_sees_what_a_file_says_now(library: Library, tmp_path: Path) -> None:
    song = write_sound(tmp_path / "a.flac", seconds=0.2)
    add_track(library, song)
    write_genres(song, ["Bebop"])  # and no scan since
    assert (only(library).why, only(library).now) == ("has a genre", ("Bebop",))
    assert only(library, replace=True).now == ("Bebop",)
    assert apply_plan(library, made_plan(library, replace=True)).count("written") == 1


def test_number_0_of_id3v1_is_no_genre_to_a_plan(library: Library, tmp_path: Path) -> None:
    song = with_id3v1_alone(tmp_path / "a.mp3")
    song.write_bytes(song.read_bytes()[:-1] + b"\0")
    add_track(library, song, genre="jazz")
    assert tags_in(library, song) == ()
    row = only(library)
    assert (row.action, row.now) == ("write", ("Blues",))
    # A library of an older release took it for a genre.
    (track,) = library.tracks(Filters())
    older = make_tag_plan(
        [replace(track, tags=replace(track.tags, genres=("Blues",)))], threshold=Threshold(0.8)
    )
    assert [row.action for row in older.rows] == ["write"]
    run = apply_plan(library, made_plan(library))
    assert (run.count("written"), read_tags(song).chosen_genres) == (1, ("Jazz",))
    undo_batch(library, WriteGenres)
    assert read_tags(song).default_genre


@pytest.mark.parametrize(
    ("genre", "also", "action"),
    [
        *(("Other", (), "write"), ("Unknown", (), "write"), ("misc", (), "write")),
        *(("Genre 12", (), "write"), ("Rock", (), "keep"), ("Rock", ("rock",), "write")),
    ],
)
def test_genre_that_says_nothing_is_written_over(
    library: Library, tmp_path: Path, genre: str, also: tuple[str, ...], action: str
) -> None:
    song = write_sound(tmp_path / "a.flac", seconds=0.2)
    write_genres(song, [genre])
    add_track(library, song)
    row = only(library, treat_as_empty=also)
    assert (row.action, row.now) == (action, (genre,))
    if action == "write":
        assert apply_plan(library, made_plan(library, treat_as_empty=also)).count("written") == 1
        assert undo_batch(library, WriteGenres).count("undone") == 1
        assert read_tags(song).genres == (genre,)


def test_plan_applied_twice_says_already_so(library: Library, tmp_path: Path) -> None:
    songs = [write_sound(tmp_path / f"{n}.flac", seconds=0.2, seed=n) for n in range(3)]
    for song in songs:
        add_track(library, song)
    made_plan(library).write(tmp_path / "plan.csv")
    made = TagPlan.read(tmp_path / "plan.csv")
    assert apply_plan(library, made).count("written") == 3
    content = [song.read_bytes() for song in songs]
    again = apply_plan(library, made)
    assert [(one.state, one.reason) for one in again.outcomes] == [
        ("already", "already as planned")
    ] * 3
    assert again.batch is None
    assert [song.read_bytes() for song in songs] == content
    assert [one.id for one in library.journal.batches("tag")] == [1]
    undo_batch(library, WriteGenres)
    # Taken back, the files are again those that the plan was made from.
    assert apply_plan(library, made).count("written") == 3


def test_history_counts_every_file_that_failed(library: Library, tmp_path: Path) -> None:
    songs = [write_sound(tmp_path / f"{n}.flac", seconds=0.2, seed=n) for n in range(3)]
    for song in songs:
        add_track(library, song)
    made = made_plan(library)
    songs[0].unlink()
    songs[1].chmod(0o444)
    run = apply_plan(library, made)
    (batch,) = library.journal.batches("tag")
    assert (batch.counts["done"], batch.counts["failed"]) == (1, 2)
    assert run.count("failed") == 2
    failed = library.journal.changes(states=("failed",))
    assert [(one.path, one.reason) for one in failed] == [
        (str(songs[0]), "no such file or directory"),
        (str(songs[1]), "it is read-only"),
    ]


def test_failure_of_a_change_that_was_begun_is_counted_once(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    song = write_sound(tmp_path / "a.flac", seconds=0.2)
    add_track(library, song)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(shutil, "copyfile", full)
    assert apply_plan(library, made_plan(library)).count("failed") == 1
    (batch,) = library.journal.batches("tag")
    assert batch.counts["failed"] == 1
