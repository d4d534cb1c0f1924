"""A space as one graph."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto

from earmark.models._export import add_transform
from earmark.models._onnx import Graph, add_gaussian, add_squares, tensor
from earmark.models._space_fitting import SMALLEST_LENGTH, FittedSpace, Genres

__all__ = ["export_space"]


def _unit(graph: Graph, vectors: str) -> str:
    """Scale vectors to length one."""
    lengths = graph.add("Sqrt", graph.total(vectors, of="SumSquare"))
    guarded = graph.add("Max", lengths, graph.constant(np.float64(SMALLEST_LENGTH)))
    return graph.add("Div", vectors, guarded)


def _shares(graph: Graph, Z: str, genres: Genres) -> str:
    damped, rows, gamma = genres.damped, genres.rows, genres.gamma
    along = graph.add("MatMul", Z, graph.weights(damped.directions))
    lost = graph.add("Mul", along, graph.constant(damped.losses))
    back = graph.weights(np.ascontiguousarray(damped.directions.T))
    left = graph.add("Sub", Z, graph.add("MatMul", lost, back))
    scaled = graph.add("Mul", left, graph.constant(np.float64(damped.scale)))
    squares = [
        add_squares(graph, graph.columns(scaled, block), rows[:, block]) for block in genres.blocks
    ]
    kernels = [
        add_gaussian(graph, one, gamma / int(block.sum()))
        for one, block in zip(squares, genres.blocks, strict=True)
    ]
    whole = add_gaussian(graph, graph.add("Sum", *squares), gamma / rows.shape[1])
    share = graph.constant(np.float64(1 / len(kernels)))
    both = graph.add("Add", whole, graph.add("Mul", graph.add("Sum", *kernels), share))
    kernel = graph.add("Mul", both, graph.constant(np.float64(0.5)))
    scores = graph.linear(kernel, genres.coefficients, genres.intercept)
    return graph.add("Softmax", scores, axis=1)


def export_space(fitted: FittedSpace) -> bytes:
    """Write a fitted space as an ONNX graph.

    Parameters
    ----------
    fitted : FittedSpace
        The object to write.

    Returns
    -------
    bytes
        A graph from ``features`` (double [n, d]) to ``embedding`` (float [n, n_dims]).
    """
    graph, recipe = Graph(), fitted.recipe
    Z = add_transform(graph, "features", fitted.transform)
    vectors = _unit(graph, graph.add("MatMul", Z, graph.weights(fitted.matrix)))
    if fitted.genres is not None:
        shares = _shares(graph, Z, fitted.genres)
        parts = graph.add("Mul", shares, graph.constant(np.sqrt(np.float64(recipe.weight))))
        one = graph.constant(np.float64(1))
        rest = graph.add("Sqrt", graph.add("Sub", one, graph.total(parts, of="SumSquare")))
        vectors = graph.add("Concat", parts, graph.add("Mul", rest, vectors), axis=1)
        vectors = _unit(graph, vectors)
    graph.single(vectors, output="embedding")
    whole = graph.build(
        recipe.name,
        [tensor("features", TensorProto.DOUBLE, fitted.matrix.shape[0])],
        [tensor("embedding", TensorProto.FLOAT, fitted.n_dims)],
    )
    whole.producer_name, whole.producer_version = "earmark", ""
    onnx.checker.check_model(whole, full_check=True)
    return bytes(whole.SerializeToString(deterministic=True))
