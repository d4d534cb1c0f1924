"""Build ONNX graphs, for families and spaces (extra ``train``)."""

from earmark.models._onnx._graph import Graph, attach, tensor
from earmark.models._onnx._neighbours import add_neighbours
from earmark.models._onnx._trees import add_boosted_trees, add_forest
from earmark.models._onnx._vectors import (
    add_calibrated,
    add_decision,
    add_gaussian,
    add_machine,
    add_squares,
)

__all__ = [
    "Graph",
    "add_boosted_trees",
    "add_calibrated",
    "add_decision",
    "add_forest",
    "add_gaussian",
    "add_machine",
    "add_neighbours",
    "add_squares",
    "attach",
    "tensor",
]
