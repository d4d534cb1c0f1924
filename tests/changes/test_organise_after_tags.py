"""A plan of places holds on through changes of tags that are Earmark's own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mutagen
import pytest
from change_helpers import CLASSES, add_track
from mutagen import id3
from tool_files import write_sound

from earmark.changes import apply_plan, undo_batch
from earmark.changes.files import OrganisePlan, OrganisePolicy, PlaceFile, make_organise_plan
from earmark.changes.tags import TagPolicy, Threshold, WriteGenres, make_tag_plan
from earmark.library import Filters, Library, open_library
from earmark.tags import read_tags, write_genres


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library.db", create=True) as opened:
        yield opened


@pytest.fixture(params=["flac", "wav"])  # with padding, and without: of another size afterwards
def song(request: pytest.FixtureRequest, library: Library, tmp_path: Path) -> Path:
    (tmp_path / "music").mkdir()
    path: Path = write_sound(tmp_path / "music" / f"a.{request.param}", seconds=0.2)
    write_genres(path, ["Other"])
    add_track(library, path)
    return path


def planned(library: Library, tmp_path: Path, *, mode: Any = "link") -> Any:
    """Make a plan and read it from its file, as a person would apply it."""
    tracks = library.tracks(Filters())
    policy = OrganisePolicy(str(tmp_path / "into"), by="genre", mode=mode)
    file = tmp_path / "plan.csv"
    make_organise_plan(tracks, policy=policy).write(file, overwrite=True)
    return OrganisePlan.read(file)


def tag(library: Library) -> None:
    tracks = library.tracks(Filters())
    policy = TagPolicy(replace=True)
    made = make_tag_plan(tracks, threshold=Threshold(0.8), policy=policy, classes=CLASSES)
    run = apply_plan(library, made)
    assert run.count("written") == 1


def states(run: Any) -> list[tuple[str, str]]:
    return [(outcome.state, outcome.reason) for outcome in run.outcomes]


@pytest.mark.parametrize("mode", ["link", "copy", "move"])
def test_plan_holds_when_tags_are_applied(
    library: Library, tmp_path: Path, song: Path, mode: str
) -> None:
    made = planned(library, tmp_path, mode=mode)
    tag(library)
    assert states(apply_plan(library, made)) == [("placed", "")]
    assert read_tags(tmp_path / "into" / "Jazz" / song.name).genres == ("Jazz",)
    assert states(undo_batch(library, PlaceFile)) == [("undone", "")]
    assert read_tags(song).genres == ("Jazz",)


def test_plan_holds_when_tags_are_applied_and_undone(
    library: Library, tmp_path: Path, song: Path
) -> None:
    made, content = planned(library, tmp_path), song.read_bytes()
    tag(library)
    undo_batch(library, WriteGenres)
    assert song.read_bytes() == content
    assert states(apply_plan(library, made)) == [("placed", "")]


def test_plan_made_between_holds_when_tags_are_undone(
    library: Library, tmp_path: Path, song: Path
) -> None:
    tag(library)
    made = planned(library, tmp_path)
    undo_batch(library, WriteGenres)
    assert states(apply_plan(library, made)) == [("placed", "")]


def test_file_that_was_only_touched_is_as_planned(
    library: Library, tmp_path: Path, song: Path
) -> None:
    made = planned(library, tmp_path)
    os.utime(song, ns=(1, 1))
    assert states(apply_plan(library, made)) == [("placed", "")]


@pytest.mark.parametrize("how", ["other music", "another artist", "another genre"])
def test_file_that_others_have_changed_is_not(
    library: Library, tmp_path: Path, song: Path, how: str
) -> None:
    made = planned(library, tmp_path)
    tag(library)
    if how == "other music":
        write_sound(song, seconds=0.2, seed=9)
    elif how == "another genre":
        write_genres(song, ["Polka"])
    else:
        file: Any = mutagen.File(song)
        if song.suffix == ".flac":
            file["artist"] = "Somebody else"
        else:
            frames: Any = id3
            file.tags.add(frames.TPE1(text=["Somebody else"]))
        file.save()
    assert states(apply_plan(library, made)) == [
        ("failed", "it has changed since the plan was made")
    ]
    (batch,) = library.journal.batches("organise")
    assert batch.counts["failed"] == 1


def test_plan_of_an_older_release_compares_size_and_time(
    library: Library, tmp_path: Path, song: Path
) -> None:
    planned(library, tmp_path)
    lines = (tmp_path / "plan.csv").read_text("utf-8").splitlines()
    header = lines[1].split(",")
    at = header.index("content")
    older = [",".join(cells[:at] + cells[at + 1 :]) for cells in (x.split(",") for x in lines[1:])]
    (tmp_path / "plan.csv").write_text("\n".join([lines[0], *older]), "utf-8")
    made = OrganisePlan.read(tmp_path / "plan.csv")
    os.utime(song, ns=(1, 1))
    assert states(apply_plan(library, made)) == [
        ("failed", "it has changed since the plan was made")
    ]
