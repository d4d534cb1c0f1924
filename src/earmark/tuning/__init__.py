"""Searching the parameters of a family over the folds of a protocol (extra ``train``).

`search_parameters` tries every point of a grid, or has Optuna draw them; `nested_tune` says what a
model that was tuned so is worth. Rows that are to be scored are never given to `search_parameters`.
"""

from earmark.tuning._nested import NestedTuning, fit_tuned, nested_tune
from earmark.tuning._presets import load_search_space, search_space_names
from earmark.tuning._result import RULES, Tuning
from earmark.tuning._search import (
    DEFAULT_TRIALS,
    TUNING_PROTOCOLS,
    SearchSettings,
    search_parameters,
)
from earmark.tuning._spaces import Parameter, SearchSpace
from earmark.tuning._study import Trial
from earmark.tuning._tuned_model import (
    ROWS,
    TUNING_SCHEMA,
    TunedModel,
    recipe_file,
    rows_to_choose_by,
    tuned_recipe,
)

__all__ = [
    "DEFAULT_TRIALS",
    "ROWS",
    "RULES",
    "TUNING_PROTOCOLS",
    "TUNING_SCHEMA",
    "NestedTuning",
    "Parameter",
    "SearchSettings",
    "SearchSpace",
    "Trial",
    "TunedModel",
    "Tuning",
    "fit_tuned",
    "load_search_space",
    "nested_tune",
    "recipe_file",
    "rows_to_choose_by",
    "search_parameters",
    "search_space_names",
    "tuned_recipe",
]
