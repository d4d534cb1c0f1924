"""Journals and plans as Earmark wrote them before `Operation` was there.

``changes_before_operations.json`` was written by the code at 636d555: nine WAV files before and
after, the rows of the journal, and two plans. Some applies and one undo were killed.
"""

from __future__ import annotations

import base64
import json
import os
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from organise_helpers import tree

from earmark.changes import apply_plan, undo_batch
from earmark.changes.files import OrganisePlan, PlaceFile
from earmark.changes.tags import TagPlan, WriteGenres
from earmark.library import Library, open_library
from earmark.tags import read_tags

_FILE = Path(__file__).with_name("changes_before_operations.json")


@pytest.fixture
def old(tmp_path: Path) -> Any:
    """Return what the file holds, for a folder of this test."""
    text = _FILE.read_text("utf-8").replace("{folder}", str(tmp_path))
    return json.loads(text)


def write_files(folder: Path, files: Mapping[str, Any]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict):
            path.symlink_to(content["link"])
        else:
            path.write_bytes(zlib.decompress(base64.b64decode(content)))


@pytest.fixture
def library(tmp_path: Path, old: Any) -> Iterator[Library]:
    """Return a library with the old journal, beside the files as they were left."""
    write_files(tmp_path, old["after"])
    with open_library(tmp_path / "library.db", create=True) as opened:
        with opened.transaction() as connection:
            connection.executemany("INSERT INTO batch VALUES (?, ?, ?, ?)", old["batches"])
            for row in old["changes"]:
                row[3:5] = map(os.fsencode, row[3:5]) if row[4] else (os.fsencode(row[3]), None)
                connection.execute(f"INSERT INTO change VALUES ({', '.join('?' * 9)})", row)
        yield opened


def test_everything_is_undone(library: Library, tmp_path: Path, old: Any) -> None:
    files = undo_batch(library, PlaceFile)
    states = {Path(one.path).stem: one.state for one in (*files.cut_short, *files.outcomes)}
    assert [one.state for one in files.cut_short] == ["undone", "placed"]
    while any(batch.n_to_undo for batch in library.journal.batches("organise")):
        run = undo_batch(library, PlaceFile)
        states |= {Path(one.path).stem: one.state for one in run.outcomes}
    assert states == dict.fromkeys("45678", "undone")
    tags = undo_batch(library, WriteGenres)
    assert [one.state for one in tags.cut_short] == ["written", "failed"]
    while any(batch.n_to_undo for batch in library.journal.batches("tag")):
        assert {one.state for one in undo_batch(library, WriteGenres).outcomes} == {"undone"}
    write_files(tmp_path / "expected", old["before"])
    assert tree(tmp_path / "music") == tree(tmp_path / "expected" / "music")
    assert not (tmp_path / "into").exists()


def test_plans_are_applied(tmp_path: Path, old: Any) -> None:
    write_files(tmp_path, old["before"])
    with open_library(tmp_path / "library.db", create=True) as library:
        for name, kind in (("tags", TagPlan), ("files", OrganisePlan)):
            file = tmp_path / f"{name}.csv"
            file.write_text(old["plans"][name], "utf-8")
            plan = kind.read(file)
            (row,) = plan.rows
            if name == "files":  # planned after the genre of its file was written
                write_files(tmp_path, {"music/0.wav": old["after"]["music/0.wav"]})
            os.utime(row.path, ns=(row.seen.mtime_ns, row.seen.mtime_ns))
            (outcome,) = apply_plan(library, plan).outcomes
            assert outcome.state == ("written" if name == "tags" else "placed")
            plan.write(tmp_path / "again.csv", overwrite=True)
            assert (tmp_path / "again.csv").read_text("utf-8") == old["plans"][name]
    assert read_tags(tmp_path / "music" / "5.wav").genres == ("Hip-Hop",)
    placed = tmp_path / "into" / "Jazz" / "0.wav"
    assert placed.read_bytes() == (tmp_path / "music" / "0.wav").read_bytes()
