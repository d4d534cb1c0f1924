"""Each kind of fitted classifier as nodes of a graph, in double precision.

Every function takes the graph, the name of the columns [shape=(n, d)] and the classifier, and
returns the name of what it adds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC

from earmark.models._onnx._graph import Graph
from earmark.models._onnx._neighbours import add_neighbours
from earmark.models._onnx._trees import add_boosted_trees, add_forest
from earmark.models._onnx._vectors import add_calibrated, add_decision, add_machine
from earmark.models.families import (
    BoostedTrees,
    CalibratedSVC,
    Neighbours,
    Network,
    SoftmaxSVC,
    Stack,
)

__all__ = ["add_classifier"]


def _add_majority(graph: Graph, Z: str, classifier: DummyClassifier) -> str:
    # A column times nothing has as many rows as there are.
    first = graph.add("Gather", Z, graph.constant(np.array([0])), axis=1)
    nothing = graph.add("Mul", first, graph.constant(np.float64(0)))
    return graph.add("Add", nothing, graph.constant(classifier.class_prior_[np.newaxis]))


def _add_linear(graph: Graph, Z: str, classifier: Any) -> str:
    scores = graph.linear(Z, classifier.coef_.T, classifier.intercept_)
    return graph.softmax(scores, n_classes=len(classifier.classes_))


def _add_layers(graph: Graph, Z: str, classifier: MLPClassifier) -> str:
    layers = list(zip(classifier.coefs_, classifier.intercepts_, strict=True))
    for coefficients, intercept in layers[:-1]:
        Z = graph.add("Relu", graph.linear(Z, coefficients, intercept))
    scores = graph.linear(Z, *layers[-1])
    return graph.softmax(scores, n_classes=len(classifier.classes_))


def _add_network(graph: Graph, Z: str, classifier: Network) -> str:
    return _add_layers(graph, Z, classifier.network_)


def _add_stack(graph: Graph, Z: str, classifier: Stack) -> str:
    columns = []
    for member in classifier.members_:
        if isinstance(member, SVC):
            columns.append(add_decision(graph, Z, member))
            continue
        found = add_classifier(graph, Z, member)
        if len(classifier.classes_) == 2:
            found = graph.columns(found, [False, True])
        columns.append(found)
    if classifier.passthrough:
        columns.append(Z)
    seen = graph.add("Concat", *columns, axis=1)
    return add_classifier(graph, seen, classifier.final_)


_ADD: dict[type, Callable[[Graph, str, Any], str]] = {
    DummyClassifier: _add_majority,
    Neighbours: add_neighbours,
    SoftmaxSVC: add_machine,
    CalibratedSVC: add_calibrated,
    LogisticRegression: _add_linear,
    LinearDiscriminantAnalysis: _add_linear,
    RandomForestClassifier: add_forest,
    BoostedTrees: add_boosted_trees,
    MLPClassifier: _add_layers,
    Network: _add_network,
    Stack: _add_stack,
}


def add_classifier(graph: Graph, Z: str, classifier: Any) -> str:
    """Add a fitted classifier.

    Parameters
    ----------
    graph : Graph
        What to add to.
    Z : str
        Name of the columns, double [shape=(n, d)].
    classifier : estimator
        Fitted, of a kind that `make_classifier` makes.

    Returns
    -------
    str
        Name of the probabilities, double [shape=(n, n_classes)].
    """
    return _ADD[type(classifier)](graph, Z, classifier)
