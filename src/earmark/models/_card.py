"""The card of a model: its manifest in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from earmark.models._card_doubt import undecided_lines
from earmark.models._recipe import Recipe
from earmark.models._space_recipe import SpaceRecipe

__all__ = ["description_of", "render_card"]

_PROTOCOLS = {
    "artist_inner": "artists apart, inside train + valid",
    "random": "random folds (an artist can be on both sides)",
    "track": "tracks apart (an artist can be on both sides)",
    "artist": "artists apart",
    "official": "published test list",
    "official_artist_clean": "published test list, artists apart",
    "published3": "three published folds",
}


_OWN = {"folder": "a folder of music", "library": "a music library"}
"""Data of the user's own, which has no title and no citation."""


def description_of(recipe: Recipe | SpaceRecipe, corpus: str) -> str:
    """Return what is true of the recipe of a model that was trained on a corpus.

    Parameters
    ----------
    recipe : Recipe or SpaceRecipe
        The recipe.
    corpus : str
        What the model was trained on.

    Returns
    -------
    str
        The recipe's own description, unless that is about another corpus.
    """
    if recipe.corpus in ("", corpus):
        return recipe.description
    return (
        f"The recipe {recipe.name} was chosen on {recipe.corpus}, before it was used on this data, "
        "so that the scores above owe nothing to its choice."
    )


def _interval(estimate: Mapping[str, float]) -> str:
    return f"{estimate['value']:.3f} [{estimate['low']:.3f}, {estimate['high']:.3f}]"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _units(intervals: Mapping[str, Any]) -> str:
    return f"{intervals['n_units']} {intervals['over']}s"


def _score_table(scores: Mapping[str, Any], *, chosen: bool) -> str:
    rows = [
        "| protocol | n | intervals over | accuracy | macro F1 | calibration error | by chance "
        "| confidence | sure | right when sure |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, score in scores.items():
        title = _PROTOCOLS[name]
        if name == "artist_inner" and chosen:
            title += " (where the recipe was chosen)"
        estimates = (score["accuracy"], score["macro_f1"], score["calibration_error"])
        rows.append(
            f"| {title} | {score['n']} | {_units(score['intervals'])} | "
            + " | ".join(map(_interval, estimates))
            + f" | {score['calibration_error_by_chance']:.3f} | {score['mean_confidence']:.3f}"
            + f" | {_share(score['sure'])} | {_share(score['sure_accuracy'])} |"
        )
    return "\n".join(rows)


def _about_scores(manifest: Mapping[str, Any], seed: int) -> list[str]:
    scores, gap = manifest["scores"], manifest["leakage_gap"]
    parts = []
    if gap is not None:
        parts.append(
            "Leakage gap (random less artists apart, same rows, resampling artists): "
            f"{_interval(gap)}."
        )
    published, folds = "", f"Folds are five (seed {seed})"
    if "official" in scores:
        published = "A published test list is scored by one fit on its train and valid lists. "
    if {"official", "published3"} & set(scores):
        folds += ", or as published"
    over = "tracks"
    if any(score["intervals"]["over"] == "artist" for score in scores.values()):
        over = (
            "artists where artists are kept apart, since songs by one artist are right or wrong "
            "together, else over tracks"
        )
    parts.append(
        f"Brackets hold 95 % bootstrap intervals over {over} (2000 resamples, seed 0). "
        f"{folds}; everything that learns, calibration and "
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


def _precise(thresholds: Sequence[Mapping[str, float]], kept: str) -> str:
    """Say from which confidence on answers are right how often."""
    if not thresholds:
        return ""
    told = []
    for one, higher in zip(thresholds, [*thresholds[1:], None], strict=True):
        share = f"{one['precision']:.0%}"
        if one["confidence"] > 0:
            share += (
                f" from a confidence of {one['confidence']:.3f} on, which {one['share']:.0%} have"
            )
        elif higher is not None and higher["confidence"] <= 0:
            continue  # the next says more
        else:
            share += f" or more of all, which are {one['share']:.0%} of the answers"
        told.append(share)
    return (
        f"Of the answers on held-out {kept}s that are not unsure are right: {'; '.join(told)}. "
        "Each is the smallest such confidence on those very rows, so that a little less is to be "
        "expected."
    )


def _trained_on(training: Mapping[str, Any]) -> str:
    corpus, n_tracks = training["corpus"], training.get("n_tracks", training["n"])
    unit = training["unit"]
    if unit == "segment" and corpus in _OWN:
        unit = "clip"
    rows = f"{training['n']} {unit}s"
    if n_tracks != training["n"]:
        rows += f" of {n_tracks} tracks"
    notes = []
    if "n_artists" in training:
        notes.append(f"{training['n_artists']} groups of artists")
    if corpus not in _OWN and training.get("citation"):
        notes.append(training["citation"])
    where = f"in {_OWN[corpus]}" if corpus in _OWN else f"of {corpus}"
    noted = f" ({'; '.join(notes)})" if notes else ""
    return (
        f"Trained on {rows} {where}{noted}. The ids are in the manifest; scoring the model on any "
        "of them would measure its memory."
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
    parts = [
        f"# Model card: {manifest['name']}",
        f"Names one of {len(manifest['classes'])} genres ({', '.join(manifest['classes'])}) from "
        f"the {manifest['features']['name']} features of a clip of 30 s, or says that it is "
        "unsure.",
        "## Scores",
        _score_table(manifest["scores"], chosen=manifest["chosen_on"] == training["corpus"]),
        *_about_scores(manifest, recipe["seed"]),
        *(f"**{warning}**" for warning in training["warnings"]),
        "## How it was made",
        _how(recipe, manifest["calibration"], kept),
        *manifest["description"].split("\n\n"),
        _trained_on(training),
        "## When it says unsure",
        *undecided_lines(unsure, recipe["accuracy"], kept),
        "`unfamiliar`: the Mahalanobis distance to the training data (shrunk covariance) is above "
        f"{unsure['max_distance']:.2f}, within which {recipe['familiar']:.0%} of held-out music "
        "lies. Probabilities mean little there.",
        _precise(unsure.get("thresholds", ()), kept),
        "## Limits",
        "Music of other kinds than it was trained on gets one of its names, or unsure. Clips much "
        "shorter than those it was trained on look less familiar than they are.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"
