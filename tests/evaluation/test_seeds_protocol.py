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
    "name",
    [
        "knn",
        "knn-2",
        "svm",
        "mlp, 200 passes",
        "stacking",
        "stacking, network of 200 passes",
    ],
)
def test_labels_are_those_of_scikit_learn(
    rows: FeatureTable, script: ModuleType, name: str
) -> None:
    """All 200 rows; the networks of a fixed number of passes are given ten of them here."""
    recipe, make = script.references(max_iter=10)[name]
    fold = script.seeds_fold(rows)
    ours = script.earmark_labels(recipe, rows, fold)
    np.testing.assert_array_equal(ours.rows, fold.test)
    np.testing.assert_array_equal(ours.predicted, script.reference_labels(make, rows, fold))
    assert ours.right.mean() > 0.3
