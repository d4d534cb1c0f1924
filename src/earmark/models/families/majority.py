"""The class shares of the training rows, as a baseline for all other families."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.dummy import DummyClassifier

from earmark.models.families._family import Family, FitOptions

if TYPE_CHECKING:
    from earmark.models._onnx import Graph

__all__ = ["FAMILY"]


class _Majority(Family):
    """The class shares of the training rows, as a baseline for all other families."""

    name = "majority"
    presets = MappingProxyType(
        {
            "majority": {
                "description": (
                    "The shares of the classes, whatever the row: the baseline of "
                    "the Echo Nest study (0.451 there, all rock)."
                ),
            },
        }
    )

    def make(self, parameters: dict[str, Any], options: FitOptions) -> Any:
        """Make a classifier."""
        return DummyClassifier(strategy="prior", **parameters)

    def export(self, graph: Graph, Z: str, classifier: Any) -> str:
        """Add a fitted classifier to a graph."""
        # A column times zero has the right number of rows.
        first = graph.add("Gather", Z, graph.constant(np.array([0])), axis=1)
        nothing = graph.add("Mul", first, graph.constant(np.float64(0)))
        return graph.add("Add", nothing, graph.constant(classifier.class_prior_[np.newaxis]))


FAMILY = _Majority()
