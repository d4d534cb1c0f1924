"""`FeatureTable`: refuses what does not fit together, selects rows whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from earmark.datasets import FeatureTable
from earmark.errors import DatasetError


@pytest.fixture
def table() -> FeatureTable:
    return FeatureTable(
        ids=np.array(["a", "b", "c", "d"]),
        X=np.arange(12.0).reshape(4, 3),
        feature_set="three",
        fingerprint="f",
        labels=np.array(["rock", "jazz", "rock", "blues"]),
        groups={"artist": np.array([1, 2, 1, 3])},
        partitions={"split": np.array(["train", "test", "", "test"])},
        provenance={"corpus": "none"},
    )


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"X": np.zeros((3, 3))}, "X"),
        ({"labels": np.array(["rock"] * 5)}, "labels"),
        ({"groups": {"artist": np.arange(3)}}, "artist"),
        ({"partitions": {"split": np.array(["train"])}}, "split"),
        ({"ids": np.array(["a", "b", "c"])}, "X"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_length_that_differs_is_named(
    table: FeatureTable, changes: dict[str, object], name: str
) -> None:
    with pytest.raises(DatasetError, match=f"^{name} has . rows, ids has ."):
        replace(table, **changes)  # type: ignore[arg-type]


def test_id_that_stands_twice_is_named(table: FeatureTable) -> None:
    with pytest.raises(DatasetError, match="'b' stands more than once"):
        replace(table, ids=np.array(["a", "b", "c", "b"]))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_value_that_is_not_finite_is_named(table: FeatureTable, value: float) -> None:
    X = table.X.copy()
    X[2, 1] = value
    with pytest.raises(DatasetError, match=f"column 1 of 'c' is {value}"):
        replace(table, X=X)


def test_classes_are_sorted(table: FeatureTable) -> None:
    assert table.classes == ("blues", "jazz", "rock")
    assert len(table) == 4


@pytest.mark.parametrize(
    ("rows", "ids"),
    [
        (np.array([True, False, False, True]), ["a", "d"]),
        (np.array([3, 0]), ["d", "a"]),
        (np.array([], dtype=np.int64), []),
    ],
)
def test_selected_rows_stay_whole(table: FeatureTable, rows: np.ndarray, ids: list[str]) -> None:
    part = table.select(rows)
    assert part.ids.tolist() == ids
    at = [table.ids.tolist().index(name) for name in ids]
    np.testing.assert_array_equal(part.X, table.X[at])
    np.testing.assert_array_equal(part.labels, table.labels[at])
    np.testing.assert_array_equal(part.groups["artist"], table.groups["artist"][at])
    np.testing.assert_array_equal(part.partitions["split"], table.partitions["split"][at])
    assert (part.feature_set, part.fingerprint) == ("three", "f")
    assert part.provenance == table.provenance


def test_row_selected_twice_is_refused(table: FeatureTable) -> None:
    with pytest.raises(DatasetError, match="'a' stands more than once"):
        table.select(np.array([0, 0]))
