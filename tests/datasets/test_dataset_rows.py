"""Rows of a dataset without their values."""

from __future__ import annotations

import numpy as np
import pytest

from earmark.datasets import Rows, Track
from earmark.errors import DatasetError

TRACKS = [
    Track(
        id=name,
        label=label,
        groups={"artist": artist, "duplicate": copy},
        partitions={"official": part},
    )
    for name, label, artist, copy, part in (
        ("a", "rock", 0, 0, "train"),
        ("b", "jazz", 1, 1, "test"),
        ("c", "rock", 0, 0, "train"),
    )
]


def test_rows_of_tracks() -> None:
    rows = Rows.of_tracks(TRACKS, provenance={"corpus": "made up"})
    assert (rows.ids.tolist(), rows.unit, rows.classes) == (list("abc"), "track", ("jazz", "rock"))
    assert rows.groups["artist"].tolist() == [0, 1, 0]
    assert rows.partitions["official"].tolist() == ["train", "test", "train"]
    assert rows.provenance == {"corpus": "made up"}


def test_rows_of_segments() -> None:
    rows = Rows.of_tracks(TRACKS, provenance={}, segments=[[0, 2], [1], [0]])
    assert rows.ids.tolist() == ["a#0", "a#2", "b#1", "c#0"]
    assert rows.unit == "segment"
    assert rows.groups["track"].tolist() == [0, 0, 1, 2]
    assert rows.groups["duplicate"].tolist() == [0, 0, 1, 0]


def test_segments_of_copies_are_copies_one_by_one() -> None:
    segments = [range(3)] * 3
    rows = Rows.of_tracks(TRACKS, provenance={}, segments=segments, segments_of_copies_match=True)
    copies = rows.groups["duplicate"]
    assert copies[:3].tolist() == copies[6:].tolist()
    assert len(np.unique(copies)) == 6


def test_no_tracks_are_refused() -> None:
    with pytest.raises(DatasetError, match="no rows are left"):
        Rows.of_tracks([], provenance={})


def test_duplicates_join_those_that_were_known() -> None:
    rows = Rows.of_tracks(TRACKS, provenance={}).with_duplicates(np.array([5, 6, 6]))
    assert len(np.unique(rows.groups["duplicate"])) == 1


def test_lone_artists_are_dropped() -> None:
    rows = Rows.of_tracks(TRACKS, provenance={})
    assert rows.without_lone_artists() is rows
    assert "artist" not in rows.select(np.array([0, 1])).without_lone_artists().groups


def test_lengths_ids_and_groups_are_checked() -> None:
    ids, labels = np.array(["a", "b"]), np.array(["rock", "jazz"])
    with pytest.raises(DatasetError, match="labels has 1 rows, ids has 2"):
        Rows(ids=ids, labels=labels[:1])
    with pytest.raises(DatasetError, match="'a' appears more than once"):
        Rows(ids=ids[[0, 0]], labels=labels)
    with pytest.raises(DatasetError, match="not whole numbers"):
        Rows(ids=ids, labels=labels, groups={"artist": np.array([0.5, 1.0])})
    with pytest.raises(DatasetError, match="needs the group 'track'"):
        Rows(ids=ids, labels=labels, unit="segment")
