"""What each family can be set to, and what it is set to unless told otherwise."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Protocol

from earmark.errors import ParameterError

__all__ = ["FAMILIES", "checked_parameters", "family_settings"]

FAMILIES = (
    "majority",
    "knn",
    "svm",
    "logistic",
    "lda",
    "forest",
    "lightgbm",
    "mlp",
    "stacking",
)
"""Names of the families, the simplest first."""


class _Kind(Protocol):
    """What values a setting takes."""

    def accepts(self, value: Any) -> bool:
        """Tell whether a value is one of them."""

    def __str__(self) -> str:
        """Return what is needed, in words."""


@dataclass(frozen=True)
class _Number:
    """Numbers of a range, whole or not, and words that stand for something else."""

    low: float
    high: float = math.inf
    whole: bool = False
    above: bool = False
    words: tuple[str, ...] = ()

    def accepts(self, value: Any) -> bool:
        if isinstance(value, str):
            return value in self.words
        if isinstance(value, bool) or not isinstance(value, Integral if self.whole else Real):
            return False
        number = float(value)
        large_enough = number > self.low if self.above else number >= self.low
        return large_enough and number <= self.high and math.isfinite(number)

    def __str__(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        low = f"above {self.low:g}" if self.above else f"from {self.low:g}"
        high = f" to {self.high:g}" if math.isfinite(self.high) else ""
        words = "".join(f", or {word!r}" for word in self.words)
        return f"{kind} {low}{high}{words}"


@dataclass(frozen=True)
class _Choice:
    """One of some words, or true and false."""

    values: tuple[str | bool, ...]

    def accepts(self, value: Any) -> bool:
        return any(value is one or (isinstance(one, str) and value == one) for one in self.values)

    def __str__(self) -> str:
        return "one of " + ", ".join(repr(one) for one in self.values)


@dataclass(frozen=True)
class _Share:
    """A whole number of columns, a share of them, or a word."""

    words: tuple[str, ...]

    def accepts(self, value: Any) -> bool:
        if isinstance(value, str):
            return value in self.words
        if isinstance(value, bool):
            return False
        if isinstance(value, Integral):
            return int(value) >= 1
        return isinstance(value, Real) and 0 < float(value) <= 1

    def __str__(self) -> str:
        words = ", ".join(repr(word) for word in self.words)
        return f"a whole number from 1, a share above 0 and up to 1, or one of {words}"


@dataclass(frozen=True)
class _Sizes:
    """Whole numbers, one or more."""

    def accepts(self, value: Any) -> bool:
        size = _Number(1, whole=True)
        return isinstance(value, list | tuple) and bool(value) and all(map(size.accepts, value))

    def __str__(self) -> str:
        return "a list of one or more whole numbers from 1"


@dataclass(frozen=True)
class _Members:
    """Families with their parameters."""

    def accepts(self, value: Any) -> bool:
        return (
            isinstance(value, list | tuple)
            and bool(value)
            and all(isinstance(member, Mapping) and "family" in member for member in value)
        )

    def __str__(self) -> str:
        return "a list of one or more tables, each with a family"


_CLASS_WEIGHT = _Choice(("none", "balanced"))
_POSITIVE = _Number(0, above=True)

# Of each family, by name of the setting: what it takes, and its value unless told otherwise.
_SETTINGS: dict[str, dict[str, tuple[_Kind, Any]]] = {
    "majority": {},
    "knn": {
        "n_neighbors": (_Number(1, whole=True), 5),
        "weights": (_Choice(("uniform", "distance", "distance2")), "uniform"),
        "p": (_Number(1, 3, whole=True), 2),
    },
    "svm": {
        "C": (_POSITIVE, 1.0),
        "kernel": (_Choice(("linear", "poly", "rbf", "sigmoid")), "rbf"),
        "gamma": (_Number(0, above=True, words=("scale", "auto")), "scale"),
        "degree": (_Number(1, 10, whole=True), 3),
        "coef0": (_Number(-1e6, 1e6), 0.0),
        "class_weight": (_CLASS_WEIGHT, "none"),
    },
    "logistic": {"C": (_POSITIVE, 1.0), "class_weight": (_CLASS_WEIGHT, "none")},
    "lda": {"shrinkage": (_Number(0, 1, words=("auto",)), "auto")},
    "forest": {
        "n_estimators": (_Number(1, whole=True), 100),
        "criterion": (_Choice(("gini", "entropy", "log_loss")), "gini"),
        "max_depth": (_Number(1, whole=True, words=("none",)), "none"),
        "max_features": (_Share(("sqrt", "log2", "none")), "sqrt"),
        "min_samples_leaf": (_Number(1, whole=True), 1),
        "class_weight": (_CLASS_WEIGHT, "none"),
    },
    "lightgbm": {
        "n_components": (_Number(1, whole=True, words=("none",)), "none"),
        "n_estimators": (_Number(1, whole=True), 100),
        "learning_rate": (_POSITIVE, 0.1),
        "num_leaves": (_Number(2, 131072, whole=True), 31),
        "max_depth": (_Number(1, whole=True, words=("none",)), "none"),
        "min_child_samples": (_Number(1, whole=True), 20),
        "subsample": (_Number(0, 1, above=True), 1.0),
        "colsample_bytree": (_Number(0, 1, above=True), 1.0),
        "reg_alpha": (_Number(0), 0.0),
        "reg_lambda": (_Number(0), 0.0),
        "class_weight": (_CLASS_WEIGHT, "none"),
    },
    "mlp": {
        "hidden_layer_sizes": (_Sizes(), (300, 300, 300, 300, 300)),
        "learning_rate_init": (_POSITIVE, 1e-4),
        "alpha": (_Number(0), 1e-4),
        "batch_size": (_Number(1, whole=True, words=("auto",)), "auto"),
        "max_iter": (_Number(1, whole=True), 200),
        "n_iter_no_change": (_Number(1, whole=True), 10),
        "validation_fraction": (_Number(0, 0.5), 0.1),
    },
    "stacking": {
        "members": (
            _Members(),
            (
                {"family": "knn"},
                {"family": "svm"},
                {"family": "mlp"},
            ),
        ),
        "passthrough": (_Choice((True, False)), True),
        "C": (_POSITIVE, 1.0),
    },
}


def family_settings(family: str) -> dict[str, Any]:
    """List what a family can be set to.

    Parameters
    ----------
    family : str
        One of `FAMILIES`.

    Returns
    -------
    dict
        Name of each setting, and its value unless told otherwise.

    Raises
    ------
    ParameterError
        If there is no such family.

    Examples
    --------
    >>> family_settings("knn")
    {'n_neighbors': 5, 'weights': 'uniform', 'p': 2}
    """
    if family not in _SETTINGS:
        raise ParameterError(f"family={family!r} is not one of {', '.join(FAMILIES)}")
    return {name: value for name, (_, value) in _SETTINGS[family].items()}


def checked_parameters(family: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Check the parameters of a family and add those that are not given.

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
        If there is no such family or setting, or a value is not one that it takes.

    Examples
    --------
    >>> checked_parameters("knn", {"n_neighbors": 0})
    Traceback (most recent call last):
    ...
    earmark.errors.ParameterError: family='knn': n_neighbors=0 is not a whole number from 1
    """
    settings = family_settings(family)
    for name, value in parameters.items():
        if name not in settings:
            known = ", ".join(settings) or "none"
            raise ParameterError(f"family={family!r} has no setting {name!r}; it has: {known}")
        kind = _SETTINGS[family][name][0]
        if not kind.accepts(value):
            raise ParameterError(f"family={family!r}: {name}={value!r} is not {kind}")
        settings[name] = value
    return {name: None if value == "none" else value for name, value in settings.items()}
