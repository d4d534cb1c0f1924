"""Support vector machines as nodes of a graph."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from sklearn.svm import SVC

from earmark.models._onnx._graph import Graph
from earmark.types import FloatArray

__all__ = ["add_calibrated", "add_decision", "add_gaussian", "add_machine", "add_squares"]


def add_squares(graph: Graph, Z: str, vectors: Any) -> str:
    """Add ``|z - v|^2`` of rows z and the rows v of an array."""
    # As |z|^2 - 2 zv + |v|^2, which loses 1e-13 in double precision.
    products = graph.add("MatMul", Z, graph.weights(np.ascontiguousarray(vectors.T)))
    lengths = graph.constant((vectors.astype(np.float64) ** 2).sum(axis=1))
    own = graph.total(Z, of="SumSquare")
    twice = graph.add("Mul", products, graph.constant(np.float64(-2)))
    return graph.add("Add", graph.add("Add", twice, lengths), own)


def add_gaussian(graph: Graph, squares: str, gamma: float) -> str:
    """Add ``exp(-gamma d)`` of squared distances d."""
    return graph.add("Exp", graph.add("Mul", squares, graph.constant(np.float64(-gamma))))


def _add_kernel(graph: Graph, Z: str, machine: SVC) -> str:
    """Add the kernel between rows and support vectors."""
    vectors, gamma = np.asarray(machine.support_vectors_), float(machine._gamma)
    if machine.kernel == "rbf":
        return add_gaussian(graph, add_squares(graph, Z, vectors), gamma)
    products = graph.add("MatMul", Z, graph.weights(np.ascontiguousarray(vectors.T)))
    if machine.kernel == "linear":
        return products
    scaled = graph.add("Mul", products, graph.constant(np.float64(gamma)))
    moved = graph.add("Add", scaled, graph.constant(np.float64(machine.coef0)))
    if machine.kernel == "sigmoid":
        return graph.add("Tanh", moved)
    return graph.add("Pow", moved, graph.constant(np.float64(machine.degree)))


def _pair_coefficients(machine: SVC) -> FloatArray:
    """Return what each support vector adds to the score of each pair of classes."""
    n_classes, n_vectors = len(machine.classes_), machine.support_vectors_.shape[0]
    dual: Any = machine.dual_coef_
    if n_classes == 2:
        coefficients: FloatArray = dual.T
        return coefficients
    ends = np.concatenate([[0], np.cumsum(machine.n_support_)])
    of_class = [slice(ends[i], ends[i + 1]) for i in range(n_classes)]
    pairs = list(combinations(range(n_classes), 2))
    by_pair: FloatArray = np.zeros((n_vectors, len(pairs)))
    for number, (i, j) in enumerate(pairs):
        by_pair[of_class[i], number] = dual[j - 1, of_class[i]]
        by_pair[of_class[j], number] = dual[i, of_class[j]]
    return by_pair


def add_decision(graph: Graph, Z: str, machine: SVC) -> str:
    """Add the ``decision_function`` of scikit-learn, [(n, n_classes)] or [(n, 1)] for two classes.

    The score of a class is its number of votes among the pairs plus ``s / 3(|s| + 1)``, where ``s``
    is the sum of the scores of its pairs.
    """
    kernel = _add_kernel(graph, Z, machine)
    pairs = graph.linear(kernel, _pair_coefficients(machine), machine.intercept_)
    n_classes = len(machine.classes_)
    if n_classes == 2:
        return pairs
    of_pairs = list(combinations(range(n_classes), 2))
    signs = np.zeros((len(of_pairs), n_classes))
    for number, (i, j) in enumerate(of_pairs):
        signs[number, i], signs[number, j] = 1, -1
    # A pair votes for its second class if its score is below zero, else for its first.
    against = graph.double(graph.add("Less", pairs, graph.constant(np.float64(0))))
    first, second = (signs > 0).astype(np.float64), (signs < 0).astype(np.float64)
    votes = graph.linear(against, second - first, first.sum(axis=0))
    clear = graph.add("MatMul", pairs, graph.constant(signs))
    size = graph.add("Add", graph.add("Abs", clear), graph.constant(np.float64(1)))
    three = graph.add("Mul", size, graph.constant(np.float64(3)))
    return graph.add("Add", votes, graph.add("Div", clear, three))


def add_machine(graph: Graph, Z: str, machine: Any) -> str:
    """Add a machine and the softmax of its scores."""
    return graph.softmax(add_decision(graph, Z, machine), n_classes=len(machine.classes_))


def add_calibrated(graph: Graph, Z: str, classifier: Any) -> str:
    """Add a machine and the sigmoids of its scores."""
    (calibrated,) = classifier.calibrated_.calibrated_classifiers_
    scores = add_decision(graph, Z, calibrated.estimator)
    slopes = np.array([sigmoid.a_ for sigmoid in calibrated.calibrators])
    offsets = np.array([sigmoid.b_ for sigmoid in calibrated.calibrators])
    steep = graph.add("Mul", scores, graph.constant(-slopes))
    found = graph.add("Sigmoid", graph.add("Add", steep, graph.constant(-offsets)))
    if len(classifier.classes_) == 2:
        return graph.both(found)
    return graph.add("Div", found, graph.total(found))
