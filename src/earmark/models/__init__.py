"""Fitted classifiers: the file they are kept in, how they are served, how they are made.

Importing this loads onnxruntime and no scikit-learn; what fits models is in `earmark.models.recipe`
and `earmark.models.families` (extra ``train``).
"""

from earmark.models._artifact import (
    FORMAT_VERSION,
    LargeModelWarning,
    ModelFile,
    read_model,
    write_model,
)
from earmark.models._served import DEFAULT_MODEL, Model, Prediction, load_model, shipped_models
from earmark.models._track import TrackPrediction, Unsure, predict_track

__all__ = [
    "DEFAULT_MODEL",
    "FORMAT_VERSION",
    "LargeModelWarning",
    "Model",
    "ModelFile",
    "Prediction",
    "TrackPrediction",
    "Unsure",
    "load_model",
    "predict_track",
    "read_model",
    "shipped_models",
    "write_model",
]
