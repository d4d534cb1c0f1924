"""The tracks of one-file albums as rows to train on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scan_helpers import write_album

from earmark.library import open_library
from earmark.library.corpus import LIBRARY
from earmark.workflows._datasets import DatasetLoader
from earmark.workflows.scan import scan


def _sheet(genre: str, *, artist: str = "") -> str:
    """Return a sheet of five tracks of 1.6 s."""
    lines = [f"REM GENRE {genre}", 'FILE "x.wav" WAVE']
    for number in range(5):
        frames = 120 * number
        lines += [f"TRACK {number + 1:02} AUDIO", f"TITLE {genre}{number}"]
        lines += [f"PERFORMER {artist or f'{genre}er {number}'}"]
        lines += [f"INDEX 01 00:{frames // 75:02}:{frames % 75:02}"]
    return "\n".join(lines)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    for seed, (name, artist) in enumerate((("jazz", ""), ("rock", "Ann"))):
        write_album(home / "music" / f"{name}.flac", seed=9 * seed)
        (home / "music" / f"{name}.cue").write_text(_sheet(name, artist=artist))
    scan([home / "music"], library=home / "library.db", jobs=1)
    return home / "library.db"


def test_each_track_is_a_row_and_those_of_a_file_are_kept_together(library: Path) -> None:
    tracks = LIBRARY.tracks(library)
    assert len({track.id for track in tracks}) == 10
    assert tracks[0].id.endswith("jazz.flac#01")
    groups: dict[str, set[int]] = {track.label: set() for track in tracks}
    for track in tracks:
        groups[track.label].add(track.groups["artist"])
    assert [len(found) for found in groups.values()] == [1, 1]  # though five artists play jazz
    assert set.union(*groups.values()) == {0, 1}


def test_features_are_those_of_the_track(library: Path) -> None:
    table = DatasetLoader(f"library:{library}").load()
    assert len(table.ids) == 10
    with open_library(library) as opened:
        for track in opened.tracks():
            kept = opened.matrix(track.id, table.fingerprint)
            assert kept is not None
            (row,) = [at for at, name in enumerate(table.ids) if name == track.name]
            assert np.array_equal(table.X[[row]], kept)


def test_other_features_are_computed_track_by_track(library: Path) -> None:
    table = DatasetLoader(f"library:{library}", jobs=1).load("gtzan57")
    assert sorted(table.labels.tolist()) == ["jazz"] * 5 + ["rock"] * 5
    assert len(np.unique(table.X, axis=0)) == 10
