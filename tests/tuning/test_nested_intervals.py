"""The interval of a nested score resamples what its protocol keeps apart."""

from __future__ import annotations

import numpy as np

from earmark.datasets import FeatureTable
from earmark.evaluation import estimates
from earmark.tuning import nested_tune


def test_nested_score_with_artists_apart_resamples_artists() -> None:
    rng = np.random.default_rng(0)
    artists = np.repeat(np.arange(30), 6)
    of_artist = rng.normal(0, 2, (30, 3))
    labels = np.array(["jazz", "rock"])[artists % 2]
    table = FeatureTable(
        ids=np.array([f"t{row:03}" for row in range(180)]),
        X=of_artist[artists] + (artists % 2)[:, np.newaxis] + rng.normal(0, 0.3, (180, 3)),
        feature_set="three",
        fingerprint="f",
        labels=labels,
        groups={"artist": artists},
    )
    found = nested_tune(table, family="knn", protocol="artist", search="grid", trials=1, jobs=1)
    rows = np.searchsorted(table.ids, found.ids)
    y = np.searchsorted(["jazz", "rock"], found.true)
    named = np.eye(2)[np.searchsorted(["jazz", "rock"], found.predicted)]
    over_artists = estimates(y, named, groups=artists[rows])["accuracy"]
    over_songs = estimates(y, named)["accuracy"]
    assert found.accuracy == over_artists
    assert over_artists.high - over_artists.low > 1.3 * (over_songs.high - over_songs.low)
