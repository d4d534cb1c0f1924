"""The card of a model: its manifest in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["render_card"]

_PROTOCOLS = {
    "artist_inner": "artists apart, inside train + valid (where choices are made)",
    "random": "random folds (an artist can be on both sides)",
    "track": "tracks apart (an artist can be on both sides)",
    "artist": "artists apart",
    "official": "published test list",
    "official_artist_clean": "published test list, artists apart",
    "published3": "three published folds",
}


def _interval(estimate: Mapping[str, float]) -> str:
    return f"{estimate['value']:.3f} [{estimate['low']:.3f}, {estimate['high']:.3f}]"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _score_table(scores: Mapping[str, Any]) -> str:
    rows = [
        "| protocol | n | accuracy | macro F1 | calibration error | by chance | confidence | sure "
        "| right when sure |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, score in scores.items():
        estimates = (score["accuracy"], score["macro_f1"], score["calibration_error"])
        rows.append(
            f"| {_PROTOCOLS[name]} | {score['n']} | "
            + " | ".join(map(_interval, estimates))
            + f" | {score['calibration_error_by_chance']:.3f} | {score['mean_confidence']:.3f}"
            + f" | {_share(score['sure'])} | {_share(score['sure_accuracy'])} |"
        )
    return "\n".join(rows)


def _about_scores(scores: Mapping[str, Any], seed: int) -> list[str]:
    parts = []
    gap = {
        name: scores[name]["accuracy"]["value"] for name in ("random", "artist") if name in scores
    }
    if len(gap) == 2:
        parts.append(
            "Leakage gap (random less artists apart, same rows): "
            f"{gap['random'] - gap['artist']:.3f}."
        )
    published = ""
    if "official" in scores:
        published = "A published test list is scored by one fit on its train and valid lists. "
    parts.append(
        "Brackets hold 95 % bootstrap intervals over tracks (2000 resamples, seed 0). "
        f"Folds are five (seed {seed}), or as published; everything that learns, calibration and "
        f"thresholds included, is refitted in each. {published}"
        "Calibration error is over ten bins of equal mass; *by chance* is what 19 of 20 perfectly "
        "calibrated models as confident would stay below."
    )
    parts.append(
        "Then the recipe was refitted on all rows, and that is the model in this file: no score "
        "above is a score of this very fit."
    )
    return parts


def _member(member: Mapping[str, Any]) -> str:
    settings = {key: value for key, value in member.items() if key != "family"}
    return " ".join([member["family"], *(f"{key}={value}" for key, value in settings.items())])


def _how(recipe: Mapping[str, Any], calibration: Mapping[str, Any], kept: str) -> str:
    members = ", ".join(map(_member, recipe["members"]))
    steps = [f"Mean of the probabilities of {members}"]
    if len(recipe["members"]) == 1:
        steps = [f"Probabilities of {members}"]
    if recipe["log_columns"]:
        steps.append("logarithms of long-tailed columns")
    if recipe.get("standardise", True):
        steps.append("standardised columns")
    if recipe["clip"] is not None:
        steps.append(f"cut at {recipe['clip']:g} standard deviations")
    if calibration["method"] == "temperature":
        steps.append(
            f"a temperature of {calibration['temperature']:.3f} from {recipe['n_folds']} folds "
            f"that keep {kept}s whole"
        )
    return "; ".join(steps) + "."


def _doubt(threshold: float, accuracy: float, kept: str) -> str:
    if threshold <= 0:
        return (
            f"`confidence`: never. {accuracy:.0%} or more of all answers on held-out {kept}s are "
            "right, so that no threshold is needed for that."
        )
    return (
        f"`confidence`: the top probability is below {threshold:.3f}, the smallest threshold above "
        f"which {accuracy:.0%} of the answers on held-out {kept}s are right."
    )


def _precise(thresholds: Sequence[Mapping[str, float]], kept: str) -> str:
    """Say from which confidence on answers are right how often."""
    if not thresholds:
        return ""
    told = [
        f"{one['precision']:.0%} from a confidence of {one['confidence']:.3f} on, which "
        f"{one['share']:.0%} have"
        for one in thresholds
    ]
    return (
        f"Of the answers on held-out {kept}s that are not unsure are right: {'; '.join(told)}. "
        "Each is the smallest such confidence on those very rows, so that a little less is to be "
        "expected."
    )


def render_card(manifest: Mapping[str, Any]) -> str:
    """Write the card of a model.

    Parameters
    ----------
    manifest : mapping
        What its file says of it.

    Returns
    -------
    str
        Markdown.
    """
    training, recipe, unsure = manifest["training"], manifest["recipe"], manifest["unsure"]
    kept = "artist" if "artist" in manifest["scores"] else "track"
    artists = f"{training['n_artists']} groups of artists; " if "n_artists" in training else ""
    parts = [
        f"# Model card: {manifest['name']}",
        f"Names one of {len(manifest['classes'])} genres ({', '.join(manifest['classes'])}) from "
        f"the {manifest['features']['name']} features of a clip of 30 s, or says that it is "
        "unsure.",
        "## Scores",
        _score_table(manifest["scores"]),
        *_about_scores(manifest["scores"], recipe["seed"]),
        *(f"**{warning}**" for warning in training["warnings"]),
        "## How it was made",
        _how(recipe, manifest["calibration"], kept),
        *manifest["description"].split("\n\n"),
        f"Trained on {training['n']} {training['unit']}s of {training['corpus']} ({artists}"
        f"{training['citation']}). The ids are in the manifest; scoring the model on any of them "
        "would measure its memory.",
        "## When it says unsure",
        _doubt(unsure["min_confidence"], recipe["accuracy"], kept),
        "`unfamiliar`: the Mahalanobis distance to the training data (shrunk covariance) is above "
        f"{unsure['max_distance']:.2f}, within which {recipe['familiar']:.0%} of held-out music "
        "lies. Probabilities mean little there.",
        _precise(unsure.get("thresholds", ()), kept),
        "## Limits",
        "Music of other kinds than it was trained on gets one of its names, or unsure. Excerpts "
        "much shorter than 30 s look less familiar than they are.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"
