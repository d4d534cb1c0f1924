"""How a model is made: read a recipe, fit it, calibrate it (extra ``train``)."""

from earmark.models._fitting import FittedModel, InnerGroups, fit
from earmark.models._recipe import Recipe, load_recipe, presets

__all__ = ["FittedModel", "InnerGroups", "Recipe", "fit", "load_recipe", "presets"]
