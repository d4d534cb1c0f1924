"""Model cards: the manifest of a model in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from earmark.models._card_doubt import undecided_lines
from earmark.models._recipe import Recipe
from earmark.models._space_recipe import SpaceRecipe
from earmark.wording import counted

__all__ = ["description_of", "origin_of", "render_card"]

_PROTOCOLS = {
    "artist_inner": "artists kept apart, within train + valid",
    "random": "random folds (an artist can be in training and test rows)",
    "track": "tracks kept apart (an artist can be in training and test rows)",
    "artist": "artists kept apart",
    "official": "published test split",
    "official_artist_clean": "published test split, new artists only",
    "published3": "three published folds",
}


_OWN = {"folder": "a folder of music", "library": "a music library"}
"""The user's own data, which has no title and no citation."""


def description_of(recipe: Recipe | SpaceRecipe, corpus: str) -> str:
    """Return how a recipe was chosen, for the card of a model trained on a corpus.

    Parameters
    ----------
    recipe : Recipe or SpaceRecipe
        The recipe.
    corpus : str
        The corpus the model was trained on; empty if that is not known.

    Returns
    -------
    str
        The recipe's own description, unless that is about another corpus.
    """
    if recipe.corpus in ("", corpus):
        return recipe.description
    if not corpus:
        return (
            f"The recipe {recipe.name} was chosen on {recipe.corpus}. If this data is also from "
            f"{recipe.corpus}, choosing the recipe raised the scores above."
        )
    return (
        f"The recipe {recipe.name} was chosen on {recipe.corpus}, before it was used on this data, "
        "so choosing it did not raise the scores above."
    )


def _interval(estimate: Mapping[str, float]) -> str:
    return f"{estimate['value']:.3f} [{estimate['low']:.3f}, {estimate['high']:.3f}]"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _units(intervals: Mapping[str, Any]) -> str:
    return counted(intervals["n_units"], intervals["over"])


def _score_table(scores: Mapping[str, Any], *, chosen: bool) -> str:
    rows = [
        "| protocol | rows | intervals over | accuracy | macro F1 | calibration error | by chance "
        "| mean confidence | share sure | accuracy when sure |",
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
            "Leakage gap (random minus artists kept apart, same rows, resampling artists): "
            f"{_interval(gap)}."
        )
    published, folds = "", f"There are five folds (seed {seed})"
    if "official" in scores:
        published = (
            "For the published test split, the model is trained once, on the train and valid rows. "
        )
    if {"official", "published3"} & set(scores):
        folds += ", or the published ones"
    over = "tracks"
    if any(score["intervals"]["over"] == "artist" for score in scores.values()):
        over = (
            "artists if the protocol keeps artists apart, because songs by one artist tend to be "
            "right or wrong together, and otherwise over tracks"
        )
    parts.append(
        f"Brackets hold 95 % bootstrap intervals over {over} (2,000 resamples, seed 0). "
        f"{folds}; everything that is learned, calibration and thresholds included, is fitted "
        f"again in each. {published}Calibration error uses ten bins with equal numbers of rows; "
        "*by chance* is the value that 19 of 20 perfectly calibrated models with the same "
        "confidences would stay below."
    )
    parts.append(
        "The model in this file was then trained on all rows, so no score above was measured on "
        "this exact model."
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
        steps.append("logarithms of columns with long tails")
    if recipe.get("standardise", True):
        steps.append("standardised columns")
    if recipe["clip"] is not None:
        steps.append(f"clipped at {recipe['clip']:g} standard deviations")
    if calibration["method"] == "temperature":
        steps.append(
            f"temperature {calibration['temperature']:.3f}, from {recipe['n_folds']} folds that "
            f"keep {kept}s {'apart' if kept == 'artist' else 'whole'}"
        )
    return "; ".join(steps) + "."


def _precise(thresholds: Sequence[Mapping[str, float]], kept: str) -> str:
    """List the confidences above which a given share of the answers is right."""
    if not thresholds:
        return ""
    parts = []
    for threshold, higher in zip(thresholds, [*thresholds[1:], None], strict=True):
        right, share = f"{threshold['precision']:.0%}", f"{threshold['share']:.0%}"
        if threshold["confidence"] > 0:
            least = f"{threshold['confidence']:.3f}"
            parts.append(f"{right} with a confidence of {least} or more ({share} of all answers)")
        elif higher is None or higher["confidence"] > 0:  # else the next says more
            parts.append(f"at least {right} overall ({share} of all answers)")
    return (
        f"Share of answers on held-out {kept}s that are right when the model is not unsure: "
        f"{'; '.join(parts)}. Each confidence is the lowest that reached its share on these very "
        "rows, so expect slightly less on new music."
    )


def origin_of(corpus: str) -> str:
    """Return where rows are from, with its preposition; a user's own table may not say."""
    if not corpus:
        return "of a table that does not say where they are from"
    return f"in {_OWN[corpus]}" if corpus in _OWN else f"of {corpus}"


def _trained_on(training: Mapping[str, Any]) -> str:
    corpus, n_tracks = training.get("corpus", ""), training.get("n_tracks", training["n"])
    unit = training["unit"]
    if unit == "segment" and corpus in _OWN:
        unit = "clip"
    rows = counted(training["n"], unit)
    if n_tracks != training["n"]:
        rows += f" of {counted(n_tracks, 'track')}"
    notes = []
    if "n_artists" in training:
        notes.append(counted(training["n_artists"], "group of artists", "groups of artists"))
    if corpus not in _OWN and training.get("citation"):
        notes.append(training["citation"])
    noted = f" ({'; '.join(notes)})" if notes else ""
    return (
        f"Trained on {rows} {origin_of(corpus)}{noted}. The manifest lists their ids; testing "
        "the model on any of them would only measure what it remembers."
    )


def render_card(manifest: Mapping[str, Any]) -> str:
    """Write the card of a model.

    Parameters
    ----------
    manifest : mapping
        The manifest in its file.

    Returns
    -------
    str
        Markdown.
    """
    training, recipe, unsure = manifest["training"], manifest["recipe"], manifest["unsure"]
    chosen_here = manifest["chosen_on"] == training.get("corpus", "")
    kept = "artist" if "artist" in manifest["scores"] else "track"
    parts = [
        f"# Model card: {manifest['name']}",
        f"Classifies a clip of 30 s by its {manifest['features']['name']} features as one of "
        f"{counted(len(manifest['classes']), 'genre')} ({', '.join(manifest['classes'])}), or "
        "answers that it is unsure.",
        "## Scores",
        _score_table(manifest["scores"], chosen=chosen_here),
        *_about_scores(manifest, recipe["seed"]),
        *(f"**{warning}**" for warning in training["warnings"]),
        "## How it was made",
        _how(recipe, manifest["calibration"], kept),
        *manifest["description"].split("\n\n"),
        _trained_on(training),
        "## When it is unsure",
        *undecided_lines(unsure, recipe["accuracy"], kept),
        "`unfamiliar`: the Mahalanobis distance to the training data (shrunk covariance) is above "
        f"{unsure['max_distance']:.2f}. {recipe['familiar']:.0%} of held-out music is closer. The "
        "probabilities of unfamiliar music mean little.",
        _precise(unsure.get("thresholds", ()), kept),
        "## Limits",
        "Any other kind of music is given one of these genres, or the answer is unsure. Clips much "
        "shorter than the training clips look less familiar than they are.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"
