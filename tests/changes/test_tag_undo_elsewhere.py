"""Genres are taken back in the file they were written into, wherever it is by then."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from change_helpers import CLASSES, add_track, file_state, known_state
from tool_files import write_sound

import earmark.changes.tags._writing as writing
from earmark.changes import apply_plan, undo_batch
from earmark.changes.tags import TagPolicy, Threshold, WriteGenres, make_tag_plan
from earmark.library import Filters, Library, open_library
from earmark.library._journal import ChangeJournal
from earmark.tags import read_tags, write_genres

ANOTHER = "another file is there now"


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library.db", create=True) as opened:
        yield opened


@pytest.fixture
def songs(library: Library, tmp_path: Path) -> list[Path]:
    """Return two songs that a library knows; the first says what it is."""
    (tmp_path / "music").mkdir()
    found = [
        write_sound(tmp_path / "music" / f"{number}.flac", seconds=0.2, seed=number)
        for number in range(2)
    ]
    write_genres(found[0], ["Pop"])
    for song in found:
        add_track(library, song)
    return found


def written(library: Library) -> int:
    """Write a genre into every file."""
    tracks = library.tracks(Filters(missing=None, state=None))
    policy = TagPolicy(replace=True)
    plan = make_tag_plan(tracks, threshold=Threshold(0.8), policy=policy, classes=CLASSES)
    run = apply_plan(library, plan)
    assert run.batch is not None
    return run.batch


def told(library: Library, places: dict[int, Path]) -> None:
    """Let the library find files where they are now, as a scan would."""
    moves = [
        (number, str(place), file_state(place), read_tags(place))
        for number, place in places.items()
    ]
    library.scanned.move(moves, now=2.0)


def swap(first: Path, second: Path) -> None:
    first.rename(first.with_suffix(".part"))
    second.rename(first)
    first.with_suffix(".part").rename(second)


def cut_short(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Apply a plan, and be ended before the journal is told that the first file was changed."""

    def end(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(ChangeJournal, "finish", end)
        with pytest.raises(KeyboardInterrupt):
            written(library)


@pytest.mark.parametrize("scanned", [True, False])
def test_files_that_swapped_names_do_not_swap_genres(
    library: Library, songs: list[Path], scanned: bool
) -> None:
    written(library)
    swap(*songs)
    if scanned:
        told(library, {1: songs[1], 2: songs[0]})
    run = undo_batch(library, WriteGenres)
    if scanned:
        assert [(one.path, one.genres) for one in run.outcomes] == [
            (str(songs[0]), ()),
            (str(songs[1]), ("Pop",)),
        ]
        assert [read_tags(song).genres for song in songs] == [(), ("Pop",)]
        assert known_state(library, songs[1]) == file_state(songs[1])
    else:
        assert [(one.state, one.reason) for one in run.outcomes] == [("skipped", ANOTHER)] * 2
        assert [read_tags(song).genres for song in songs] == [("Jazz",)] * 2
        swap(*songs)
        assert undo_batch(library, WriteGenres).count("undone") == 2


def test_file_that_was_moved_is_found(library: Library, songs: list[Path]) -> None:
    written(library)
    place = songs[0].with_name("elsewhere.flac")
    songs[0].rename(place)
    told(library, {1: place})
    run = undo_batch(library, WriteGenres)
    assert [(one.path, one.state) for one in run.outcomes][1] == (str(place), "undone")
    assert read_tags(place).genres == ("Pop",)


def test_double_of_a_file_is_not_taken_for_it(library: Library, songs: list[Path]) -> None:
    double = songs[0].with_name("double.flac")
    shutil.copy(songs[0], double)
    write_genres(double, ["Jazz"])
    written(library)  # the double says so already
    add_track(library, double)
    songs[0].unlink()
    library.scanned.mark_missing([1], now=2.0)
    run = undo_batch(library, WriteGenres)
    assert (run.outcomes[1].state, run.outcomes[1].reason) == (
        "failed",
        "no such file or directory",
    )
    assert read_tags(double).genres == ("Jazz",)


@pytest.mark.parametrize("how", ["folder away", "file gone", "another", "not to be read"])
def test_what_cannot_be_looked_at_stays_begun(
    library: Library, songs: list[Path], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    cut_short(library, monkeypatch)
    assert read_tags(songs[0]).genres == ("Jazz",)
    folder, away = songs[0].parent, songs[0].parent.with_name("away")
    kept = songs[0].with_name("kept")
    with monkeypatch.context() as patched:
        if how == "folder away":
            folder.rename(away)
        elif how == "not to be read":

            def refused(_: str) -> None:
                raise PermissionError(13, "Permission denied")

            patched.setattr(writing, "discard_copy", refused)
        else:
            songs[0].rename(kept)
        if how == "another":
            write_sound(songs[0], seconds=0.2, seed=9)
        run = undo_batch(library, WriteGenres)
        assert run.outcomes == ()
        (outcome,) = run.cut_short
        assert outcome.state == "skipped"
        reason = {"another": ANOTHER, "not to be read": "permission denied"}
        assert outcome.reason.startswith(reason.get(how, "no such file or directory"))
        assert outcome.reason.endswith(": it will be checked again later")
        assert [one.path for one in library.journal.changes(states=("begun",))] == [str(songs[0])]
    if how == "folder away":
        away.rename(folder)
    elif how != "not to be read":
        kept.rename(songs[0])
    run = undo_batch(library, WriteGenres)
    assert [one.state for one in (*run.cut_short, *run.outcomes)] == ["written", "undone"]
    assert read_tags(songs[0]).genres == ("Pop",)


def test_disk_that_goes_away_right_after_a_change_stops_nothing(
    library: Library, songs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Library.file_changed

    def tell(self: Library, path: str) -> None:
        if path == str(songs[0]):
            raise OSError(5, "Input/output error")
        real(self, path)

    with monkeypatch.context() as patched:
        patched.setattr(Library, "file_changed", tell)
        written(library)
    (begun,) = library.journal.changes(states=("begun",))
    assert begun.path == str(songs[0])
    run = undo_batch(library, WriteGenres)
    assert [one.state for one in run.cut_short] == ["written"]
    assert run.count("undone") == 2


def test_what_was_cut_short_is_found_where_it_was_moved(
    library: Library, songs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_short(library, monkeypatch)
    place = songs[0].with_name("elsewhere.flac")
    songs[0].rename(place)
    told(library, {1: place})
    run = undo_batch(library, WriteGenres)
    assert [(one.path, one.state) for one in (*run.cut_short, *run.outcomes)] == [
        (str(place), "written"),
        (str(place), "undone"),
    ]
    assert read_tags(place).genres == ("Pop",)


def test_what_never_comes_back_is_in_nobodys_way(
    library: Library, songs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = written(library)
    undo_batch(library, WriteGenres)
    cut_short(library, monkeypatch)
    songs[0].unlink()
    library.scanned.mark_missing([1], now=2.0)
    add_track(library, songs[1], genre="rock")
    second = written(library)
    assert second > first + 1
    run = undo_batch(library, WriteGenres)
    assert (run.batch, run.count("undone")) == (second, 1)
    assert [one.state for one in run.cut_short] == ["skipped"]
    assert undo_batch(library, WriteGenres).outcomes == ()


def test_relative_path_is_that_of_where_it_was_applied(
    library: Library, songs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    tracks = library.tracks(Filters(path=str(songs[1])))
    plan = make_tag_plan(tracks, threshold=Threshold(0.8), classes=CLASSES)
    with monkeypatch.context() as patched:
        patched.chdir(songs[1].parent)
        rows = (replace(plan.rows[0], path=songs[1].name),)
        assert apply_plan(library, replace(plan, rows=rows)).count("written") == 1
    assert undo_batch(library, WriteGenres).count("undone") == 1
    assert not os.path.exists(songs[1].name)


@pytest.mark.parametrize("witness", ["reads neither", "reads no copy"])
def test_witness_speaks_of_what_it_can_read(
    library: Library, songs: list[Path], monkeypatch: pytest.MonkeyPatch, witness: str
) -> None:
    import mutagen

    real = mutagen.File

    def read(file: Any) -> Any:
        if witness == "reads neither" or ".earmark" in os.fspath(file.name):
            raise KeyError(256)
        return real(file)

    monkeypatch.setattr(mutagen, "File", read)
    tracks = library.tracks(Filters(path=str(songs[1])))
    run = apply_plan(library, make_tag_plan(tracks, threshold=Threshold(0.8), classes=CLASSES))
    if witness == "reads neither":
        assert [one.state for one in run.outcomes] == ["written"]
    else:
        assert [one.reason for one in run.outcomes] == ["writing would have changed other tags"]
