"""A whole model as one graph: what comes before its classifiers, they, and what comes after."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import onnx
import onnx.compose
from onnx import TensorProto

from earmark.errors import ParameterError
from earmark.models._fitting import FittedModel
from earmark.models._onnx._graph import IR_VERSION, OPSETS, Graph, attach, tensor
from earmark.models._onnx._members import add_classifier
from earmark.models._transform import SMALLEST, Transform
from earmark.models.families import CalibratedSVC
from earmark.types import FloatArray

__all__ = ["add_transform", "export_onnx"]

_SINGLE = ("svm", "lda", "logistic")


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


def _before(fitted: FittedModel, *, single: bool) -> onnx.ModelProto:
    """Build what comes before the members: both transforms, and the distance."""
    graph, base = Graph(), fitted.base
    Z = add_transform(graph, "features", base.classifier_transform)
    kind = TensorProto.FLOAT if single else TensorProto.DOUBLE
    graph.add("Cast", Z, to=kind, output="Z")
    measured = "features"
    if base.distance_columns is not None:
        measured = graph.columns("features", base.distance_columns)
    _norm(graph, add_transform(graph, measured, base.distance_transform), base.precision)
    n_features = len(fitted.names)
    return graph.build(
        "before",
        [tensor("features", TensorProto.DOUBLE, n_features)],
        [tensor("Z", kind, n_features), tensor("distance", TensorProto.DOUBLE)],
    )


def _after(fitted: FittedModel, *, single: bool) -> onnx.ModelProto:
    """Build what comes after the members: their mean, and the temperature."""
    graph, members = Graph(), fitted.base.members
    precision: Any = np.float32 if single else np.float64
    names = [f"member_{i}" for i in range(len(members))]
    weights = np.array([member.weight for member in members])
    if len(set(weights)) > 1 or not single:
        shares = weights / weights.sum()
        weighted = [
            graph.add("Mul", name, graph.constant(precision(share)))
            for name, share in zip(names, shares, strict=True)
        ]
        mean = graph.add("Sum", *weighted)
    else:
        mean = graph.add("Mean", *names)
    likely = graph.add("Max", mean, graph.constant(precision(1e-12)))
    logits = graph.add(
        "Div", graph.add("Log", likely), graph.constant(precision(fitted.temperature))
    )
    if single:
        graph.add("Softmax", logits, axis=1, output="probabilities")
    else:
        graph.single(graph.add("Softmax", logits, axis=1), output="probabilities")
    kind, n_classes = TensorProto.FLOAT if single else TensorProto.DOUBLE, len(fitted.classes)
    return graph.build(
        "after",
        [tensor(name, kind, n_classes) for name in names],
        [tensor("probabilities", TensorProto.FLOAT, n_classes)],
    )


def _member_of_double(fitted: FittedModel, number: int) -> onnx.ModelProto:
    graph, member = Graph(), fitted.base.members[number]
    Z = "Z" if member.columns is None else graph.columns("Z", member.columns)
    found = add_classifier(graph, Z, member.classifier)
    graph.add("Identity", found, output="probabilities")
    return graph.build(
        "member",
        [tensor("Z", TensorProto.DOUBLE, len(fitted.names))],
        [tensor("probabilities", TensorProto.DOUBLE, len(fitted.classes))],
    )


def _member_of_single(fitted: FittedModel, number: int) -> onnx.ModelProto:
    from skl2onnx import to_onnx

    classifier = fitted.base.members[number].classifier
    if isinstance(classifier, CalibratedSVC):
        classifier = classifier.calibrated_
    sample = np.zeros((1, len(fitted.names)), dtype=np.float32)
    with warnings.catch_warnings():
        # skl2onnx reads attributes of SVC that scikit-learn will take away.
        warnings.simplefilter("ignore", FutureWarning)
        part: onnx.ModelProto = to_onnx(
            classifier, sample, target_opset=OPSETS, options={"zipmap": False}
        )
    part.ir_version = IR_VERSION
    return part


def _is_single(fitted: FittedModel) -> bool:
    if fitted.recipe.precision == "double":
        return False
    for member in fitted.base.members:
        if member.family not in _SINGLE or member.columns is not None or not fitted.calibrated:
            raise ParameterError(
                f"recipe {fitted.recipe.name!r}: precision='single' is for calibrated models of "
                f"{', '.join(_SINGLE)} on all columns"
            )
    return True


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

    Raises
    ------
    ParameterError
        If the recipe asks for single precision and its members cannot have it.
    """
    single = _is_single(fitted)
    whole = _before(fitted, single=single)
    whole = onnx.compose.add_prefix(whole, "before/", rename_inputs=False, rename_outputs=False)
    outputs = []
    for i in range(len(fitted.base.members)):
        part = _member_of_single(fitted, i) if single else _member_of_double(fitted, i)
        part = onnx.compose.add_prefix(part, f"member_{i}/")
        (name,) = (o.name for o in part.graph.output if o.name.endswith("probabilities"))
        (source,) = (entry.name for entry in part.graph.input)
        whole = attach(whole, part, {"Z": source})
        outputs.append(name)
    after = _after(fitted, single=single)
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
