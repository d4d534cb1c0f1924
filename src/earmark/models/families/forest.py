"""Random forests."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sklearn.ensemble import RandomForestClassifier

from earmark.models.families._family import CLASS_WEIGHT, Choice, Family, FitOptions, Number, Share

if TYPE_CHECKING:
    from earmark.models._onnx import Graph

__all__ = ["FAMILY"]


class _Forest(Family):
    """Random forests."""

    name = "forest"
    settings = MappingProxyType(
        {
            "n_estimators": (Number(1, whole=True), 100),
            "criterion": (Choice(("gini", "entropy", "log_loss")), "gini"),
            "max_depth": (Number(1, whole=True, words=("none",)), "none"),
            "max_features": (Share(("sqrt", "log2", "none")), "sqrt"),
            "min_samples_leaf": (Number(1, whole=True), 1),
            "class_weight": (CLASS_WEIGHT, "none"),
        }
    )
    presets = MappingProxyType(
        {
            "forest": {
                "description": (
                    "Best of the course project on 3 s segments: 441 trees of depth "
                    "36; F1 0.892 there, with segments of a song on both sides."
                ),
                "n_estimators": 441,
                "max_depth": 36,
            },
            "forest-entropy": {
                "description": (
                    "Forest of the Echo Nest study: entropy, two features a split; 0.746 there."
                ),
                "criterion": "entropy",
                "max_features": 2,
            },
        }
    )
    grids = MappingProxyType(
        {
            "forest": {
                "source": (
                    "course project on GTZAN, which gives the best, 441 trees of "
                    "depth 36, and says that no limit is much the same; the others "
                    "are ours"
                ),
                "parameters": {
                    "n_estimators": {"values": [49, 100, 225, 441], "simpler": "smaller"},
                    "max_depth": {"values": [4, 9, 16, 25, 36, "none"], "simpler": "smaller"},
                },
            },
            "forest-echonest": {
                "source": (
                    "study of FMA's Echo Nest features: two features a split and "
                    "entropy best there; the others are ours"
                ),
                "parameters": {
                    "max_features": {"low": 1, "high": 8, "simpler": "smaller"},
                    "criterion": {"values": ["gini", "entropy"]},
                },
            },
        }
    )
    spaces = MappingProxyType(
        {
            "forest": {
                "source": (
                    "Earmark, about the course projects' forests (441 trees, depth "
                    "36; entropy, two features)"
                ),
                "parameters": {
                    "n_estimators": {"low": 50, "high": 500, "simpler": "smaller"},
                    "max_depth": {"low": 4, "high": 40, "simpler": "smaller"},
                    "max_features": {"low": 1, "high": 16, "simpler": "smaller"},
                    "min_samples_leaf": {"low": 1, "high": 10, "simpler": "larger"},
                    "criterion": {"values": ["gini", "entropy"]},
                },
            },
        }
    )

    def make(self, parameters: dict[str, Any], options: FitOptions) -> Any:
        """Make a classifier."""
        return RandomForestClassifier(
            random_state=options.seed, n_jobs=options.n_jobs, **parameters
        )

    def export(self, graph: Graph, Z: str, classifier: Any) -> str:
        """Add a fitted classifier to a graph."""
        from earmark.models._onnx import add_forest

        return add_forest(graph, Z, classifier)


FAMILY = _Forest()
