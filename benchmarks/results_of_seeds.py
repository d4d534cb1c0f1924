"""Write docs/results.md: what the documents published beside what the same models score here.

    python benchmarks/results_of_seeds.py [--data ../shared/data] [--cache FOLDER]

Scores every model of ``_seeds.py`` by its document's protocol, as far as that is published and the
data are available, and without leakage, on two cores. With ``--cache``, scores are kept there and
not measured again. Writes ``benchmarks/results/seeds_table.json`` and ``docs/results.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from _seeds import INTRODUCTION, NOTES, PUBLISHED, SYSTEMS, Published
from seeds_reference import earmark_labels, load_rows, seeds_fold, shown

from earmark.datasets import FeatureTable, load_dataset
from earmark.datasets.fma import CORPUS, SUBSETS
from earmark.evaluation import Estimate, Results, Run, estimates, mean_difference
from earmark.features import BANDS
from earmark.models.recipe import load_recipe
from earmark.workflows.evaluate import evaluate

JOBS = 2
ENOUGH = 20  # test rows of a genre
TEN = 10


@dataclass(frozen=True)
class Row:
    """A row of the table: what was published, and ours."""

    system: str
    model: str
    published: float | None
    metric: str
    their_way: Estimate | None
    random: Estimate | None
    clean: Estimate | None
    protocol: str | None
    gap: Estimate | None
    n: int | None
    n_tracks: int | None
    note: str


def find(results: Results, name: str, protocol: str) -> Run:
    """Return a run that was asked for."""
    model = results.model(name)
    run = None if model is None else model.run(protocol)
    if run is None:
        raise KeyError(f"{name} under {protocol}")
    return run


def _presets(system: str) -> list[str]:
    return [one.preset for one in PUBLISHED if one.system == system and one.preset is not None]


class Scores:
    """All results, by data, each measured once."""

    def __init__(self, data: Path, cache: Path) -> None:
        self._data = data
        self._cache = cache

    def _evaluate(self, name: str, dataset: str | FeatureTable, **settings: Any) -> Results:
        start = time.perf_counter()
        output = self._cache / f"{name}.json"
        results = evaluate(dataset, jobs=JOBS, output=output, **settings)
        taken = time.perf_counter() - start
        print(f"{name}: {', '.join(settings['models'])}: {taken:.0f} s", file=sys.stderr)
        return results

    def path(self, name: str) -> str:
        """Return where a corpus is."""
        return f"{name}:{self._data / ('fma' if name == 'echonest' else name)}"

    @cached_property
    def gtzan(self) -> Results:
        """Score on the 930 rows of the table of 30 s."""
        names = ["knn", "knn-1d2", "knn-2", "knn-3", "svm", "mlp", "forest", "stacking"]
        return self._evaluate(
            "gtzan", self.path("gtzan"), models=names, protocols=["random", "artist"]
        )

    @cached_property
    def bands(self) -> Results:
        """Score boosted trees on the archive's segments of 3 s."""
        return self._evaluate(
            "bands",
            self.path("gtzan"),
            models=["lightgbm"],
            protocols=["random", "artist"],
            feature_set=BANDS.name,
            unit="segment",
        )

    @cached_property
    def segments(self) -> Results:
        """Score on segments57."""
        where = self.path("segments57")
        few = ["knn-3", "forest-entropy"]
        self._evaluate("segments57", where, models=few, protocols=["random", "track", "artist"])
        # 441 trees on 17,640 rows: the third protocol would take three minutes more.
        return self._evaluate(
            "segments57", where, models=["forest"], protocols=["random", "artist"]
        )

    @cached_property
    def echonest(self) -> Results:
        """Score on the Echo Nest features, all genres."""
        return self._evaluate(
            "echonest",
            self.path("echonest"),
            models=_presets("C"),
            protocols=["random", "artist", "official"],
        )

    @cached_property
    def echonest10(self) -> Results:
        """Score on the Echo Nest features, the most frequent genres."""
        table = load_dataset(self.path("echonest"))
        genres = [genre for genre, _ in Counter(table.labels.tolist()).most_common(TEN)]
        rows = table.select(np.isin(table.labels, genres))
        return self._evaluate("echonest10", rows, models=_presets("C"), protocols=["random"])

    @cached_property
    def course_split(self) -> dict[str, Estimate]:
        """Score by the course project's split of the 1000 rows."""
        table = load_rows(self._data)
        fold = seeds_fold(table)
        found = {}
        for name in _presets("A"):
            ours = earmark_labels(load_recipe(name), table, fold)
            score = estimates(ours.y, ours.probabilities, predicted=ours.predicted)
            found[name] = score["accuracy"]
        return found


def row(
    one: Published,
    results: Results | None = None,
    *,
    their_way: Estimate | None = None,
    protocol: str = "artist",
) -> Row:
    """Put a published figure beside ours."""
    bare = Row(
        system=one.system,
        model=one.model,
        published=one.figure,
        metric=one.metric,
        their_way=their_way,
        random=None,
        clean=None,
        protocol=None,
        gap=None,
        n=None,
        n_tracks=None,
        note=one.note,
    )
    if results is None or one.preset is None:
        return bare
    model = results.model(one.preset)
    clean = find(results, one.preset, protocol)
    return replace(
        bare,
        random=find(results, one.preset, "random").metrics.accuracy,
        clean=clean.metrics.accuracy,
        protocol=protocol,
        gap=None if model is None else model.leakage_gap,
        n=clean.n,
        n_tracks=clean.n_tracks,
    )


def majority_rows(folder: Path) -> list[Row]:
    """Score the most frequent genre on the official test part of FMA's subsets."""
    labelled = [track for track in CORPUS.tracks(folder) if track.label]
    rows = []
    for number, subset in enumerate(SUBSETS):
        within = [one for one in labelled if one.partitions["subset"] in SUBSETS[: number + 1]]
        learnt = Counter(one.label for one in within if one.partitions["official"] != "test")
        guess = learnt.most_common(1)[0][0]
        tested = [one for one in within if one.partitions["official"] == "test"]
        right = np.array([one.label == guess for one in tested], dtype=np.float64)
        artists = np.array([one.groups["artist"] for one in tested])
        score = mean_difference(right, np.zeros(len(right)), groups=artists)
        equal = len(set(learnt.values())) == 1
        which = "all equally frequent" if equal else f"the most frequent is {guess}"
        note = f"{len(within):,} tracks with a genre, {len(learnt)} genres, {which}."
        rows.append(
            Row(
                system="E",
                model=f"majority, {subset}",
                published=None,
                metric="accuracy",
                their_way=None,
                random=None,
                clean=score,
                protocol="official",
                gap=None,
                n=len(tested),
                n_tracks=len(tested),
                note=note,
            )
        )
    return rows


def table_rows(scores: Scores) -> list[Row]:
    """Measure all of ours, and put them beside what was published."""
    gtzan, split = scores.gtzan, scores.course_split
    echonest, frequent = scores.echonest, scores.echonest10
    bands, segments = scores.bands, scores.segments
    rows = []
    for one in PUBLISHED:
        name = one.preset or ""
        if one.preset is None:
            rows.append(row(one))
        elif one.system == "A":
            rows.append(row(one, gtzan, their_way=split[name]))
        elif one.system == "C":
            ours = find(frequent, name, "random").metrics.accuracy
            rows.append(row(one, echonest, their_way=ours, protocol="official"))
        else:
            found = {"B": bands, "D": gtzan if "30 s" in one.model else segments}[one.system]
            ours = find(found, name, "random").metrics.accuracy
            rows.append(row(one, found, their_way=ours))
    return [*rows, *majority_rows(Path(scores.path("fma").partition(":")[2]))]


def balanced(run: Run) -> dict[str, Any]:
    """Compute balanced accuracy over all genres, and over those with test rows enough."""
    classes = sorted(run.per_class)
    place = {genre: number for number, genre in enumerate(classes)}
    found = run.predictions
    y, predicted = (
        np.array([place[genre] for genre in answers]) for answers in (found.true, found.predicted)
    )
    enough = [genre for genre in classes if run.per_class[genre].n >= ENOUGH]
    rows = np.isin(y, [place[genre] for genre in enough])
    P = np.array(found.probabilities)
    artists = np.array(found.artists)[rows]
    some = estimates(y[rows], P[rows], predicted=predicted[rows], groups=artists)
    return {
        "accuracy": run.metrics.accuracy,
        "all": run.metrics.balanced_accuracy,
        "enough": some["balanced_accuracy"],
        "few": {g: run.per_class[g].n for g in classes if g not in enough},
        "n": run.n,
    }


def echonest_table(results: Results) -> list[str]:
    """Write the table of balanced accuracies on the official split."""
    found = {
        model.name: balanced(find(results, model.name, "official")) for model in results.models
    }
    few = ", ".join(f"{genre} {n}" for genre, n in next(iter(found.values()))["few"].items())
    clean = results.models[0].run("official_artist_clean")
    lines = [
        "## Echo Nest features, official split",
        "",
        f"Accuracy depends mostly on rock. *Balanced* is the mean recall over genres: over all "
        f"genres, and over those with at least {ENOUGH} test tracks (the others: {few}). "
        + (
            "No artist is on both sides of this split."
            if clean is None
            else f"{clean.n} of the test tracks share no artist with the others."
        ),
        "",
        "| model | accuracy | balanced, all genres | balanced, genres with enough | n |",
        "|---|---|---|---|---|",
    ]
    for name, one in found.items():
        cells = (shown(one[key]) for key in ("accuracy", "all", "enough"))
        lines.append(f"| {name} | {' | '.join(cells)} | {one['n']:,} |")
    return lines


def segment_table(every: dict[str, Results]) -> list[str]:
    """Write the table of what segments and tracks score under each protocol."""
    lines = [
        "## Segments of 3 s",
        "",
        "Scores of single segments, and of whole tracks after the segments of a track have voted. "
        "With `random`, segments of one track are on both sides; with `track`, songs by one "
        "artist; with `artist`, neither.",
        "",
        "| data | model | protocol | accuracy, segments | macro F1, segments | accuracy, tracks |",
        "|---|---|---|---|---|---|",
    ]
    for data, results in every.items():
        for model in results.models:
            for run in model.runs:
                voted = run.track_metrics
                cells = [
                    data,
                    model.name,
                    run.protocol,
                    shown(run.metrics.accuracy),
                    shown(run.metrics.macro_f1),
                    "-" if voted is None else shown(voted.accuracy),
                ]
                lines.append(f"| {' | '.join(cells)} |")
    return lines


def published(one: Row) -> str:
    """Say what was published."""
    if one.published is None:
        return "no number"
    figure = max(f"{one.published:.2f}", f"{one.published:g}", key=len)
    return f"{figure} {one.metric}"


def system_table(rows: list[Row]) -> list[str]:
    """Write the rows of one system, and the notes on them."""
    lines = [
        "| model | published | their way | random | no leakage | gap | n |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in rows:
        ours = (one.their_way, one.random, one.clean, one.gap)
        cells = ["-" if number is None else shown(number) for number in ours]
        if one.clean is not None:
            cells[2] += f" ({one.protocol})"
        n = "-" if one.n is None else f"{one.n:,}"
        if one.n_tracks != one.n:
            n += f" of {one.n_tracks:,} tracks"
        lines.append(f"| {' | '.join([one.model, published(one), *cells, n])} |")
    notes = [f"- *{one.model}*: {one.note}" for one in rows if one.note]
    return [*lines, "", *notes]


def page(rows: list[Row], tables: list[list[str]]) -> str:
    """Write docs/results.md."""
    lines = [INTRODUCTION]
    for system, (title, theirs) in SYSTEMS.items():
        lines += [f"## {title[0].upper()}{title[1:]}", "", f"Data and split: {theirs}.", ""]
        lines += [*system_table([one for one in rows if one.system == system]), ""]
        lines += [NOTES[system], ""]
    for table in tables:
        lines += [*table, ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=os.environ.get("EARMARK_DATA", "../shared/data"))
    parser.add_argument("--into", default="benchmarks/results")
    parser.add_argument("--page", default="docs/results.md")
    parser.add_argument("--cache", help="where to keep scores, so that they are not measured again")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        cache = Path(arguments.cache or name)
        cache.mkdir(parents=True, exist_ok=True)
        scores = Scores(Path(arguments.data), cache)
        rows = table_rows(scores)
        echonest = scores.echonest
        segments = {"segments57": scores.segments, "GTZAN, bands": scores.bands}
    tables = [echonest_table(echonest), segment_table(segments)]
    content = {
        "schema": "earmark.benchmark.seeds_table/1",
        "seed": 0,
        "systems": {key: {"title": t, "data": d} for key, (t, d) in SYSTEMS.items()},
        "rows": [asdict(one) for one in rows],
        "echonest_official": {
            model.name: {
                key: asdict(value) if isinstance(value, Estimate) else value
                for key, value in balanced(find(echonest, model.name, "official")).items()
            }
            for model in echonest.models
        },
    }
    into = Path(arguments.into)
    into.mkdir(parents=True, exist_ok=True)
    (into / "seeds_table.json").write_text(json.dumps(content, indent=1) + "\n")
    text = page(rows, tables)
    Path(arguments.page).write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
