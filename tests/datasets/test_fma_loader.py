"""The loader of the Free Music Archive: metadata, subsets, audio where it is."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from made_up_corpora import make_fma, read_rows, write_rows

from earmark.datasets import fma, load_dataset
from earmark.errors import DatasetError, ParameterError


def change(path: Path, number: int, **values: str) -> None:
    rows = read_rows(path)
    rows[number] |= values
    write_rows(path, rows)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_fma(tmp_path)


def test_tracks_are_those_of_the_file(folder: Path) -> None:
    tracks = fma.CORPUS.tracks(folder)
    assert len(tracks) == 120
    third = tracks[2]
    assert (third.id, third.label, third.title) == ("8", "", "Song 2")
    assert third.groups == {"artist": 0}
    assert third.partitions == {"official": "train", "subset": "large"}


def test_audio_is_found_by_number(folder: Path) -> None:
    paths = {track.id: track.path for track in fma.CORPUS.tracks(folder) if track.path}
    assert paths == {
        "2": str(folder / "fma_small" / "000" / "000002.mp3"),
        "11": str(folder / "fma_small" / "000" / "000011.mp3"),
    }


@pytest.mark.parametrize(
    ("subset", "n"), [("small", 40), ("medium", 80), ("large", 120), (None, 120)]
)
def test_subsets_hold_those_before(folder: Path, subset: str | None, n: int) -> None:
    assert len(fma.CORPUS.tracks(folder, subset=subset)) == n


def test_published_header_is_read(folder: Path) -> None:
    before = fma.CORPUS.tracks(folder)
    rows = read_rows(folder / "tracks.csv")
    columns = (
        *(("artist", "id"), ("set", "split"), ("set", "subset")),
        *(("track", "genre_top"), ("track", "title")),
    )
    lines = [
        ",".join(["", *(first for first, _ in columns)]),
        ",".join(["", *(second for _, second in columns)]),
        "track_id" + "," * len(columns),
        *(",".join([row["track_id"], *(row["_".join(name)] for name in columns)]) for row in rows),
    ]
    (folder / "tracks.csv").write_text("\n".join(lines) + "\n")
    assert fma.CORPUS.tracks(folder) == before


def test_it_has_no_features(folder: Path) -> None:
    with pytest.raises(
        ParameterError, match=r"has no table of features. They are computed from its"
    ):
        load_dataset(f"fma:{folder}", subset="small")
    with pytest.raises(ParameterError, match="subset='tiny' is not one of small, medium"):
        fma.CORPUS.tracks(folder, subset="tiny")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"set_split": "dev"}, "'set_split' of row '5' is 'dev', not one of training"),
        ({"set_subset": ""}, "'set_subset' of row '5' is '', not one of small"),
        ({"artist_id": ""}, "'artist_id' of row '5' is '', not a whole number"),
        ({"track_id": "2"}, "id '2' appears more than once: in rows 1 and 2"),
    ],
)
def test_damage_is_named(folder: Path, values: dict[str, str], message: str) -> None:
    change(folder / "tracks.csv", 1, **values)
    with pytest.raises(DatasetError, match=rf"tracks\.csv'.*{message}"):
        fma.CORPUS.tracks(folder)


@pytest.mark.realdata
def test_real_tracks_are_as_published(data: Path) -> None:
    tracks = fma.CORPUS.tracks(data / "fma")
    assert len(tracks) == 106_574
    assert sum(bool(track.label) for track in tracks) == 49_598
    assert len({track.label for track in tracks} - {""}) == 16
    small = fma.CORPUS.tracks(data / "fma", subset="small")
    medium = fma.CORPUS.tracks(data / "fma", subset="medium")
    assert set(Counter(track.label for track in small).values()) == {1000}
    assert Counter(track.partitions["official"] for track in small) == {
        "train": 6400,
        "valid": 800,
        "test": 800,
    }
    assert Counter(track.partitions["official"] for track in medium) == {
        "train": 19_922,
        "valid": 2505,
        "test": 2573,
    }
    tested = {t.groups["artist"] for t in tracks if t.partitions["official"] == "test"}
    others = {t.groups["artist"] for t in tracks if t.partitions["official"] != "test"}
    assert not tested & others
