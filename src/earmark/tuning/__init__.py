"""Searching the parameters of a family over the folds of a protocol (extra ``train``).

`tune` tries every point of a grid, or has Optuna draw them; `nested_tune` says what a model that
was tuned so is worth. Rows that are to be scored are never given to `tune`.
"""

from earmark.tuning._nested import NestedTuning, fit_tuned, nested_tune
from earmark.tuning._presets import load_search_space, search_space_names
from earmark.tuning._result import RULES, Tuning
from earmark.tuning._search import DEFAULT_TRIALS, PROTOCOLS, tune
from earmark.tuning._spaces import Parameter, SearchSpace
from earmark.tuning._study import Trial

__all__ = [
    "DEFAULT_TRIALS",
    "PROTOCOLS",
    "RULES",
    "NestedTuning",
    "Parameter",
    "SearchSpace",
    "Trial",
    "Tuning",
    "fit_tuned",
    "load_search_space",
    "nested_tune",
    "search_space_names",
    "tune",
]
