"""Disks that are away, originals that are others by now, and the folders that are scanned."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mutagen
import pytest
import soundfile
from organise_helpers import know, planned, write_song

import earmark.changes._replace as replacing
import earmark.changes.files._placing as placing
from earmark.changes import apply_plan, undo_batch
from earmark.changes.files import PlaceFile
from earmark.library import Library, open_library
from earmark.library._journal import ChangeJournal
from earmark.testing import music_like

MODES = ("link", "copy", "move")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library.db", create=True) as opened:
        yield opened


@pytest.fixture
def songs(library: Library, tmp_path: Path) -> list[Path]:
    """Return two songs that a library knows, on a disk of their own."""
    found = []
    for number in range(2):
        found.append(write_song(tmp_path / "old" / "music" / f"{number}.mp3", b"music %d" % number))
        know(library, found[-1], artist="Ann")
    return found


@pytest.fixture
def into(tmp_path: Path) -> Path:
    """Return a folder on another disk."""
    (tmp_path / "usb").mkdir()
    return tmp_path / "usb" / "into"


@pytest.fixture
def disks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return where disks are, a set that can be changed."""
    there = {str(tmp_path / "usb"), str(tmp_path / "old")}
    real = os.path.ismount
    monkeypatch.setattr(os.path, "ismount", lambda path: path in there or real(path))
    return there


def states(outcomes: Any) -> list[tuple[str, str]]:
    return [(outcome.state, outcome.reason) for outcome in outcomes]


def cut_short(library: Library, into: Path, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Place the first file, and be ended before the journal is told."""

    def end(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(ChangeJournal, "finish", end)
        with pytest.raises(KeyboardInterrupt):
            apply_plan(library, planned(library, into, by="genre", mode=mode))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("how", ["folder", "disk"])
def test_what_was_placed_on_a_disk_that_is_away_is_settled_later(
    library: Library,
    tmp_path: Path,
    into: Path,
    songs: list[Path],
    disks: set[str],
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
    how: str,
) -> None:
    cut_short(library, into, mode, monkeypatch)
    usb = into.parent
    usb.rename(tmp_path / "away")
    if how == "disk":  # what is left is the empty folder it was mounted on
        usb.mkdir()
        disks.remove(str(usb))
    run = undo_batch(library, PlaceFile)
    assert run.outcomes == ()
    ((state, reason),) = states(run.cut_short)
    assert state == "skipped"
    why = f"the disk at {str(usb)!r} is not connected" if how == "disk" else "does not exist"
    assert why in reason
    assert len(library.journal.changes(states=("begun",))) == 1
    if how == "disk":
        usb.rmdir()
        disks.add(str(usb))
    (tmp_path / "away").rename(usb)
    run = undo_batch(library, PlaceFile)
    assert states((*run.cut_short, *run.outcomes)) == [("placed", ""), ("undone", "")]
    assert songs[0].read_bytes() == b"music 0"
    assert not into.exists()


def test_moved_file_that_is_nowhere_is_not_given_up(
    library: Library, into: Path, songs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_short(library, into, "move", monkeypatch)
    place = into / "Jazz" / "0.mp3"
    place.rename(place.with_name("hidden"))
    run = undo_batch(library, PlaceFile)
    reason = "it is neither at its old place nor at its new one: it will be checked again later"
    assert states(run.cut_short) == [("skipped", reason)]
    place.with_name("hidden").rename(place)
    assert undo_batch(library, PlaceFile).count("undone") == 1
    assert songs[0].exists()


@pytest.mark.parametrize("mode", MODES)
def test_undo_does_not_say_undone_of_a_disk_that_is_away(
    library: Library, tmp_path: Path, into: Path, songs: list[Path], disks: set[str], mode: str
) -> None:
    apply_plan(library, planned(library, into, mode=mode))
    into.parent.rename(tmp_path / "away")
    into.parent.mkdir()
    disks.remove(str(into.parent))
    run = undo_batch(library, PlaceFile)
    assert (
        states(run.outcomes)
        == [("skipped", f"the disk at {str(into.parent)!r} is not connected")] * 2
    )
    into.parent.rmdir()
    (tmp_path / "away").rename(into.parent)
    disks.add(str(into.parent))
    assert undo_batch(library, PlaceFile).count("undone") == 2
    assert all(song.exists() for song in songs)


def test_links_to_a_disk_that_is_away_can_be_removed(
    library: Library, tmp_path: Path, into: Path, songs: list[Path], disks: set[str]
) -> None:
    apply_plan(library, planned(library, into))
    (tmp_path / "old").rename(tmp_path / "away")
    disks.remove(str(tmp_path / "old"))
    assert undo_batch(library, PlaceFile).count("undone") == len(songs)
    assert not into.exists()


def test_disk_that_goes_away_right_after_a_move_stops_nothing(
    library: Library, into: Path, songs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = placing.tell_library

    def tell(opened: Library, path: str, place: str) -> None:
        if path == str(songs[0]):
            raise OSError(5, "Input/output error")
        real(opened, path, place)

    with monkeypatch.context() as patched:
        patched.setattr(placing, "tell_library", tell)
        run = apply_plan(library, planned(library, into, mode="move"))
        assert states(run.outcomes) == [("failed", "input/output error"), ("placed", "")]
    run = undo_batch(library, PlaceFile)
    assert [one.state for one in (*run.cut_short, *run.outcomes)] == ["placed", "undone", "undone"]
    assert all(song.exists() for song in songs)


def test_moved_files_do_not_come_back_beside_a_disk_that_is_away(
    library: Library, tmp_path: Path, into: Path, songs: list[Path], disks: set[str]
) -> None:
    apply_plan(library, planned(library, into, mode="move"))
    old = tmp_path / "old"
    old.rename(tmp_path / "away")
    old.mkdir()
    disks.remove(str(old))
    run = undo_batch(library, PlaceFile)
    assert states(run.outcomes) == [("skipped", f"the disk at {str(old)!r} is not connected")] * 2
    assert list(old.iterdir()) == []
    old.rmdir()
    (tmp_path / "away").rename(old)
    disks.add(str(old))
    assert undo_batch(library, PlaceFile).count("undone") == 2
    assert all(song.exists() for song in songs)


def test_moved_files_do_not_come_back_where_their_root_is_gone(
    library: Library, tmp_path: Path, into: Path, songs: list[Path]
) -> None:
    music = tmp_path / "old" / "music"
    library.scanned.add_roots([str(music)], now=1.0)
    apply_plan(library, planned(library, into, mode="move"))
    (tmp_path / "old").rename(tmp_path / "away")
    reason = f"folder {str(music)!r} does not exist. Connect its disk, or create the folder"
    assert states(undo_batch(library, PlaceFile).outcomes) == [("skipped", reason)] * 2
    assert not (tmp_path / "old").exists()
    music.mkdir(parents=True)
    assert undo_batch(library, PlaceFile).count("undone") == 2
    assert all(song.exists() for song in songs)


def test_copy_of_what_is_another_by_now_is_kept(
    library: Library, tmp_path: Path, into: Path, songs: list[Path]
) -> None:
    retagged = tmp_path / "old" / "music" / "2.flac"
    soundfile.write(retagged, music_like(duration=0.5, seed=1), 22_050)
    know(library, retagged, artist="Ann")
    apply_plan(library, planned(library, into, by="genre", mode="copy"))
    songs[0].write_bytes(b"")
    songs[1].write_bytes(b"other")
    file = mutagen.File(retagged)
    file["artist"] = "Ann B."
    file.save()
    reason = "the original has changed since it was copied, so its copy is kept"
    assert states(undo_batch(library, PlaceFile).outcomes) == [
        ("undone", ""),
        ("skipped", reason),
        ("skipped", reason),
    ]
    assert sorted(path.name for path in (into / "Jazz").iterdir()) == ["0.mp3", "1.mp3"]


@pytest.mark.parametrize("mode", MODES)
def test_folders_that_cannot_be_synced_are_no_failure(
    library: Library,
    into: Path,
    songs: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
) -> None:
    real = replacing.sync

    def sync(path: str) -> None:
        if os.path.isdir(path):
            raise OSError(22, "Invalid argument")
        real(path)

    monkeypatch.setattr(replacing, "sync", sync)
    assert apply_plan(library, planned(library, into, mode=mode)).count("placed") == 2
    assert undo_batch(library, PlaceFile).count("undone") == len(songs)


def test_folder_of_moved_files_is_scanned_as_long_as_they_are_there(
    library: Library, tmp_path: Path, into: Path, songs: list[Path]
) -> None:
    music = str(tmp_path / "old" / "music")
    library.scanned.add_roots([music], now=1.0)
    runs = []
    for mode in ("copy", "move"):
        runs.append(apply_plan(library, planned(library, into / mode, mode=mode)))
    assert library.scanned.roots() == [music, str(into / "move")]
    (into / "move" / "Jazz" / "Ann" / "1.mp3").rename(into / "kept.mp3")
    assert undo_batch(library, PlaceFile).count("undone") == 1
    assert library.scanned.roots() == [music, str(into / "move")]
    (into / "move" / "Jazz" / "Ann").mkdir(parents=True)
    (into / "kept.mp3").rename(into / "move" / "Jazz" / "Ann" / "1.mp3")
    assert undo_batch(library, PlaceFile).count("undone") == 1
    assert library.scanned.roots() == [music]
    assert all(song.exists() for song in songs)


def test_folder_that_was_scanned_before_stays_so(
    library: Library, into: Path, songs: list[Path]
) -> None:
    library.scanned.add_roots([str(into.parent)], now=1.0)
    apply_plan(library, planned(library, into, mode="move"))
    assert library.scanned.roots() == [str(into.parent)]
    assert undo_batch(library, PlaceFile).count("undone") == len(songs)
    assert library.scanned.roots() == [str(into.parent)]


def test_folder_stays_scanned_for_what_came_there_otherwise(
    library: Library, into: Path, songs: list[Path]
) -> None:
    apply_plan(library, planned(library, into, mode="move"))
    know(library, write_song(into / "mine.mp3", b"mine"))
    assert undo_batch(library, PlaceFile).count("undone") == len(songs)
    assert library.scanned.roots() == [str(into)]
