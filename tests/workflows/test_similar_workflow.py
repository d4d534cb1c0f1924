"""`similar` as programs call it: tracks however named, files from outside, limits."""

from __future__ import annotations

import functools
import json
import os
import shutil
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from scan_helpers import write_song

from earmark.errors import LibraryError, NoAudioError, ParameterError
from earmark.library import Filters, open_library
from earmark.recommend import CacheWarning, _library_indexes, cache_path
from earmark.workflows import similar as workflow
from earmark.workflows.jobs import Job
from earmark.workflows.scan import scan

SCHEMA = json.loads((resources.files("earmark") / "schemas" / "similar-2.json").read_text("utf-8"))
similar = functools.partial(workflow.similar, min_length=0, min_likeness=0)  # of 2 s, made up
TITLES = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot")


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of six songs by three artists, scanned into the library beside it."""
    folder = tmp_path_factory.mktemp("music")
    for number, title in enumerate(TITLES):
        write_song(
            folder / "songs" / f"{number}.flac",
            seed=number,
            artist=f"artist {number // 2}",
            title=title,
            date=str(1990 + number),
        )
    scan([folder / "songs"], library=folder / "library.db", jobs=1)
    return folder


@pytest.fixture
def library(music: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(_library_indexes, "_kept", {})
    return music / "library.db"


def names(found: Any) -> set[str]:
    return {os.path.basename(one.track.path) for one in found.neighbours}


@pytest.mark.parametrize("by", ["style", "timbre"])
def test_track_is_named_in_any_way(music: Path, library: Path, by: Any) -> None:
    path = music / "songs" / "2.flac"
    with open_library(library) as opened:
        track = opened.find(path)
    assert track is not None
    for named in (track.id, str(track.id), path, str(path), "artist charlie", "CHARLIE"):
        found = similar(named, library=library, by=by)
        assert found.query == track
        assert found.by == by
        assert names(found) == {f"{number}.flac" for number in range(len(TITLES))} - {"2.flac"}


def test_answer_is_of_its_schema(library: Path) -> None:
    content = json.loads(json.dumps(similar("bravo", library=library).to_dict()))
    jsonschema.validate(content, SCHEMA)


@pytest.mark.parametrize("by", ["style", "timbre"])
def test_file_from_outside_is_listened_to(tmp_path: Path, library: Path, by: Any) -> None:
    path = write_song(tmp_path / "new.flac", seed=50, artist="someone", title="something")
    found = similar(path, library=library, by=by)
    assert (found.query.id, found.query.path) == (0, str(path))
    assert (found.query.tags.artist, found.query.tags.title) == ("someone", "something")
    assert found.query.measurements.get("tempo") is not None
    assert sum(found.query.answer.probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert len(found.neighbours) == len(TITLES)
    jsonschema.validate(json.loads(json.dumps(found.to_dict())), SCHEMA)


def test_file_from_outside_is_compared_as_the_scan_would(
    music: Path, tmp_path: Path, library: Path
) -> None:
    inside = similar("delta", library=library)
    copy = tmp_path / "copy.flac"
    shutil.copy(music / "songs" / "3.flac", copy)
    outside = similar(copy, library=library)
    # It is delta itself, which is left out as a copy.
    assert [(one.track.id, one.score, one.why) for one in outside.neighbours] == [
        (one.track.id, pytest.approx(one.score, abs=1e-6), one.why) for one in inside.neighbours
    ]


def test_limits_are_kept(library: Path) -> None:
    nineties = Filters(year=(1992, 1994))
    found = similar("alpha", library=library, filters=nineties, per_artist=1, n=2)
    assert len(found.neighbours) == 2
    assert {one.track.tags.year for one in found.neighbours} <= {1992, 1993, 1994}
    slow = Filters(tempo=(1, 2))
    assert similar("alpha", library=library, filters=slow).neighbours == ()
    with pytest.raises(ParameterError, match="genre='no such': no track has this genre"):
        similar("alpha", library=library, filters=Filters(genre="no such"))
    assert len(similar("alpha", library=library, n=3).neighbours) == 3


def test_indexes_lie_beside_the_library(library: Path) -> None:
    for by in ("style", "timbre"):
        similar("alpha", library=library, by=by)  # type: ignore[arg-type]
        with open_library(library) as opened:
            assert os.path.exists(cache_path(opened, by))


def test_library_in_a_folder_that_cannot_be_written_is_searched(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*arguments: object, **settings: object) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(_library_indexes, "write_cache", refused)
    monkeypatch.setattr(_library_indexes, "read_cache", lambda *_: None)
    with pytest.warns(CacheWarning, match="Permission denied"):
        assert similar("alpha", library=library).neighbours
    monkeypatch.setattr(_library_indexes, "_kept", {})
    with Job("similar") as job:
        assert similar("alpha", library=library, progress=job).neighbours
    assert "Permission denied" in job.status.warnings[0]


def test_what_cannot_be_asked_is_refused(tmp_path: Path, library: Path) -> None:
    with pytest.raises(ParameterError, match=r"matches 2 tracks: .*artist 0 - alpha.*bravo"):
        similar("artist 0", library=library)
    with pytest.raises(ParameterError, match="track='nothing like it'"):
        similar("nothing like it", library=library)
    with pytest.raises(LibraryError, match="no library exists yet"):
        similar("alpha", library=tmp_path / "none.db")
    text = tmp_path / "text.mp3"
    text.write_text("no music\n" * 99)
    with pytest.raises(NoAudioError):
        similar(text, library=library)


def test_failed_track_is_refused_with_its_reason(tmp_path: Path) -> None:
    write_song(tmp_path / "songs" / "a.flac", seed=1, title="one")
    (tmp_path / "songs" / "b.mp3").write_text("no music\n" * 99)
    scan([tmp_path / "songs"], library=tmp_path / "a.db", jobs=1)
    with pytest.raises(ParameterError, match=r"b\.mp3.* cannot be compared: "):
        similar(tmp_path / "songs" / "b.mp3", library=tmp_path / "a.db")
    assert similar("one", library=tmp_path / "a.db").neighbours == ()
