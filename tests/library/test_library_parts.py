"""Tracks that are parts of a file, by its cue sheet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from made_up_library import add

from earmark.analysis import Part
from earmark.errors import TooShortError
from earmark.files import FileState
from earmark.library import Filters, Library, open_library
from earmark.tags import Tags
from earmark.types import part_name, split_part_name

ALBUM = "/music/album.flac"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return open_library(tmp_path / "music.db", create=True)


def _add(library: Library, number: int, **more: Any) -> int:
    part = Part(number, 60.0 * number, 60.0 * (number + 1), "sheet")
    return add(library, ALBUM, part=part, title=f"Song {number}", **more)


def test_tracks_of_one_file_are_apart(library: Library) -> None:
    ids = [_add(library, number) for number in (2, 1)]
    first, second = library.tracks()
    assert [first.part, second.part] == [1, 2]  # by path, then by number
    assert [first.name, second.name] == [f"{ALBUM}#01", f"{ALBUM}#02"]
    assert (first.start, first.end) == (60.0, 120.0)
    assert library.tracks_in(ALBUM) == [first, second]
    assert library.find(ALBUM) == first
    assert library.find(ALBUM, part=2) == second
    assert library.find(ALBUM, part=3) is None
    assert library.tracks(Filters(path=f"{ALBUM}#02")) == [second]
    assert library.tracks(Filters(path=ALBUM)) == [first, second]
    known = library.scanned.known()
    assert [(one.id, one.part, one.cue_sheet) for one in known] == [
        (ids[0], 2, "sheet"),
        (ids[1], 1, "sheet"),
    ]


def test_folder_that_is_called_like_a_part_is_a_folder(library: Library) -> None:
    add(library, "/music/Disc#1/song.mp3")
    assert library.count(Filters(path="/music/Disc#1")) == 1


def test_dict_says_which_part_of_the_file_a_track_is(library: Library) -> None:
    _add(library, 1)
    add(library, "/music/song.mp3")
    part, whole = (track.to_dict() for track in library.tracks())
    assert (part["path"], part["part"], part["start"], part["end"]) == (ALBUM, 1, 60.0, 120.0)
    assert not {"part", "start", "end"} & set(whole)


def test_parts_that_a_file_no_longer_holds_are_gone(library: Library) -> None:
    ids = [_add(library, number) for number in (1, 2, 3)]
    assert library.scanned.keep_parts(ALBUM, [1, 3], now=2.0) == [ids[1]]
    assert [track.part for track in library.tracks()] == [1, 3]
    assert library.scanned.keep_parts(ALBUM, [1, 3], now=2.0) == []


def test_parts_change_their_numbers_at_once(library: Library) -> None:
    first, second = (_add(library, number) for number in (1, 2))
    moves = [(one, ALBUM, FileState(1, 1), Tags()) for one in (first, second)]
    library.scanned.move(moves, now=2.0, parts={first: Part(2, 0.0), second: Part(1, 5.0)})
    assert [(track.id, track.part, track.start) for track in library.tracks()] == [
        (second, 1, 5.0),
        (first, 2, 0.0),
    ]


def test_moved_file_keeps_its_parts(library: Library) -> None:
    ids = [_add(library, number) for number in (1, 2)]
    library.scanned.move([(one, "/b.flac", FileState(1, 1), Tags()) for one in ids], now=2.0)
    assert [track.name for track in library.tracks()] == ["/b.flac#01", "/b.flac#02"]


def test_part_can_fail_by_itself(library: Library) -> None:
    _add(library, 1)
    error = TooShortError(f"{ALBUM}#02", "it is 0.5 s long")
    state = FileState(1, 1)
    number = library.scanned.add_failed(ALBUM, state=state, error=error, now=1.0, part=Part(2))
    assert number == library.scanned.add_failed(
        ALBUM, state=state, error=error, now=2.0, part=Part(2)
    )
    (failed,) = library.tracks(Filters(state="failed"))
    assert (failed.name, failed.error_code) == (f"{ALBUM}#02", "too-short")
    assert [track.part for track in library.tracks()] == [1]


def test_names_of_parts_are_taken_apart_again() -> None:
    assert split_part_name(part_name("a#1.flac", 12)) == ("a#1.flac", 12)
    assert split_part_name("a#1.flac") == ("a#1.flac", 0)
