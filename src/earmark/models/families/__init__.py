"""Families of classifiers, with the same interface for all (extra ``train``).

Each family is a module of this package: its settings and their defaults, its presets, its search
spaces, how a classifier is made, and how a fitted one becomes a graph. To add one, add its module.

============  ==================================================================================
``forest``    random forest
``knn``       nearest neighbours, equal or weighted by 1/d or 1/d^2
``lda``       linear discriminant analysis with a shrunk covariance
``lightgbm``  boosted trees, optionally on principal components
``logistic``  multinomial logistic regression
``majority``  the class shares of the training rows, as a baseline
``mlp``       dense network, stopped early by held-out groups
``stacking``  logistic regression over other families, optionally with the columns too
``svm``       support vector machine, kernels ``linear``, ``poly``, ``rbf``, ``sigmoid``
============  ==================================================================================
"""

from earmark.models.families._family import Family, FitOptions
from earmark.models.families._groups import TakesGroups, fit_classifier, inner_folds
from earmark.models.families._registry import (
    FAMILIES,
    checked_parameters,
    family_settings,
    find_preset,
    get_family,
    make_classifier,
    presets,
)
from earmark.models.families._threads import one_thread

__all__ = [
    "FAMILIES",
    "Family",
    "FitOptions",
    "TakesGroups",
    "checked_parameters",
    "family_settings",
    "find_preset",
    "fit_classifier",
    "get_family",
    "inner_folds",
    "make_classifier",
    "one_thread",
    "presets",
]
