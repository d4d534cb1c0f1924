"""Earmark listens to music, names its genre and shows why, offline.

>>> import earmark
>>> answer = earmark.classify("song.mp3")  # doctest: +SKIP
>>> answer.genre, round(answer.confidence, 2), answer.unsure  # doctest: +SKIP
('reggae', 0.81, None)

Importing the package loads none of its libraries; each name below is loaded when first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from earmark import audio as audio
    from earmark import errors as errors
    from earmark import features as features
    from earmark import models as models
    from earmark.analysis import Classification as Classification
    from earmark.errors import EarmarkError as EarmarkError
    from earmark.models import Model as Model
    from earmark.models import load_model as load_model
    from earmark.workflows.classify import classify as classify
    from earmark.workflows.classify import classify_many as classify_many

__version__ = "0.1.0"

_HOMES = {
    "Classification": "earmark.analysis",
    "EarmarkError": "earmark.errors",
    "Model": "earmark.models",
    "classify": "earmark.workflows.classify",
    "classify_many": "earmark.workflows.classify",
    "load_model": "earmark.models",
}
_MODULES = ("audio", "errors", "features", "models")

__all__ = [
    "Classification",
    "EarmarkError",
    "Model",
    "__version__",
    "audio",
    "classify",
    "classify_many",
    "errors",
    "features",
    "load_model",
    "models",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"earmark.{name}")
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'earmark' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
