"""A library that an earlier release wrote, of the same version of the tables, reads as it did."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import made_up_library
import pytest

from earmark.library import Filters, Library, TrackPage, csv_rows, library_stats, open_library
from earmark.workflows.library import TrackDetails

FOLDER = Path(__file__).parent
BEFORE: dict[str, Any] = json.loads((FOLDER / "version_2.json").read_text())
EVERY = Filters(missing=None, state=None)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    path = tmp_path_factory.mktemp("library") / "music.db"
    connection = sqlite3.connect(path)
    connection.executescript((FOLDER / "version_2.sql").read_text())
    connection.close()
    return open_library(path)


def as_json(value: Any) -> Any:
    return json.loads(json.dumps(value))


def test_tracks_are_printed_as_before(library: Library) -> None:
    tracks = tuple(library.tracks(EVERY))
    assert as_json(TrackPage(tracks, len(tracks)).to_dict()) == BEFORE["page"]
    assert list(csv_rows(tracks)) == BEFORE["csv"]
    details = TrackDetails(tracks[1], library.answer(tracks[1].id))
    assert as_json(details.to_dict()) == BEFORE["details"]


def test_keys_come_in_the_same_order(library: Library) -> None:
    (track,) = library.tracks(EVERY, limit=1)
    assert list(track.to_dict()) == list(BEFORE["page"]["tracks"][0])


def test_numbers_and_history_are_as_before(library: Library) -> None:
    stats = library_stats(library).to_dict()
    assert {name: stats[name] for name in BEFORE["stats"]} == BEFORE["stats"]
    assert as_json([batch.to_dict() for batch in library.journal.batches()]) == BEFORE["batches"]
    assert [values.tolist() for values in library.measurements()] == BEFORE["measurements"]
    embeddings = library.embeddings(made_up_library.SPACE)
    assert [values.tolist() for values in embeddings] == BEFORE["embeddings"]


def test_a_scan_knows_every_file_again(library: Library) -> None:
    assert [
        [file.id, file.path, file.failed, file.missing, file.part, sorted(file.fingerprints)]
        for file in library.scanned.known()
    ] == BEFORE["known"]
