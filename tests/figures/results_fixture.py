"""A results document as `earmark evaluate` writes it, of predictions drawn at random by seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from earmark.types import FloatArray, IntArray

GENRES = (
    *("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock"),
)
FEATURES = (
    *("chroma_stft_mean", "rms_var", "spectral_bandwidth_mean", "rolloff_mean", "mfcc4_mean"),
    *("perceptr_var", "harmony_mean", "tempo", "mfcc1_mean", "mfcc12_var"),
)

_SKILL = {"random": 4.6, "track": 4.5, "artist": 3.4, "official": 3.3, "published3": 3.5}


def _estimate(value: float, *, half: float = 0.03) -> dict[str, float]:
    return {"value": value, "low": max(0.0, value - half), "high": value + half}


def _likeness(n_classes: int) -> FloatArray:
    """Say how alike genres are: neighbours in the list a little, two pairs a lot."""
    rng = np.random.default_rng(5)
    likeness = rng.random((n_classes, n_classes)) * 0.8
    for a, b in ((0, -1), (2, -1), (3, -3), (0, 2), (5, 1)):
        likeness[a % n_classes, b % n_classes] = likeness[b % n_classes, a % n_classes] = 1.6
    return likeness


def _probabilities(y: IntArray, *, n_classes: int, skill: float, seed: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    logits = rng.gumbel(size=(len(y), n_classes)) * 1.1 + _likeness(n_classes)[y]
    logits[np.arange(len(y)), y] += skill
    powers = np.exp(logits)
    shares: FloatArray = powers / powers.sum(axis=1, keepdims=True)
    return shares


def _curves(y: IntArray, probabilities: FloatArray) -> tuple[list[Any], list[Any]]:
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == y
    bins = [
        {"confidence": float(confidence[r].mean()), "accuracy": float(right[r].mean()), "n": len(r)}
        for r in np.array_split(np.argsort(confidence), 10)
    ]
    points = []
    for threshold in np.arange(20) / 20:
        kept = confidence >= threshold
        accuracy = float(right[kept].mean()) if kept.any() else None
        half = 1 / np.sqrt(max(1, kept.sum()))
        points.append(
            {
                "threshold": float(threshold),
                "coverage": float(kept.mean()),
                "n": int(kept.sum()),
                "accuracy": accuracy,
                "low": None if accuracy is None else max(0.0, accuracy - half),
                "high": None if accuracy is None else min(1.0, accuracy + half),
            }
        )
    return bins, points


def _metrics(y: IntArray, probabilities: FloatArray) -> dict[str, Any]:
    order = probabilities.argsort(axis=1)
    accuracy = float((order[:, -1] == y).mean())
    names = ("balanced_accuracy", "macro_precision", "macro_recall", "macro_f1")
    return {
        "accuracy": _estimate(accuracy),
        **{name: _estimate(accuracy - 0.004 * at) for at, name in enumerate(names)},
        "log_loss": _estimate(float(-np.log(probabilities[np.arange(len(y)), y]).mean())),
        "top3": _estimate(float((order[:, -3:] == y[:, None]).any(axis=1).mean())),
        "calibration_error": _estimate(0.041, half=0.01),
        "calibration_error_by_chance": 0.047,
        "mean_confidence": float(probabilities.max(axis=1).mean()),
    }


def _intervals(protocol: str, n: int) -> dict[str, Any]:
    over = "track" if protocol in ("random", "track") else "artist"
    n_units = n if over == "track" else -(-n // 3)
    return {"over": over, "n_units": n_units, "n_resamples": 2000, "seed": 0}


def make_run(
    protocol: str,
    genres: Sequence[str] = GENRES,
    *,
    n: int = 930,
    skill: float = 0.0,
    seed: int = 0,
) -> dict[str, Any]:
    """Make one run: a model under a protocol."""
    rng = np.random.default_rng(seed)
    k = len(genres)
    y = np.sort(rng.integers(k, size=n))
    y[:k] = np.arange(k)
    probabilities = _probabilities(
        y, n_classes=k, skill=_SKILL.get(protocol, 1.5) + skill, seed=seed + 1
    )
    order = probabilities.argsort(axis=1)
    predicted = order[:, -1]
    confusion, second = np.zeros((k, k), int), np.zeros((k, k), int)
    np.add.at(confusion, (y, predicted), 1)
    np.add.at(second, (predicted, order[:, -2]), 1)
    per_class = {}
    for at, genre in enumerate(genres):
        hits, named, there = confusion[at, at], confusion[:, at].sum(), confusion[at].sum()
        per_class[genre] = {
            "n": int(there),
            "precision": float(hits / max(1, named)),
            "recall": float(hits / max(1, there)),
            "f1": float(2 * hits / max(1, named + there)),
        }
    bins, points = _curves(y, probabilities)
    ids = [f"{genres[number]}.{at:05d}" for at, number in enumerate(y)]
    drops = np.sort(rng.random(len(FEATURES)) ** 2 * 0.09)[::-1]
    return {
        "protocol": protocol,
        "n": n,
        "n_tracks": n,
        "n_folds": 1 if protocol == "official" else 5,
        "seed": 0,
        "inner_groups": "artist",
        "intervals": _intervals(protocol, n),
        "metrics": _metrics(y, probabilities),
        "track_metrics": None,
        "per_class": per_class,
        "confusion": confusion.tolist(),
        "calibration_curve": bins,
        "coverage": points,
        "unsure": {"sure": 0.71, "sure_accuracy": 0.83, "unfamiliar": 0.05},
        "second": second.tolist(),
        "importances": [
            {"feature": name, "drop": d, "low": d - 0.008, "high": d + 0.009}
            for name, d in zip(FEATURES, drops.tolist(), strict=True)
        ],
        "fit_seconds": float(rng.random() * 20),
        "predict_milliseconds_per_row": float(rng.random()),
        "peak_memory_mb": float(rng.random() * 300),
        "model_bytes": int(rng.integers(10_000, 40_000_000)),
        "folds": [ids[fold::5] for fold in range(5)],
        "predictions": {
            "ids": ids,
            "tracks": None,
            "artists": [at // 3 for at in range(n)],
            "true": [genres[number] for number in y],
            "predicted": [genres[number] for number in predicted],
            "probabilities": probabilities.round(6).tolist(),
        },
    }


def make_results(
    genres: Sequence[str] = GENRES,
    *,
    models: Sequence[str] = ("knn", "svm", "logistic", "forest", "lightgbm"),
    protocols: Sequence[str] = ("random", "artist", "official"),
    n: int = 930,
    seed: int = 0,
    name: str = "gtzan",
) -> dict[str, Any]:
    """Make a document of the schema ``earmark.results/2``."""
    rng = np.random.default_rng(seed)
    scored = []
    for at, model in enumerate(models):
        skill = float(rng.normal() * 0.25)
        runs = [
            make_run(protocol, genres, n=n, skill=skill, seed=seed + 10 * at)
            for protocol in protocols
        ]
        by_protocol = {run["protocol"]: run["metrics"]["accuracy"]["value"] for run in runs}
        gap = None
        if {"random", "artist"} <= set(by_protocol):
            gap = _estimate(by_protocol["random"] - by_protocol["artist"], half=0.02)
        scored.append(
            {
                "name": model,
                "family": model,
                "recipe": {"name": model},
                "runs": runs,
                "leakage_gap": gap,
                "gap_intervals": None if gap is None else _intervals("artist", n),
            }
        )
    true = scored[0]["runs"][0]["predictions"]["true"] if scored else []
    return {
        "schema": "earmark.results/2",
        "earmark": "0.1.0",
        "seed": seed,
        "dataset": {
            "name": name,
            "n": n,
            "unit": "track",
            "feature_set": "gtzan57",
            "fingerprint": "0f" * 32,
            "digest": "a3" * 32,
            "classes": list(genres),
            "counts": {genre: true.count(genre) for genre in genres},
            "provenance": {"corpus": "GTZAN", "features_30_sec.csv": "b7" * 32},
        },
        "models": scored,
        "skipped": {"track": "every row is a track of its own: it would equal random"},
    }
