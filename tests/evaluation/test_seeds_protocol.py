"""The course project's protocol: our runs against plain scikit-learn calls, row for row."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from earmark.datasets import FeatureTable, identical_rows

pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """Return the reference script."""
    path = Path(__file__).parents[2] / "benchmarks" / "seeds_reference.py"
    spec = importlib.util.spec_from_file_location("seeds_reference", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def rows(data: Path, script: ModuleType) -> FeatureTable:
    table: FeatureTable = script.load_rows(data)
    return table


def test_duplicates_are_on_both_sides(rows: FeatureTable, script: ModuleType) -> None:
    fold = script.seeds_fold(rows)
    copies = identical_rows(rows.X)
    assert (len(rows), len(fold.train), len(fold.test)) == (1000, 800, 200)
    assert len(rows) - len(np.unique(copies)) == 14
    assert set(copies[fold.train]) & set(copies[fold.test])
    assert np.unique(rows.labels[fold.test], return_counts=True)[1].tolist() == [20] * 10


@pytest.mark.parametrize(
    ("name", "passes"),
    [
        ("knn", 0),
        ("knn-2", 0),
        ("svm", 0),
        ("mlp, 200 passes", 10),
        ("stacking, network of 200 passes", 2),
        pytest.param("stacking, network of 200 passes", 10, marks=pytest.mark.slow),
        pytest.param("stacking", 0, marks=pytest.mark.slow),
    ],
)
def test_labels_are_those_of_scikit_learn(
    rows: FeatureTable, script: ModuleType, name: str, passes: int
) -> None:
    """All 200 rows; networks of a fixed number of passes are given fewer of them here."""
    recipe, make = script.references(max_iter=passes or 200)[name]
    fold = script.seeds_fold(rows)
    ours = script.earmark_labels(recipe, rows, fold)
    np.testing.assert_array_equal(ours.rows, fold.test)
    np.testing.assert_array_equal(ours.predicted, script.reference_labels(make, rows, fold))
    assert ours.right.mean() > 0.3
