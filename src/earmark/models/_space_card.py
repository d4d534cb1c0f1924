"""Space cards: the manifest of a space in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from earmark.models._card import origin_of
from earmark.wording import counted

__all__ = ["render_space_card"]

_PROTOCOLS = {
    "artist_inner": "within train + valid",
    "artist": "all",
}


def _interval(estimate: Mapping[str, float]) -> str:
    return f"{estimate['value']:.3f} [{estimate['low']:.3f}, {estimate['high']:.3f}]"


def _score_table(scores: Mapping[str, Any], *, chosen: bool) -> str:
    rows = [
        "| artist folds | songs | artists | genre precision at 5 | maximum possible "
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
        columns = "Logarithms of columns with long tails, standardised"
    if recipe["clip"] is not None:
        columns += f" and clipped at {recipe['clip']:g} standard deviations"
    if recipe["method"] == "principal-components":
        return f"{columns}; {n_dims} principal components; scaled to length one."
    n_genres = n_dims - recipe["n_dims"]
    blocks = len(recipe["blocks"])
    return (
        f"{columns}. {counted(n_genres, 'number is a share', 'numbers are shares')} of genres: the "
        f"{recipe['n_damped']} directions in which songs by one artist differ most are damped "
        f"({recipe['damping']:g}); then comes ridge regression with Gaussian kernels (gamma "
        f"{recipe['gamma']:g} divided by the number of columns; half of the kernel is that of all "
        f"columns, half the mean over {blocks} blocks of columns; ridge {recipe['ridge']:g}); then "
        f"a softmax of {recipe['sharpness']:g} times the scores plus a correction, which a "
        f"logistic regression (C {recipe['correction']:g}) learned from held-out artists. They "
        f"make up {recipe['weight']:g} of the cosine of two songs that are surely of one genre. "
        f"{recipe['n_dims']} discriminant directions of artists (shrinkage "
        f"{recipe['shrinkage']:g}) fill the rest of each vector up to length one."
    )


def _about(scores: Mapping[str, Any]) -> str:
    (seed,) = {score["seed"] for score in scores.values()}
    return (
        f"Five folds (seed {seed}) keep artists apart, and everything is fitted on the other "
        "folds. Each song of the held-out fold is a query for the other songs of that fold. *Genre "
        "precision at 5*: without songs by the same artist, the share of the five nearest songs "
        "that have the same genre. *Maximum possible* is below one because a fold may hold fewer "
        "than five songs of a genre by other artists. *Same artist at 5*: with all songs, how many "
        "of the five nearest are by the same artist, as a share of the most possible. *Artist "
        "before genre*: how often a song by the same artist is nearer than a song of the same "
        "genre by another artist. Brackets hold 95 % bootstrap intervals over artists (2,000 "
        "resamples, seed 0)."
    )


def _limits(genres: Sequence[str], corpus: str) -> list[str]:
    if not genres:
        return [
            "Loud and quiet, or bright and dark parts of one song are far apart. Neighbours are "
            "often close because of how they were recorded, not because of what is played."
        ]
    return [
        f"It knows {counted(len(genres), 'genre')}{_GTZAN if corpus == 'GTZAN' else ''}, and "
        "treats other music as a mixture of these, so distances between other songs mean less. A "
        "song that it clearly places in one genre is close to all others that it places there, "
        "whether that is right or wrong.",
        "Songs by one artist may be from one album, so part of their similarity is the recording.",
    ]


_GTZAN = " of Western recordings from before 2002, most of them by a few artists each"


def _rows(training: Mapping[str, Any]) -> str:
    rows = counted(training["n"], training["unit"])
    if training["unit"] == "track":
        return rows
    return f"{rows} of {counted(training['n_tracks'], 'track')}"


def render_space_card(manifest: Mapping[str, Any]) -> str:
    """Write the card of a space.

    Parameters
    ----------
    manifest : mapping
        The manifest in its file.

    Returns
    -------
    str
        Markdown.
    """
    training, features = manifest["training"], manifest["features"]["name"]
    corpus, citation = training.get("corpus", ""), training.get("citation", "")
    artists = counted(training["n_artists"], "group of artists", "groups of artists")
    of = "a clip of 30 s" if training["unit"] == "track" else "a segment of 3 s"
    parts = [
        f"# Space card: {manifest['name']}",
        f"Maps the {features} features of {of} to {manifest['n_dims']} numbers, a vector of length "
        "one. The cosine of two vectors says how similar they sound.",
        "## Scores",
        _score_table(manifest["scores"], chosen=manifest["chosen_on"] == corpus),
        _about(manifest["scores"]),
        "The space in this file was then fitted to all rows, so no score above was measured on "
        "this exact space.",
        "## How it was made",
        _how(manifest["recipe"], manifest["n_dims"]),
        *manifest["description"].strip().split("\n\n"),
        f"Trained on {_rows(training)} {origin_of(corpus)} ({artists}"
        f"{'; ' if citation else ''}{citation}). The manifest lists their ids; it "
        "places these songs better than others.",
        "## Limits",
        *_limits(training["genres"], corpus),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"
