"""What may be tried: the parameters of a family, and their values or ranges."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from earmark.errors import ParameterError
from earmark.records import Record

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import Trial as OptunaTrial

__all__ = ["Parameter", "SearchSpace", "Value", "decoded", "encoded"]

Value: TypeAlias = Any
"""What a parameter is set to: a number, a name, or a list of numbers."""


@dataclass(frozen=True)
class Parameter(
    Record,
    keys=(
        "name",
        ("*", lambda it: {"values": it.values} if it.values else it.scale),
        ("*", lambda it: {"when": it.when} if it.when else {}),
        "simpler?",
    ),
):
    """One parameter of a family: values to choose from, or a range.

    Attributes
    ----------
    name : str
        As the family calls it.
    values : tuple
        The values there are; empty for a range.
    low, high : float or int or None
        Ends of a range, both in it. Whole numbers where both are int.
    log : bool
        Whether a range is drawn from evenly in the logarithm.
    when : mapping of str to tuple
        Values of parameters that stand before, without which this one means nothing.
    simpler : {"smaller", "larger"} or None
        Which values make the simpler model; None means the earlier ones in `values`.

    Raises
    ------
    ParameterError
        If it has neither values nor a range, or both, or the range is none.
    """

    name: str
    values: tuple[Value, ...] = ()
    low: float | int | None = None
    high: float | int | None = None
    log: bool = False
    when: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    simpler: str | None = None

    def __post_init__(self) -> None:
        what = f"parameter {self.name!r}"
        if bool(self.values) == (self.low is not None) or (self.low is None) != (self.high is None):
            raise ParameterError(f"{what} needs either values, or low and high")
        if self.simpler not in (None, "smaller", "larger"):
            raise ParameterError(f"{what}: simpler={self.simpler!r} is not smaller or larger")
        if len({json.dumps(value) for value in self.values}) < len(self.values):
            raise ParameterError(f"{what}: one of its values appears twice")
        if self.low is None or self.high is None:
            return
        if not (math.isfinite(self.low) and math.isfinite(self.high)) or self.low > self.high:
            raise ParameterError(f"{what}: low={self.low} to high={self.high} is not a range")
        if self.log and self.low <= 0:
            raise ParameterError(f"{what}: low={self.low} must be above 0 where log is true")

    @property
    def scale(self) -> dict[str, Any]:
        """Its bounds, and whether points between them are drawn by their logarithm."""
        return {"low": self.low, "high": self.high, "log": self.log}

    @property
    def whole(self) -> bool:
        """Whether it is a range of whole numbers."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    @property
    def choices(self) -> tuple[Value, ...]:
        """All its values; empty where there is no end of them."""
        if self.whole:
            return tuple(range(int(self.low or 0), int(self.high or 0) + 1))
        return self.values

    def applies(self, point: Mapping[str, Value]) -> bool:
        """Tell whether it means anything beside values of parameters that stand before.

        Parameters
        ----------
        point : mapping
            The values.

        Returns
        -------
        bool
            Whether every one of them that `when` names has one of the values given there.
        """
        return all(point.get(name) in values for name, values in self.when.items())

    def distribution(self) -> BaseDistribution:
        """Return what Optuna draws it from.

        Returns
        -------
        optuna.distributions.BaseDistribution
            Categorical for values.
        """
        from optuna.distributions import (
            CategoricalDistribution,
            FloatDistribution,
            IntDistribution,
        )

        if self.low is None or self.high is None:
            return CategoricalDistribution([encoded(value) for value in self.values])
        if self.whole:
            return IntDistribution(int(self.low), int(self.high), log=self.log)
        return FloatDistribution(self.low, self.high, log=self.log)

    def complexity(self, value: Value) -> float:
        """Say how little simple a value makes the model.

        Parameters
        ----------
        value : object
            One of its values.

        Returns
        -------
        float
            The less, the simpler; of use only to compare values of this parameter.
        """
        if self.simpler is None:
            return float(self.values.index(value)) if value in self.values else 0.0
        number = math.inf if isinstance(value, str) else float(value)  # "none" is no limit
        return number if self.simpler == "smaller" else -number


def encoded(value: Value) -> str | int | float | bool:
    """Write a value as Optuna can hold it: lists as JSON."""
    written: str | int | float | bool = (
        json.dumps(value) if isinstance(value, (list, tuple)) else value
    )
    return written


def decoded(value: Value) -> Value:
    """Read what `encoded` wrote."""
    return json.loads(value) if isinstance(value, str) and value.startswith("[") else value


@dataclass(frozen=True)
class SearchSpace(Record, keys=("name", "family", "source", "parameters")):
    """The parameters of a family that are searched.

    Attributes
    ----------
    name : str
        Of the preset, or path of the file.
    family : str
        What they are parameters of.
    source : str
        Where the values are from.
    parameters : tuple of Parameter
        In the order in which a grid is gone through: the last one changes fastest.

    Raises
    ------
    ParameterError
        If there is none, or one depends on what does not stand before it.
    """

    name: str
    family: str
    source: str
    parameters: tuple[Parameter, ...]

    def __post_init__(self) -> None:
        if not self.parameters:
            raise ParameterError(f"space={self.name!r} has no parameters")
        before: set[str] = set()
        for parameter in self.parameters:
            if unknown := sorted(set(parameter.when) - before):
                raise ParameterError(
                    f"space={self.name!r}: {parameter.name!r} depends on {unknown[0]!r}, "
                    "which must come before it"
                )
            if parameter.name in before:
                raise ParameterError(f"space={self.name!r}: {parameter.name!r} appears twice")
            before.add(parameter.name)

    def points(self) -> list[dict[str, Value]]:
        """List every combination, each once.

        Returns
        -------
        list of dict
            Values by name, without the parameters that mean nothing there.

        Raises
        ------
        ParameterError
            If a parameter is a range of numbers that are not whole.

        Examples
        --------
        >>> from earmark.tuning import load_search_space
        >>> len(load_search_space("svm", search="grid").points())
        30
        """
        for parameter in self.parameters:
            if not parameter.choices:
                raise ParameterError(
                    f"space={self.name!r} cannot be searched as a grid: {parameter.name!r} can be "
                    f"any number from {parameter.low} to {parameter.high}. List its values, or "
                    "pass search='optuna'"
                )

        def extended(number: int, point: dict[str, Value]) -> Iterator[dict[str, Value]]:
            if number == len(self.parameters):
                yield point
                return
            parameter = self.parameters[number]
            if not parameter.applies(point):
                yield from extended(number + 1, point)
                return
            for value in parameter.choices:
                yield from extended(number + 1, {**point, parameter.name: value})

        return list(extended(0, {}))

    def draw(self, trial: OptunaTrial) -> dict[str, Value]:
        """Have Optuna choose the values of a trial.

        Parameters
        ----------
        trial : optuna.trial.Trial
            Which.

        Returns
        -------
        dict
            Values by name.
        """
        point: dict[str, Value] = {}
        for parameter in self.parameters:
            if parameter.applies(point):
                name, low, high = parameter.name, parameter.low, parameter.high
                if low is None or high is None:
                    choices = [encoded(value) for value in parameter.values]
                    value: Value = decoded(trial.suggest_categorical(name, choices))
                elif parameter.whole:
                    value = trial.suggest_int(name, int(low), int(high), log=parameter.log)
                else:
                    value = trial.suggest_float(name, low, high, log=parameter.log)
                point[name] = value
        return point

    def distributions(self, point: Mapping[str, Value]) -> dict[str, BaseDistribution]:
        """Return what the values of a point could have been drawn from.

        Parameters
        ----------
        point : mapping
            Values by name.

        Returns
        -------
        dict
            Distributions by name.
        """
        return {p.name: p.distribution() for p in self.parameters if p.name in point}

    def complexity(self, point: Mapping[str, Value]) -> tuple[float, ...]:
        """Say how little simple a model is: the less, the simpler.

        Parameters
        ----------
        point : mapping
            Values by name.

        Returns
        -------
        tuple of float
            Compared one after the other: first the parameters that say which values are simpler,
            in their order, then the others. A parameter that means nothing counts as its
            simplest value.

        Examples
        --------
        >>> from earmark.tuning import load_search_space
        >>> knn = load_search_space("knn", search="grid")
        >>> few, many = ({"n_neighbors": k, "weights": "uniform", "p": 1} for k in (1, 8))
        >>> knn.complexity(many) < knn.complexity(few)
        True
        """
        ranked = sorted(self.parameters, key=lambda parameter: parameter.simpler is None)
        return tuple(p.complexity(point[p.name]) if p.name in point else -math.inf for p in ranked)
