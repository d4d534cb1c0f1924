"""Fitted classifiers and spaces: their file, how they are run, and how they are trained.

Importing this loads onnxruntime but not scikit-learn; code that fits models is in
`earmark.models.recipe` and `earmark.models.families` (extra ``train``).
"""

from earmark.models._artifact import (
    FORMAT_VERSION,
    LargeModelWarning,
    ModelFile,
    read_model,
    write_model,
)
from earmark.models._description import describe_model, identify_model, list_models
from earmark.models._served import (
    DEFAULT_MODEL,
    Model,
    Prediction,
    is_decided,
    load_model,
    shipped_models,
)
from earmark.models._space import DEFAULT_SPACE, Space, load_space, shipped_spaces, spaces
from earmark.models._track import TrackPrediction, predict_track
from earmark.types import Unsure

__all__ = [
    "DEFAULT_MODEL",
    "DEFAULT_SPACE",
    "FORMAT_VERSION",
    "LargeModelWarning",
    "Model",
    "ModelFile",
    "Prediction",
    "Space",
    "TrackPrediction",
    "Unsure",
    "describe_model",
    "identify_model",
    "is_decided",
    "list_models",
    "load_model",
    "load_space",
    "predict_track",
    "read_model",
    "shipped_models",
    "shipped_spaces",
    "spaces",
    "write_model",
]
