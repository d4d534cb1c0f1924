"""The loader of segments: ten rows to a track, copies, whole tracks joined by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from made_up_corpora import make_segments57, read_rows, write_rows

from earmark.datasets import joined_groups, segments57
from earmark.errors import DatasetError, ParameterError
from earmark.features import GTZAN57


def change(path: Path, number: int, **values: str) -> None:
    rows = read_rows(path)
    rows[number] |= values
    write_rows(path, rows)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_segments57(tmp_path_factory.mktemp("segments57"))


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    for path in made.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def test_rows_are_segments(made: Path) -> None:
    table = segments57.CORPUS.load_table(made)
    assert (table.unit, table.X.shape) == ("segment", (22_050, 57))
    assert table.ids[[0, 9, 10]].tolist() == [
        "blues.00100#0",
        "blues.00100#9",
        "classical.00100#0",
    ]
    assert table.groups["track"].tolist() == np.repeat(np.arange(2205), 10).tolist()


def test_segments_may_stand_in_any_order(folder: Path) -> None:
    before = segments57.CORPUS.load_table(folder)
    rows = read_rows(folder / "segments_3s.csv")
    first, rest = rows[:10], rows[10:]
    write_rows(folder / "segments_3s.csv", first[::-1] + rest)
    assert segments57.CORPUS.load_table(folder).digest == before.digest


def test_second_download_is_a_copy_by_the_same_artist(made: Path) -> None:
    tracks = {track.id: track for track in segments57.CORPUS.tracks(made)}
    one, other = tracks["blues.00101"], tracks["blues.00102"]
    assert (one.artist, other.artist) == ("Somebody", "Somebody (1)")
    assert one.groups == other.groups
    table = segments57.CORPUS.load_table(made)
    number = dict(zip(table.ids.tolist(), table.groups["duplicate"].tolist(), strict=True))
    assert all(number[f"blues.00101#{i}"] == number[f"blues.00102#{i}"] for i in range(10))
    assert number["blues.00101#0"] != number["blues.00101#1"]


def test_whole_tracks_are_joined_by_name(made: Path) -> None:
    table = segments57.CORPUS.load_table(made, unit="track")
    assert (table.unit, table.X.shape) == ("track", (2205, 57))
    # The files number the tracks differently; tempo counts them in the order of the segments.
    tempo = table.X[:, GTZAN57.names.index("tempo")]
    expected = np.arange(2205)
    np.testing.assert_array_equal(tempo, expected)
    assert "track" not in table.groups


@pytest.mark.parametrize(
    ("file", "number", "values", "message"),
    [
        ("segments_3s.csv", 7, {"seg": "6"}, "not every track has the segments 0 to 9"),
        ("segments_3s.csv", 7, {"seg": "x"}, "'seg' of row 'blues.00100' is 'x', not a whole"),
        ("segments_3s.csv", 7, {"genre": "polka"}, "genre of 'blues.00100' is 'polka'"),
        ("segments_3s.csv", 7, {"genre": "rock"}, "genre of 'blues.00100' is 'rock'"),
        ("segments_3s.csv", 7, {"tempo": "nan"}, "'tempo' of row 'blues.00100' is 'nan'"),
        ("tracks.csv", 7, {"orgname": "x"}, "there is no .* 'ES_Song "),
        ("tracks.csv", 7, {"tempo": ""}, "'tempo' of row .* is '', not a finite number"),
    ],
)
def test_damage_is_named(
    folder: Path, file: str, number: int, values: dict[str, str], message: str
) -> None:
    change(folder / file, number, **values)
    with pytest.raises(DatasetError, match=rf"{file}'.*{message}"):
        segments57.CORPUS.load_table(folder, unit="track")


def test_what_it_has_not_is_refused(made: Path) -> None:
    with pytest.raises(ParameterError, match="segments57 has gtzan57 only"):
        segments57.CORPUS.load_table(made, feature_set="bands")
    with pytest.raises(ParameterError, match="unit='clip' is not one of track, segment"):
        segments57.CORPUS.load_table(made, unit="clip")  # type: ignore[arg-type]


@pytest.mark.realdata
def test_real_rows_are_as_published(data: Path) -> None:
    table = segments57.CORPUS.load_table(data / "segments57")
    assert table.X.shape == (22_050, 57)
    assert len(table.classes) == 11
    assert len(np.unique(table.groups["track"])) == 2205
    assert len(np.unique(table.groups["artist"])) == 489
    assert len(np.unique(table.X, axis=0)) == 21_950
    # 10 identical pairs and the titles in two genres and twice in one: 26 tracks are copies.
    assert len(np.unique(table.groups["duplicate"])) == 21_790
    joined = joined_groups(table.groups["artist"], table.groups["duplicate"])
    assert len(np.unique(joined)) == 489


@pytest.mark.realdata
def test_real_whole_tracks_are_those_of_the_segments(data: Path) -> None:
    whole = segments57.CORPUS.load_table(data / "segments57", unit="track")
    parts = segments57.CORPUS.load_table(data / "segments57")
    assert whole.ids.tolist() == [name.rpartition("#")[0] for name in parts.ids[::10].tolist()]
    at = GTZAN57.names.index("spectral_centroid_mean")
    centroid = parts.X[:, at].reshape(2205, 10).mean(axis=1)
    disco_or_jazz = np.isin(whole.labels, ["disco", "jazz"])
    for rows in (disco_or_jazz, ~disco_or_jazz):
        assert np.corrcoef(centroid[rows], whole.X[rows, at])[0, 1] > 0.8
