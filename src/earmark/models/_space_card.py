"""The card of a space: its manifest in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["render_space_card"]

_PROTOCOLS = {
    "artist_inner": "inside train + valid",
    "artist": "all",
}


def _interval(estimate: Mapping[str, float]) -> str:
    return f"{estimate['value']:.3f} [{estimate['low']:.3f}, {estimate['high']:.3f}]"


def _score_table(scores: Mapping[str, Any], *, chosen: bool) -> str:
    rows = [
        "| artist folds | songs | artists | genre precision at 5 | the most there could be "
        "| by chance | same artist at 5 | artist before genre |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, score in scores.items():
        title = _PROTOCOLS[name]
        if name == "artist_inner" and chosen:
            title += " (where the recipe was chosen)"
        estimates = [_interval(score[key]) for key in ("same_artist", "artist_first")]
        rows.append(
            f"| {title} | {score['n']} | {score['n_artists']} | "
            f"{_interval(score['genre_precision'])} | {score['ceiling']:.3f} | "
            f"{score['chance']:.3f} | {' | '.join(estimates)} |"
        )
    return "\n".join(rows)


def _how(recipe: Mapping[str, Any], n_dims: int) -> str:
    columns = "Standardised columns"
    if recipe["log_columns"]:
        columns = "Logarithms of long-tailed columns, standardised"
    if recipe["clip"] is not None:
        columns += f" and cut at {recipe['clip']:g} standard deviations"
    if recipe["method"] == "principal-components":
        return f"{columns}; {n_dims} principal components; brought to length one."
    n_genres = n_dims - recipe["n_dims"]
    blocks = len(recipe["blocks"])
    return (
        f"{columns}. Shares of {n_genres} genres: the {recipe['n_damped']} directions in which "
        f"songs of one artist differ most are damped ({recipe['damping']:g}), then ridge "
        f"regression in Gaussian kernels (gamma {recipe['gamma']:g} over the number of columns, "
        f"half of all columns, half of {blocks} blocks of them; ridge {recipe['ridge']:g}), and a "
        f"softmax of the scores times {recipe['sharpness']:g} and what a logistic regression (C "
        f"{recipe['correction']:g}) on scores of artists left out adds; they make "
        f"{recipe['weight']:g} of the cosine of two songs that are surely of one genre. "
        f"{recipe['n_dims']} discriminant directions of artists (shrinkage "
        f"{recipe['shrinkage']:g}) fill the rest of each vector up to length one."
    )


def _about(scores: Mapping[str, Any]) -> str:
    (seed,) = {score["seed"] for score in scores.values()}
    return (
        f"Five folds (seed {seed}) in which no artist is on both sides; everything is fitted on "
        "the other folds. A song of the fold held out is asked about; what can be found are the "
        "other songs of that fold. *Genre precision at 5*: with all songs of the artist left out, "
        "the share of the five nearest that is of the genre. *The most there could be* is below "
        "one since a fold may hold fewer than five songs of a genre by other artists. *Same artist "
        "at 5*: with none left out, the share of the artist's songs among the five nearest, of the "
        "most that could be there. *Artist before genre*: how often a song of the artist is nearer "
        "than one of the same genre by another. Brackets hold 95 % bootstrap intervals over "
        "artists (2000 resamples, seed 0)."
    )


def _limits(genres: Sequence[str], corpus: str) -> list[str]:
    if not genres:
        return [
            "Louder and softer, brighter and darker pieces of one song lie far apart. What is near "
            "is often near by how it was recorded, not by what is played.",
        ]
    return [
        f"It knows {len(genres)} genres{_GTZAN if corpus == 'GTZAN' else ''}, "
        "and takes other music for a mixture of these: how near two such songs are says less. "
        "A song whose genre it is sure of lies near all that it is as sure of, right or wrong.",
        "Songs of one artist may be of one album, so that part of what is alike in them is the "
        "recording.",
    ]


_GTZAN = " of Western recordings from before 2002, most of a few artists each"


def _rows(training: Mapping[str, Any]) -> str:
    rows = f"{training['n']} {training['unit']}s"
    return rows if training["unit"] == "track" else f"{rows} of {training['n_tracks']} tracks"


def render_space_card(manifest: Mapping[str, Any]) -> str:
    """Write the card of a space.

    Parameters
    ----------
    manifest : mapping
        What its file says of it.

    Returns
    -------
    str
        Markdown.
    """
    training, features = manifest["training"], manifest["features"]["name"]
    of = "a clip of 30 s" if training["unit"] == "track" else "a segment of 3 s"
    parts = [
        f"# Space card: {manifest['name']}",
        f"Maps the {features} features of {of} to {manifest['n_dims']} numbers, a vector of length "
        "one; the cosine of two vectors says how alike what they stand for sounds.",
        "## Scores",
        _score_table(manifest["scores"], chosen=manifest["chosen_on"] == training["corpus"]),
        _about(manifest["scores"]),
        "Then the recipe was refitted on all rows, and that is the space in this file: no score "
        "above is a score of this very fit.",
        "## How it was made",
        _how(manifest["recipe"], manifest["n_dims"]),
        *manifest["description"].strip().split("\n\n"),
        f"Trained on {_rows(training)} of {training['corpus']} ({training['n_artists']} groups of "
        f"artists; {training['citation']}). The ids are in the manifest; these songs lie better in "
        "it than others do.",
        "## Limits",
        *_limits(training["genres"], training["corpus"]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"
