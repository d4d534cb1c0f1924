"""What a scan tells: what was heard only in part, and one event for each change."""

from __future__ import annotations

import dataclasses
import json
import shutil
import threading
import time
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from scan_helpers import tag, write_song

from earmark.analysis import _tracks as listening
from earmark.audio import Missing
from earmark.library import Filters
from earmark.workflows.library import failed_tracks, list_tracks
from earmark.workflows.scan import ScanEvent, scan, watch

LOST = "1.0 s from 0:00 on could not be decoded"


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of three songs."""
    folder = tmp_path_factory.mktemp("songs")
    for seed, name in enumerate(("a", "b", "c")):
        write_song(folder / f"{name}.flac", seed=seed, seconds=1.5, title=name)
    return folder


@pytest.fixture
def music(songs: Path, tmp_path: Path) -> Path:
    """Return a copy of that folder."""
    return shutil.copytree(songs, tmp_path / "music")


@pytest.fixture
def with_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a.flac have lost a stretch."""
    whole = listening.extract_track

    def extract(path: str, *arguments: Any, **settings: Any) -> Any:
        track = whole(path, *arguments, **settings)
        if not path.endswith("a.flac"):
            return track
        gap = (Missing(0.25, 1.0), Missing(1.4, None))
        return dataclasses.replace(track, missing=gap, warnings=(LOST,))

    monkeypatch.setattr(listening, "extract_track", extract)


@pytest.mark.usefixtures("with_a_gap")
def test_files_heard_only_in_part_are_counted_and_listed(music: Path, tmp_path: Path) -> None:
    library = tmp_path / "library.db"
    (music / "text.mp3").write_text("no music\n" * 99)
    first = scan([music], library=library, jobs=1)
    (warned,) = first.warned
    assert (warned.path, warned.warnings) == (str(music / "a.flac"), (LOST,))
    assert (first.n_partial, warned.partial, warned.new) == (1, True, True)
    (again,) = scan([music], library=library, jobs=1).warned
    assert again == dataclasses.replace(warned, new=False)

    (track,) = list_tracks(Filters(warned=True), library=library).tracks
    assert (track.tags.title, track.warnings, track.gaps) == (
        "a",
        (LOST,),
        ((0.25, 1.0), (1.4, None)),
    )
    assert track.to_dict()["gaps"][1] == {"start": 1.4, "length": None}
    others = list_tracks(Filters(warned=False), library=library).tracks
    assert [one.tags.title for one in others] == ["b", "c"]
    page = failed_tracks(library=library)
    assert [one.error_code for one in page.tracks] == ["no-audio"]
    assert page.warned == (track,)


def _events(music: Path, library: Path) -> list[ScanEvent]:
    events: list[ScanEvent] = []
    scan([music], library=library, jobs=1, changed=events.append)
    return events


def test_each_change_is_one_event(music: Path, tmp_path: Path) -> None:
    library = tmp_path / "library.db"
    (music / "text.mp3").write_text("no music\n" * 99)
    events = _events(music, library)
    assert {(one.kind, Path(one.path).name) for one in events} == {
        *(("new", f"{name}.flac") for name in "abc"),
        ("failed", "text.mp3"),
    }
    assert all(one.track and one.track.genre for one in events if one.kind == "new")
    assert _events(music, library) == []

    (music / "a.flac").rename(music / "moved.flac")
    tag(music / "b.flac", title="other")
    (music / "c.flac").rename(tmp_path / "c.flac")
    (music / "text.mp3").touch()
    events = _events(music, library)
    told = {one.kind: one for one in events}
    assert sorted(told) == ["changed", "failed", "gone", "moved"]
    assert told["moved"].before == str(music / "a.flac")
    assert told["moved"].path == str(music / "moved.flac")
    assert told["changed"].track is not None
    assert told["changed"].track.tags.title == "other"
    assert told["failed"].error is not None

    (tmp_path / "c.flac").rename(music / "c.flac")
    (music / "b.flac").touch()  # and nothing else
    write_song(music / "moved.flac", seed=9, seconds=1.5)
    events = _events(music, library)
    assert {(one.kind, Path(one.path).name) for one in events} == {
        ("back", "c.flac"),
        ("changed", "moved.flac"),
    }


def test_events_are_of_their_schema(music: Path, tmp_path: Path) -> None:
    (music / "text.mp3").write_text("no music\n" * 99)
    events = _events(music, tmp_path / "library.db")
    folder = resources.files("earmark") / "schemas"
    schema = json.loads((folder / "scan-event-1.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    for one in events:
        jsonschema.validate(one.to_dict(), schema)


def test_watching_tells_each_change_once_and_no_old_failure(music: Path, tmp_path: Path) -> None:
    (music / "text.mp3").write_text("no music\n" * 99)
    done = threading.Event()
    events: list[ScanEvent] = []
    reports = watch(
        [music],
        library=tmp_path / "library.db",
        jobs=1,
        stopped=done.is_set,
        changed=events.append,
    )
    first = next(reports)
    assert (first.n_analysed, len(first.failed), events) == (3, 1, [])
    thread = threading.Thread(target=lambda: list(reports))
    thread.start()
    try:
        _wait_for_quiet()
        write_song(tmp_path / "late.flac", seed=7, seconds=1.5).rename(music / "late.flac")
        _wait_for(events, 1)
        (music / "a.flac").unlink()
        _wait_for(events, 2)
        (music / "worse.mp3").write_text("no music either\n" * 99)
        _wait_for(events, 3)
    finally:
        done.set()
        thread.join(timeout=30)
    assert [(one.kind, Path(one.path).name) for one in events] == [
        ("new", "late.flac"),
        ("gone", "a.flac"),
        ("failed", "worse.mp3"),
    ]


def _wait_for_quiet() -> None:
    time.sleep(0.5)  # until the folder is watched


def _wait_for(events: list[ScanEvent], count: int) -> None:
    end = time.monotonic() + 30
    while len(events) < count and time.monotonic() < end:
        time.sleep(0.05)
