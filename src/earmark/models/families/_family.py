"""A family of models: settings, presets, search spaces, a classifier and its graph."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from earmark.errors import ParameterError

if TYPE_CHECKING:
    from earmark.models._onnx import Graph

__all__ = [
    "CLASS_WEIGHT",
    "POSITIVE",
    "Choice",
    "Family",
    "FitOptions",
    "Kind",
    "Members",
    "Number",
    "Share",
    "Sizes",
]


class Kind(Protocol):
    """The values a setting accepts."""

    def accepts(self, value: Any) -> bool:
        """Tell whether a value is accepted."""
        ...

    def __str__(self) -> str:
        """Describe the accepted values, as in "is not a whole number from 1"."""
        ...


@dataclass(frozen=True)
class Number:
    """A number from `low` (excluded if `above`) to `high`, or one of some `words`."""

    low: float
    high: float = math.inf
    whole: bool = False
    above: bool = False
    words: tuple[str, ...] = ()

    def accepts(self, value: Any) -> bool:
        """Tell whether a value is accepted."""
        if isinstance(value, str):
            return value in self.words
        if isinstance(value, bool) or not isinstance(value, Integral if self.whole else Real):
            return False
        number = float(value)
        large_enough = number > self.low if self.above else number >= self.low
        return large_enough and number <= self.high and math.isfinite(number)

    def __str__(self) -> str:
        """Describe the accepted values."""
        kind = "a whole number" if self.whole else "a number"
        low = f"above {self.low:g}" if self.above else f"from {self.low:g}"
        high = f" to {self.high:g}" if math.isfinite(self.high) else ""
        words = "".join(f", or {word!r}" for word in self.words)
        return f"{kind} {low}{high}{words}"


@dataclass(frozen=True)
class Choice:
    """One of some words, or true or false."""

    values: tuple[str | bool, ...]

    def accepts(self, value: Any) -> bool:
        """Tell whether a value is accepted."""
        return any(value is one or (isinstance(one, str) and value == one) for one in self.values)

    def __str__(self) -> str:
        """Describe the accepted values."""
        return "one of " + ", ".join(repr(one) for one in self.values)


@dataclass(frozen=True)
class Share:
    """A number of columns, a share of them, or one of some words."""

    words: tuple[str, ...]

    def accepts(self, value: Any) -> bool:
        """Tell whether a value is accepted."""
        if isinstance(value, str):
            return value in self.words
        if isinstance(value, bool):
            return False
        if isinstance(value, Integral):
            return int(value) >= 1
        return isinstance(value, Real) and 0 < float(value) <= 1

    def __str__(self) -> str:
        """Describe the accepted values."""
        words = ", ".join(repr(word) for word in self.words)
        return f"a whole number from 1, a share above 0 and up to 1, or one of {words}"


@dataclass(frozen=True)
class Sizes:
    """One or more whole numbers."""

    def accepts(self, value: Any) -> bool:
        """Tell whether a value is accepted."""
        size = Number(1, whole=True)
        return isinstance(value, list | tuple) and bool(value) and all(map(size.accepts, value))

    def __str__(self) -> str:
        """Describe the accepted values."""
        return "a list of one or more whole numbers from 1"


@dataclass(frozen=True)
class Members:
    """One or more families with their parameters."""

    def accepts(self, value: Any) -> bool:
        """Tell whether a value is accepted."""
        return (
            isinstance(value, list | tuple)
            and bool(value)
            and all(isinstance(member, Mapping) and "family" in member for member in value)
        )

    def __str__(self) -> str:
        """Describe the accepted values."""
        return "a list of one or more tables, each with a family"


CLASS_WEIGHT = Choice(("none", "balanced"))
POSITIVE = Number(0, above=True)

Setting = tuple[Kind, Any]
"""The values a setting accepts, and its default."""


@dataclass(frozen=True)
class FitOptions:
    """Options for fitting a classifier that are not parameters of its family.

    Attributes
    ----------
    seed : int
        The same seed gives the same classifier.
    n_folds : int
        Folds within the training rows, if the family holds rows out.
    calibrate : bool
        Whether probabilities should come from held-out rows.
    n_jobs : int
        Number of threads.
    """

    seed: int = 0
    n_folds: int = 5
    calibrate: bool = True
    n_jobs: int = 1


class Family(ABC):
    """A family of models; each is one subclass in a module of its own, named as the family.

    The module's ``FAMILY`` is an instance of the subclass. A family is loaded when it is first
    named.

    Attributes
    ----------
    name : str
        Its name.
    extra : str
        The extra it needs.
    made_with : tuple of str
        Distributions whose version affects the result.
    settings : mapping of str to (Kind, object)
        The accepted values and the default of each setting.
    presets : mapping of str to mapping
        Named parameters, each with a ``description`` that says where they come from. A name begins
        with the family's.
    grids, spaces : mapping of str to mapping
        Named search spaces for grid search and for Optuna: ``source``, and ``parameters`` as
        `earmark.tuning.load_search_space` reads them. A name begins with the family's.
    """

    name: ClassVar[str]
    extra: ClassVar[str] = "train"
    made_with: ClassVar[tuple[str, ...]] = ("scikit-learn",)
    settings: ClassVar[Mapping[str, Setting]] = MappingProxyType({})
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = MappingProxyType({})
    grids: ClassVar[Mapping[str, Mapping[str, Any]]] = MappingProxyType({})
    spaces: ClassVar[Mapping[str, Mapping[str, Any]]] = MappingProxyType({})

    @abstractmethod
    def make(self, parameters: dict[str, Any], options: FitOptions) -> Any:
        """Make a classifier.

        Parameters
        ----------
        parameters : dict
            A checked value for each setting.
        options : FitOptions
            Other options.

        Returns
        -------
        estimator
            An unfitted classifier with scikit-learn's ``fit``, ``predict`` and ``predict_proba``.
        """

    @abstractmethod
    def export(self, graph: Graph, Z: str, classifier: Any) -> str:
        """Add a fitted classifier to an ONNX graph, in double precision.

        Parameters
        ----------
        graph : Graph
            The graph to add to.
        Z : str
            Name of the columns, double [shape=(n, d)].
        classifier : estimator
            A classifier by `make`, fitted.

        Returns
        -------
        str
            Name of the probabilities, double [shape=(n, n_classes)].
        """

    def defaults(self) -> dict[str, Any]:
        """List the settings and their defaults.

        Returns
        -------
        dict
            The default of each setting.
        """
        return {name: default for name, (_, default) in self.settings.items()}

    def checked(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Check parameters, and add the defaults of the others.

        Parameters
        ----------
        parameters : mapping
            Values by name.

        Returns
        -------
        dict
            A value for each setting; None where it is ``"none"``.

        Raises
        ------
        ParameterError
            If there is no such setting, or it does not accept the value.
        """
        values = self.defaults()
        for name, value in parameters.items():
            if name not in self.settings:
                known = ", ".join(self.settings) or "none"
                raise ParameterError(
                    f"family={self.name!r} has no setting {name!r}. Available: {known}"
                )
            kind = self.settings[name][0]
            if not kind.accepts(value):
                raise ParameterError(f"family={self.name!r}: {name}={value!r} is not {kind}")
            values[name] = value
        return {name: None if value == "none" else value for name, value in values.items()}
