"""Train a model or a space: read a recipe, fit it, calibrate it (extra ``train``)."""

from earmark.models._fitted import FittedModel
from earmark.models._fitting import InnerGroups, fit
from earmark.models._group_check import check_groups
from earmark.models._recipe import Recipe, load_recipe, presets
from earmark.models._recipe_file import render_recipe
from earmark.models._space_fitting import FittedSpace, fit_space
from earmark.models._space_recipe import SpaceRecipe, load_space_recipe

__all__ = [
    "FittedModel",
    "FittedSpace",
    "InnerGroups",
    "Recipe",
    "SpaceRecipe",
    "check_groups",
    "fit",
    "fit_space",
    "load_recipe",
    "load_space_recipe",
    "presets",
    "render_recipe",
]
