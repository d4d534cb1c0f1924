"""Families by name, each loaded when first named."""

from __future__ import annotations

import os
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any

from earmark.errors import MissingExtraError, ParameterError
from earmark.models.families._family import Family, FitOptions

__all__ = [
    "FAMILIES",
    "checked_parameters",
    "family_settings",
    "find_preset",
    "get_family",
    "make_classifier",
    "presets",
]

FAMILIES = tuple(
    sorted(
        module.name
        for module in pkgutil.iter_modules([os.path.dirname(__file__)])
        if not module.name.startswith("_")
    )
)
"""Names of the families: those of the modules of this package."""

_EXTRA = "train"


@cache
def get_family(name: str) -> Family:
    """Load one of `FAMILIES`.

    Raises `ParameterError` if there is no such family, and `MissingExtraError` if it needs a
    library that is not installed.

    Examples
    --------
    >>> get_family("logistic").defaults()
    {'C': 1.0, 'class_weight': 'none'}
    """
    if name not in FAMILIES:
        raise ParameterError(f"family={name!r} is not one of {', '.join(FAMILIES)}")
    try:
        module = import_module(f"{__package__}.{name}")
    except ModuleNotFoundError as error:
        raise MissingExtraError(_EXTRA, error.name) from error
    family: Family = module.FAMILY
    return family


def family_settings(family: str) -> dict[str, Any]:
    """List the settings of a family.

    Parameters
    ----------
    family : str
        One of `FAMILIES`.

    Returns
    -------
    dict
        Name and default of each setting.

    Raises
    ------
    ParameterError
        If there is no such family.

    Examples
    --------
    >>> family_settings("knn")
    {'n_neighbors': 5, 'weights': 'uniform', 'p': 2}
    """
    return get_family(family).defaults()


def checked_parameters(family: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Check the parameters of a family, and add the defaults of the others.

    Parameters
    ----------
    family : str
        One of `FAMILIES`.
    parameters : mapping
        Values by name.

    Returns
    -------
    dict
        A value for each setting; None where it is ``"none"``.

    Raises
    ------
    ParameterError
        If there is no such family or setting, or the setting does not accept the value.

    Examples
    --------
    >>> checked_parameters("knn", {"n_neighbors": 0})
    Traceback (most recent call last):
    ...
    earmark.errors.ParameterError: family='knn': n_neighbors=0 is not a whole number from 1
    """
    return get_family(family).checked(parameters)


def make_classifier(
    family: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    seed: int = 0,
    n_folds: int = 5,
    calibrate: bool = True,
    n_jobs: int = 1,
) -> Any:
    """Make a classifier of a family.

    Parameters
    ----------
    family : str
        One of `FAMILIES`.
    parameters : mapping or None
        Values by name, see `family_settings`; the others keep their defaults.
    seed : int
        The same seed gives the same classifier.
    n_folds : int
        Folds within the training rows, if the family holds rows out: for the sigmoids of ``svm``
        and the scores that ``stacking`` learns from.
    calibrate : bool
        Whether the probabilities of ``svm`` come from held-out rows. If not, they are the softmax
        of its scores, in a fifth of the time or less. Other families ignore it.
    n_jobs : int
        Number of threads for the trees of a forest, or the members and folds of a stack. The result
        does not depend on it.

    Returns
    -------
    estimator
        With scikit-learn's methods, not yet fitted: `fit_classifier` fits it.

    Raises
    ------
    ParameterError
        If there is no such family or setting, or a setting does not accept its value.

    Examples
    --------
    >>> make_classifier("svm", {"C": 10.0, "kernal": "rbf"})
    Traceback (most recent call last):
    ...
    earmark.errors.ParameterError: family='svm' has no setting 'kernal'. Available: C, kernel, ...
    >>> make_classifier("logistic", {"C": 0.5}).C
    0.5
    """
    chosen = get_family(family)
    options = FitOptions(seed=seed, n_folds=n_folds, calibrate=calibrate, n_jobs=n_jobs)
    return chosen.make(chosen.checked(parameters or {}), options)


def presets() -> dict[str, str]:
    """List the presets of all families.

    Returns
    -------
    dict of str to str
        Description of each preset by name.

    Examples
    --------
    >>> [name for name in presets() if name.startswith("knn")]
    ['knn', 'knn-1d2', 'knn-2', 'knn-3', 'knn-15']
    """
    return {
        name: preset["description"]
        for family in FAMILIES
        for name, preset in get_family(family).presets.items()
    }


def find_preset(name: str) -> tuple[Family, Mapping[str, Any]] | None:
    """Find a preset by its name, which begins with that of its family.

    Parameters
    ----------
    name : str
        Its name.

    Returns
    -------
    (Family, mapping) or None
        Its family, and its description and parameters; None if there is no such preset.

    Examples
    --------
    >>> find_preset("knn-3")[1]["n_neighbors"]
    3
    """
    family = name.partition("-")[0]
    if family not in FAMILIES:
        return None
    found = get_family(family)
    return (found, found.presets[name]) if name in found.presets else None
