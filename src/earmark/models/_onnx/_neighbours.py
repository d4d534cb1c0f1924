"""Nearest neighbours as nodes of a graph.

Distances come from differences: scalar products alone lose the digits of near duplicates.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto, helper

from earmark.models._onnx._graph import Graph

__all__ = ["add_neighbours"]

# Extra rows whose exact distances are computed. Rounding moves a row by 1e-12, so only more rows
# than these, all different and closer together than that, could give a wrong answer.
_SPARE = 32
_N_IN_CACHE = 16_384


def add_neighbours(graph: Graph, Z: str, classifier: Any) -> str:
    """Add the shares of classes among the nearest training rows; return the output's name."""
    known = np.ascontiguousarray(classifier._fit_X, dtype=np.float64)
    n_neighbors = int(classifier.n_neighbors)
    if classifier.p == 2:
        distance, numbers = _add_euclidean(graph, Z, known, n_neighbors)
    else:
        distance, numbers = _add_scan(graph, Z, known, n_neighbors, int(classifier.p))
    n_classes = len(classifier.classes_)
    labels = graph.constant(np.asarray(classifier._y, dtype=np.int64))
    label = graph.add("Unsqueeze", graph.add("Gather", labels, numbers), _axis(graph, 2))
    votes = graph.double(graph.add("Equal", label, graph.constant(np.arange(n_classes))))
    if classifier.weights != "uniform":
        weights = _add_weights(graph, distance, squared=classifier.weights != "distance")
        votes = graph.add("Mul", votes, graph.add("Unsqueeze", weights, _axis(graph, 2)))
    counts = graph.total(votes, axis=1, keepdims=0)
    return graph.add("Div", counts, graph.total(counts))


def _axis(graph: Graph, axis: int) -> str:
    return graph.constant(np.array([axis]))


def _add_weights(graph: Graph, distance: str, *, squared: bool) -> str:
    """Add weights 1/d or 1/d^2; neighbours at distance 0, if any, count alone, as 1 each."""
    of = graph.add("Mul", distance, distance) if squared else distance
    inverse = graph.add("Div", graph.constant(np.float64(1)), of)
    same = graph.double(graph.add("IsInf", inverse))
    some = graph.total(same, of="Max")
    is_some = graph.add("Greater", some, graph.constant(np.float64(0)))
    return graph.add("Where", is_some, same, inverse)


def _smallest(graph: Graph, values: str, n: int) -> tuple[str, str]:
    """Add the smallest values of each row, ascending, and their numbers; the first of equals."""
    size, found = graph.constant(np.array([n])), f"smallest_{len(graph.nodes)}"
    names = [f"{found}_values", f"{found}_numbers"]
    node = helper.make_node("TopK", [values, size], names, axis=1, largest=0, sorted=1)
    graph.nodes.append(node)
    return names[0], names[1]


def _add_euclidean(graph: Graph, Z: str, known: Any, n_neighbors: int) -> tuple[str, str]:
    """Add distances and numbers of the nearest rows: candidates by products, then differences."""
    n_candidates = min(n_neighbors + _SPARE, len(known))
    rows = graph.constant(known)
    products = graph.add("MatMul", Z, graph.add("Transpose", rows, perm=[1, 0]))
    twice = graph.add("Mul", products, graph.constant(np.float64(-2)))
    rough = graph.add("Add", twice, graph.constant((known**2).sum(axis=1)))
    _, candidates = _smallest(graph, rough, n_candidates)
    # In the order of their numbers, so that the first of rows at the same distance is taken.
    candidates, _ = _smallest(graph, candidates, n_candidates)
    apart = graph.add(
        "Sub", graph.add("Gather", rows, candidates), graph.add("Unsqueeze", Z, _axis(graph, 1))
    )
    squares = graph.total(apart, axis=2, keepdims=0, of="SumSquare")
    distance, at = _smallest(graph, graph.add("Sqrt", squares), n_neighbors)
    return distance, graph.add("GatherElements", candidates, at, axis=1)


def _add_scan(graph: Graph, Z: str, known: Any, n_neighbors: int, p: int) -> tuple[str, str]:
    """Add distances and numbers of the nearest rows, row by row, from all differences.

    Each row is compared with the training rows in parts that fit the processor's cache; the last
    part is padded with rows at infinite distance.
    """
    n_known, n_columns = known.shape
    part = max(1, min(n_known, _N_IN_CACHE // n_columns))
    n_parts = -(-n_known // part)
    filled = np.full((n_parts * part, n_columns), np.inf)
    filled[:n_known] = known
    powers = _body(
        "part",
        [("part_row", [n_columns]), ("part_known", [part, n_columns])],
        [("part_kept", [n_columns]), ("part_powers", [part])],
        _part_of_powers(p),
    )
    of_row = Graph(prefix="row_")
    parts = of_row.constant(filled.reshape(n_parts, part, n_columns))
    of_row.nodes.append(
        helper.make_node(
            "Scan", ["row", parts], ["row_kept", "row_parts"], body=powers, num_scan_inputs=1
        )
    )
    flat = of_row.add("Reshape", "row_parts", of_row.constant(np.array([-1])))
    bounds = (of_row.constant(np.array([end])) for end in (0, n_known))
    of_row.add("Slice", flat, *bounds, output="row_powers")
    rows = _body("row", [("row", [n_columns])], [("row_powers", [n_known])], of_row)
    distance = graph.add("Scan", Z, body=rows, num_scan_inputs=1)
    if p == 3:
        distance = graph.add("Pow", distance, graph.constant(np.float64(1 / 3)))
    return _smallest(graph, distance, n_neighbors)


def _part_of_powers(p: int) -> Graph:
    """Build the sums of powers of differences between a row and some training rows."""
    graph = Graph(prefix="part_")
    graph.add("Identity", "part_row", output="part_kept")
    apart = graph.add("Sub", "part_known", "part_row")
    if p == 3:
        apart = graph.add("Mul", graph.add("Mul", apart, apart), apart)
    axes = graph.constant(np.array([1]))
    graph.add("ReduceL1", apart, axes, keepdims=0, output="part_powers")
    return graph


def _body(
    name: str,
    inputs: list[tuple[str, list[int]]],
    outputs: list[tuple[str, list[int]]],
    graph: Graph,
) -> Any:
    """Return the graph inside a Scan node."""
    given, found = (
        [helper.make_tensor_value_info(one, TensorProto.DOUBLE, shape) for one, shape in side]
        for side in (inputs, outputs)
    )
    return helper.make_graph(graph.nodes, name, given, found, graph.constants)
