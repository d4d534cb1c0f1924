"""Linear discriminant analysis with a shrunk covariance."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from earmark.models.families._family import Family, FitOptions, Number

if TYPE_CHECKING:
    from earmark.models._onnx import Graph

__all__ = ["FAMILY"]


class _Discriminant(Family):
    """Linear discriminant analysis with a shrunk covariance."""

    name = "lda"
    settings = MappingProxyType({"shrinkage": (Number(0, 1, words=("auto",)), "auto")})
    presets = MappingProxyType(
        {
            "lda": {
                "description": (
                    "Linear discriminant analysis, shrunk after Ledoit and Wolf; Earmark's own."
                ),
            },
        }
    )
    grids = MappingProxyType(
        {
            "lda": {
                "source": "Earmark",
                "parameters": {
                    "shrinkage": {"values": ["auto", 0.9, 0.5, 0.2, 0.1, 0.05, 0.01, 0.0]},
                },
            },
        }
    )
    spaces = MappingProxyType(
        {
            "lda": {
                "source": "Earmark",
                "parameters": {
                    "shrinkage": {"low": 0.0, "high": 1.0, "simpler": "larger"},
                },
            },
        }
    )

    def make(self, parameters: dict[str, Any], options: FitOptions) -> Any:
        """Make a classifier."""
        return LinearDiscriminantAnalysis(solver="lsqr", **parameters)

    def export(self, graph: Graph, Z: str, classifier: Any) -> str:
        """Add a fitted classifier to a graph."""
        scores = graph.linear(Z, classifier.coef_.T, classifier.intercept_)
        return graph.softmax(scores, n_classes=len(classifier.classes_))


FAMILY = _Discriminant()
