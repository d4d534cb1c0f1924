"""Intervals over artists: how wide they are, what they cover, what both sides of a pair draw."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from evaluation_helpers import fit_nearest, made_of_segments, made_up

from earmark.datasets import FeatureTable
from earmark.evaluation import (
    Estimate,
    Intervals,
    Run,
    Score,
    coverage_curve,
    estimates,
    leakage_gap,
    make_run,
    mean_difference,
    paired_accuracy,
    protocol_folds,
    read_results,
    resampling_units,
)
from earmark.evaluation._answers import answer_fold, join
from earmark.evaluation._runs import FoldAnswer
from earmark.types import FloatArray, IntArray


def clustered(
    *, n_artists: int, per_artist: int, seed: int, spread: float = 2.0
) -> tuple[IntArray, FloatArray, IntArray]:
    """Return classes, probabilities and artists, where an artist's songs go right together."""
    rng = np.random.default_rng(seed)
    chance = rng.beta(0.7 / spread, 0.3 / spread, n_artists)
    artists = np.repeat(np.arange(n_artists), per_artist)
    right = rng.random(len(artists)) < chance[artists]
    probabilities = np.where(right[:, np.newaxis], [[0.8, 0.2]], [[0.2, 0.8]])
    return np.zeros(len(artists), dtype=np.int64), probabilities, artists


def width(estimate: Estimate) -> float:
    return estimate.high - estimate.low


def test_interval_over_artists_is_wider_where_songs_of_an_artist_go_right_together() -> None:
    y, p, artists = clustered(n_artists=60, per_artist=10, seed=1)
    naive, clusters = estimates(y, p), estimates(y, p, groups=artists)
    for name in ("accuracy", "log_loss", "calibration_error"):
        assert clusters[name].value == pytest.approx(naive[name].value)
        assert width(clusters[name]) > 1.8 * width(naive[name])
    # What a cluster sample of accuracies with this much between artists must give.
    means = (p.argmax(axis=1) == y).reshape(60, 10).mean(axis=1)
    expected = 2 * 1.96 * means.std(ddof=1) / np.sqrt(60)
    assert width(clusters["accuracy"]) == pytest.approx(expected, rel=0.1)


def test_interval_over_artists_is_the_same_where_songs_are_independent() -> None:
    rng = np.random.default_rng(3)
    p = np.where(rng.random((600, 1)) < 0.7, [[0.8, 0.2]], [[0.2, 0.8]])
    y = np.zeros(600, dtype=np.int64)
    naive = estimates(y, p)["accuracy"]
    clusters = estimates(y, p, groups=np.repeat(np.arange(60), 10))["accuracy"]
    assert width(clusters) == pytest.approx(width(naive), rel=0.25)


def test_interval_over_artists_covers_95_percent_and_one_over_songs_does_not() -> None:
    covered = {"artists": 0, "songs": 0}
    times = 300
    for seed in range(times):
        y, p, artists = clustered(n_artists=60, per_artist=8, seed=seed)
        right = (p.argmax(axis=1) == y).astype(np.float64)
        for name, groups in (("artists", artists), ("songs", None)):
            found = mean_difference(
                right, np.zeros_like(right), groups=groups, n_resamples=300, seed=seed
            )
            covered[name] += found.low <= 0.7 <= found.high
    # Of 300 draws at 95 %, 99 of 100 simulations lie within 0.03; few artists cost a little.
    assert 0.90 <= covered["artists"] / times <= 0.98
    assert covered["songs"] / times < 0.75


def run_of(table: FeatureTable, protocol: str, *, noise: float = 0.0) -> Run:
    """Score the nearest neighbour, on columns with noise added, in this process."""
    X = table.X + noise * np.random.default_rng(5).normal(size=table.X.shape)
    table = replace(table, X=X)
    folds = protocol_folds(protocol, table, seed=0)
    answers = [FoldAnswer(answer_fold(fit_nearest, table, fold)[0]) for fold in folds]
    return make_run(protocol, table, answers, classes=table.classes, seed=0)


@pytest.mark.parametrize(
    ("protocol", "over", "n_units"),
    [
        ("random", "track", 300),
        ("track", "track", 300),
        ("artist", "artist", 60),
        ("official", "artist", None),
        ("published3", "artist", None),
    ],
)
def test_protocols_that_keep_artists_apart_resample_artists(
    protocol: str, over: str, n_units: int | None
) -> None:
    run = run_of(made_up(leak=True), protocol)
    table = made_up(leak=True)
    artist = dict(zip(table.ids.tolist(), table.groups["artist"].tolist(), strict=True))
    there = len({artist[row] for row in run.predictions.ids})
    assert run.intervals == Intervals(over, n_units or there)  # type: ignore[arg-type]
    assert run.predictions.artists == tuple(artist[row] for row in run.predictions.ids)


def test_artists_who_share_a_copy_are_resampled_together() -> None:
    table = made_up(leak=False)
    copies = np.arange(300)
    copies[7] = copies[299]
    over, groups = resampling_units(
        "artist", replace(table, groups={**table.groups, "duplicate": copies})
    )
    assert over == "artist"
    assert groups is not None
    assert len(np.unique(groups)) == 59


def test_tracks_are_resampled_where_no_artists_are_known() -> None:
    table = made_of_segments()
    del table.groups["artist"]  # type: ignore[attr-defined]
    over, groups = resampling_units("official", table)
    assert over == "track"
    assert groups is table.groups["track"]


def test_votes_of_segments_resample_artists_too() -> None:
    table = made_of_segments()
    run = run_of(table, "artist")
    assert run.track_metrics is not None
    assert (run.intervals.n_units, run.n_tracks) == (24, 96)
    held_out = join(
        answer_fold(fit_nearest, table, fold)[0] for fold in protocol_folds("artist", table, seed=0)
    )
    groups = table.groups["artist"][held_out.rows]
    expected = estimates(held_out.y, held_out.probabilities, groups=groups)["accuracy"]
    assert run.metrics.accuracy == expected


def test_both_sides_of_a_difference_draw_the_same_artists() -> None:
    table = made_up(leak=True)
    first, second = run_of(table, "artist"), run_of(table, "artist", noise=4.0)
    found = paired_accuracy(first, second)
    assert found is not None
    assert found.intervals == Intervals("artist", 60)
    artist = dict(zip(table.ids.tolist(), table.groups["artist"].tolist(), strict=True))

    def right(run: Run) -> FloatArray:
        """Songs named rightly, by artist."""
        of = run.predictions
        hits = np.zeros(60)
        for row, true, said in zip(of.ids, of.true, of.predicted, strict=True):
            hits[artist[row]] += true == said
        return hits

    # The same 2,000 draws of 60 artists, 5 songs each, for one side and for the other.
    draws = np.random.default_rng(0).integers(60, size=(2000, 60))
    by_hand = (right(first)[draws].sum(axis=1) - right(second)[draws].sum(axis=1)) / 300
    assert found.difference.value == pytest.approx(found.first - found.second)
    assert [found.difference.low, found.difference.high] == pytest.approx(
        np.percentile(by_hand, [2.5, 97.5]).tolist()
    )
    same = paired_accuracy(first, first)
    assert same is not None
    assert same.difference == Estimate(0.0, 0.0, 0.0)


def test_leakage_gap_resamples_artists() -> None:
    table = made_up(leak=True)
    random, artist = run_of(table, "random"), run_of(table, "artist")
    gap = leakage_gap([random, artist])
    assert gap is not None
    assert gap.intervals == Intervals("artist", 60)
    songs = paired_accuracy(random, artist, over="track")
    assert songs is not None
    assert songs.intervals == Intervals("track", 300)
    assert width(gap.difference) > 1.3 * width(songs.difference)


def test_score_of_a_card_states_its_artists() -> None:
    table = made_up(leak=True)
    held_out = join(
        answer_fold(fit_nearest, table, fold)[0] for fold in protocol_folds("artist", table, seed=0)
    )
    answers = [FoldAnswer(held_out)]
    found = Score.of(make_run("artist", table, answers, classes=table.classes, seed=0))
    assert found.to_dict()["intervals"] == {
        "over": "artist",
        "n_units": 60,
        "n_resamples": 2000,
        "seed": 0,
    }
    naive = Score.of(make_run("random", table, answers, classes=table.classes, seed=0))
    assert naive.intervals == Intervals("track", 300)
    assert width(found.accuracy) > width(naive.accuracy)


def test_points_of_the_coverage_curve_have_intervals() -> None:
    y, p, artists = clustered(n_artists=40, per_artist=10, seed=2)
    naive, clusters = (
        coverage_curve(y, p, p.argmax(axis=1))[0],
        coverage_curve(y, p, p.argmax(axis=1), groups=artists),
    )
    first, last = clusters[0], clusters[-1]
    assert first.n == 400
    assert first.low is not None
    assert first.high is not None
    assert naive.low is not None
    assert naive.high is not None
    assert first.accuracy is not None
    assert first.low < first.accuracy < first.high
    assert first.high - first.low > 1.5 * (naive.high - naive.low)
    assert (last.n, last.accuracy, last.low, last.high) == (0, None, None, None)


def test_results_of_version_1_are_still_read(tmp_path: Path) -> None:
    from test_results_file import results_of

    table = made_of_segments()
    results = results_of(table, (run_of(table, "random"), run_of(table, "artist")))
    content = json.loads(results.to_json())
    content["schema"] = "earmark.results/1"
    for model in content["models"]:
        del model["gap_intervals"]
        for run in model["runs"]:
            del run["intervals"], run["predictions"]["artists"]
            for point in run["coverage"]:
                del point["n"], point["low"], point["high"]
    path = tmp_path / "old.json"
    path.write_text(json.dumps(content))
    found = read_results(path)
    old, new = found.models[0].run("artist"), results.models[0].run("artist")
    assert old is not None
    assert new is not None
    assert old.metrics == new.metrics
    assert old.intervals == Intervals("track", 96)  # what version 1 always resampled
    assert [point.n for point in old.coverage] == [point.n for point in new.coverage]
    assert old.predictions.artists is None
    assert found.models[0].gap_intervals == Intervals("track", 96)
    again = paired_accuracy(old, new)  # the new file says who the rows are by
    assert again is not None
    assert again.intervals == Intervals("artist", 24)
    assert again.difference == Estimate(0.0, 0.0, 0.0)


def test_broken_results_of_version_1_are_refused(tmp_path: Path) -> None:
    from earmark.errors import ResultsError

    path = tmp_path / "old.json"
    path.write_text('{"schema": "earmark.results/1", "dataset": {"classes": []}, "models": [1]}')
    with pytest.raises(ResultsError, match="as a file of version 1"):
        read_results(path)
