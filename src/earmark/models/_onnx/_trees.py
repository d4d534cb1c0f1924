"""Ensembles of trees as nodes of a graph.

Trees compare values, and a rounding error can lead to the other branch. So each kind is written in
the precision in which it compares.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import numpy_helper
from sklearn.ensemble import RandomForestClassifier

from earmark.models._onnx._graph import Graph
from earmark.types import Float32Array, FloatArray, IntArray

__all__ = ["add_boosted_trees", "add_forest", "rounded_down"]

_BRANCH, _LEAF = "BRANCH_LEQ", "LEAF"


def rounded_down(thresholds: FloatArray) -> Float32Array:
    """Return the largest single-precision number that is not above each threshold.

    A single-precision number is at most this if and only if it is at most the threshold.
    """
    nearest = thresholds.astype(np.float32)
    below = np.nextafter(nearest, np.float32(-np.inf))
    return np.where(nearest.astype(np.float64) > thresholds, below, nearest)


class _Trees:
    """The columns in which ONNX describes nodes and leaves."""

    def __init__(self) -> None:
        self.trees: list[IntArray] = []
        self.ids: list[IntArray] = []
        self.features: list[IntArray] = []
        self.thresholds: list[Any] = []
        self.left: list[IntArray] = []
        self.right: list[IntArray] = []
        self.targets: list[tuple[IntArray, IntArray, IntArray, Any]] = []

    def append(self, features: IntArray, thresholds: Any, left: IntArray, right: IntArray) -> int:
        """Add the nodes of a tree; leaves have no left child."""
        number = len(self.trees)
        leaf = left < 0
        self.trees.append(np.full(len(left), number))
        self.ids.append(np.arange(len(left)))
        self.features.append(np.where(leaf, 0, features))
        self.thresholds.append(np.where(leaf, 0, thresholds).astype(thresholds.dtype))
        self.left.append(np.where(leaf, -1, left))
        self.right.append(np.where(leaf, -1, right))
        return number

    def give(self, number: int, nodes: IntArray, targets: IntArray, weights: Any) -> None:
        """Make the leaves of a tree add weights to targets."""
        self.targets.append((np.full(len(nodes), number), nodes, targets, weights))

    def attributes(self, *, n_targets: int) -> dict[str, Any]:
        """Return everything as ONNX attributes."""
        left = np.concatenate(self.left)
        trees, nodes, targets, weights = (
            np.concatenate(part) for part in zip(*self.targets, strict=True)
        )
        return {
            "n_targets": n_targets,
            "aggregate_function": "SUM",
            "post_transform": "NONE",
            "nodes_treeids": np.concatenate(self.trees).tolist(),
            "nodes_nodeids": np.concatenate(self.ids).tolist(),
            "nodes_featureids": np.concatenate(self.features).tolist(),
            "nodes_modes": [_LEAF if child < 0 else _BRANCH for child in left.tolist()],
            "nodes_truenodeids": np.maximum(left, 0).tolist(),
            "nodes_falsenodeids": np.maximum(np.concatenate(self.right), 0).tolist(),
            "target_treeids": trees.tolist(),
            "target_nodeids": nodes.tolist(),
            "target_ids": targets.tolist(),
            **_floats("nodes_values", np.concatenate(self.thresholds)),
            **_floats("target_weights", weights),
        }


def _floats(name: str, values: Any) -> dict[str, Any]:
    """Return numbers as an attribute of their precision."""
    if values.dtype == np.float64:
        tensor_name = f"{name}_as_tensor"
        return {tensor_name: numpy_helper.from_array(values, tensor_name)}
    return {name: values.tolist()}


def add_forest(graph: Graph, Z: str, forest: RandomForestClassifier) -> str:
    """Add the mean of the class shares in the leaves of a forest; return the name of the output.

    scikit-learn compares rows in single precision with thresholds in double precision, and
    thresholds rounded down decide alike. Most leaves hold one class, so only shares above zero are
    written.
    """
    trees = _Trees()
    for estimator in forest.estimators_:
        tree = estimator.tree_
        number = trees.append(
            tree.feature,
            rounded_down(tree.threshold),
            tree.children_left.astype(np.int64),
            tree.children_right.astype(np.int64),
        )
        shares = tree.value[:, 0, :] * (tree.children_left < 0)[:, np.newaxis]
        nodes, targets = np.nonzero(shares)
        trees.give(number, nodes, targets, shares[nodes, targets].astype(np.float32))
    sums = graph.add(
        "TreeEnsembleRegressor",
        graph.single(Z),
        domain="ai.onnx.ml",
        **trees.attributes(n_targets=len(forest.classes_)),
    )
    n_trees = graph.constant(np.float64(len(forest.estimators_)))
    return graph.add("Div", graph.double(sums), n_trees)


def add_boosted_trees(graph: Graph, Z: str, classifier: Any) -> str:
    """Add boosted trees, which compare in double precision, and their principal components."""
    if classifier.components_ is not None:
        centred = graph.add("Sub", Z, graph.constant(classifier.components_.mean_))
        directions = np.ascontiguousarray(classifier.components_.components_.T)
        Z = graph.add("MatMul", centred, graph.weights(directions))
    n_classes = len(classifier.classes_)
    n_scores = 1 if n_classes == 2 else n_classes
    trees = _Trees()
    for i, tree in enumerate(classifier.trees_.booster_.dump_model()["tree_info"]):
        features, thresholds, left, right, values = _flat(tree["tree_structure"])
        number = trees.append(features, thresholds, left, right)
        leaves = np.flatnonzero(left < 0)
        trees.give(number, leaves, np.full(len(leaves), i % n_scores), values[leaves])
    scores = graph.add(
        "TreeEnsembleRegressor",
        Z,
        domain="ai.onnx.ml",
        **trees.attributes(n_targets=n_scores),
    )
    return graph.softmax(graph.double(scores), n_classes=n_classes)


def _flat(root: dict[str, Any]) -> tuple[IntArray, FloatArray, IntArray, IntArray, FloatArray]:
    """Return the nodes of one of LightGBM's trees as columns, the root first."""
    nodes: list[dict[str, Any]] = [root]
    left, right = [], []
    for node in nodes:  # grows while it is read
        if "left_child" not in node:
            left.append(-1)
            right.append(-1)
            continue
        left.append(len(nodes))
        right.append(len(nodes) + 1)
        nodes += [node["left_child"], node["right_child"]]
    return (
        np.array([node.get("split_feature", 0) for node in nodes]),
        np.array([node.get("threshold", 0.0) for node in nodes], dtype=np.float64),
        np.array(left),
        np.array(right),
        np.array([node.get("leaf_value", 0.0) for node in nodes], dtype=np.float64),
    )
