"""Tables with known leaks, and classifiers simple enough to see through."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from earmark.datasets import FeatureTable
from earmark.models import Prediction


def made_up(*, leak: bool, seed: int = 0) -> FeatureTable:
    """Return 4 genres x 15 artists x 5 tracks; the genre is in no column, the artist may be."""
    rng = np.random.default_rng(seed)
    artists = np.repeat(np.arange(60), 5)
    n = len(artists)
    of_artist = rng.normal(0, 10, (60, 6))
    X = rng.normal(0, 1, (n, 6)) + (of_artist[artists] if leak else 0)
    return FeatureTable(
        ids=np.array([f"t{i:03}" for i in range(n)]),
        X=X,
        feature_set="six",
        fingerprint="f",
        labels=np.array([f"genre{artist % 4}" for artist in artists]),
        groups={"artist": artists},
        partitions={
            "official": rng.choice(["train", "valid", "test", ""], n),
            "published3": rng.choice(["0", "1", "2", ""], n),
        },
    )


def made_of_segments(*, seed: int = 0) -> FeatureTable:
    """Return 4 genres x 6 artists x 4 tracks x 5 segments, whose columns tell the track alone."""
    rng = np.random.default_rng(seed)
    tracks = np.repeat(np.arange(96), 5)
    artists = tracks // 4
    of_track = rng.normal(0, 10, (96, 6))
    return FeatureTable(
        ids=np.array([f"t{track:02}#{i % 5}" for i, track in enumerate(tracks)]),
        X=of_track[tracks] + rng.normal(0, 0.5, (len(tracks), 6)),
        feature_set="six",
        fingerprint="f",
        labels=np.array([f"genre{artist % 4}" for artist in artists]),
        groups={"artist": artists, "track": tracks},
        unit="segment",
    )


@dataclass
class Nearest:
    """Answers as the nearest training row does."""

    table: FeatureTable
    classes: tuple[str, ...]
    min_confidence: float = 0.5
    min_margin: float = 0.0
    max_distance: float = 4.0

    def predict(self, X: np.ndarray) -> Prediction:
        distances = np.linalg.norm(X[:, None] - self.table.X[None], axis=2)
        y = np.searchsorted(self.classes, self.table.labels[distances.argmin(axis=1)])
        return Prediction(np.eye(len(self.classes))[y], distances.min(axis=1))


def fit_nearest(rows: FeatureTable) -> Nearest:
    """Remember the training rows."""
    return Nearest(rows, rows.classes)
