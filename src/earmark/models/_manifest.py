"""The manifest of a model or a space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np

from earmark.datasets import FeatureTable
from earmark.features import FeatureSet, feature_sets
from earmark.models._card import description_of
from earmark.models._fitted import FittedModel
from earmark.models._recipe import Recipe
from earmark.models._space_fitting import FittedSpace
from earmark.models.families import get_family
from earmark.records import package_version

__all__ = ["model_manifest", "space_manifest"]


def _made_with(*libraries: str) -> dict[str, str]:
    """Return the versions of what decides how a model comes out."""
    return {"earmark": package_version(), **{name: version(name) for name in libraries}}


def _libraries(recipe: Recipe) -> Sequence[str]:
    """Name the libraries that a recipe is made with."""
    used = [name for member in recipe.members for name in get_family(member["family"]).made_with]
    return list(dict.fromkeys(["scikit-learn", "onnx", "numpy", *used]))


def _input(features: FeatureSet) -> dict[str, Any]:
    return {
        "name": features.name,
        "version": features.version,
        "fingerprint": features.fingerprint,
    }


def model_manifest(
    name: str,
    fitted: FittedModel,
    table: FeatureTable,
    *,
    scores: Mapping[str, Any],
    leakage_gap: Mapping[str, float] | None,
    training: Mapping[str, Any],
) -> dict[str, Any]:
    """Describe a model, as its file does.

    Parameters
    ----------
    name : str
        Name of the model.
    fitted : FittedModel
        The model.
    table : FeatureTable
        What it was fitted to, of a registered feature set.
    scores : mapping
        What JSON can hold of its scores, by protocol.
    leakage_gap : mapping or None
        ``value``, ``low`` and ``high``, where artists are known.
    training : mapping
        More about the training data: ``n_artists``, ``warnings``.

    Returns
    -------
    dict
        What `write_model` writes and `render_card` renders.
    """
    recipe, segments = fitted.recipe, table.unit == "segment"
    (features,) = (known for known in feature_sets() if known.fingerprint == table.fingerprint)
    return {
        "name": name,
        "description": description_of(recipe, table.provenance.get("corpus", "")),
        "chosen_on": recipe.corpus or None,
        "features": _input(features),
        "classes": list(fitted.classes),
        "recipe": recipe.to_dict(),
        "calibration": {"method": recipe.calibration, "temperature": fitted.temperature},
        "unsure": {
            "min_confidence": fitted.min_confidence,
            "min_margin": fitted.min_margin,
            "max_distance": fitted.max_distance,
            # Without artists it is not known how often answers are right on others' music.
            "thresholds": [
                {"precision": precision, "confidence": confidence, "share": share}
                for precision, confidence, share in fitted.precise
                if "artist" in table.groups
            ],
            "held_out": None if fitted.doubt is None else fitted.doubt.to_dict(),
        },
        "training": {
            **table.provenance,
            "n": len(table),
            "unit": table.unit,
            "n_tracks": len(np.unique(table.groups["track"])) if segments else len(table),
            **training,
            "ids": table.ids.tolist(),
        },
        "scores": dict(scores),
        "made_with": _made_with(*_libraries(recipe)),
        "leakage_gap": leakage_gap,
    }


def space_manifest(
    name: str,
    fitted: FittedSpace,
    table: FeatureTable,
    *,
    tracks: FeatureTable,
    scores: Mapping[str, Any],
) -> dict[str, Any]:
    """Describe a space, as its file does.

    Parameters
    ----------
    name : str
        Name of the space.
    fitted : FittedSpace
        The space.
    table : FeatureTable
        What it was fitted to.
    tracks : FeatureTable
        A row for each of its tracks.
    scores : mapping
        What JSON can hold of its scores, by protocol.

    Returns
    -------
    dict
        What `write_model` writes and `render_space_card` renders.
    """
    return {
        "kind": "space",
        "name": name,
        "description": description_of(fitted.recipe, table.provenance.get("corpus", "")),
        "chosen_on": fitted.recipe.corpus or None,
        "features": _input(fitted.recipe.feature_set),
        "n_dims": fitted.n_dims,
        "metric": "cosine",
        "recipe": fitted.recipe.to_dict(),
        "training": {
            **table.provenance,
            "n": len(table),
            "unit": table.unit,
            "n_tracks": len(tracks),
            "n_artists": len(np.unique(tracks.groups["artist"])),
            "genres": list(tracks.classes) if fitted.genres is not None else [],
            # Segments are known by their tracks' names.
            "ids": [row.rpartition("#")[0] or row for row in tracks.ids.tolist()],
        },
        "scores": dict(scores),
        "made_with": _made_with("scikit-learn", "onnx", "numpy", "scipy"),
    }
