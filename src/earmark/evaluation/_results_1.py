"""Results files of version 1, brought up to date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from earmark.evaluation._curves import coverage_curve
from earmark.evaluation._resampling import intervals_over
from earmark.types import IntArray

__all__ = ["upgraded"]


def upgraded(content: dict[str, Any]) -> dict[str, Any]:
    """Bring a document of version 1, without its schema, up to date; `content` is not changed.

    Its intervals are over tracks, and stay so: which rows are by one artist was not written down.
    The points of "answering less" are computed again from the predictions, which have six decimals.
    Raises ValueError if a needed part is missing or of another type.
    """
    try:
        classes = {name: at for at, name in enumerate(content["dataset"]["classes"])}
        return {**content, "models": [_model(one, classes) for one in content["models"]]}
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise ValueError(f"as a file of version 1: {error!r}") from error


def _model(model: dict[str, Any], classes: dict[str, int]) -> dict[str, Any]:
    runs = [_run(run, classes) for run in model["runs"]]
    gap = None
    if model["leakage_gap"] is not None:
        random = next(run for run in runs if run["protocol"] == "random")
        gap = random["intervals"]
    return {**model, "runs": runs, "gap_intervals": gap}


def _run(run: dict[str, Any], classes: dict[str, int]) -> dict[str, Any]:
    predictions = run["predictions"]
    tracks = predictions["tracks"]
    groups = None if tracks is None else np.array(tracks)
    n = len(predictions["ids"])
    return {
        **run,
        "intervals": asdict(intervals_over("track", groups, n)),
        "coverage": _coverage(predictions, classes, groups),
        "predictions": {**predictions, "artists": None},
    }


def _coverage(
    predictions: dict[str, Any], classes: dict[str, int], groups: IntArray | None
) -> list[dict[str, Any]]:
    def numbers(names: Sequence[str]) -> IntArray:
        return np.array([classes[name] for name in names])

    curve = coverage_curve(
        numbers(predictions["true"]),
        np.array(predictions["probabilities"]),
        numbers(predictions["predicted"]),
        groups=groups,
    )
    return [asdict(point) for point in curve]
