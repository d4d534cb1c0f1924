"""Compare recipes for the models that ship, by artist folds inside the train and valid lists.

    python benchmarks/default_model.py [--seeds 3] [--data ../shared/data] [--into RESULTS]

Scores each recipe on the 640 excerpts of GTZAN's fault-filtered train and valid lists (639 of
which have a spectrogram), in five artist-grouped folds of each seed; the 290 excerpts of the test
list are not touched there. Asks models that have not heard an artist, in folds of all lists and
after every choice, whether they name the same genre from 15 to 20 s of audio as from the archive's
30 s. Then fits distances of several kinds to the 640
and asks which files of ``music/`` they find unfamiliar, and which whole tracks of ``segments57``,
which are all music. Writes ``default_model.json`` and ``default_model.md``.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from sklearn.covariance import LedoitWolf

from earmark.audio import find_audio
from earmark.datasets import FeatureTable, group_folds, load_dataset
from earmark.evaluation import accuracy, held_out_predictions, macro_f1, protocol_folds
from earmark.extraction import extract_track
from earmark.features import GTZAN57, GTZAN943
from earmark.models._transform import fit_transform
from earmark.models.recipe import Recipe, fit, load_recipe
from earmark.types import FloatArray

NOT_MUSIC = ("198-209", "3436-172162", "5703-47212", "456440", "glacier-bay", "pibble")
VARIANCES = ("*_var",)
FIFTY_SEVEN = ("*_mean", "*_var", "tempo")


def recipes() -> dict[str, Recipe]:
    """Return the recipes compared, those that ship last."""
    small, default = load_recipe("gtzan57"), load_recipe("gtzan943")
    svm, lda, logistic = default.members
    changes = ("change*", "logcov*")

    def on(*columns: str) -> Recipe:
        seen = tuple({**member, "columns": list(columns)} for member in default.members)
        return replace(default, members=seen)

    return {
        "57, standardised; mean of three": replace(small, log_columns=(), clip=1e6),
        "57, gtzan57 as it ships": small,
        "943; support vector machine": replace(default, members=(svm,)),
        "943; discriminant analysis": replace(default, members=(lda,)),
        "943; logistic regression": replace(default, members=(logistic,)),
        "943 without modulations; mean of three": on(*FIFTY_SEVEN, *changes),
        "943 without the 57; mean of three": on("modulation*", *changes),
        "943, gtzan943 as it ships": default,
    }


def score(recipe: Recipe, table: FeatureTable, seeds: range) -> dict[str, float]:
    """Score a recipe: the mean over the seeds, and the deviation of the accuracy."""
    scores = []
    for seed in seeds:
        seeded = replace(recipe, seed=seed)
        folds = protocol_folds("artist", table, seed=seed)
        held_out = held_out_predictions(partial(fit, seeded, classes=table.classes), table, folds)
        right = held_out.probabilities[np.arange(len(table)), held_out.y]
        scores.append(
            (
                accuracy(held_out.y, held_out.probabilities),
                macro_f1(held_out.y, held_out.probabilities),
                float(-np.log(np.maximum(right, 1e-12)).mean()),
            )
        )
    means = np.mean(scores, axis=0)
    names = ("accuracy", "macro_f1", "log_loss")
    found = dict(zip(names, map(float, means), strict=True))
    return {**found, "accuracy_sd_over_seeds": float(np.std([s[0] for s in scores], ddof=1))}


def agreement(table: FeatureTable, folder: Path) -> dict[str, float]:
    """Compare what models say of 15 to 20 s of audio with what they say of the archive's 30 s.

    Each excerpt is asked of the fold's model that has heard nothing of its artist.
    """
    recipe = load_recipe("gtzan943")
    rows = {str(name): row for row, name in enumerate(table.ids)}
    found = []
    for fold in protocol_folds("artist", table, seed=0):
        model = fit(recipe, table.select(fold.train), classes=table.classes)
        for path in sorted(folder.glob("*.flac")):
            row = rows.get(path.stem)
            if row is None or row not in fold.test:
                continue
            heard = extract_track(path, [GTZAN943]).matrix(GTZAN943)
            p, q = (model.predict(X).probabilities[0] for X in (heard, table.X[[row]]))
            found.append((p.argmax() == q.argmax(), np.abs(p - q).sum() / 2))
    same, apart = np.mean(found, axis=0)
    return {"excerpts": len(found), "same_genre": float(same), "total_variation": float(apart)}


Distance = Callable[[FloatArray], FloatArray]


def fit_distance(X: FloatArray, kind: str) -> Distance:
    """Fit the distance to the training data, on columns bent in one of several ways."""
    bend: tuple[Literal["log", "sqrt"], tuple[str, ...], float | None]
    bend = {
        "standardised": ("sqrt", (), None),
        "root of variances": ("sqrt", VARIANCES, None),
        "log of positives, cut at 4": ("log", load_recipe("gtzan57").log_columns, 4.0),
    }[kind]  # type: ignore[assignment]
    function, patterns, clip = bend
    transform = fit_transform(
        X, function=function, patterns=patterns, names=GTZAN57.names, clip=clip
    )
    precision = LedoitWolf(assume_centered=True).fit(transform(X)).precision_

    def distance(rows: FloatArray) -> FloatArray:
        Z = transform(rows)
        squares: FloatArray = np.einsum("ij,jk,ik->i", Z, precision, Z)
        return np.sqrt(squares)

    return distance


def unfamiliar(
    table: FeatureTable, music: dict[str, tuple[FloatArray, FloatArray]], others: FloatArray
) -> dict[str, Any]:
    """Ask which files each kind of distance finds unfamiliar."""
    found = {}
    for kind in ("standardised", "root of variances", "log of positives, cut at 4"):
        held_out = np.zeros(len(table))
        for fold in group_folds(table.labels, table.groups["artist"], n_folds=5, seed=0):
            held_out[fold.test] = fit_distance(table.X[fold.train], kind)(table.X[fold.test])
        limit = np.quantile(held_out, 0.95)
        distance = fit_distance(table.X, kind)
        flagged = {
            name: bool(np.average(distance(X), weights=lengths) > limit)
            for name, (X, lengths) in music.items()
        }
        strange = {name for name in music if name.startswith(NOT_MUSIC)}
        found[kind] = {
            "not_music": sum(flagged[name] for name in strange),
            "of_not_music": len(strange),
            "music": sum(flagged[name] for name in flagged if name not in strange),
            "of_music": len(music) - len(strange),
            "other_music": float((distance(others) > limit).mean()),
            "of_other_music": len(others),
        }
    return found


def read_segments57(path: Path) -> FloatArray:
    """Read the 57 features of whole tracks of the segments57 table."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return np.array([[float(row[name]) for name in GTZAN57.names] for row in rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=os.environ.get("EARMARK_DATA", "../shared/data"))
    parser.add_argument("--into", default="benchmarks/results")
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    data, seeds = Path(arguments.data), range(arguments.seeds)
    tables = {
        one.name: load_dataset(f"gtzan:{data / 'gtzan'}", feature_set=one.name)
        for one in (GTZAN57, GTZAN943)
    }
    whole = tables["gtzan943"]
    tables = {name: t.select(t.partitions["official"] != "test") for name, t in tables.items()}
    table = tables["gtzan57"]
    scores = {}
    for name, recipe in recipes().items():
        features = recipe.feature_set.name if recipe.feature_set else ""
        scores[name] = score(recipe, tables[features], seeds)
        print(name, scores[name], file=sys.stderr)
    music = {}
    for path in find_audio(data / "music"):
        track = extract_track(path, [GTZAN57])
        lengths = np.array([end - start for start, end in track.bounds])
        music[os.path.basename(path)] = (track.matrix(GTZAN57), lengths)
    served = agreement(whole, data / "gtzan/audio/first_15_20s")
    others = read_segments57(data / "segments57/tracks.csv")
    distances = unfamiliar(table, music, others)
    into = Path(arguments.into)
    into.mkdir(parents=True, exist_ok=True)
    result = {
        "schema": "earmark.benchmark.default_model/1",
        "protocol": "artist, five folds inside train + valid",
        "n": len(table),
        "seeds": list(seeds),
        "scores": scores,
        "served_from_audio": served,
        "unfamiliar": distances,
    }
    (into / "default_model.json").write_text(json.dumps(result, indent=1) + "\n")
    lines = [
        "# Recipes for the models that ship",
        "",
        f"Five artist-grouped folds inside train + valid, n = {len(table)} (with spectrograms "
        f"{len(tables['gtzan943'])}), mean over the seeds 0 to {arguments.seeds - 1}; everything "
        "that learns, calibration included, is refitted inside each fold.",
        "",
        "| recipe | accuracy | sd over seeds | macro F1 | log loss |",
        "|---|---|---|---|---|",
    ]
    for name, s in scores.items():
        lines.append(
            f"| {name} | {s['accuracy']:.3f} | {s['accuracy_sd_over_seeds']:.3f} | "
            f"{s['macro_f1']:.3f} | {s['log_loss']:.3f} |"
        )
    lines += [
        "",
        f"Of {served['excerpts']} excerpts, models that have heard nothing of their artist name "
        f"the same genre from 15 to 20 s of audio as from the archive's 30 s of "
        f"{served['same_genre']:.1%}; the probabilities are {served['total_variation']:.3f} apart "
        "(mean total variation).",
        "",
        "Unfamiliar, by the distance to the 640; the threshold is the 95th percentile of held-out "
        "rows (seed 0):",
        "",
        "| columns | not music | music | whole tracks of segments57 |",
        "|---|---|---|---|",
    ]
    for name, d in distances.items():
        lines.append(
            f"| {name} | {d['not_music']} of {d['of_not_music']} | {d['music']} of "
            f"{d['of_music']} | {d['other_music']:.1%} of {d['of_other_music']} |"
        )
    (into / "default_model.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
