"""The loader of the Echo Nest features: rows with a genre, copies, the official split."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from made_up_corpora import make_echonest, read_rows, write_rows

from earmark.datasets import echonest
from earmark.errors import DatasetError, ParameterError
from earmark.features import ECHONEST8


def change(path: Path, number: int, **values: str) -> None:
    rows = read_rows(path)
    rows[number] |= values
    write_rows(path, rows)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_echonest(tmp_path)


def test_rows_without_genre_are_left_out(folder: Path) -> None:
    table = echonest.CORPUS.load_table(folder)
    rows = [row for row in read_rows(folder / "echonest_genre.csv") if row["track_genre_top"]]
    assert table.ids.tolist() == [row["track_id"] for row in rows]
    assert table.X[17].tolist() == [float(rows[17][name]) for name in ECHONEST8.names]
    assert table.provenance["left_out"] == f"{13_129 - len(rows)} tracks without a genre"
    assert (table.feature_set, table.names) == ("echonest8", ECHONEST8.names)
    assert len(echonest.CORPUS.tracks(folder)) == 13_129


def test_equal_rows_are_copies(folder: Path) -> None:
    rows = read_rows(folder / "echonest_genre.csv")
    copied = {name: rows[0][name] for name in ECHONEST8.names}
    change(folder / "echonest_genre.csv", 4, **copied)
    duplicate = echonest.CORPUS.load_table(folder).groups["duplicate"]
    assert duplicate[0] == duplicate[3]
    assert len(np.unique(duplicate)) == len(duplicate) - 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"feature_set": "gtzan57"}, "echonest has echonest8 only"),
        ({"unit": "segment"}, "a row of echonest is a track"),
    ],
)
def test_what_it_has_not_is_refused(folder: Path, settings: dict[str, str], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        echonest.CORPUS.load_table(folder, **settings)


@pytest.mark.parametrize("value", ["", "nan", "inf", "high"])
def test_value_that_is_no_number_is_named(folder: Path, value: str) -> None:
    change(folder / "echonest_genre.csv", 4, energy=value)
    with pytest.raises(DatasetError, match=f"'energy' of row '6' is '{value}', not a finite"):
        echonest.CORPUS.load_table(folder)


@pytest.mark.realdata
def test_real_rows_are_as_published(data: Path) -> None:
    table = echonest.CORPUS.load_table(data / "fma")
    assert table.X.shape == (9355, 8)
    assert len(table.classes) == 12
    parts = table.partitions["official"]
    assert Counter(parts.tolist()) == {"train": 7620, "valid": 886, "test": 849}
    assert Counter(table.labels[parts == "test"].tolist())["Classical"] == 1
    # What always answering with the commonest genre is worth.
    assert (table.labels[parts == "test"] == "Rock").mean() == pytest.approx(0.378, abs=5e-4)
    assert len(np.unique(table.groups["duplicate"])) == 9355
    tested = set(table.groups["artist"][parts == "test"].tolist())
    assert not tested & set(table.groups["artist"][parts != "test"].tolist())
