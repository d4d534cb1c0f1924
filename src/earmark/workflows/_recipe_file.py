"""A recipe as a TOML file, as `earmark.models.recipe.load_recipe` reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from earmark.models.recipe import Recipe

__all__ = ["render_recipe"]


def _value(value: Any) -> str:
    """Write a value as TOML."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_value(one)}" for key, one in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, str):
        # TOML's escapes are JSON's, but for DEL, which JSON leaves as it is.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)


def _lines(content: Mapping[str, Any]) -> list[str]:
    return [f"{key} = {_value(value)}" for key, value in content.items() if value is not None]


def render_recipe(recipe: Recipe, *, comment: str = "") -> str:
    """Write a recipe as TOML.

    Parameters
    ----------
    recipe : Recipe
        What to write.
    comment : str
        Lines for the head of the file.

    Returns
    -------
    str
        What `load_recipe` makes the same recipe of.

    Examples
    --------
    >>> from earmark.models.recipe import load_recipe
    >>> 'family = "svm"' in render_recipe(load_recipe("svm"))
    True
    """
    features = None if recipe.feature_set is None else recipe.feature_set.name
    head = {
        "name": recipe.name,
        "description": recipe.description or None,
        "corpus": recipe.corpus or None,
        "features": features,
        "seed": recipe.seed,
        "n_folds": recipe.n_folds,
    }
    classifier = {
        "log_columns": recipe.log_columns,
        "clip": recipe.clip,
        "standardise": recipe.standardise,
        "calibration": recipe.calibration,
        "precision": recipe.precision,
    }
    unsure = {
        "accuracy": recipe.accuracy,
        "familiar": recipe.familiar,
        "distance_columns": recipe.distance_columns,
        "sqrt_columns": recipe.sqrt_columns,
    }
    lines = [f"# {line}".rstrip() for line in comment.splitlines()]
    lines += [*([""] if lines else []), *_lines(head), "", "[classifier]", *_lines(classifier)]
    for member in recipe.members:
        lines += ["", "[[classifier.members]]", *_lines(member)]
    return "\n".join([*lines, "", "[unsure]", *_lines(unsure), ""])
