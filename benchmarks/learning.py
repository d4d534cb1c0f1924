"""How long learning, tuning and asking take on two cores.

    python benchmarks/learning.py [--data ../shared/data] [--into FOLDER] [--keep FOLDER]

Scores every model on the GTZAN table under four protocols as ``earmark evaluate --jobs 2`` does;
fits the stack to 8,000 rows, beside scikit-learn's own; searches the parameters of the support
vector machine in 200 trials; and asks every model about 10,000 rows through an ``.earmark`` file,
on one thread. Writes ``learning.json`` and ``learning.md``. Each is done once: run it on a machine
that does nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from _machine import machine
from sklearn.ensemble import StackingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from earmark.datasets import FeatureTable, load_dataset
from earmark.evaluation import Results
from earmark.features import GTZAN57, GTZAN943
from earmark.models import Model, load_model
from earmark.models._artifact import write_model
from earmark.models.export import export_onnx
from earmark.models.recipe import FittedModel, fit, load_recipe
from earmark.tuning import search_parameters as tune
from earmark.types import FloatArray
from earmark.workflows.evaluate import evaluate

JOBS = 2
MODELS = ("majority", "knn", "svm", "logistic", "lda", "forest", "lightgbm", "mlp")
PROTOCOLS = ("random", "artist", "official", "published3")
N_ROWS, N_TRACKS, N_TRIALS = 10_000, 800, 200

# At most: seconds, and for what is asked milliseconds a row.
GOALS = {
    "eight models under four protocols, s": 480.0,
    "stacking under four protocols, s": 1200.0,
    "stacking fitted to 8,000 x 57, s": 150.0,
    "search of the svm in 200 trials, s": 300.0,
    "asking the slowest model, ms a row": 1.0,
}


def seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    taken = time.perf_counter() - start
    print(f"{taken:.1f} s", file=sys.stderr, flush=True)
    return taken


def some_segments(data: Path) -> FeatureTable:
    """Draw whole tracks of segments57, ten segments each, of all its genres."""
    table = load_dataset(f"segments57:{data / 'segments57'}")
    tracks = np.unique(table.groups["track"])
    drawn = np.random.default_rng(0).choice(tracks, N_TRACKS, replace=False)
    return table.select(np.isin(table.groups["track"], drawn))


def fit_stack(table: FeatureTable) -> FittedModel:
    recipe = load_recipe("stacking")
    return fit(
        recipe,
        table,
        classes=table.classes,
        calibrate=False,
        inner_groups="track",
        n_jobs=JOBS,
    )


def fit_plain_stack(table: FeatureTable) -> None:
    """Fit scikit-learn's stack of the same members, as its users would; it knows no groups."""
    stack = StackingClassifier(
        [
            ("knn", KNeighborsClassifier(2, weights="distance")),
            ("svm", SVC(C=100.0)),
            (
                "mlp",
                MLPClassifier(
                    (300,) * 5, learning_rate_init=1e-4, early_stopping=True, random_state=0
                ),
            ),
        ],
        LogisticRegression(max_iter=500),
        cv=StratifiedKFold(5, shuffle=True, random_state=0),
        passthrough=True,
        n_jobs=JOBS,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        stack.fit(StandardScaler().fit_transform(table.X), table.labels)


def packaged(name: str, table: FeatureTable, folder: Path) -> Model:
    """Fit a model to all rows of a table, write it, and read it again."""
    fitted = fit(load_recipe(name), table, classes=table.classes, calibrate=False)
    manifest = {
        "name": name,
        "features": {"name": table.feature_set, "fingerprint": table.fingerprint},
        "classes": list(fitted.classes),
        "unsure": {"min_confidence": 0.0, "max_distance": 1e9},
        "recipe": fitted.recipe.to_dict(),
        "calibration": {},
        "training": {},
        "scores": {},
    }
    path = folder / f"{name}.earmark"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of large files, and of exporters
        write_model(path, manifest=manifest, payload=export_onnx(fitted), card="")
    return load_model(path)


def ask(model: Model, X: FloatArray) -> float:
    """Return the milliseconds a row takes."""
    fingerprint = model.feature_set.fingerprint
    model.predict(X[:256], fingerprint=fingerprint)
    return 1000 * seconds(lambda: model.predict(X, fingerprint=fingerprint)) / len(X)


def ask_all(data: Path, folder: Path) -> dict[str, dict[str, float]]:
    """Ask every model: those of 57 features about segments57, the default about GTZAN's rows."""
    table = load_dataset(f"gtzan:{data / 'gtzan'}", feature_set=GTZAN57.name)
    X = load_dataset(f"segments57:{data / 'segments57'}").X[:N_ROWS]
    found = {}
    for name in (*MODELS, "stacking"):
        print(name, end=": ", file=sys.stderr, flush=True)
        model = packaged(name, table, folder)
        found[name] = {"milliseconds": ask(model, X), "megabytes": model.n_bytes / 1e6}
    default = load_model()
    whole = load_dataset(f"gtzan:{data / 'gtzan'}", feature_set=GTZAN943.name).X
    drawn = whole[np.random.default_rng(0).integers(len(whole), size=N_ROWS)]
    told = {"milliseconds": ask(default, drawn), "megabytes": default.n_bytes / 1e6}
    return {**found, f"default ({default.name})": told}


def fit_seconds(results: Results) -> dict[str, dict[str, float]]:
    """Return, by model and protocol, the seconds of all fits, each on one thread."""
    return {
        model.name: {run.protocol: run.fit_seconds for run in model.runs if run.n_folds}
        for model in results.models
    }


def rows_of(
    spent: dict[str, dict[str, float]], asked: dict[str, dict[str, float]]
) -> list[list[str]]:
    rows = []
    for name, told in asked.items():
        times = [
            f"{spent[name][protocol]:.1f}" if protocol in spent.get(name, {}) else "-"
            for protocol in PROTOCOLS
        ]
        rows.append([name, *times, f"{told['milliseconds']:.3f}", f"{told['megabytes']:.2f}"])
    return rows


def markdown(result: dict[str, Any]) -> str:
    facts = ", ".join(f"{name} {value}" for name, value in result["machine"].items())
    plain = result["plain_stacking_seconds"]
    ours = result["reached"]["stacking fitted to 8,000 x 57, s"]
    lines = [
        "# How long learning, tuning and asking take",
        "",
        f"Two cores, each measured once: {facts}.",
        "",
        "| | goal, at most | measured | measured / goal |",
        "|---|---|---|---|",
    ]
    for name, goal in GOALS.items():
        reached = result["reached"][name]
        lines.append(f"| {name} | {goal:g} | {reached:.3g} | {reached / goal:.2f} |")
    lines += [
        "",
        f"The models and protocols are those below, on the 930 rows and 57 features of GTZAN, "
        f"{JOBS} folds at a time. The 8,000 rows are the segments of {N_TRACKS} tracks of "
        f"segments57 (drawn with seed 0), fitted with {JOBS} threads; scikit-learn's "
        "StackingClassifier of the same members, early stopping included, takes "
        f"{plain:.0f} s there in {JOBS} processes, {plain / ours:.1f} times as long. The search "
        f"is Optuna's, by artist folds of the 930, {JOBS} processes.",
        "",
        "Seconds that the fits of all folds take, one thread each; milliseconds a row when a "
        f"table of {N_ROWS:,} rows is asked of the model fitted to all rows and written to an "
        "`.earmark` file, one thread; size of that file.",
        "",
        f"| model | {' | '.join(PROTOCOLS)} | ms a row | MB |",
        f"|{'---|' * (len(PROTOCOLS) + 3)}",
        *(f"| {' | '.join(row)} |" for row in rows_of(result["fit_seconds"], result["asked"])),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=os.environ.get("EARMARK_DATA", "../shared/data"))
    parser.add_argument("--into", default="benchmarks/results")
    parser.add_argument("--keep", help="where to leave the scores, which results_of_seeds.py takes")
    arguments = parser.parse_args()
    data = Path(arguments.data)
    dataset = f"gtzan:{data / 'gtzan'}"
    reached = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scores = Path(arguments.keep or folder) / "gtzan.json"
        for goal, models in zip(GOALS, (MODELS, ("stacking",)), strict=False):
            print(goal, file=sys.stderr)
            reached[goal] = seconds(
                lambda models=models: evaluate(  # type: ignore[misc]
                    dataset,
                    models=models,
                    protocols=PROTOCOLS,
                    jobs=JOBS,
                    output=scores,
                )
            )
        spent = fit_seconds(
            evaluate(dataset, models=[*MODELS, "stacking"], protocols=PROTOCOLS, output=scores)
        )
        segments = some_segments(data)
        print("stacking, ours and scikit-learn's", file=sys.stderr)
        reached["stacking fitted to 8,000 x 57, s"] = seconds(lambda: fit_stack(segments))
        plain = seconds(lambda: fit_plain_stack(segments))
        print("search", file=sys.stderr)
        table = load_dataset(dataset)
        reached["search of the svm in 200 trials, s"] = seconds(
            lambda: tune(table, family="svm", search="optuna", trials=N_TRIALS, jobs=JOBS)
        )
        asked = ask_all(data, folder)
    reached["asking the slowest model, ms a row"] = max(
        told["milliseconds"] for told in asked.values()
    )
    names = ("numpy", "scipy", "scikit-learn", "lightgbm", "optuna", "onnxruntime", "earmark")
    result = {
        "schema": "earmark.benchmark.learning/1",
        "machine": machine(*names),
        "jobs": JOBS,
        "seed": 0,
        "goals": GOALS,
        "reached": reached,
        "ratios": {goal: reached[goal] / GOALS[goal] for goal in GOALS},
        "plain_stacking_seconds": plain,
        "fit_seconds": spent,
        "asked": asked,
    }
    into = Path(arguments.into)
    into.mkdir(parents=True, exist_ok=True)
    (into / "learning.json").write_text(json.dumps(result, indent=1) + "\n")
    text = markdown(result)
    (into / "learning.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
