"""Check before fitting whether a genre has enough groups to hold some out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from earmark.datasets import Fold, Rows
from earmark.errors import DatasetError
from earmark.models._fitting import InnerGroups, classifiers_of, groups_inside
from earmark.models._recipe import Recipe
from earmark.models.families import TakesGroups, inner_folds
from earmark.types import IntArray

__all__ = ["check_groups"]

_PLENTY = 20
"""A genre with this many groups is never in one fold only, however often rows are held out."""


def check_groups(
    recipe: Recipe,
    table: Rows,
    folds: Iterable[Fold],
    *,
    calibrate: bool = True,
    inner_groups: InnerGroups = "artist",
) -> None:
    """Refuse rows if a genre could not be held out while a recipe is fitted.

    It makes the folds that `fit` would make, which is much faster than fitting.

    Parameters
    ----------
    recipe : Recipe
        The recipe to fit.
    table : Rows
        All rows.
    folds : iterable of Fold
        Folds whose training rows the recipe will be fitted to.
    calibrate : bool
        As `fit` takes it.
    inner_groups : {"artist", "track", "row"}
        As `fit` takes it.

    Raises
    ------
    DatasetError
        If a genre has too few artists, tracks or rows; it names the genre.

    Examples
    --------
    >>> from earmark.models.recipe import load_recipe
    >>> table = Rows(
    ...     ids=np.arange(12).astype(str), labels=np.array(["fado"] * 2 + ["rock"] * 10),
    ...     groups={"artist": np.array([0, 0, *range(1, 11)])},
    ... )
    >>> check_groups(load_recipe("knn"), table, [Fold(np.arange(12), np.arange(0))])
    Traceback (most recent call last):
    ...
    earmark.errors.DatasetError: genre 'fado' has too few artists: 1 to learn from, ...
    """
    classes = table.classes
    number = {name: at for at, name in enumerate(classes)}
    y: IntArray = np.array([number[label] for label in table.labels.tolist()], dtype=np.int64)
    unit = _unit(table, inner_groups)
    everything = groups_inside(table.groups, len(table), inner_groups)
    holding = [
        one for one in classifiers_of(recipe, calibrate=calibrate) if isinstance(one, TakesGroups)
    ]
    for fold in folds:
        rows = fold.train
        groups = groups_inside(
            {name: values[rows] for name, values in table.groups.items()}, len(rows), inner_groups
        )
        counts = [len(np.unique(groups[y[rows] == at])) for at in range(len(classes))]
        if min(counts) >= _PLENTY:
            continue
        at = _cannot_be_held_out(recipe, holding, y[rows], groups, calibrate=calibrate)
        if at is not None:
            others = " by others" if unit == "artist" else ""
            n_all = len(np.unique(everything[y == at]))
            of_all = f"{n_all}, of which scoring leaves " if n_all > counts[at] else ""
            raise DatasetError(
                f"genre {classes[at]!r} has too few {unit}s: {of_all}{counts[at]} to learn from, "
                f"and some of them have to be held out. Add music{others}, or leave the genre out"
            )


def _unit(table: Rows, inner_groups: InnerGroups) -> str:
    if inner_groups == "artist" and "artist" in table.groups:
        return "artist"
    return "track" if "track" in table.groups or table.unit == "track" else "row"


def _cannot_be_held_out(
    recipe: Recipe,
    holding: Sequence[TakesGroups],
    y: IntArray,
    groups: IntArray,
    *,
    calibrate: bool,
) -> int | None:
    """Return a class that would be in one fold only, or None."""
    parts = [np.arange(len(y))]
    part = parts[0]
    try:
        if calibrate:
            folds = inner_folds(y, groups, n_folds=recipe.n_folds, seed=recipe.seed)
            parts += [fold.train for fold in folds]
        for part in parts:
            for classifier in holding:
                classifier.deal(y[part], groups[part])
    except DatasetError:
        there = np.unique(y[part])
        counts = [len(np.unique(groups[part][y[part] == at])) for at in there.tolist()]
        return int(there[np.argmin(counts)])
    return None
