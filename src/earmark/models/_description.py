"""List and describe models."""

from __future__ import annotations

from typing import Any

from earmark.arguments import checked
from earmark.models._served import DEFAULT_MODEL, Model, load_model, shipped_models

__all__ = ["describe_model", "identify_model", "list_models"]


@checked
def identify_model(model: Model) -> dict[str, Any]:
    """Return what identifies a model in a report.

    Parameters
    ----------
    model : Model
        Which.

    Returns
    -------
    dict
        What JSON can hold: name, hash, classes, feature set, thresholds.

    Examples
    --------
    >>> from earmark.models import load_model
    >>> identify_model(load_model("gtzan57"))["features"]["name"]
    'gtzan57'
    """
    return {
        "name": model.name,
        "sha256": model.sha256,
        "classes": list(model.classes),
        "features": {
            "name": model.feature_set.name,
            "version": model.feature_set.version,
            "fingerprint": model.feature_set.fingerprint,
        },
        "min_confidence": model.min_confidence,
        "min_margin": model.min_margin,
        "max_distance": model.max_distance,
    }


@checked
def describe_model(model: Model) -> dict[str, Any]:
    """Return what identifies a model, how it was made and how it scores.

    Parameters
    ----------
    model : Model
        Which.

    Returns
    -------
    dict
        What JSON can hold: `identify_model`, ``recipe``, ``calibration``, ``training``,
        ``scores`` by protocol, size in ``bytes``, and whether it is the ``default``.

    Examples
    --------
    >>> from earmark.models import load_model
    >>> sorted(describe_model(load_model())["scores"])[:3]
    ['artist', 'artist_inner', 'official']
    """
    made = {key: model.manifest[key] for key in ("recipe", "calibration", "training", "scores")}
    return {
        **identify_model(model),
        **made,
        "bytes": model.n_bytes,
        "default": model.name == DEFAULT_MODEL,
    }


def list_models() -> list[dict[str, Any]]:
    """Describe every model that comes with the package.

    Returns
    -------
    list of dict
        As `describe_model` gives them, without the training ids, by name.

    Examples
    --------
    >>> [model["name"] for model in list_models() if model["default"]]
    ['gtzan943']
    """
    models = [describe_model(load_model(name)) for name in shipped_models()]
    for model in models:
        model["training"] = {k: v for k, v in model["training"].items() if k != "ids"}
    return models
