"""Multinomial logistic regression."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sklearn.linear_model import LogisticRegression

from earmark.models.families._family import CLASS_WEIGHT, POSITIVE, Family, FitOptions

if TYPE_CHECKING:
    from earmark.models._onnx import Graph

__all__ = ["FAMILY"]

_MAX_ITER = 500


class _Logistic(Family):
    """Multinomial logistic regression."""

    name = "logistic"
    settings = MappingProxyType({"C": (POSITIVE, 1.0), "class_weight": (CLASS_WEIGHT, "none")})
    presets = MappingProxyType(
        {
            "logistic": {
                "description": "Multinomial logistic regression with scikit-learn's C, 1.",
            },
            "logistic-echonest": {
                "description": (
                    "Multinomial logistic regression with the C of the Echo Nest "
                    "study: 0.5763 there."
                ),
                "C": 0.6552,
            },
        }
    )
    grids = MappingProxyType(
        {
            "logistic": {
                "source": (
                    "study of FMA's Echo Nest features, which gives the best C, "
                    "0.6552; the others are ours"
                ),
                "parameters": {
                    "C": {
                        "values": [0.001, 0.01, 0.1, 0.3, 0.6552, 1.0, 3.0, 10.0, 100.0],
                        "simpler": "smaller",
                    },
                },
            },
        }
    )
    spaces = MappingProxyType(
        {
            "logistic": {
                "source": "Earmark",
                "parameters": {
                    "C": {"low": 0.0001, "high": 100.0, "log": True, "simpler": "smaller"},
                },
            },
        }
    )

    def make(self, parameters: dict[str, Any], options: FitOptions) -> Any:
        """Make a classifier."""
        return LogisticRegression(max_iter=_MAX_ITER, **parameters)

    def export(self, graph: Graph, Z: str, classifier: Any) -> str:
        """Add a fitted classifier to a graph."""
        scores = graph.linear(Z, classifier.coef_.T, classifier.intercept_)
        return graph.softmax(scores, n_classes=len(classifier.classes_))


FAMILY = _Logistic()
