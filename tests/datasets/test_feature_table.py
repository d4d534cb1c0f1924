"""`FeatureTable`: refuses what does not fit together, selects rows whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from earmark.datasets import FeatureTable, segment_id
from earmark.errors import DatasetError
from earmark.features import GTZAN57


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
    with pytest.raises(DatasetError, match="'b' appears more than once"):
        replace(table, ids=np.array(["a", "b", "c", "b"]))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_value_that_is_not_finite_is_named(table: FeatureTable, value: float) -> None:
    X = table.X.copy()
    X[2, 1] = value
    with pytest.raises(DatasetError, match=f"column 'x1' of 'c' is {value}"):
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
    with pytest.raises(DatasetError, match="'a' appears more than once"):
        table.select(np.array([0, 0]))


def test_names_are_those_of_the_registered_set_by_default(table: FeatureTable) -> None:
    wide = replace(
        table, X=np.zeros((4, 57)), names=(), feature_set="gtzan57", fingerprint=GTZAN57.fingerprint
    )
    assert wide.names == GTZAN57.names
    assert replace(wide, names=(), fingerprint="f").names[:2] == ("x0", "x1")
    assert table.names == ("x0", "x1", "x2")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"names": ("a", "b")}, "names has 2 names, X has 3 columns"),
        ({"names": ("a", "b", "a")}, "column 'a' appears more than once"),
        ({"X": np.zeros(4), "names": ()}, r"X has shape \(4,\)"),
        ({"groups": {"artist": np.array([1.0, 2, 3, 4])}}, "group 'artist' has dtype float64"),
        ({"unit": "album"}, "unit='album' is not one of track, segment"),
        ({"unit": "segment"}, "unit='segment' needs the group 'track'"),
    ],
)
def test_what_does_not_fit_is_refused(
    table: FeatureTable, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(DatasetError, match=message):
        replace(table, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"ids": np.array(["a", "b", "c", "e"])},
        {"X": np.arange(12.0).reshape(4, 3) + np.eye(4, 3) * 1e-15},
        {"X": np.arange(12.0).reshape(3, 4).T},
        {"names": ("x0", "x1", "y")},
        {"labels": np.array(["rock", "jazz", "jazz", "blues"])},
        {"groups": {"artist": np.array([1, 2, 1, 4])}},
        {"groups": {"track": np.array([1, 2, 1, 3])}},
        {"groups": {}},
        {"partitions": {"split": np.array(["train", "test", "test", "test"])}},
        {"partitions": {}},
    ],
    ids="+".join,
)
def test_digest_changes_with_the_rows(table: FeatureTable, changes: dict[str, object]) -> None:
    assert replace(table, **changes).digest != table.digest  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"ids": np.array(["a", "b", "c", "d"], dtype="<U99")},
        {"X": np.asfortranarray(np.arange(12.0).reshape(4, 3))},
        {"X": np.array([[-0.0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]])},
        {"groups": {"artist": np.array([1, 2, 1, 3], dtype=np.int32)}},
        {"provenance": {"corpus": "other"}},
    ],
    ids="+".join,
)
def test_digest_does_not_depend_on_how_rows_are_held(
    table: FeatureTable, changes: dict[str, object]
) -> None:
    assert replace(table, **changes).digest == table.digest  # type: ignore[arg-type]


def test_digest_is_pinned(table: FeatureTable) -> None:
    # Results carry it: a change makes those of before look as if they were of other rows.
    assert table.digest == "247f0842f56cb5843416443b3df85b35d7f6c2bbb0fb964f580ceb94038174d2"


def test_id_of_a_segment_names_its_track() -> None:
    assert segment_id("a#b", 12) == "a#b#12"
    assert segment_id("a#b", 12).rpartition("#")[0] == "a#b"
