"""The card of a model: its manifest in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["render_card"]

_PROTOCOLS = {
    "artist_640": "artists apart, inside train + valid (choices were made here)",
    "random": "random folds (artists on both sides)",
    "artist": "artists apart",
    "official": "published test list",
    "official_artist_clean": "published test list, artists apart",
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
    scores, training, recipe = manifest["scores"], manifest["training"], manifest["recipe"]
    members = ", ".join(
        member["family"]
        + "".join(f" {key}={value:g}" for key, value in member.items() if key != "family")
        for member in recipe["members"]
    )
    gap = scores["random"]["accuracy"]["value"] - scores["artist"]["accuracy"]["value"]
    seed, folds = recipe["seed"], recipe["n_folds"]
    unsure = manifest["unsure"]
    parts = [
        f"# Model card: {manifest['name']}",
        f"Names one of {len(manifest['classes'])} genres ({', '.join(manifest['classes'])}) from "
        f"the {manifest['features']['name']} features of a clip of 30 s, or says that it is "
        "unsure.",
        "## Scores",
        _score_table(scores),
        f"Leakage gap (random less artists apart, same rows): {gap:.3f}.",
        "Brackets hold 95 % bootstrap intervals over tracks (2000 resamples, seed 0). The first "
        f"three rows are five folds (seed {seed}); everything that learns, calibration and "
        "thresholds included, is refitted inside each. The last two fit once on train + valid and "
        "score the test list. Calibration error is over ten bins of equal mass; *by chance* is "
        "what 19 of 20 perfectly calibrated models as confident would stay below.",
        "The test list was scored once, after every choice. Its scores under other models "
        "(support vector machines, discriminant analysis, convolutional networks) were known "
        "while families were being chosen, so it is not quite untouched. Configurations were "
        "compared by artist folds inside train + valid only; with several hundred of them, the "
        "first row is too good by perhaps 0.005 to 0.01.",
        "Then the recipe was refitted on all rows of all lists, and that is the model in this "
        "file: no score above is a score of this very fit.",
        "## How it was made",
        f"Mean of the probabilities of {members}; logarithms of long-tailed columns, standardised, "
        f"cut at {recipe['clip']:g} standard deviations. Probabilities of the support vector "
        f"machine by sigmoids over {folds} artist folds; temperature "
        f"{manifest['calibration']['temperature']:.3f} from artist folds.",
        f"Trained on {training['n']} excerpts of {training['corpus']} "
        f"({training['n_artists']} groups of artists; {training['citation']}), the fault-filtered "
        "lists of Kereliuk, Sturm and Larsen (2015). The ids are in the manifest; scoring the "
        "model on any of them would measure its memory.",
        "## When it says unsure",
        f"`confidence`: the top probability is below {unsure['min_confidence']:.3f}, the smallest "
        f"threshold above which {recipe['accuracy']:.0%} of the answers on held-out artists are "
        "right.",
        f"`unfamiliar`: the Mahalanobis distance to the training data (shrunk covariance of the "
        f"standard deviations and means) is above {unsure['max_distance']:.2f}, within which "
        f"{recipe['familiar']:.0%} of held-out music lies. Probabilities mean little there.",
        "## Limits",
        "Ten genres of Western recordings collected in 2000 and 2001, some by few artists: the "
        "blues are of nine groups of artists. Music of other kinds gets one of the ten names, or "
        "unsure. Excerpts much shorter than 30 s look less familiar than they are.",
    ]
    return "\n\n".join(parts) + "\n"
