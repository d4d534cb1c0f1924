"""A recipe as a TOML file, as `earmark.models.recipe.load_recipe` reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tomli_w

from earmark.models._recipe import Recipe

__all__ = ["render_recipe"]


def _set(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings, with lists for tuples."""
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in content.items()
        if value is not None
    }


def render_recipe(recipe: Recipe, *, comment: str = "") -> str:
    """Write a recipe as TOML.

    Parameters
    ----------
    recipe : Recipe
        The recipe.
    comment : str
        Lines at the top of the file.

    Returns
    -------
    str
        Text that `load_recipe` reads as the same recipe.

    Examples
    --------
    >>> from earmark.models.recipe import load_recipe
    >>> 'family = "svm"' in render_recipe(load_recipe("svm"))
    True
    """
    content = {
        "name": recipe.name,
        "description": recipe.description or None,
        "corpus": recipe.corpus or None,
        "features": None if recipe.feature_set is None else recipe.feature_set.name,
        "seed": recipe.seed,
        "n_folds": recipe.n_folds,
        "classifier": _set(
            {
                "log_columns": recipe.log_columns,
                "clip": recipe.clip,
                "standardise": recipe.standardise,
                "calibration": recipe.calibration,
                "precision": recipe.precision,
                "members": [_set(member) for member in recipe.members],
            }
        ),
        "unsure": _set(
            {
                "accuracy": recipe.accuracy,
                "familiar": recipe.familiar,
                "distance_columns": recipe.distance_columns,
                "sqrt_columns": recipe.sqrt_columns,
            }
        ),
    }
    head = "".join(f"# {line}".rstrip() + "\n" for line in comment.splitlines())
    return (head + "\n" if head else "") + tomli_w.dumps(_set(content))
