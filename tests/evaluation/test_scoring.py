"""The one way to score models: rows dealt into folds, in this process or in others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluation_helpers import fit_nearest, made_of_segments, made_up

from earmark.datasets import ArrayTable, ArrayValues, FeatureTable, MappedValues, Values
from earmark.evaluation import (
    CLEAN,
    Refitted,
    Run,
    Score,
    Split,
    card_scores,
    card_splits,
    held_out_predictions,
    leakage_gap,
    protocol_folds,
    score_split,
    score_splits,
)
from earmark.models import Prediction
from earmark.models.recipe import load_recipe


@dataclass(frozen=True)
class Candidate:
    """A model that answers as the nearest training row does."""

    name: str = "nearest"
    calibrate: bool = True

    def fit(self, table: Any, *, classes: Sequence[str], inner_groups: str) -> Any:
        return fit_nearest(table)


def timeless(runs: Sequence[Run]) -> list[Run]:
    return [
        replace(
            run,
            fit_seconds=0.0,
            predict_milliseconds_per_row=0.0,
            peak_memory_mb=None,
            model_bytes=None,
        )
        for run in runs
    ]


@pytest.mark.parametrize("protocol", ["random", "artist", "official"])
def test_split_is_scored_as_its_folds_are(protocol: str) -> None:
    table = made_up(leak=True)
    split = Split.deal(protocol, table, seed=3)
    run = score_split(Candidate(), split)[0]
    held_out = held_out_predictions(fit_nearest, table, protocol_folds(protocol, table, seed=3))
    assert run.predictions.ids == tuple(table.ids[held_out.rows].tolist())
    assert run.metrics.accuracy.value == held_out.right.mean()
    assert (run.protocol, run.seed, run.n_folds) == (protocol, 3, len(split.folds))


def test_name_of_a_split_is_that_of_its_scores() -> None:
    split = Split.deal("artist", made_up(leak=False), seed=0, name="artist_inner")
    (run,) = score_split(Candidate(), split)
    assert (run.protocol, run.inner_groups, run.intervals.over) == (
        "artist_inner",
        "artist",
        "artist",
    )


def test_part_of_the_test_list_without_known_artists_is_scored_once_more() -> None:
    table = made_up(leak=True)
    whole, clean = score_split(Candidate(), Split.deal("official", table, seed=0))
    assert (whole.protocol, clean.protocol) == ("official", CLEAN)
    trained = set(table.groups["artist"][table.partitions["official"] != "test"].tolist())
    place = {name: at for at, name in enumerate(table.ids.tolist())}
    artists = {int(table.groups["artist"][place[name]]) for name in clean.predictions.ids}
    tested = table.partitions["official"][[place[name] for name in clean.predictions.ids]]
    assert set(tested.tolist()) == {"test"}
    unknown = table.groups["artist"][
        (table.partitions["official"] == "test")
        & ~np.isin(
            table.groups["artist"],
            table.groups["artist"][np.isin(table.partitions["official"], ["train", "valid"])],
        )
    ]
    assert artists == set(unknown.tolist())
    assert len(trained) > len(artists)


def test_processes_give_the_scores_of_this_one() -> None:
    pairs = [
        (Refitted(name, load_recipe(name), calibrate=False), Split.deal(protocol, table, seed=0))
        for table in [made_of_segments()]
        for name in ("knn", "majority")
        for protocol in ("track", "artist")
    ]
    told: list[tuple[int, int, str]] = []
    classes = pairs[0][1].table.classes
    scored = score_splits(pairs, classes=classes, jobs=2, progress=lambda *now: told.append(now))
    apart = {(one.name, runs[0].protocol): runs for one, runs in scored}
    for candidate, split in pairs:
        runs = apart[candidate.name, split.protocol]
        assert timeless(runs) == timeless(score_split(candidate, split))
        assert runs[0].model_bytes
    assert sorted(done for done, _, _ in told) == list(range(1, 21))


def test_more_classes_than_the_rows_have() -> None:
    split = Split.deal("artist", made_up(leak=False), seed=0)
    candidate = Refitted("majority", load_recipe("majority"), calibrate=False)
    classes = (*split.table.classes, "zouk")
    (scored,) = score_splits([(candidate, split)], classes=classes, jobs=1)
    assert len(scored[1][0].confusion) == 5
    assert all(len(row) == 5 for row in scored[1][0].predictions.probabilities)


def test_card_shows_every_protocol_and_the_gap() -> None:
    table = made_up(leak=True)
    splits = card_splits(table, seed=0)
    names = [split.name for split in splits]
    assert names == ["artist_inner", "random", "artist", "official", "published3"]
    inner = splits[0].table
    assert set(inner.partitions["official"].tolist()) == {"train", "valid", ""}
    steps: list[tuple[int, int, str]] = []
    scores, runs = card_scores(
        Candidate(),
        splits,
        progress=lambda *now: steps.append(now),
    )
    assert list(scores) == [*names[:-1], CLEAN, names[-1]]
    assert [scores[run.protocol] for run in runs] == [
        Score.of(run, seeded=run.protocol not in ("official", CLEAN)) for run in runs
    ]
    assert scores["official"].seed is scores[CLEAN].seed is None
    assert steps[-1] == (5, 6, "all rows")
    gap = leakage_gap(runs)
    assert gap is not None
    difference = scores["random"].accuracy.value - scores["artist"].accuracy.value
    assert gap.difference.value == pytest.approx(difference)


def test_published_rows_stand_for_their_protocol_alone() -> None:
    table, other = made_up(leak=False), made_up(leak=False, seed=1)
    splits = {split.name: split.table for split in card_splits(table, seed=0, published=other)}
    assert splits["published3"] is other
    assert splits["random"] is table


# --- arrays that stay on disk -------------------------------------------------------------------


@dataclass
class Brightest:
    """Knows the mean level of each class; asks for a few arrays at a time."""

    levels: np.ndarray[Any, Any]
    min_confidence: float = 0.0
    min_margin: float = 0.0
    max_distance: float = np.inf

    def predict(self, X: Values) -> Prediction:
        means = [X.take(np.array([row])).mean() for row in range(len(X))]
        nearness = -np.abs(np.array(means)[:, None] - self.levels)
        weights = np.exp(nearness)
        return Prediction(weights / weights.sum(axis=1, keepdims=True), np.zeros(len(X)))


@dataclass(frozen=True)
class Levels:
    """Learns the mean level of the spectrograms of each class."""

    name: str = "levels"
    calibrate: bool = False

    def fit(self, table: Any, *, classes: Sequence[str], inner_groups: str) -> Brightest:
        assert isinstance(table, ArrayTable)
        means = np.array([table.values.take(np.array([at])).mean() for at in range(len(table))])
        return Brightest(np.array([means[table.labels == name].mean() for name in classes]))


def spectrograms(values: Values, table: FeatureTable) -> ArrayTable:
    return ArrayTable(
        ids=table.ids,
        labels=table.labels,
        groups=table.groups,
        values=values,
        feature_set="levels",
        fingerprint="0",
    )


def test_arrays_on_disk_are_scored_as_those_in_memory(tmp_path: Path) -> None:
    table = made_up(leak=False)
    rng = np.random.default_rng(0)
    level = np.array([int(label[-1]) * 40 for label in table.labels.tolist()])
    arrays = rng.integers(0, 60, (len(table), 16, 12)).astype(np.uint8)
    arrays += level[:, None, None].astype(np.uint8)
    np.save(tmp_path / "arrays.npy", arrays)
    found = []
    for values in (ArrayValues(arrays), MappedValues(str(tmp_path / "arrays.npy"))):
        split = Split.deal("artist", spectrograms(values, table), seed=0)
        (run,) = score_split(Levels(), split)
        found += timeless([run])
    assert found[0] == found[1]
    assert found[0].metrics.accuracy.value > 0.95
    digests = {
        spectrograms(values, table).digest
        for values in (ArrayValues(arrays), MappedValues(str(tmp_path / "arrays.npy")))
    }
    assert len(digests) == 1
