"""Nested tuning: no row that is scored has a part in choosing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tuning_tables
from tuning_tables import KNN

from earmark.datasets import FeatureTable
from earmark.errors import ParameterError, StudyError
from earmark.evaluation import held_out_predictions, protocol_folds
from earmark.models.recipe import fit
from earmark.tuning import Parameter, SearchSpace, _nested, _scoring, fit_tuned, nested_tune
from earmark.tuning import search_parameters as tune


class Spy:
    """Writes down the ids of all rows that any fit or prediction inside a search is given."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[set[str]] = []
        self.searched: list[set[str]] = []
        scorer, search = _scoring.Scorer.__init__, _nested.search_parameters

        def watched(this: Any, table: FeatureTable, *arguments: Any, **settings: Any) -> None:
            self.seen.append(set(table.ids.tolist()))
            scorer(this, table, *arguments, **settings)

        def searching(table: FeatureTable, **settings: Any) -> Any:
            self.searched.append(set(table.ids.tolist()))
            return search(table, **settings)

        monkeypatch.setattr(_scoring.Scorer, "__init__", watched)
        monkeypatch.setattr(_nested, "search_parameters", searching)


@pytest.mark.parametrize("protocol", ["artist", "random", "official"])
def test_no_row_that_is_scored_is_seen_by_its_search(
    monkeypatch: pytest.MonkeyPatch, protocol: str
) -> None:
    table = tuning_tables.made_up(180)
    spy = Spy(monkeypatch)
    nested = nested_tune(table, family="knn", space=KNN, trials=2, protocol=protocol)
    folds = protocol_folds(protocol, table, seed=0)
    assert len(spy.seen) == len(spy.searched) == len(folds) == len(nested.tunings)
    for fold, seen, searched in zip(folds, spy.seen, spy.searched, strict=True):
        assert seen == searched == set(table.ids[fold.train].tolist())
        assert not seen & set(table.ids[fold.test].tolist())


def test_no_artist_of_a_scored_row_is_seen_by_its_search(monkeypatch: pytest.MonkeyPatch) -> None:
    table = tuning_tables.made_up(180)
    spy = Spy(monkeypatch)
    nested_tune(table, family="knn", space=KNN, trials=1)
    artist = dict(zip(table.ids.tolist(), table.groups["artist"].tolist(), strict=True))
    for seen in spy.seen:
        inside = {artist[one] for one in seen}
        outside = {artist[one] for one in artist if one not in seen}
        assert not inside & outside


def test_what_is_scored_cannot_change_what_is_chosen() -> None:
    table = tuning_tables.made_up(180, spread=2.0)
    test = table.partitions["official"] == "test"
    spoilt = replace(table, X=np.where(test[:, np.newaxis], 1e6, table.X))
    first, second = (
        nested_tune(one, family="knn", space=KNN, protocol="official") for one in (table, spoilt)
    )
    chosen, again = (one.tunings[0].chosen for one in (first, second))
    assert (chosen.parameters, chosen.score) == (again.parameters, again.score)
    assert first.accuracy.value > second.accuracy.value


@pytest.mark.parametrize("protocol", ["artist", "official"])
def test_accuracy_is_that_of_models_tuned_and_fitted_by_hand(protocol: str) -> None:
    table = tuning_tables.made_up(120, spread=2.0)
    nested = nested_tune(table, family="knn", space=KNN, protocol=protocol, seed=2)
    classes = np.array(table.classes)
    right = []
    for number, fold in enumerate(protocol_folds(protocol, table, seed=2)):
        train = table.select(fold.train)
        tuning = tune(train, family="knn", space=KNN, seed=2)
        assert nested.tunings[number].chosen.parameters == tuning.chosen.parameters
        model = fit(tuning.recipe, train, classes=table.classes, calibrate=False)
        right.append(classes[model.predict_labels(table.X[fold.test])] == table.labels[fold.test])
    assert nested.accuracy.value == pytest.approx(np.concatenate(right).mean())
    assert nested.accuracy.low <= nested.accuracy.value <= nested.accuracy.high
    assert (nested.predicted == nested.true).mean() == pytest.approx(nested.accuracy.value)
    mean = np.mean([tuning.chosen.score or 0 for tuning in nested.tunings])
    assert nested.optimism == pytest.approx(mean - nested.accuracy.value)


def test_labels_without_meaning_score_chance_and_the_search_says_more() -> None:
    """The best of many is above chance even where there is nothing to learn; nested is not."""
    many = SearchSpace("many", "knn", "", (Parameter("n_neighbors", low=1, high=8),))
    honest, searched = [], []
    for seed in range(4):
        table = tuning_tables.made_up(180, seed=seed)
        groups = table.groups["artist"]
        of_artist = np.random.default_rng(seed).integers(3, size=groups.max() + 1)
        nothing = replace(table, labels=np.array(["a", "b", "c"])[of_artist[groups]])
        nested = nested_tune(nothing, family="knn", space=many, seed=seed)
        honest.append(nested.accuracy.value)
        searched.append(nested.accuracy.value + nested.optimism)
    assert np.mean(honest) == pytest.approx(1 / 3, abs=0.08)
    assert np.mean(searched) > np.mean(honest) + 0.02


def test_fit_tuned_is_what_evaluation_fits_in_each_fold() -> None:
    table = tuning_tables.made_up(120, spread=2.0)
    folds = protocol_folds("artist", table, seed=0)

    def tuned(train: FeatureTable) -> Any:
        return fit_tuned(train, classes=table.classes, family="knn", space=KNN, calibrate=False)

    held_out = held_out_predictions(tuned, table, folds)
    nested = nested_tune(table, family="knn", space=KNN)
    assert held_out.right.mean() == pytest.approx(nested.accuracy.value)


def test_inner_folds_follow_the_protocol() -> None:
    table = tuning_tables.made_up(120)
    settings: dict[str, Any] = {"family": "knn", "space": KNN, "trials": 1}
    assert nested_tune(table, protocol="random", **settings).inner_protocol == "random"
    assert nested_tune(table, protocol="official", **settings).inner_protocol == "artist"
    without = replace(table, groups={})
    assert nested_tune(without, protocol="official", **settings).inner_protocol == "track"
    told = nested_tune(table, protocol="artist", inner_protocol="random", **settings)
    assert {tuning.protocol for tuning in told.tunings} == {"random"}


def test_searches_are_kept_in_files_of_their_own(tmp_path: Path) -> None:
    table, path = tuning_tables.made_up(120), tmp_path / "a.study"
    settings: dict[str, Any] = {"family": "knn", "space": KNN, "trials": 2, "storage": path}
    first = nested_tune(table, **settings)
    assert sorted(file.name for file in tmp_path.iterdir()) == [f"a.study.{n}" for n in range(5)]
    again = nested_tune(table, **settings)
    assert [tuning.n_resumed for tuning in again.tunings] == [2] * 5
    assert again.accuracy == first.accuracy
    with pytest.raises(StudyError, match=r"a\.study\.0"):
        nested_tune(table, seed=1, **settings)


def test_progress_tells_of_all_folds() -> None:
    told: list[tuple[int, int, str]] = []
    nested_tune(
        tuning_tables.made_up(120),
        family="knn",
        space=KNN,
        trials=2,
        progress=lambda *step: told.append(step),
    )
    assert [step[:2] for step in told] == [(done, 10) for done in range(1, 11)]
    assert told[-1][2].startswith("fold 5 of 5: 0.")


def test_result_is_json() -> None:
    nested = nested_tune(tuning_tables.made_up(120), family="knn", space=KNN, trials=2)
    content = json.loads(json.dumps(nested.to_dict(), allow_nan=False))
    assert content["n"] == len(content["predictions"]["ids"]) == 120
    assert len(content["folds"]) == 5


def test_unknown_protocol_is_refused() -> None:
    with pytest.raises(ParameterError, match="protocol='nested' is not one of"):
        nested_tune(tuning_tables.made_up(), family="knn", protocol="nested")
