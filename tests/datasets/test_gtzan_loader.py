"""The loader of GTZAN, on a folder made up for it and on the real one."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from earmark.datasets import gtzan
from earmark.errors import DatasetError
from earmark.features import GTZAN57

Rows = list[dict[str, str]]


@pytest.fixture(scope="session")
def made_up() -> tuple[Rows, Rows]:
    """Return the rows of both files: a thousand excerpts of nothing."""
    rng = np.random.default_rng(0)
    table, index = [], []
    for label in gtzan.GENRES:
        for number in range(100):
            name = f"{label}.{number:05}"
            values = {column: f"{value:.6f}" for column, value in zip(
                GTZAN57.names, rng.random(len(GTZAN57.names)), strict=True
            )}  # fmt: skip
            table.append({"filename": f"{name}.wav", "length": "661794", **values, "label": label})
            split = ("train", "valid", "test", "")[number % 4]
            index.append(
                {"excerpt": name, "artist_id": f"{number // 5}.0", "fault_filtered_split": split}
            )
    return table, index


def write(path: Path, rows: Rows) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def folder(tmp_path: Path, made_up: tuple[Rows, Rows]) -> Path:
    """Return a folder that is as it should be."""
    write(tmp_path / "features_30_sec.csv", made_up[0])
    write(tmp_path / "index.csv", made_up[1])
    return tmp_path


def test_table_holds_what_the_files_hold(folder: Path, made_up: tuple[Rows, Rows]) -> None:
    rows, index = made_up
    table = gtzan.load_table(folder)
    assert table.ids.tolist() == [row["excerpt"] for row in index]
    assert table.X.shape == (1000, 57)
    assert table.X[137].tolist() == [float(rows[137][name]) for name in GTZAN57.names]
    assert table.classes == gtzan.GENRES
    assert table.groups["artist"][:6].tolist() == [0, 0, 0, 0, 0, 1]
    assert table.partitions["fault_filtered"][:4].tolist() == ["train", "valid", "test", ""]
    assert (table.feature_set, table.fingerprint) == (GTZAN57.name, GTZAN57.fingerprint)


def test_table_says_where_it_comes_from(folder: Path) -> None:
    provenance = gtzan.load_table(folder).provenance
    assert provenance["citation"] == gtzan.CITATION
    for name in ("features_30_sec.csv", "index.csv"):
        assert provenance[name] == hashlib.sha256((folder / name).read_bytes()).hexdigest()


def test_index_may_be_in_another_order(folder: Path, made_up: tuple[Rows, Rows]) -> None:
    before = gtzan.load_table(folder)
    write(folder / "index.csv", made_up[1][::-1])
    after = gtzan.load_table(folder)
    np.testing.assert_array_equal(after.groups["artist"], before.groups["artist"])


@pytest.mark.parametrize("name", ["features_30_sec.csv", "index.csv"])
def test_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(DatasetError, match=f"{name}': No such file"):
        gtzan.load_table(folder)


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="nowhere"):
        gtzan.load_table(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "number", "column"),
    [
        ("features_30_sec.csv", 0, "tempo"),
        ("features_30_sec.csv", 0, "filename"),
        ("features_30_sec.csv", 0, "label"),
        ("index.csv", 1, "artist_id"),
        ("index.csv", 1, "fault_filtered_split"),
        ("index.csv", 1, "excerpt"),
    ],
)
def test_missing_column_is_named(
    folder: Path, made_up: tuple[Rows, Rows], name: str, number: int, column: str
) -> None:
    rows = [{key: row[key] for key in row if key != column} for row in made_up[number]]
    write(folder / name, rows)
    with pytest.raises(DatasetError, match=f"{name}': column '{column}' is missing"):
        gtzan.load_table(folder)


@pytest.mark.parametrize("n", [0, 1, 999, 1001])
def test_wrong_number_of_rows_is_told(folder: Path, made_up: tuple[Rows, Rows], n: int) -> None:
    path = folder / "features_30_sec.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join((lines + lines[-1:])[: n + 1]) + "\n")
    with pytest.raises(DatasetError, match=f"has {n} rows, not 1000"):
        gtzan.load_table(folder)


def test_empty_file_is_refused(folder: Path) -> None:
    (folder / "features_30_sec.csv").write_bytes(b"")
    with pytest.raises(DatasetError, match="column 'filename' is missing"):
        gtzan.load_table(folder)


def change(rows: Rows, number: int, **values: str) -> Rows:
    return [{**row, **values} if i == number else row for i, row in enumerate(rows)]


Damage = Callable[[Rows, Rows], tuple[Rows, Rows]]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda t, i: (change(t, 5, tempo="fast"), i), "could not convert .*'fast'"),
        (lambda t, i: (change(t, 5, tempo=""), i), "could not convert"),
        (lambda t, i: (change(t, 5, tempo="nan"), i), "of 'blues.00005' is nan"),
        (lambda t, i: (change(t, 5, tempo="inf"), i), "of 'blues.00005' is inf"),
        (lambda t, i: (t, change(i, 5, artist_id="")), "could not convert"),
        (lambda t, i: (t, change(i, 5, artist_id="nan")), "artist|NaN"),
        (lambda t, i: (change(t, 5, label="polka"), i), "labels are .*'polka'"),
        (lambda t, i: (t, change(i, 5, excerpt="x")), "index.csv': 'blues.00005' is missing"),
        (lambda t, i: (change(t, 5, filename="blues.00004.wav"), i), "'blues.00004' stands more"),
    ],
)
def test_damage_is_named(
    folder: Path, made_up: tuple[Rows, Rows], damage: Damage, message: str
) -> None:
    table, index = damage(*made_up)
    write(folder / "features_30_sec.csv", table)
    write(folder / "index.csv", index)
    with pytest.raises(DatasetError, match=message):
        gtzan.load_table(folder)


def test_row_that_is_cut_short_is_refused(folder: Path) -> None:
    path = folder / "features_30_sec.csv"
    lines = path.read_text().splitlines()
    lines[7] = ",".join(lines[7].split(",")[:10])
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(DatasetError):
        gtzan.load_table(folder)


@pytest.mark.parametrize("name", ["features_30_sec.csv", "index.csv"])
def test_file_that_is_not_text_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"\xff\xfe\x00" * 100)
    with pytest.raises(DatasetError):
        gtzan.load_table(folder)


@pytest.mark.realdata
def test_real_table_is_as_published(data: Path) -> None:
    table = gtzan.load_table(data / "gtzan")
    assert len(table) == 1000
    assert Counter(table.labels.tolist()) == dict.fromkeys(gtzan.GENRES, 100)
    parts = Counter(table.partitions["fault_filtered"].tolist())
    assert parts == {"train": 443, "valid": 197, "test": 290, "": 70}
    assert len(np.unique(table.groups["artist"])) == 272


@pytest.mark.realdata
def test_real_duplicates_are_in_one_artist_group(data: Path) -> None:
    table = gtzan.load_table(data / "gtzan")
    _, row, counts = np.unique(table.X, axis=0, return_inverse=True, return_counts=True)
    twins = np.flatnonzero(counts > 1)
    assert len(twins) == 14
    artists = table.groups["artist"]
    assert all(len(set(artists[row.ravel() == twin])) == 1 for twin in twins)
