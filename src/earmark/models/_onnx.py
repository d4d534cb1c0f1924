"""Writing a fitted model as one ONNX graph (extra ``train``)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import onnx.compose
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx

from earmark.models._transform import SMALLEST, Transform
from earmark.models.recipe import FittedModel
from earmark.types import FloatArray

__all__ = ["export_onnx"]

_OPSETS = {"": 18, "ai.onnx.ml": 3}
_IR_VERSION = 9


class _Graph:
    """Collects nodes and constants and names what they give."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, value: Any) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        name = output or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def transform(self, features: str, transform: Transform) -> str:
        """Add a transform, in double precision: raw columns differ by ten powers of ten."""
        positive = self.add("Max", features, self.constant(np.float64(SMALLEST)))
        bent = self.add(transform.function.capitalize(), positive)
        mixed = self.add("Where", self.constant(transform.columns), bent, features)
        centred = self.add("Sub", mixed, self.constant(transform.mean))
        scaled = self.add("Div", centred, self.constant(transform.scale))
        if transform.clip is None:
            return scaled
        low, high = (self.constant(np.float64(sign * transform.clip)) for sign in (-1, 1))
        return self.add("Clip", scaled, low, high)

    def norm(self, D: str, precision: FloatArray) -> str:
        """Add the length of each row under a quadratic form."""
        product = self.add("Mul", self.add("MatMul", D, self.constant(precision)), D)
        axes = self.constant(np.array([1]))
        return self.add("Sqrt", self.add("ReduceSum", product, axes, keepdims=0), output="distance")

    def calibrate(self, members: Sequence[str], temperature: float) -> str:
        """Add the mean of probabilities and its temperature."""
        mean = self.add("Mean", *members)
        likely = self.add("Max", mean, self.constant(np.float32(1e-12)))
        logits = self.add("Div", self.add("Log", likely), self.constant(np.float32(temperature)))
        return self.add("Softmax", logits, axis=1, output="probabilities")

    def build(self, name: str, inputs: Sequence[Any], outputs: Sequence[Any]) -> onnx.ModelProto:
        graph = helper.make_graph(self.nodes, name, inputs, outputs, self.constants)
        opsets = [helper.make_opsetid(domain, version) for domain, version in _OPSETS.items()]
        return helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)


def _tensor(name: str, kind: int, *shape: int | None) -> Any:
    return helper.make_tensor_value_info(name, kind, [None, *shape])


def _before(fitted: FittedModel, n_features: int) -> onnx.ModelProto:
    """Build what comes before the members: both transforms, and the distance."""
    graph = _Graph()
    Z = graph.transform("features", fitted.base.classifier_transform)
    graph.add("Cast", Z, to=TensorProto.FLOAT, output="Z")
    D = graph.transform("features", fitted.base.distance_transform)
    graph.norm(D, fitted.base.precision)
    return graph.build(
        "before",
        [_tensor("features", TensorProto.DOUBLE, n_features)],
        [_tensor("Z", TensorProto.FLOAT, n_features), _tensor("distance", TensorProto.DOUBLE)],
    )


def _after(fitted: FittedModel) -> onnx.ModelProto:
    """Build what comes after the members: their mean, and the temperature."""
    graph = _Graph()
    members = [f"member_{i}" for i in range(len(fitted.base.members))]
    graph.calibrate(members, fitted.temperature)
    n_classes = len(fitted.classes)
    return graph.build(
        "after",
        [_tensor(name, TensorProto.FLOAT, n_classes) for name in members],
        [_tensor("probabilities", TensorProto.FLOAT, n_classes)],
    )


def export_onnx(fitted: FittedModel) -> bytes:
    """Write a fitted model as an ONNX graph.

    Parameters
    ----------
    fitted : FittedModel
        What to write.

    Returns
    -------
    bytes
        A graph from ``features`` (double [n, d]) to ``probabilities`` (float [n, n_classes]) and
        ``distance`` (double [n]).
    """
    n_features = len(fitted.recipe.feature_set.names)
    whole = _before(fitted, n_features)
    whole = onnx.compose.add_prefix(whole, "before/", rename_inputs=False, rename_outputs=False)
    outputs = ["distance"]
    sample = np.zeros((1, n_features), dtype=np.float32)
    for i, member in enumerate(fitted.base.members):
        with warnings.catch_warnings():
            # skl2onnx reads attributes of SVC that scikit-learn will take away.
            warnings.simplefilter("ignore", FutureWarning)
            part = to_onnx(member, sample, target_opset=_OPSETS, options={"zipmap": False})
        part = onnx.compose.add_prefix(part, f"member_{i}/")
        part.ir_version = _IR_VERSION
        (name,) = (o.name for o in part.graph.output if o.name.endswith("probabilities"))
        (source,) = (entry.name for entry in part.graph.input)
        whole = _attach(whole, part, {"Z": source})
        outputs.append(name)
    after = _after(fitted)
    after = onnx.compose.add_prefix(after, "after/", rename_inputs=False, rename_outputs=False)
    links = {name: f"member_{i}" for i, name in enumerate(outputs[1:])}
    whole = _attach(whole, after, links)
    kept = {output.name: output for output in whole.graph.output}
    del whole.graph.output[:]
    whole.graph.output.extend([kept["probabilities"], kept["distance"]])
    whole.graph.name = fitted.recipe.name
    whole.producer_name, whole.producer_version = "earmark", ""
    onnx.checker.check_model(whole, full_check=True)
    return bytes(whole.SerializeToString(deterministic=True))


def _attach(first: onnx.ModelProto, second: onnx.ModelProto, links: dict[str, str]) -> Any:
    """Append a graph to another, whose outputs named in `links` become its inputs.

    Unlike `onnx.compose.merge_models` an output can feed several graphs.
    """
    renamed = {target: source for source, target in links.items()}
    for node in second.graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
    first.graph.node.extend(second.graph.node)
    first.graph.initializer.extend(second.graph.initializer)
    first.graph.output.extend(second.graph.output)
    return first
