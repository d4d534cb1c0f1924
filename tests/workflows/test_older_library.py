"""A library that an older release scanned answers at once: its vectors are those of today."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Literal

import pytest
from scan_helpers import refuse_to_decode

from earmark.library import open_library
from earmark.models import load_model, load_space
from earmark.scanning import _scan as scanning
from earmark.workflows.library import show_track
from earmark.workflows.playlist import make_playlist
from earmark.workflows.scan import scan
from earmark.workflows.similar import similar

SONGS = (Path(__file__).parent / "songs_version_2.sql").read_text()
MODEL = "48bc7817cc22a7fb0db3a2ed9e0b0f115067406dc939fe75b36c43a5f4ad4e2c"
"""The file of `gtzan943` whose card had other words."""


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Return the library, whose songs are files that cannot be decoded but look unchanged."""
    path = tmp_path / "music.db"
    connection = sqlite3.connect(path)
    connection.executescript(SONGS)
    (tmp_path / "music").mkdir()
    for number, old, size, time in connection.execute("SELECT id, path, size, mtime_ns FROM track"):
        song = tmp_path / "music" / os.path.basename(os.fsdecode(old))
        song.write_bytes(bytes(size))
        os.utime(song, ns=(time, time))
        connection.execute("UPDATE track SET path = ? WHERE id = ?", [os.fsencode(song), number])
    connection.execute("UPDATE root SET path = ?", [os.fsencode(tmp_path / "music")])
    connection.commit()
    connection.close()
    return path


@pytest.mark.parametrize(
    ("by", "nearest"),
    [
        ("style", {6: 0.996014, 4: 0.339533, 5: 0.299096, 2: 0.185081, 3: 0.155600}),
        ("timbre", {6: 0.196755, 2: 0.120236, 3: 0.064404, 4: 0.002023, 5: 0.001974}),
    ],
)
def test_similar_songs_are_those_of_before(
    library: Path, by: Literal["style", "timbre"], nearest: dict[int, float]
) -> None:
    neighbours = similar(1, library=library, by=by).neighbours
    assert [each.track.id for each in neighbours] == list(nearest)
    assert [each.score for each in neighbours] == pytest.approx(list(nearest.values()), abs=1e-5)


def test_playlist_is_that_of_before(library: Path) -> None:
    made = make_playlist(like=[1], tracks=4, library=library)
    assert [track.id for track in made.tracks] == [1, 6, 4, 3]
    assert made.steps == pytest.approx([0.996014, 0.333070, 0.300059], abs=1e-5)


def test_answers_of_a_model_with_another_card_are_listed(library: Path) -> None:
    details = show_track(1, library=library)
    assert details.answer is not None
    assert details.answer.model_sha256 == MODEL
    assert details.track.answer is not None
    assert (details.track.answer.genre, details.track.unsure) == ("jazz", None)


def test_scan_answers_again_from_what_is_kept_and_leaves_the_vectors(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_library(library) as opened:
        before = opened.generation, opened.answer(1)
    monkeypatch.setattr(scanning, "analyse_file", refuse_to_decode)
    monkeypatch.setattr(scanning, "read_file", refuse_to_decode)
    report = scan(library=library, jobs=1)
    assert (report.n_unchanged, report.n_answered, report.n_analysed) == (6, 6, 0)
    with open_library(library) as opened:
        after = opened.generation, opened.answer(1)
        ids, _ = opened.embeddings(load_space("style").vectors_id)
    assert after[0] == before[0]  # indexes need not be built again
    assert ids.tolist() == [1, 2, 3, 4, 5, 6]
    assert after[1] is not None
    assert before[1] is not None
    assert after[1].model_sha256 == load_model("gtzan943").sha256
    assert after[1].probabilities == pytest.approx(before[1].probabilities, abs=1e-5)
    assert scan(library=library, jobs=1).n_answered == 0
