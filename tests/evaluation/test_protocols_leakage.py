"""Protocols: who is on which side, and what they show where something leaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest

from earmark.datasets import FeatureTable
from earmark.errors import ParameterError
from earmark.evaluation import (
    PROTOCOLS,
    HeldOut,
    accuracy,
    held_out_predictions,
    protocol_folds,
    score,
)
from earmark.models import Prediction


def made_up(*, leak: bool, seed: int = 0) -> FeatureTable:
    """Return 4 genres x 15 artists x 5 tracks; the genre is in no column, the artist may be."""
    rng = np.random.default_rng(seed)
    artists = np.repeat(np.arange(60), 5)
    n = len(artists)
    of_artist = rng.normal(0, 10, (60, 6))
    X = rng.normal(0, 1, (n, 6)) + (of_artist[artists] if leak else 0)
    return FeatureTable(
        ids=np.array([f"t{i:03}" for i in range(n)]),
        X=X,
        feature_set="six",
        fingerprint="f",
        labels=np.array([f"genre{artist % 4}" for artist in artists]),
        groups={"artist": artists},
        partitions={"fault_filtered": rng.choice(["train", "valid", "test", ""], n)},
    )


@dataclass
class Nearest:
    """Answers as the nearest training row does."""

    table: FeatureTable
    classes: tuple[str, ...]
    min_confidence: float = 0.5
    max_distance: float = 4.0

    def predict(self, X: np.ndarray) -> Prediction:
        distances = np.linalg.norm(X[:, None] - self.table.X[None], axis=2)
        y = np.searchsorted(self.classes, self.table.labels[distances.argmin(axis=1)])
        return Prediction(np.eye(len(self.classes))[y], distances.min(axis=1))


def fit_nearest(rows: FeatureTable) -> Nearest:
    return Nearest(rows, rows.classes)


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


@pytest.mark.parametrize("protocol", ["random", "artist"])
def test_five_folds_test_each_row_once(protocol: str) -> None:
    table = made_up(leak=False)
    folds = protocol_folds(protocol, table, seed=0)
    assert len(folds) == 5
    tested = np.sort(np.concatenate([fold.test for fold in folds]))
    np.testing.assert_array_equal(tested, np.arange(len(table)))


def test_official_uses_the_lists() -> None:
    table = made_up(leak=False)
    part = table.partitions["fault_filtered"]
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
    with pytest.raises(ParameterError, match="'album' is not one of random, artist, official"):
        protocol_folds("album", made_up(leak=False), seed=0)
    assert PROTOCOLS == ("random", "artist", "official")


@pytest.mark.parametrize(
    ("protocol", "changes", "missing"),
    [
        ("official", {"partitions": {}}, "fault_filtered"),
        ("artist", {"groups": {}}, "artist"),
    ],
)
def test_table_without_what_is_needed_is_refused(
    protocol: str, changes: dict[str, object], missing: str
) -> None:
    table = replace(made_up(leak=False), **changes)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match=f"'{protocol}' needs '{missing}' in the table"):
        protocol_folds(protocol, table, seed=0)


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
    n = 75 if protocol == "official" else 300
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


# --- what is held out ---------------------------------------------------------------------------


@dataclass
class Told:
    """Says of each row what its columns hold: a probability and a distance."""

    min_confidence: float = 0.7
    max_distance: float = 2.0

    def predict(self, X: np.ndarray) -> Prediction:
        return Prediction(np.column_stack([X[:, 0], 1 - X[:, 0]]), X[:, 1])


@pytest.fixture
def held_out() -> HeldOut:
    """Return four rows: sure and right, sure and wrong, unconfident, unfamiliar."""
    table = FeatureTable(
        ids=np.array(list("abcdef")),
        X=np.array([[0.9, 1], [0.8, 1], [0.6, 1], [0.7, 2.5], [0.5, 0], [0.5, 0]], dtype=float),
        feature_set="two",
        fingerprint="f",
        labels=np.array(["jazz", "rock", "jazz", "jazz", "rock", "jazz"]),
        partitions={"fault_filtered": np.array(["test"] * 4 + ["train"] * 2)},
    )
    folds = protocol_folds("official", table, seed=0)
    return held_out_predictions(lambda rows: Told(), table, folds)


def test_held_out_rows_say_who_is_sure(held_out: HeldOut) -> None:
    assert held_out.rows.tolist() == [0, 1, 2, 3]
    assert held_out.y.tolist() == [0, 1, 0, 0]
    assert held_out.confident.tolist() == [True, True, False, True]
    assert held_out.familiar.tolist() == [True, True, True, False]


def test_score_counts_what_is_sure(held_out: HeldOut) -> None:
    found = score("official", held_out, n_folds=1, seed=None)
    assert (found.protocol, found.n, found.n_folds, found.seed) == ("official", 4, 1, None)
    assert found.accuracy.value == 0.75
    assert found.mean_confidence == pytest.approx(0.75)
    assert (found.sure, found.sure_accuracy, found.unfamiliar) == (0.5, 0.5, 0.25)


def test_score_of_nothing_sure_has_no_accuracy_of_it(held_out: HeldOut) -> None:
    found = score("official", held_out.only(~held_out.familiar), n_folds=1, seed=None)
    assert (found.n, found.sure, found.sure_accuracy, found.unfamiliar) == (1, 0, None, 1)


def test_score_is_told_whole(held_out: HeldOut) -> None:
    told = score("official", held_out, n_folds=1, seed=None).to_dict()
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
