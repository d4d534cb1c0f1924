"""`FeatureTable` to Parquet and back: nothing lost, and nothing read that is not one."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.datasets import FeatureTable
from earmark.errors import DatasetError


def make_table(**changes: Any) -> FeatureTable:
    content: dict[str, Any] = {
        "ids": np.array(["a#0", "a#1", "ü/b"]),
        "X": np.array([[0.1, 1e300], [1 / 3, -5e-324], [-0.0, 2.0]]),
        "feature_set": "two",
        "fingerprint": "f",
        "labels": np.array(["rock", "rock", "Old-Time / Historic"]),
        "groups": {"track": np.array([0, 0, 1]), "artist": np.array([2**62, 2**62, -1])},
        "partitions": {"official": np.array(["train", "train", ""])},
        "provenance": {"corpus": "none", "file": "0" * 64},
        "names": ("loudness", "tempo"),
        "unit": "segment",
    }
    return FeatureTable(**{**content, **changes})


def assert_same(first: FeatureTable, second: FeatureTable) -> None:
    assert first.X.tobytes() == second.X.tobytes()
    assert first.X.dtype == second.X.dtype == np.float64
    assert first.digest == second.digest
    for name in ("ids", "labels"):
        assert getattr(first, name).tolist() == getattr(second, name).tolist()
        assert getattr(second, name).dtype.kind == "U"
    for name in ("feature_set", "fingerprint", "names", "unit", "provenance"):
        assert getattr(first, name) == getattr(second, name)
    for kind in ("groups", "partitions"):
        ours, theirs = getattr(first, kind), getattr(second, kind)
        assert list(ours) == list(theirs)
        assert all(ours[name].tolist() == theirs[name].tolist() for name in ours)
    assert all(group.dtype == np.int64 for group in second.groups.values())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "table.parquet"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"groups": {}, "partitions": {}, "unit": "track", "provenance": {}},
        {"names": ("group:artist", "x y\n"), "groups": {}, "unit": "track"},
    ],
)
def test_nothing_is_lost(changes: dict[str, Any], path: Path) -> None:
    table = make_table(**changes)
    table.to_parquet(path)
    assert_same(table, FeatureTable.from_parquet(path))


def test_table_without_rows_or_columns_is_one(path: Path) -> None:
    for table in (
        make_table().select(np.array([], dtype=int)),
        make_table(X=np.empty((3, 0)), names=()),
    ):
        table.to_parquet(path)
        assert_same(table, FeatureTable.from_parquet(path))


texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=8)


@settings(deadline=None, derandomize=True, max_examples=40)
@given(
    rows=st.lists(
        st.tuples(
            texts,
            texts,
            st.integers(-(2**63), 2**63 - 1),
            st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=2),
        ),
        min_size=1,
        max_size=6,
        unique_by=lambda row: row[0],
    ),
    provenance=st.dictionaries(texts, texts, max_size=3),
)
def test_any_rows_come_back(
    rows: list[Any], provenance: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    ids, labels, artists, values = zip(*rows, strict=True)
    table = make_table(
        ids=np.array(ids),
        X=np.array(values),
        labels=np.array(labels),
        groups={"artist": np.array(artists)},
        partitions={"official": np.array(labels)},
        provenance=provenance,
        unit="track",
    )
    path = tmp_path_factory.mktemp("any") / "table.parquet"
    table.to_parquet(path)
    assert_same(table, FeatureTable.from_parquet(path))


@pytest.mark.parametrize("name", ["id", "label", "group:artist", "partition:official"])
def test_feature_named_like_another_column_is_refused(name: str, path: Path) -> None:
    with pytest.raises(DatasetError, match=f"'{name}' has the name of another column"):
        make_table(names=(name, "tempo")).to_parquet(path)
    assert not path.exists()


def test_failed_writing_leaves_what_was_there(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(b"mine")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq, "write_table", fail)
    with pytest.raises(OSError, match="No space"):
        make_table().to_parquet(path)
    assert path.read_bytes() == b"mine"
    assert os.listdir(path.parent) == ["table.parquet"]


@pytest.mark.parametrize(
    "content", [b"", b"id,label\na,rock\n", b"PAR1", b"PAR1" + bytes(100) + b"PAR1"]
)
def test_what_is_not_parquet_is_named(content: bytes, path: Path) -> None:
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"table\.parquet.* is not Parquet"):
        FeatureTable.from_parquet(path)


def test_missing_file_is_named(path: Path) -> None:
    with pytest.raises(DatasetError, match=r"table\.parquet': No such file"):
        FeatureTable.from_parquet(path)
    with pytest.raises(DatasetError, match=r"Is a directory"):
        FeatureTable.from_parquet(path.parent)


def test_truncated_file_is_named(path: Path) -> None:
    make_table().to_parquet(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(DatasetError, match=r"table\.parquet"):
        FeatureTable.from_parquet(path)


def test_parquet_of_something_else_is_refused(path: Path) -> None:
    for metadata in (None, {"earmark": "[]"}, {"earmark": "{"}, {"earmark": '{"schema": "x"}'}):
        rows = pa.table({"id": ["a"], "label": ["rock"]}).replace_schema_metadata(metadata)
        pq.write_table(rows, path)
        with pytest.raises(DatasetError, match=r"is not a table of features"):
            FeatureTable.from_parquet(path)


def told(**changes: Any) -> Callable[[pa.Table], pa.Table]:
    """Return what changes the metadata."""

    def change(rows: pa.Table) -> pa.Table:
        before = json.loads(rows.schema.metadata[b"earmark"])
        after = {k: v for k, v in {**before, **changes}.items() if v is not None}
        return rows.replace_schema_metadata({"earmark": json.dumps(after)})

    return change


def column(name: str, values: list[Any]) -> Callable[[pa.Table], pa.Table]:
    """Return what replaces a column."""

    def change(rows: pa.Table) -> pa.Table:
        return rows.set_column(rows.column_names.index(name), name, pa.array(values))

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (told(schema="earmark.table/2"), "schema 'earmark.table/2' is not 'earmark.table/1'"),
        (told(provenance=None), "lacks 'provenance'"),
        (told(unit="album"), "unit='album' is not one of"),
        (told(names=["loudness", "pitch"]), "column 'pitch' is missing"),
        (lambda rows: rows.drop_columns(["tempo"]), "column 'tempo' is missing"),
        (lambda rows: rows.drop_columns(["id"]), "column 'id' is missing"),
        (lambda rows: rows.drop_columns(["group:track"]), "column 'group:track' is missing"),
        (lambda rows: rows.append_column("tempo", rows["tempo"]), "'tempo' appears more than once"),
        (column("tempo", [1, 2, 3]), "column 'tempo' is int64, not double"),
        (column("tempo", ["1", "2", "3"]), "column 'tempo' is string, not double"),
        (column("tempo", [1.0, None, 3.0]), "column 'tempo' of row 'a#1' is empty"),
        (column("tempo", [1.0, 2.0, float("nan")]), "column 'tempo' of 'ü/b' is nan"),
        (column("id", ["a#0", "a#0", "ü/b"]), "'a#0' appears more than once"),
        (column("id", ["a#0", None, "ü/b"]), "column 'id' of row 1 is empty"),
        (column("tempo", [1.0, 2.0, 3.0]), "has changed since it was written"),
        (column("label", ["rock", "rock", "jazz"]), "has changed since it was written"),
        (lambda rows: rows.slice(1), "has changed since it was written"),
    ],
)
def test_damage_is_named(change: Callable[[pa.Table], pa.Table], message: str, path: Path) -> None:
    make_table().to_parquet(path)
    pq.write_table(change(pq.read_table(path)), path)
    with pytest.raises(DatasetError, match=rf"table\.parquet'.*{message}"):
        FeatureTable.from_parquet(path)
