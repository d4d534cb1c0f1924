"""A whole model as one graph: transforms, classifiers, and their mean."""

from __future__ import annotations

import numpy as np
import onnx
import onnx.compose
from onnx import TensorProto

from earmark.models._fitted import FittedModel
from earmark.models._onnx import Graph, attach, tensor
from earmark.models._transform import SMALLEST, Transform
from earmark.models.families import get_family
from earmark.types import FloatArray

__all__ = ["add_transform", "export_onnx"]


def add_transform(graph: Graph, features: str, transform: Transform) -> str:
    """Add a transform, in double precision: raw columns differ by ten powers of ten."""
    if transform.columns.any():
        positive = graph.add("Max", features, graph.constant(np.float64(SMALLEST)))
        bent = graph.add(transform.function.capitalize(), positive)
        features = graph.add("Where", graph.constant(transform.columns), bent, features)
    centred = graph.add("Sub", features, graph.constant(transform.mean))
    scaled = graph.add("Div", centred, graph.constant(transform.scale))
    if transform.clip is None:
        return scaled
    low, high = (graph.constant(np.float64(sign * transform.clip)) for sign in (-1, 1))
    return graph.add("Clip", scaled, low, high)


def _norm(graph: Graph, D: str, precision: FloatArray) -> str:
    """Add the length of each row under a quadratic form."""
    product = graph.add("Mul", graph.add("MatMul", D, graph.constant(precision)), D)
    axes = graph.constant(np.array([1]))
    return graph.add("Sqrt", graph.add("ReduceSum", product, axes, keepdims=0), output="distance")


def _before(fitted: FittedModel) -> onnx.ModelProto:
    """Build the part before the members: both transforms, and the distance."""
    graph, base = Graph(), fitted.base
    Z = add_transform(graph, "features", base.classifier_transform)
    graph.add("Identity", Z, output="Z")
    measured = "features"
    if base.distance_columns is not None:
        measured = graph.columns("features", base.distance_columns)
    _norm(graph, add_transform(graph, measured, base.distance_transform), base.precision)
    n_features = len(fitted.names)
    return graph.build(
        "before",
        [tensor("features", TensorProto.DOUBLE, n_features)],
        [tensor("Z", TensorProto.DOUBLE, n_features), tensor("distance", TensorProto.DOUBLE)],
    )


def _member(fitted: FittedModel, number: int) -> onnx.ModelProto:
    graph, member = Graph(single=fitted.recipe.precision == "single"), fitted.base.members[number]
    Z = "Z" if member.columns is None else graph.columns("Z", member.columns)
    found = get_family(member.family).export(graph, Z, member.classifier)
    graph.add("Identity", found, output="probabilities")
    return graph.build(
        "member",
        [tensor("Z", TensorProto.DOUBLE, len(fitted.names))],
        [tensor("probabilities", TensorProto.DOUBLE, len(fitted.classes))],
    )


def _after(fitted: FittedModel) -> onnx.ModelProto:
    """Build the part after the members: their mean, and the temperature."""
    graph, members = Graph(), fitted.base.members
    names = [f"member_{i}" for i in range(len(members))]
    weights = np.array([member.weight for member in members])
    shares = weights / weights.sum()
    weighted = [
        graph.add("Mul", name, graph.constant(np.float64(share)))
        for name, share in zip(names, shares, strict=True)
    ]
    likely = graph.add("Max", graph.add("Sum", *weighted), graph.constant(np.float64(1e-12)))
    temperature = graph.constant(np.float64(fitted.temperature))
    logits = graph.add("Div", graph.add("Log", likely), temperature)
    graph.single(graph.add("Softmax", logits, axis=1), output="probabilities")
    n_classes = len(fitted.classes)
    return graph.build(
        "after",
        [tensor(name, TensorProto.DOUBLE, n_classes) for name in names],
        [tensor("probabilities", TensorProto.FLOAT, n_classes)],
    )


def export_onnx(fitted: FittedModel) -> bytes:
    """Write a fitted model as an ONNX graph.

    Parameters
    ----------
    fitted : FittedModel
        The object to write.

    Returns
    -------
    bytes
        A graph from ``features`` (double [n, d]) to ``probabilities`` (float [n, n_classes]) and
        ``distance`` (double [n]).
    """
    whole = _before(fitted)
    whole = onnx.compose.add_prefix(whole, "before/", rename_inputs=False, rename_outputs=False)
    outputs = []
    for i in range(len(fitted.base.members)):
        part = onnx.compose.add_prefix(_member(fitted, i), f"member_{i}/")
        (name,) = (o.name for o in part.graph.output if o.name.endswith("probabilities"))
        (source,) = (entry.name for entry in part.graph.input)
        whole = attach(whole, part, {"Z": source})
        outputs.append(name)
    after = _after(fitted)
    after = onnx.compose.add_prefix(after, "after/", rename_inputs=False, rename_outputs=False)
    links = {name: f"member_{i}" for i, name in enumerate(outputs)}
    whole = attach(whole, after, links)
    kept = {output.name: output for output in whole.graph.output}
    del whole.graph.output[:]
    whole.graph.output.extend([kept["probabilities"], kept["distance"]])
    whole.graph.name = fitted.recipe.name
    whole.producer_name, whole.producer_version = "earmark", ""
    onnx.checker.check_model(whole, full_check=True)
    return bytes(whole.SerializeToString(deterministic=True))
