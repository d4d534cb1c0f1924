"""Protocols: who is on which side, and what they show where something leaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pytest
from evaluation_helpers import Nearest, fit_nearest, made_of_segments, made_up
from sklearn.preprocessing import StandardScaler

from earmark.datasets import FeatureTable, Fold
from earmark.errors import DatasetError, ParameterError
from earmark.evaluation import (
    PROTOCOLS,
    FoldAnswer,
    HeldOut,
    Score,
    accuracy,
    check_folds,
    check_unseen,
    clean_rows,
    held_out_predictions,
    inner_groups,
    make_run,
    mean_difference,
    protocol_folds,
    refusals,
    vote,
)
from earmark.models import Prediction
from earmark.models.recipe import fit, load_recipe


def accuracy_under(protocol: str, table: FeatureTable) -> float:
    folds = protocol_folds(protocol, table, seed=0)
    held_out = held_out_predictions(fit_nearest, table, folds)
    return accuracy(held_out.y, held_out.probabilities)


# --- folds --------------------------------------------------------------------------------------


def test_artist_folds_share_no_artist() -> None:
    table = made_up(leak=False)
    artists = table.groups["artist"]
    for fold in protocol_folds("artist", table, seed=0):
        assert not set(artists[fold.train]) & set(artists[fold.test])


def test_random_folds_share_artists() -> None:
    table = made_up(leak=False)
    artists = table.groups["artist"]
    for fold in protocol_folds("random", table, seed=0):
        assert set(artists[fold.train]) & set(artists[fold.test])


@pytest.mark.parametrize("protocol", ["random", "track", "artist"])
def test_five_folds_test_each_row_once(protocol: str) -> None:
    table = made_up(leak=False)
    folds = protocol_folds(protocol, table, seed=0)
    assert len(folds) == 5
    tested = np.sort(np.concatenate([fold.test for fold in folds]))
    np.testing.assert_array_equal(tested, np.arange(len(table)))


def test_official_uses_the_lists() -> None:
    table = made_up(leak=False)
    part = table.partitions["official"]
    (fold,) = protocol_folds("official", table, seed=0)
    assert set(part[fold.train]) == {"train", "valid"}
    assert set(part[fold.test]) == {"test"}
    assert len(fold.train) + len(fold.test) == (part != "").sum()


@pytest.mark.parametrize("protocol", ["random", "artist"])
def test_seed_decides_the_folds(protocol: str) -> None:
    table = made_up(leak=False)
    tests = [
        [fold.test.tolist() for fold in protocol_folds(protocol, table, seed=seed)]
        for seed in (0, 0, 1)
    ]
    assert tests[0] == tests[1] != tests[2]


def test_unknown_protocol_lists_the_known() -> None:
    with pytest.raises(ParameterError, match="'album' is not one of random, track, artist"):
        protocol_folds("album", made_up(leak=False), seed=0)
    assert PROTOCOLS == ("random", "track", "artist", "official", "published3")


@pytest.mark.parametrize(
    ("protocol", "changes", "missing"),
    [
        ("official", {"partitions": {}}, r"partitions\['official'\]"),
        ("published3", {"partitions": {}}, r"partitions\['published3'\]"),
        ("artist", {"groups": {}}, r"groups\['artist'\]"),
        (
            "official",
            {"partitions": {"official": np.array(["train"] * 300)}},
            r"part 'test' of partitions\['official'\]",
        ),
    ],
)
def test_table_without_what_is_needed_is_refused(
    protocol: str, changes: dict[str, object], missing: str
) -> None:
    table = replace(made_up(leak=False), **changes)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match=f"'{protocol}' needs {missing} in the table"):
        protocol_folds(protocol, table, seed=0)
    assert protocol in refusals(table)


def test_published_folds_are_as_published() -> None:
    table = made_up(leak=False)
    part = table.partitions["published3"]
    folds = protocol_folds("published3", table, seed=0)
    assert [set(part[fold.test]) for fold in folds] == [{"0"}, {"1"}, {"2"}]
    assert [set(part[fold.train]) for fold in folds] == [{"1", "2"}, {"0", "2"}, {"0", "1"}]


def test_published_split_that_tests_an_untaught_class_is_refused() -> None:
    table = made_up(leak=False)
    part = np.where(table.labels == "genre1", "test", "train")
    part[:40] = "test"
    table = replace(table, partitions={"official": part})
    with pytest.raises(DatasetError, match="'genre1' is tested by the published split"):
        protocol_folds("official", table, seed=0)


def test_track_folds_keep_segments_together() -> None:
    table = made_of_segments()
    tracks = table.groups["track"]
    for fold in protocol_folds("track", table, seed=0):
        assert not set(tracks[fold.train]) & set(tracks[fold.test])
    for fold in protocol_folds("random", table, seed=0):
        assert set(tracks[fold.train]) & set(tracks[fold.test])


def test_where_rows_are_tracks_track_is_random() -> None:
    table = made_up(leak=False)
    tests = [
        [fold.test.tolist() for fold in protocol_folds(protocol, table, seed=3)]
        for protocol in ("random", "track")
    ]
    assert tests[0] == tests[1]


def with_duplicates(table: FeatureTable, pairs: list[tuple[int, int]]) -> FeatureTable:
    """Make rows exact duplicates of others."""
    duplicates = np.arange(len(table))
    X = table.X.copy()
    for first, second in pairs:
        duplicates[second], X[second] = duplicates[first], X[first]
    return replace(table, X=X, groups={**table.groups, "duplicate": duplicates})


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_duplicates_are_on_one_side(protocol: str) -> None:
    """Pairs within an artist, across artists, and across classes: metal.00058 is rock.00016."""
    plain = made_up(leak=False)
    pairs = [(0, 1), (0, 299), (10, 77), (20, 200), (33, 150)]
    table = with_duplicates(plain, pairs)
    assert table.labels[0] != table.labels[299]
    duplicates = table.groups["duplicate"]
    for fold in protocol_folds(protocol, table, seed=0):
        assert not set(duplicates[fold.train]) & set(duplicates[fold.test])
    torn = [
        bool(set(duplicates[fold.train]) & set(duplicates[fold.test]))
        for fold in protocol_folds(protocol, plain, seed=0)
    ]
    assert any(torn)


def test_duplicate_across_artists_joins_the_artists() -> None:
    table = with_duplicates(made_up(leak=False), [(0, 299)])
    artists = table.groups["artist"]
    for fold in protocol_folds("artist", table, seed=0):
        assert not set(artists[fold.train]) & set(artists[fold.test])
        assert (artists[0] in artists[fold.test]) == (artists[299] in artists[fold.test])


def test_duplicates_within_an_artist_change_no_fold() -> None:
    plain = made_up(leak=False)
    table = with_duplicates(plain, [(0, 1), (7, 9)])
    tests = [
        [fold.test.tolist() for fold in protocol_folds("artist", one, seed=0)]
        for one in (plain, table)
    ]
    assert tests[0] == tests[1]


# --- folds by hand, and models as they are ------------------------------------------------------


def test_group_split_with_an_artist_on_both_sides_is_refused() -> None:
    table = made_up(leak=False)
    artists = table.groups["artist"]
    good = protocol_folds("artist", table, seed=0)
    check_folds(good, artists)
    moved = Fold(np.append(good[0].train, good[0].test[0]), good[0].test[1:])
    with pytest.raises(ParameterError, match=f"group {artists[good[0].test[0]]} is on both sides"):
        held_out_predictions(fit_nearest, table, [moved, *good[1:]], groups=artists)


@pytest.mark.parametrize(
    ("folds", "said"),
    [
        ([([0, 1], [1, 2])], "fold 0: group 1 is on both sides"),
        ([([0, 1], [2]), ([0], [3, 2])], "row 2 is tested more than once"),
        ([([0], [1]), ([], [2])], "fold 1: one side of the split is empty"),
    ],
)
def test_folds_that_are_none_are_refused(folds: list, said: str) -> None:
    made = [Fold(np.array(train, int), np.array(test, int)) for train, test in folds]
    with pytest.raises(ParameterError, match=said):
        held_out_predictions(fit_nearest, made_up(leak=False), made)


def test_model_is_not_asked_about_what_it_was_trained_on() -> None:
    ids = np.array(["a", "b#3", "genre/c.00001.mp3"])
    check_unseen(ids, ["d", "e", "c"], model="mine")
    for known in (
        *("a", "b", "b#3", "a#0", "genre/c.00001.mp3", "c.00001"),
        *("music/genre/c.00001.flac", "other/c.00001.mp3#2", "blues/a.wav"),
    ):
        with pytest.raises(ParameterError, match="trained on 1 of the 3 rows"):
            check_unseen(ids, [known], model="mine")


def test_model_that_does_not_say_what_it_was_trained_on_is_not_asked() -> None:
    with pytest.raises(ParameterError, match="does not say what it was trained on"):
        check_unseen(np.array(["a"]), [], model="mine")


@pytest.mark.parametrize(
    ("protocol", "table", "kept"),
    [
        ("random", made_up(leak=False), "row"),
        ("track", made_up(leak=False), "row"),
        ("artist", made_up(leak=False), "artist"),
        ("official", made_up(leak=False), "artist"),
        ("random", made_of_segments(), "row"),
        ("track", made_of_segments(), "track"),
        ("artist", made_of_segments(), "artist"),
        ("official", replace(made_up(leak=False), groups={}), "row"),
    ],
)
def test_inner_folds_leak_as_the_outer_do(protocol: str, table: FeatureTable, kept: str) -> None:
    assert inner_groups(protocol, table) == kept


def test_clean_rows_share_no_artist() -> None:
    table = made_up(leak=False)
    (fold,) = protocol_folds("official", table, seed=0)
    artists = table.groups["artist"]
    clean = clean_rows(table, fold)
    assert set(artists[clean]) == set(artists[fold.test]) - set(artists[fold.train])


# --- what the folds show ------------------------------------------------------------------------


def test_planted_leak_shows_as_a_gap() -> None:
    """Tracks of an artist lie together: known artists give the genre away, unknown ones nothing."""
    table = made_up(leak=True)
    assert accuracy_under("random", table) > 0.9
    assert accuracy_under("artist", table) < 0.45


def test_no_leak_shows_no_gap() -> None:
    table = made_up(leak=False)
    assert abs(accuracy_under("random", table) - accuracy_under("artist", table)) < 0.12


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_permuted_labels_score_chance(protocol: str) -> None:
    table = made_up(leak=True)
    labels = np.random.default_rng(1).permutation(table.labels)
    found = accuracy_under(protocol, replace(table, labels=labels))
    n = {"official": 75, "published3": 225}.get(protocol, 300)
    assert found == pytest.approx(0.25, abs=3.5 * np.sqrt(0.25 * 0.75 / n))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_only_training_rows_reach_the_fit(protocol: str) -> None:
    table = made_up(leak=True)
    folds = protocol_folds(protocol, table, seed=0)
    seen: list[FeatureTable] = []

    def spy(rows: FeatureTable) -> Nearest:
        seen.append(rows)
        return fit_nearest(rows)

    held_out_predictions(spy, table, folds)
    assert [rows.ids.tolist() for rows in seen] == [
        table.ids[fold.train].tolist() for fold in folds
    ]
    for rows, fold in zip(seen, folds, strict=True):
        np.testing.assert_array_equal(rows.X, table.X[fold.train])
        assert not set(rows.ids) & set(table.ids[fold.test])


def test_song_is_known_again_by_its_segments() -> None:
    """A column that tells songs apart: perfect when segments are dealt, nothing by artist."""
    table = made_of_segments()
    assert accuracy_under("random", table) == 1.0
    n = 24  # artists: those of one fold are of the same genres as the rest by chance
    assert accuracy_under("artist", table) < 0.25 + 3.5 * np.sqrt(0.25 * 0.75 / n)
    assert accuracy_under("track", table) < 0.25 + 3.5 * np.sqrt(0.25 * 0.75 / n)


@pytest.mark.parametrize("recipe", ["svm", "knn", "logistic"])
@pytest.mark.parametrize("calibrate", [False, True])
def test_answers_do_not_depend_on_other_test_rows(recipe: str, calibrate: bool) -> None:
    """A scaler fitted on all rows would let the test rows change the training."""
    table = made_up(leak=True)
    fold = protocol_folds("artist", table, seed=0)[0]
    fit_rows = partial(
        fit, load_recipe(recipe), classes=table.classes, calibrate=calibrate, inner_groups="artist"
    )
    expected = held_out_predictions(fit_rows, table, [fold])
    X = table.X.copy()
    first, others = fold.test[0], fold.test[1:]
    X[others] = X[others] * 1000 + 7
    labels = table.labels.copy()
    labels[fold.test] = "genre0"
    found = held_out_predictions(fit_rows, replace(table, X=X, labels=labels), [fold])
    assert first == found.rows[0]
    np.testing.assert_array_equal(found.probabilities[0], expected.probabilities[0])


def test_scaler_fitted_on_all_rows_is_caught() -> None:
    """The check above does see a preprocessor that looks at all rows."""
    table = made_up(leak=True)
    fold = protocol_folds("artist", table, seed=0)[0]

    def leaky(whole: FeatureTable) -> HeldOut:
        scaler = StandardScaler().fit(whole.X)
        scaled = replace(whole, X=scaler.transform(whole.X))
        fit_rows = partial(fit, load_recipe("logistic"), classes=table.classes, calibrate=False)
        return held_out_predictions(fit_rows, scaled, [fold])

    X = table.X.copy()
    X[fold.test[1:]] = X[fold.test[1:]] * 1000 + 7
    expected, found = leaky(table), leaky(replace(table, X=X))
    assert (found.probabilities[0] != expected.probabilities[0]).any()


def test_label_in_two_classes_is_right_at_most_half_the_time() -> None:
    """A duplicate across classes: kept on one side it teaches nothing about itself."""
    table = made_up(leak=False)
    jazz, rock = np.flatnonzero(table.labels == "genre0"), np.flatnonzero(table.labels == "genre1")
    pairs = list(zip(jazz.tolist(), rock.tolist(), strict=True))
    both = np.sort(np.concatenate([jazz, rock]))
    doubled = with_duplicates(table, pairs).select(both)
    held_out = held_out_predictions(fit_nearest, doubled, protocol_folds("random", doubled, seed=0))
    assert abs(held_out.right.mean() - 0.5) < 0.15
    torn = replace(doubled, groups={})
    leaked = held_out_predictions(fit_nearest, torn, protocol_folds("random", torn, seed=0))
    assert leaked.right.mean() < 0.2  # the nearest is its twin, of the other class


# --- segments vote ------------------------------------------------------------------------------


def test_segments_of_a_track_vote() -> None:
    table = FeatureTable(
        ids=np.array(["a#0", "a#1", "a#2", "b#0", "b#1", "c#0", "d#0"]),
        X=np.array([[0.9], [0.4], [0.3], [0.2], [0.6], [0.5], [0.5]]),
        feature_set="one",
        fingerprint="f",
        labels=np.array(["jazz"] * 3 + ["rock"] * 2 + ["jazz", "rock"]),
        groups={"track": np.array([7, 7, 7, 3, 3, 4, 5])},
        partitions={"official": np.array(["test"] * 5 + ["train"] * 2)},
        unit="segment",
    )

    @dataclass
    class Column:
        min_confidence: float = 0.55
        min_margin: float = 0.0
        max_distance: float = 1.0

        def predict(self, X: np.ndarray) -> Prediction:
            return Prediction(np.column_stack([X[:, 0], 1 - X[:, 0]]), np.zeros(len(X)))

    folds = protocol_folds("official", table, seed=0)
    held_out = held_out_predictions(lambda rows: Column(), table, folds)
    voted = vote(held_out, table)
    assert held_out.right.tolist() == [1, 0, 0, 1, 0]
    assert voted.rows.tolist() == [3, 0]
    np.testing.assert_allclose(voted.probabilities[:, 0], [0.4, 1.6 / 3])
    assert voted.predicted.tolist() == [1, 0]
    assert voted.right.tolist() == [1, 1]
    mixed = replace(table, labels=np.array(["jazz", "rock", *table.labels[2:]]))
    torn = held_out_predictions(lambda rows: Column(), mixed, folds)
    with pytest.raises(DatasetError, match="'a#1' has another class"):
        vote(torn, mixed)


def test_gap_is_paired() -> None:
    """Two answers that are wrong about the same rows differ surely, however few rows there are."""
    rng = np.random.default_rng(0)
    wrong = rng.random(200) < 0.5
    first = (~wrong).astype(float)
    second = first.copy()
    second[np.flatnonzero(first)[:20]] = 0
    found = mean_difference(first, second)
    assert found.value == pytest.approx(0.1)
    assert found.low > 0.05
    assert found.high < 0.15
    apart = mean_difference(first, rng.permutation(second))
    assert apart.high - apart.low > 1.5 * (found.high - found.low)


def test_gap_over_tracks_is_wider_than_over_segments() -> None:
    rng = np.random.default_rng(1)
    of_track = rng.random(40) < 0.5
    first, second = np.repeat(of_track, 10).astype(float), np.zeros(400)
    rows = mean_difference(first, second)
    tracks = mean_difference(first, second, groups=np.repeat(np.arange(40), 10))
    assert rows.value == tracks.value
    assert tracks.high - tracks.low > 2.5 * (rows.high - rows.low)


# --- what is held out ---------------------------------------------------------------------------


@dataclass
class Told:
    """Says of each row what its columns hold: a probability and a distance."""

    min_confidence: float = 0.7
    min_margin: float = 0.0
    max_distance: float = 2.0

    def predict(self, X: np.ndarray) -> Prediction:
        return Prediction(np.column_stack([X[:, 0], 1 - X[:, 0]]), X[:, 1])


def six_rows() -> FeatureTable:
    """Return four rows to test and two to train on."""
    return FeatureTable(
        ids=np.array(list("abcdef")),
        X=np.array([[0.9, 1], [0.8, 1], [0.6, 1], [0.7, 2.5], [0.5, 0], [0.5, 0]], dtype=float),
        feature_set="two",
        fingerprint="f",
        labels=np.array(["jazz", "rock", "jazz", "jazz", "rock", "jazz"]),
        partitions={"official": np.array(["test"] * 4 + ["train"] * 2)},
    )


@pytest.fixture
def held_out() -> HeldOut:
    """Return four rows: sure and right, sure and wrong, unconfident, unfamiliar."""
    table = six_rows()
    folds = protocol_folds("official", table, seed=0)
    return held_out_predictions(lambda rows: Told(), table, folds)


def official_score(held_out: HeldOut) -> Score:
    table = six_rows()
    answers = [FoldAnswer(held_out)]
    run = make_run("official", table, answers, classes=table.classes, seed=0)
    return Score.of(run, seeded=False)


def test_held_out_rows_say_who_is_sure(held_out: HeldOut) -> None:
    assert held_out.rows.tolist() == [0, 1, 2, 3]
    assert held_out.y.tolist() == [0, 1, 0, 0]
    assert held_out.confident.tolist() == [True, True, False, True]
    assert held_out.familiar.tolist() == [True, True, True, False]


def test_score_counts_what_is_sure(held_out: HeldOut) -> None:
    found = official_score(held_out)
    assert (found.protocol, found.n, found.n_folds, found.seed) == ("official", 4, 1, None)
    assert found.accuracy.value == 0.75
    assert found.mean_confidence == pytest.approx(0.75)
    assert (found.sure, found.sure_accuracy, found.unfamiliar) == (0.5, 0.5, 0.25)


def test_score_of_nothing_sure_has_no_accuracy_of_it(held_out: HeldOut) -> None:
    found = official_score(held_out.only(~held_out.familiar))
    assert (found.n, found.sure, found.sure_accuracy, found.unfamiliar) == (1, 0, None, 1)


def test_score_is_told_whole(held_out: HeldOut) -> None:
    told = official_score(held_out).to_dict()
    assert set(told["accuracy"]) == {"value", "low", "high"}
    assert told["n"] == 4


@pytest.mark.parametrize("mask", [[True, False, True, False], [False] * 4])
def test_part_keeps_its_columns_together(held_out: HeldOut, mask: list[bool]) -> None:
    part = held_out.only(np.array(mask))
    kept = np.flatnonzero(mask)
    pick: Callable[[np.ndarray], list[object]] = lambda column: column[kept].tolist()  # noqa: E731
    assert part.rows.tolist() == pick(held_out.rows)
    assert part.y.tolist() == pick(held_out.y)
    assert part.confident.tolist() == pick(held_out.confident)
    assert part.probabilities.tolist() == pick(held_out.probabilities)
