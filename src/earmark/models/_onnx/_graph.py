"""Build an ONNX graph node by node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

__all__ = ["OPSETS", "Graph", "attach", "tensor"]

OPSETS = {"": 18, "ai.onnx.ml": 3}
"""Versions of the operators, supported by onnxruntime since 1.14."""

IR_VERSION = 9


def tensor(name: str, kind: int, *shape: int | None) -> Any:
    """Describe an input or output: any number of rows, and the other sizes."""
    return helper.make_tensor_value_info(name, kind, [None, *shape])


class Graph:
    """Collects ONNX nodes and constants, and names their outputs.

    `prefix` keeps the names of a graph inside a node apart from those around it. `single` stores
    weights in single precision, which halves their size and changes them by at most 6e-8 of their
    value; all arithmetic is in double precision either way.
    """

    def __init__(self, *, prefix: str = "", single: bool = False) -> None:
        self.prefix = prefix
        self._store_as = np.float32 if single else np.float64
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, value: Any) -> str:
        """Add a constant, in the precision it has."""
        name = f"{self.prefix}constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def weights(self, value: Any) -> str:
        """Add a constant of double precision, stored in single precision if it may be."""
        array = np.asarray(value)
        if array.dtype != np.float32:
            array = array.astype(self._store_as)
        name = self.constant(array)
        return self.double(name) if array.dtype == np.float32 else name

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Add a node; return the name of its output."""
        name = output or f"{self.prefix}{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def double(self, name: str, *, output: str = "") -> str:
        """Convert to double precision."""
        return self.add("Cast", name, to=TensorProto.DOUBLE, output=output)

    def single(self, name: str, *, output: str = "") -> str:
        """Convert to single precision."""
        return self.add("Cast", name, to=TensorProto.FLOAT, output=output)

    def columns(self, name: str, chosen: Any) -> str:
        """Select columns by a mask."""
        return self.add("Gather", name, self.constant(np.flatnonzero(chosen)), axis=1)

    def total(self, name: str, *, axis: int = 1, keepdims: int = 1, of: str = "Sum") -> str:
        """Reduce along an axis: a sum unless another reduction is named."""
        return self.add(f"Reduce{of}", name, self.constant(np.array([axis])), keepdims=keepdims)

    def linear(self, name: str, coefficients: Any, intercept: Any) -> str:
        """Add the product with a matrix [shape=(d, k)], and a constant row."""
        product = self.add("MatMul", name, self.weights(coefficients))
        return self.add("Add", product, self.weights(intercept))

    def both(self, second: str) -> str:
        """Add the probability of the first of two classes to that of the second [shape=(n, 1)]."""
        first = self.add("Sub", self.constant(np.float64(1)), second)
        return self.add("Concat", first, second, axis=1)

    def softmax(self, scores: str, *, n_classes: int) -> str:
        """Turn scores into probabilities; two classes have one score, that of the second."""
        if n_classes == 2:
            return self.both(self.add("Sigmoid", scores))
        return self.add("Softmax", scores, axis=1)

    def build(self, name: str, inputs: Sequence[Any], outputs: Sequence[Any]) -> onnx.ModelProto:
        """Return the graph."""
        graph = helper.make_graph(self.nodes, name, inputs, outputs, self.constants)
        opsets = [helper.make_opsetid(domain, version) for domain, version in OPSETS.items()]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)


def attach(
    first: onnx.ModelProto, second: onnx.ModelProto, links: dict[str, str]
) -> onnx.ModelProto:
    """Append a graph to another, whose outputs named in `links` become its inputs.

    Unlike with `onnx.compose.merge_models`, an output can feed several graphs.
    """
    renamed = {target: source for source, target in links.items()}
    for node in second.graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
    first.graph.node.extend(second.graph.node)
    first.graph.initializer.extend(second.graph.initializer)
    first.graph.output.extend(second.graph.output)
    return first
