"""Tags and places of one-file albums: they are changed as files, or not at all."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scan_helpers import refuse_to_decode, sheet_of, write_album

from earmark.library import Filters, LibraryTrack, open_library
from earmark.scanning import _scan as scanning
from earmark.tags import read_tags
from earmark.workflows.changes import apply_changes, undo_changes
from earmark.workflows.organise import plan_organise
from earmark.workflows.scan import scan
from earmark.workflows.tag import plan_tags


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("recorded")
    write_album(home / "album.flac")
    (home / "album.cue").write_text(sheet_of("album.flac"))
    return home


@pytest.fixture
def home(recorded: Path, tmp_path: Path) -> Path:
    shutil.copytree(recorded, tmp_path / "music")
    scan([tmp_path / "music"], library=tmp_path / "library.db", jobs=1)
    return tmp_path


def _tracks(home: Path) -> list[LibraryTrack]:
    with open_library(home / "library.db") as library:
        return library.tracks(Filters(state=None))


def test_tags_are_not_written_to_tracks_in_a_file(home: Path) -> None:
    library, album = home / "library.db", home / "music" / "album.flac"
    content = album.read_bytes()
    plan = plan_tags(library=library, threshold=0.0)
    (row,) = plan.rows
    assert (row.path, row.action) == (str(album), "keep")
    assert row.why == "a one-file album with a cue sheet: tags are not written to its tracks"
    forced = replace(plan, rows=(replace(row, action="write", genres=("Rock",)),))
    run = apply_changes(forced, library=library)
    assert [(one.state, one.reason) for one in run.outcomes] == [("failed", row.why)]
    assert album.read_bytes() == content
    assert read_tags(album).genres == ()


def test_moved_album_takes_its_sheet_along_and_keeps_all_its_tracks(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, before = home / "library.db", _tracks(home)
    plan = plan_organise(into=home / "sorted", by="artist/album", mode="move", library=library)
    assert {row.target: row.note for row in plan.to_change} == {
        "Various/One File/album.flac": "one file of 4 tracks",
        "Various/One File/album.cue": "",
    }
    run = apply_changes(plan, library=library)
    assert {one.state for one in run.outcomes} == {"placed"}
    place = home / "sorted" / "Various" / "One File" / "album.flac"
    after = _tracks(home)
    assert after == [replace(one, path=str(place)) for one in before]
    with monkeypatch.context() as context:
        context.setattr(scanning, "analyse_file", refuse_to_decode)
        assert scan(library=library, jobs=1).n_unchanged == 1
        assert _tracks(home) == after
    undo_changes(kind="organise", library=library)
    assert _tracks(home) == before
    assert (home / "music" / "album.cue").exists()


def test_album_that_is_there_already_is_not_placed_again(home: Path) -> None:
    settings: dict[str, Any] = {
        "into": home / "sorted",
        "by": "album",
        "library": home / "library.db",
    }
    apply_changes(plan_organise(mode="copy", **settings), library=home / "library.db")
    again = plan_organise(mode="copy", **settings)
    assert again.to_change == ()
    assert dict(again.kept) == {"it is already there": 2}
