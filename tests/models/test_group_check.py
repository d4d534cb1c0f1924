"""Genres with too few artists or tracks are refused by name before anything is fitted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from earmark.datasets import FeatureTable, Fold
from earmark.errors import DatasetError
from earmark.evaluation import inner_groups, protocol_folds
from earmark.models.recipe import check_groups, fit, load_recipe


def table_of(counts: dict[str, Sequence[int]]) -> FeatureTable:
    """Return a table of artists' songs, so many by each artist of each genre."""
    labels = [genre for genre, songs in counts.items() for n in songs for _ in range(n)]
    artists = [
        (genre, at)
        for genre, songs in counts.items()
        for at, n in enumerate(songs)
        for _ in range(n)
    ]
    names = sorted(set(artists))
    rng = np.random.default_rng(0)
    return FeatureTable(
        ids=np.arange(len(labels)).astype(str),
        X=rng.normal(size=(len(labels), 4)) + np.array([len(label) for label in labels])[:, None],
        feature_set="mine",
        fingerprint="0",
        labels=np.array(labels),
        groups={"artist": np.array([names.index(one) for one in artists])},
    )


def everything(table: FeatureTable) -> list[Fold]:
    return [Fold(np.arange(len(table)), np.arange(0))]


def test_genre_by_one_artist_is_refused_by_name() -> None:
    table = table_of({"rock": [2] * 10, "jazz": [2] * 10, "fado": [8]})
    message = r"genre 'fado' has too few artists: 1 to learn from, and some of them have to be held"
    for name in ("knn", "svm", "stacking"):
        with pytest.raises(DatasetError, match=message):
            check_groups(load_recipe(name), table, everything(table))
    # Other songs by the same artist may be held out where artists need not be kept apart.
    check_groups(load_recipe("svm"), table, everything(table), inner_groups="row")


@pytest.mark.parametrize("name", ["knn", "svm", "stacking"])
@pytest.mark.parametrize("artists", [2, 3, 5])
@pytest.mark.parametrize("calibrate", [False, True])
def test_what_is_refused_is_what_fitting_would_refuse(
    name: str, artists: int, calibrate: bool
) -> None:
    recipe = load_recipe(name)
    table = table_of({"rock": [2] * 12, "jazz": [3] * 12, "fado": [4] * artists})
    rows = everything(table)
    settings: dict[str, Any] = {"calibrate": calibrate, "inner_groups": "artist"}
    try:
        check_groups(recipe, table, rows, **settings)
    except DatasetError:
        with pytest.raises(DatasetError, match="too few groups"):
            fit(recipe, table, classes=table.classes, **settings)
    else:
        fit(recipe, table, classes=table.classes, **settings)


def test_folds_are_checked_as_they_are() -> None:
    table = table_of({"rock": [2] * 12, "jazz": [2] * 12, "fado": [3, 3]})
    folds = protocol_folds("artist", table, seed=0)
    known = inner_groups("artist", table)
    message = "genre 'fado' has too few artists: 2, of which scoring leaves 1 to learn from"
    with pytest.raises(DatasetError, match=message):
        check_groups(load_recipe("stacking"), table, folds, calibrate=False, inner_groups=known)
    check_groups(load_recipe("lda"), table, folds, calibrate=False, inner_groups=known)
