"""Tables for the tests of tuning."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from earmark.datasets import FeatureTable
from earmark.tuning import Parameter, SearchSpace
from earmark.tuning._scoring import FoldScore, Scorer

KNN = SearchSpace(
    "few neighbours",
    "knn",
    "",
    (
        Parameter("n_neighbors", low=1, high=4, simpler="larger"),
        Parameter("weights", values=("uniform", "distance")),
    ),
)
SVM = SearchSpace(
    "kernels",
    "svm",
    "",
    (
        Parameter("kernel", values=("linear", "rbf")),
        Parameter("C", low=0.01, high=100.0, log=True, simpler="smaller"),
    ),
)


def made_up(
    n: int = 90, *, n_classes: int = 3, d: int = 4, spread: float = 1.0, seed: int = 0
) -> FeatureTable:
    """Return rows of classes around centres of their own, three to an artist, a fifth for tests."""
    rng = np.random.default_rng(seed)
    numbers = np.arange(n) % n_classes
    centres = rng.normal(0, 1.5, (n_classes, d))
    artists = np.arange(n) // (3 * n_classes) * n_classes + numbers
    part = np.where(artists // n_classes % 5 == 4, "test", "train")
    return FeatureTable(
        ids=np.array([f"row{i:04}" for i in range(n)]),
        X=centres[numbers] + rng.normal(0, spread, (n, d)),
        feature_set="made-up",
        fingerprint="0",
        labels=np.array(["blues", "jazz", "rock", "ska"])[numbers],
        groups={"artist": artists},
        partitions={"official": part},
        provenance={"corpus": "made up"},
    )


def rings(n: int = 120, *, seed: int = 0) -> FeatureTable:
    """Return a disc inside a ring: no straight line divides them, a radial basis does."""
    rng = np.random.default_rng(seed)
    numbers = np.arange(n) % 2
    radius = np.where(numbers == 0, 0.5, 2.0) + rng.normal(0, 0.1, n)
    angle = rng.uniform(0, 2 * np.pi, n)
    return FeatureTable(
        ids=np.array([f"row{i:04}" for i in range(n)]),
        X=np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]),
        feature_set="made-up",
        fingerprint="0",
        labels=np.array(["inside", "outside"])[numbers],
        groups={"artist": np.arange(n) // 4 * 2 + numbers},
    )


class Deadly(Scorer):
    """Ends the process that scores with it."""

    def __call__(self, parameters: Mapping[str, Any], fold: int) -> FoldScore:
        os._exit(3)
