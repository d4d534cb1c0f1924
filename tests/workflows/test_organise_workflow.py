"""Files into folders from Python: plan, apply, undo, and what was applied."""

from __future__ import annotations

import json
import runpy
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import soundfile

from earmark.changes import change_document
from earmark.errors import LibraryError, ParameterError, PlanError
from earmark.library import Filters, open_library
from earmark.tags import read_tags
from earmark.workflows.changes import apply_changes, list_batches, undo_changes
from earmark.workflows.organise import plan_organise
from earmark.workflows.scan import scan

_HELPERS = runpy.run_path(str(Path(__file__).parents[1] / "changes" / "change_helpers.py"))
add_track: Any = _HELPERS["add_track"]
SCHEMA = json.loads((resources.files("earmark") / "schemas" / "organise-2.json").read_text("utf-8"))


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name in ("sure", "doubtful", "mine"):
        soundfile.write(folder / f"{name}.flac", rng.normal(0, 0.1, 4410), 22_050)
    return folder


@pytest.fixture
def library(tmp_path: Path, music: Path) -> Path:
    path = tmp_path / "library.db"
    with open_library(path, create=True) as opened:
        add_track(opened, music / "sure.flac", genre="hiphop")
        add_track(opened, music / "doubtful.flac", unsure="undecided")
        add_track(opened, music / "mine.flac", corrected="../My Own")
    return path


def test_files_there_and_back(library: Path, music: Path, tmp_path: Path) -> None:
    into = tmp_path / "into"
    calls: list[tuple[int, int, str]] = []
    plan = plan_organise(
        into=into,
        mode="move",
        library=library,
        output=tmp_path / "plan.csv",
        progress=lambda *call: calls.append(call),
    )
    assert [call[:2] for call in calls] == [(1, 3), (2, 3), (3, 3)]
    jsonschema.validate(change_document("organise", plan), SCHEMA)
    run = apply_changes(tmp_path / "plan.csv", kind="organise", library=library)
    jsonschema.validate(change_document("organise", run), SCHEMA)
    assert sorted(str(path.relative_to(into)) for path in into.rglob("*.flac")) == [
        "Hip-Hop/Unknown artist/sure.flac",
        "Unsure/Unknown artist/doubtful.flac",
        "_.._My Own/Unknown artist/mine.flac",
    ]
    assert list(music.iterdir()) == []
    (batch,) = list_batches("organise", library=library)
    assert (batch.id, batch.n_to_undo, batch.settings["mode"]) == (run.batch, 3, "move")
    jsonschema.validate(change_document("organise", [batch]), SCHEMA)
    undone = undo_changes(kind="organise", library=library)
    jsonschema.validate(change_document("organise", undone), SCHEMA)
    assert len(list(music.iterdir())) == 3
    assert not into.exists()


def test_tags_and_files_share_the_journal(library: Path, music: Path, tmp_path: Path) -> None:
    from earmark.workflows.tag import plan_tags

    tagged = apply_changes(plan_tags(library=library, threshold=0.5), library=library)
    planned = plan_organise(into=tmp_path / "into", mode="move", library=library)
    moved = apply_changes(planned, library=library)
    assert (tagged.batch, moved.batch) == (1, 2)
    assert [one.id for one in list_batches("tag", library=library)] == [1]
    assert [one.id for one in list_batches("organise", library=library)] == [2]
    with pytest.raises(ParameterError, match=r"batch=1 is not in the journal. Available: 2"):
        undo_changes(1, kind="organise", library=library)
    # Genres are taken back where the files are by now, and files whatever their genres are.
    assert undo_changes(kind="tag", library=library).count("undone") == tagged.count("written")
    assert undo_changes(kind="organise", library=library).count("undone") == 3
    assert all(read_tags(song).genres == () for song in music.iterdir())


def test_filters_choose_files(library: Path, music: Path, tmp_path: Path) -> None:
    plan = plan_organise(
        Filters(path=str(music / "sure.flac")),
        into=tmp_path / "into",
        by="genre",
        names={"hiphop": "Rap"},
        library=library,
    )
    assert [row.target for row in plan.rows] == ["Rap/sure.flac"]
    plan = plan_organise(into=tmp_path / "into", keep_unsure=True, library=library)
    assert [row.action for row in plan.rows] == ["keep", "link", "link"]


def test_organising_what_cannot_be_is_refused(library: Path, tmp_path: Path) -> None:
    with pytest.raises(LibraryError):
        plan_organise(into=tmp_path / "into", library=tmp_path / "no.db")
    with pytest.raises(ParameterError, match="mode='steal'"):
        plan_organise(into=tmp_path / "into", mode="steal", library=library)  # type: ignore[arg-type]
    with pytest.raises(PlanError, match="no such file"):
        apply_changes(tmp_path / "no.csv", kind="organise", library=library)
    (tmp_path / "there.csv").touch()
    with pytest.raises(ParameterError, match="already exists"):
        plan_organise(into=tmp_path / "into", library=library, output=tmp_path / "there.csv")
    with pytest.raises(ParameterError, match="nothing to undo"):
        undo_changes(kind="organise", library=library)


def test_names_of_folders_below_what_was_scanned_stand_for_tags(tmp_path: Path) -> None:
    music, library = tmp_path / "music", tmp_path / "library.db"
    song = music / "Ann" / "Blue (1959)" / "03 - So.flac"
    song.parent.mkdir(parents=True)
    soundfile.write(song, np.sin(np.arange(30_000) / 8), 22_050)
    (song.parent / "cover.jpg").write_bytes(b"cover")
    scan([music], library=library, jobs=1)
    plan = plan_organise(
        into=tmp_path / "into",
        template="{albumartist}/{year} {album}/{track:02} {title}",
        library=library,
    )
    assert [row.target for row in plan.rows] == [
        "Ann/1959 Blue/03 So.flac",
        "Ann/1959 Blue/cover.jpg",
    ]


def test_a_plan_file_says_what_kind_it_is(library: Path, tmp_path: Path) -> None:
    from earmark.workflows.tag import plan_tags

    plan_tags(library=library, threshold=0.5, output=tmp_path / "tags.csv")
    plan_organise(into=tmp_path / "into", library=library, output=tmp_path / "files.csv")
    tagged = apply_changes(tmp_path / "tags.csv", library=library)
    placed = apply_changes(tmp_path / "files.csv", library=library)
    assert tagged.count("written")
    assert placed.count("placed")
    assert [batch.kind for batch in list_batches(library=library)] == ["organise", "tag"]
    with pytest.raises(PlanError, match=r"its first line is not earmark.tag-plan/1"):
        apply_changes(tmp_path / "files.csv", kind="tag", library=library)
    with pytest.raises(PlanError, match="no such file"):
        apply_changes(tmp_path / "no.csv", library=library)
    kind: Any = "files"
    with pytest.raises(ParameterError, match="kind='files' is not one of tag, organise"):
        list_batches(kind, library=library)
    # The last one first, whatever its kind.
    assert undo_changes(library=library).count("undone") == placed.count("placed")
    assert undo_changes(library=library).count("undone") == tagged.count("written")
    with pytest.raises(ParameterError, match="nothing to undo"):
        undo_changes(library=library)
