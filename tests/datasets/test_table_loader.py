"""`table:FILE`: a user's own rows, and every way in which they can be wrong."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_up_corpora import Rows, gtzan_rows, table_rows, write_rows

from earmark.datasets import group_folds, gtzan, load_dataset, table
from earmark.errors import DatasetError, ParameterError
from earmark.features import GTZAN57

FEATURES = ("loudness", "tempo", "brightness")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mine.csv"


def write_parquet(path: Path, rows: Rows) -> Path:
    """Write rows as Parquet, features as numbers."""
    numbers = {
        name: [float(row[name]) for row in rows]
        if name in FEATURES
        else [row[name] for row in rows]
        for name in rows[0]
    }
    target = path.with_suffix(".parquet")
    pq.write_table(pa.table(numbers), target)
    return target


def change(rows: Rows, number: int, **values: str) -> Rows:
    return [{**row, **values} if at == number else row for at, row in enumerate(rows)]


def without(rows: Rows, *names: str) -> Rows:
    return [{key: row[key] for key in row if key not in names} for row in rows]


def test_rows_are_what_the_file_holds(path: Path) -> None:
    rows = table_rows()
    write_rows(path, rows)
    found = table.CORPUS.load_table(path)
    assert found.ids.tolist() == [row["id"] for row in rows]
    assert found.labels.tolist() == [row["label"] for row in rows]
    assert found.names == FEATURES
    assert found.X.tolist() == [[float(row[name]) for name in FEATURES] for row in rows]
    assert found.partitions["official"].tolist() == [row["split"] for row in rows]
    assert found.groups["artist"].tolist() == [number // 4 for number in range(20)]
    assert found.groups["track"].tolist() == [number // 2 for number in range(20)]
    assert (found.unit, found.feature_set) == ("segment", "columns")
    assert found.provenance["mine.csv"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert not any(str(path.parent) in text for text in found.provenance.values())


def test_parquet_gives_the_same_rows(path: Path) -> None:
    write_rows(path, table_rows())
    target = write_parquet(path, table_rows())
    first, second = table.CORPUS.load_table(path), table.CORPUS.load_table(target)
    assert first.digest == second.digest
    assert first.fingerprint == second.fingerprint


@pytest.mark.parametrize("mark", [";", "\t"])
def test_fields_may_be_divided_otherwise(path: Path, mark: str) -> None:
    write_rows(path, table_rows())
    before = table.CORPUS.load_table(path).digest
    path.write_text("\ufeff" + path.read_text().replace(",", mark))
    assert table.CORPUS.load_table(path).digest == before


@pytest.mark.parametrize(("ids", "labels"), [("filename", "genre"), ("path", "label")])
def test_columns_have_other_names(path: Path, ids: str, labels: str) -> None:
    rows = [{ids: row["id"], labels: row["label"], "tempo": row["tempo"]} for row in table_rows()]
    write_rows(path, rows)
    found = table.CORPUS.load_table(path)
    assert found.ids[3] == "row03"
    assert (found.unit, found.names) == ("track", ("tempo",))
    assert set(found.groups) == {"duplicate"}


def test_further_names_of_a_row_are_no_features(path: Path) -> None:
    rows = [{**row, "path": f"{row['id']}.mp3", "genre": "x"} for row in table_rows()]
    write_rows(path, rows)
    found = table.CORPUS.load_table(path)
    assert found.names == FEATURES
    assert found.provenance["columns_left_out"] == "path, genre"


def test_rows_without_label_are_left_out_and_counted(path: Path) -> None:
    rows = change(change(table_rows(), 3, label=" ", tempo="nan"), 7, label="")
    write_rows(path, rows)
    found = table.CORPUS.load_table(path)
    assert len(found) == 18
    assert found.provenance["left_out"] == "2 rows without a genre"
    assert len(table.CORPUS.tracks(path)) == 20
    parquet = table.CORPUS.load_table(write_parquet(path, rows))
    assert parquet.digest == found.digest


def test_row_with_blank_artist_is_by_an_artist_of_its_own(path: Path) -> None:
    rows = [{**row, "artist": "", "track": ""} for row in table_rows()]
    write_rows(path, rows)
    found = table.CORPUS.load_table(path)
    assert len(np.unique(found.groups["artist"])) == 20
    assert found.unit == "track"


def test_spellings_of_an_artist_are_one(path: Path) -> None:
    rows = change(table_rows(), 0, artist=" ARTIST  0 (feat. Somebody)")
    write_rows(path, without(rows, "track"))
    assert table.CORPUS.load_table(path).groups["artist"].tolist() == [at // 4 for at in range(20)]


def test_track_by_two_artists_joins_them(path: Path) -> None:
    write_rows(path, change(table_rows(), 0, artist="Artist 4"))
    artist = table.CORPUS.load_table(path).groups["artist"]
    assert artist[0] == artist[1] == artist[16]


def test_equal_rows_share_a_number(path: Path) -> None:
    rows = table_rows()
    write_rows(path, change(rows, 5, **{name: rows[2][name] for name in FEATURES}))
    duplicate = table.CORPUS.load_table(path).groups["duplicate"]
    assert duplicate[5] == duplicate[2]
    assert len(np.unique(duplicate)) == 19


def test_fingerprint_is_that_of_the_names_in_order(path: Path) -> None:
    write_rows(path, table_rows())
    before = table.CORPUS.load_table(path).fingerprint
    write_rows(path, [dict(reversed(row.items())) for row in table_rows()])
    turned = table.CORPUS.load_table(path)
    assert turned.names == FEATURES[::-1]
    assert turned.fingerprint != before
    write_rows(path, table_rows()[:8])
    assert table.CORPUS.load_table(path).fingerprint == before


def gtzan_table(path: Path, *names: str) -> Path:
    """Write the made-up GTZAN table without some columns, the features the other way round."""
    rows = [dict(reversed(row.items())) for row in without(gtzan_rows()[0], *names)]
    write_rows(path, rows)
    return path


def test_columns_of_gtzan57_are_that_set(path: Path, tmp_path: Path) -> None:
    found = table.CORPUS.load_table(gtzan_table(path, "length"))
    assert (found.feature_set, found.fingerprint) == ("gtzan57", GTZAN57.fingerprint)
    assert found.names == GTZAN57.names
    row = gtzan_rows()[0][123]
    assert found.X[123].tolist() == [float(row[name]) for name in GTZAN57.names]


def test_further_columns_beside_gtzan57_are_named(path: Path) -> None:
    gtzan_table(path)
    with pytest.raises(DatasetError, match="gtzan57 has no column 'length': ignore what"):
        table.CORPUS.load_table(path)
    assert table.CORPUS.load_table(path, ignore=("length",)).feature_set == "gtzan57"
    told = load_dataset(f"table:{path}", ignore=("length",)).provenance
    assert told["columns_left_out"] == "length"
    everything = table.CORPUS.load_table(path, feature_set="columns")
    assert everything.X.shape == (1000, 58)
    assert "length" in everything.names


def test_missing_column_of_a_set_asked_for_is_named(path: Path) -> None:
    gtzan_table(path, "length", "tempo")
    with pytest.raises(DatasetError, match="column 'tempo' of gtzan57 is missing"):
        table.CORPUS.load_table(path, feature_set="gtzan57")
    assert table.CORPUS.load_table(path).feature_set == "columns"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"feature_set": "polka"}, "'polka' is not a feature set"),
        ({"ignore": ("pitch",)}, "has no column 'pitch'"),
        ({"unit": "track"}, "unit='track': a row of .* is a segment"),
    ],
)
def test_settings_that_do_not_fit_are_refused(
    path: Path, settings: dict[str, Any], message: str
) -> None:
    write_rows(path, table_rows())
    with pytest.raises(ParameterError, match=message):
        table.CORPUS.load_table(path, **settings)


BAD: list[tuple[Callable[[Rows], Rows], str]] = [
    (lambda rows: without(rows, "id"), r"column 'id' is missing \(or 'filename'\)"),
    (lambda rows: without(rows, "label"), r"column 'label' is missing \(or 'genre'\)"),
    (lambda rows: without(rows, *FEATURES), "has no column of features"),
    (lambda rows: change(rows, 4, tempo="nan"), "column 'tempo' of row 'row04' is '?nan'?, not"),
    (lambda rows: change(rows, 4, tempo="inf"), "column 'tempo' of row 'row04' is '?inf'?, not"),
    (lambda rows: change(rows, 4, tempo="-inf"), "'tempo' of row 'row04' is '?-inf'?, not a fin"),
    (lambda rows: [row for row in rows if row["label"] == "rock"], "10 rows, all of one genre, 'r"),
    (lambda rows: rows[:1], "1 row, all of one genre, 'rock': two genres are needed"),
    (lambda rows: [{**row, "label": ""} for row in rows], "20 rows, none of them with a genre"),
    (
        lambda rows: change(rows, 5, id="row02"),
        "id 'row02' appears more than once: in rows 3 and 6",
    ),
    (lambda rows: change(rows, 5, id=" "), "row 6 has no id"),
    (
        lambda rows: change(rows, 4, label="Rock", track="x"),
        "'rock' and 'Rock' differ only in case",
    ),
    (lambda rows: change(rows, 4, label="jazz"), "track 'Track 2' has labels 'jazz' and 'rock'"),
    (lambda rows: change(rows, 8, split="test"), "track 'Track 4' has splits 'test' and 'valid'"),
    (lambda rows: change(rows, 8, split="dev"), "'split' of row 'row08' is 'dev', not one of"),
]


@pytest.mark.parametrize(("damage", "message"), BAD)
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_bad_rows_are_named(
    path: Path, kind: str, damage: Callable[[Rows], Rows], message: str
) -> None:
    rows = damage(table_rows())
    write_rows(path, rows)
    given = path if kind == "csv" else write_parquet(path, rows)
    with pytest.raises(DatasetError, match=rf"mine\.{kind}'.*{message}"):
        table.CORPUS.load_table(given)


@pytest.mark.parametrize("value", ["fast", "", "1,5", "1.5 BPM", "0x10"])
def test_text_among_numbers_is_named(path: Path, value: str) -> None:
    write_rows(path, change(table_rows(), 4, tempo=value))
    with pytest.raises(DatasetError, match=f"column 'tempo' of row 'row04' is '{value}', not a"):
        table.CORPUS.load_table(path)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([str(number) for number in range(20)], "column 'tempo' is string: features are numbers"),
        ([True, False] * 10, "column 'tempo' is bool: features are numbers"),
        ([None, *range(19)], "column 'tempo' of row 'row00' is None, not a finite number"),
    ],
)
def test_parquet_of_other_kinds_is_named(path: Path, values: list[Any], message: str) -> None:
    target = write_parquet(path, table_rows())
    rows = pq.read_table(target)
    at = rows.column_names.index("tempo")
    pq.write_table(rows.set_column(at, "tempo", pa.array(values)), target)
    with pytest.raises(DatasetError, match=message):
        table.CORPUS.load_table(target)


def test_whole_numbers_are_numbers(path: Path) -> None:
    target = write_parquet(path, table_rows())
    rows = pq.read_table(target)
    at = rows.column_names.index("tempo")
    pq.write_table(rows.set_column(at, "tempo", pa.array(range(20), pa.int16())), target)
    assert table.CORPUS.load_table(target).X[:, 1].tolist() == list(range(20))


def test_class_smaller_than_the_folds_is_told_by_the_folds(path: Path) -> None:
    write_rows(path, change(change(table_rows(), 0, label="polka"), 1, label="polka"))
    found = table.CORPUS.load_table(path)
    assert Counter(found.labels.tolist())["polka"] == 2
    with pytest.raises(DatasetError, match="class 'polka' has too few groups for n_folds=5"):
        group_folds(found.labels, found.groups["artist"], n_folds=5, seed=0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"id,label,tempo\n", "has no rows"),
        (b'{"id": "a", "label": "rock"}\n', "column 'id' is missing|has no rows"),
        (b"id,label,tempo\na,rock,1\nb,jazz\n", r"row 2 \('b'\) has 2 fields, not 3"),
        (b"id,label,tempo\na,rock,1,2\n", r"row 1 \('a'\) has 4 fields, not 3"),
        (b"id,label,tempo,tempo\na,rock,1,2\n", "column 'tempo' appears more than once"),
        (b'id,label,tempo\n"a,rock,1\n', "is not CSV"),
        (b"id,label,tempo\n\xff\xfe,rock,1\n", "is not CSV"),
        (b"PK\x03\x04\x14\x00\x00\x80" * 100, "is not CSV|is missing"),
        (b"PAR1 but no more", "is not Parquet"),
    ],
)
def test_file_that_is_no_table_is_named(path: Path, content: bytes, message: str) -> None:
    path.write_bytes(content)
    for read in (table.CORPUS.load_table, table.CORPUS.tracks):
        with pytest.raises(DatasetError, match=rf"mine\.csv'?.*({message})"):
            read(path)


def test_empty_parquet_is_refused(path: Path) -> None:
    target = path.with_suffix(".parquet")
    pq.write_table(pa.table({"id": pa.array([], pa.string()), "label": [], "tempo": []}), target)
    with pytest.raises(DatasetError, match="has no rows"):
        table.CORPUS.load_table(target)
    twice = pa.Table.from_arrays([pa.array(["a"])] * 2, names=["id", "id"])
    pq.write_table(twice, target)
    with pytest.raises(DatasetError, match="column 'id' appears more than once"):
        table.CORPUS.load_table(target)
    target.write_text("id,label,tempo\na,rock,1\n")
    with pytest.raises(DatasetError, match="is not Parquet"):
        table.CORPUS.load_table(target)


def test_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="Is a directory"):
        table.CORPUS.load_table(tmp_path)


def test_table_that_was_written_as_one_is_read_as_it_is(path: Path) -> None:
    write_rows(path, table_rows())
    before = table.CORPUS.load_table(path)
    target = path.with_suffix(".parquet")
    before.to_parquet(target)
    after = load_dataset(f"table:{target}", unit="segment", feature_set="columns")
    assert after.digest == before.digest
    assert after.provenance == before.provenance
    tracks = table.CORPUS.tracks(target)
    assert [track.id for track in tracks] == before.ids.tolist()
    assert tracks[5].groups["artist"] == before.groups["artist"][5]
    with pytest.raises(ParameterError, match=r"feature_set='gtzan57': .* holds 'columns'"):
        table.CORPUS.load_table(target, feature_set="gtzan57")


def test_audio_beside_the_table_is_found(path: Path) -> None:
    write_rows(path, change(table_rows(), 2, id="rock/song.mp3"))
    audio = path.parent / "rock" / "song.mp3"
    audio.parent.mkdir()
    audio.touch()
    paths = [track.path for track in table.CORPUS.tracks(path)]
    assert paths[2] == str(audio)
    assert paths.count(None) == 19


@pytest.mark.realdata
def test_real_public_table_equals_what_its_own_loader_gives(data: Path) -> None:
    mine = table.CORPUS.load_table(data / "gtzan" / "features_30_sec.csv", ignore=("length",))
    theirs = gtzan.CORPUS.load_table(data / "gtzan", faulty=True)
    np.testing.assert_array_equal(mine.X, theirs.X)
    assert mine.labels.tolist() == theirs.labels.tolist()
    assert mine.fingerprint == theirs.fingerprint
    duplicate = [table_.groups["duplicate"] for table_ in (mine, theirs)]
    same = [numbers[:, np.newaxis] == numbers for numbers in duplicate]
    np.testing.assert_array_equal(*same)


def test_csv_module_reads_what_was_written(path: Path) -> None:
    rows = change(table_rows(), 0, artist='A "quoted", long\nname')
    write_rows(path, rows)
    assert table.CORPUS.tracks(path)[0].artist == 'A "quoted", long\nname'
    with path.open(newline="") as file:
        assert len(list(csv.reader(file))) == 21
