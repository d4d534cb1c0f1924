"""`tune`: what it tries, how it scores, what it chooses, and when it stops."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tuning_tables
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler
from tuning_tables import KNN, SVM

from earmark.errors import DatasetError, EarmarkError, ParameterError
from earmark.evaluation import protocol_folds
from earmark.models.recipe import load_recipe
from earmark.tuning import (
    DEFAULT_TRIALS,
    Parameter,
    SearchSpace,
    Trial,
    Tuning,
    load_search_space,
)
from earmark.tuning import _scoring as scoring
from earmark.tuning import (
    search_parameters as tune,
)
from earmark.tuning._scoring import FoldScore, score_of


def tried(tuning: Tuning) -> list[dict[str, Any]]:
    """Return the points in the order of the grid."""
    return [dict(t.parameters) for t in sorted(tuning.trials, key=lambda t: t.position)]


def without_times(tuning: Tuning) -> list[Trial]:
    return [replace(trial, seconds=0.0, elapsed=0.0) for trial in tuning.trials]


# --- what is tried, and how it is scored ----------------------------------------------------------


def test_grid_is_gone_through_exactly() -> None:
    tuning = tune(tuning_tables.made_up(), family="knn", space=KNN)
    assert tried(tuning) == KNN.points()
    assert [trial.number for trial in tuning.trials] == list(range(8))
    assert sorted(trial.position for trial in tuning.trials) == list(range(8))
    assert tuning.complete
    assert tuning.size == 8


@pytest.mark.parametrize("protocol", ["artist", "random"])
def test_scores_are_scikit_learns(protocol: str) -> None:
    table = tuning_tables.made_up(spread=2.0)
    folds = protocol_folds(protocol, table, seed=3)
    tuning = tune(table, family="knn", space=KNN, protocol=protocol, seed=3)
    for trial in tuning.trials:
        shares, n_right = [], 0
        for fold in folds:
            scaler = StandardScaler().fit(table.X[fold.train])
            model = KNeighborsClassifier(**trial.parameters)
            model.fit(scaler.transform(table.X[fold.train]), table.labels[fold.train])
            predicted = model.predict(scaler.transform(table.X[fold.test]))
            right = predicted == table.labels[fold.test]
            shares.append(right.mean())
            n_right += right.sum()
        assert trial.fold_scores == tuple(shares)
        assert trial.score == n_right / len(table)
        assert trial.standard_error == pytest.approx(np.std(shares, ddof=1) / np.sqrt(5))


def test_only_fold_has_a_standard_error_of_its_rows() -> None:
    assert score_of([FoldScore(80, 100, 0.0)]) == (0.8, pytest.approx(0.04))


def test_known_optimum_is_found_by_grid_and_by_optuna() -> None:
    table = tuning_tables.rings()
    kernels = SearchSpace("kernels", "svm", "", (Parameter("kernel", values=("linear", "rbf")),))
    assert tune(table, family="svm", space=kernels).chosen.parameters == {"kernel": "rbf"}
    drawn = tune(table, family="svm", search="optuna", space=SVM, trials=24)
    assert drawn.chosen.parameters["kernel"] == "rbf"
    assert drawn.chosen.score == 1.0
    # Once it knows, it looks where the good ones are.
    assert sum(trial.parameters["kernel"] == "rbf" for trial in drawn.trials[12:]) >= 10


def test_optuna_goes_through_a_grid_too() -> None:
    tuning = tune(tuning_tables.made_up(), family="knn", space=KNN, search="optuna", trials=6)
    assert all(trial.parameters in KNN.points() for trial in tuning.trials)
    assert tuning.size is None
    assert not tuning.complete


def test_part_of_a_grid_is_a_sample_and_not_its_beginning() -> None:
    table = tuning_tables.made_up()
    parts = [
        [t.position for t in tune(table, family="knn", space=KNN, trials=4, seed=seed).trials]
        for seed in range(3)
    ]
    assert any(sorted(part) != [0, 1, 2, 3] for part in parts)
    assert not tune(table, family="knn", space=KNN, trials=4).complete


def test_recipe_has_what_was_chosen_and_keeps_the_rest() -> None:
    base = replace(load_recipe("knn"), clip=3.0, seed=7)
    tuning = tune(tuning_tables.made_up(), family=base, space=KNN)
    assert tuning.recipe.members == ({"family": "knn", **tuning.chosen.parameters},)
    assert (tuning.recipe.clip, tuning.recipe.seed) == (3.0, 7)


def test_result_is_json() -> None:
    tuning = tune(tuning_tables.made_up(), family="knn", space=KNN, trials=3)
    content = json.loads(json.dumps(tuning.to_dict(), allow_nan=False))
    assert content["chosen"] == tuning.chosen.number
    assert len(content["trials"]) == 3
    assert content["space"]["parameters"][0] == {
        "name": "n_neighbors",
        "low": 1,
        "high": 4,
        "log": False,
        "simpler": "larger",
    }


# --- the same seed, the same search ---------------------------------------------------------------


@pytest.mark.parametrize("search", ["grid", "optuna"])
def test_trials_do_not_depend_on_the_number_of_processes(search: str) -> None:
    table = tuning_tables.made_up(spread=2.0)
    space = KNN if search == "grid" else SVM
    alone, two = (
        tune(table, family=space.family, space=space, search=search, trials=7, jobs=jobs)
        for jobs in (1, 2)
    )
    assert without_times(alone) == without_times(two)


def test_seed_decides_the_points() -> None:
    table = tuning_tables.made_up()
    settings: dict[str, Any] = {"family": "svm", "search": "optuna", "space": SVM, "trials": 5}
    first, again, other = (tune(table, seed=seed, **settings) for seed in (0, 0, 1))
    assert without_times(first) == without_times(again)
    assert [t.parameters for t in first.trials] != [t.parameters for t in other.trials]


# --- what is chosen -------------------------------------------------------------------------------


def trial(number: int, score: float | None, position: int | None = None, **values: Any) -> Trial:
    error = None if score is None else 0.05
    place = number if position is None else position
    return Trial(number, values, score, error, (), 0.0, 0.0, place, None)


def made_of(*trials: Trial, rule: str = "best") -> Tuning:
    return Tuning(
        base=load_recipe("knn"),
        search="grid",
        space=KNN,
        protocol="artist",
        seed=0,
        rule=rule,
        inner_groups="artist",
        n=1,
        n_folds=1,
        digest="",
        trials=trials,
        size=8,
        n_resumed=0,
    )


def test_of_equal_scores_the_simplest_wins() -> None:
    tuning = made_of(
        trial(0, 0.8, n_neighbors=2, weights="uniform"),
        trial(1, 0.8, n_neighbors=4, weights="distance"),
        trial(2, 0.8, n_neighbors=4, weights="uniform"),
        trial(3, None, n_neighbors=9, weights="uniform"),
    )
    assert tuning.best.number == 2


def test_of_equals_the_first_in_the_grid_wins() -> None:
    same = {"n_neighbors": 2, "weights": "uniform"}
    assert made_of(trial(0, 0.8, 5, **same), trial(1, 0.8, 3, **same)).best.number == 1


def test_one_standard_error_rule_takes_the_simplest_that_is_near() -> None:
    trials = (
        trial(0, 0.80, n_neighbors=1, weights="uniform"),
        trial(1, 0.76, n_neighbors=3, weights="uniform"),
        trial(2, 0.75, n_neighbors=3, weights="uniform"),
        trial(3, 0.74, n_neighbors=4, weights="uniform"),
    )
    assert made_of(*trials).chosen.number == 0
    assert made_of(*trials, rule="one-se").chosen.number == 1
    assert made_of(*trials, rule="one-se").best.number == 0


# --- budgets --------------------------------------------------------------------------------------


def test_trials_are_not_more_than_asked_for() -> None:
    table = tuning_tables.made_up()
    for search, n in (("grid", 5), ("optuna", 6), ("grid", 99)):
        tuning = tune(table, family="knn", space=KNN, search=search, trials=n)
        assert len(tuning.trials) == min(n, 8)


def test_optuna_without_a_budget_draws_the_usual_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("earmark.tuning._search.DEFAULT_TRIALS", 5)
    tuning = tune(tuning_tables.made_up(), family="knn", space=KNN, search="optuna")
    assert len(tuning.trials) == 5
    assert DEFAULT_TRIALS == 100


class Clock:
    """A clock that only fits move on, each by some seconds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, seconds: float) -> None:
        self.now = 0.0
        fit = scoring.fit

        def timed(*arguments: Any, **settings: Any) -> Any:
            self.now += seconds
            return fit(*arguments, **settings)

        monkeypatch.setattr(scoring, "fit", timed)
        monkeypatch.setattr("earmark.tuning._search.time", self)

    def monotonic(self) -> float:
        return self.now


def test_time_ends_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    Clock(monkeypatch, seconds=0.03)
    steps: list[tuple[int, int, str]] = []
    tuning = tune(
        tuning_tables.made_up(),
        family="svm",
        space=SVM,
        search="optuna",
        minutes=1 / 60,
        progress=lambda *step: steps.append(step),
    )
    assert len(tuning.trials) == 7  # 0.15 s each
    assert tuning.trials[-2].elapsed < 1
    # It says how many trials there will be from how many there were.
    assert [done for done, _, _ in steps] == list(range(1, len(tuning.trials) + 1))
    assert all(6 <= expected <= 8 for _, expected, _ in steps)


def test_one_trial_is_made_however_short_the_time_is() -> None:
    tuning = tune(tuning_tables.made_up(), family="knn", space=KNN, minutes=1e-9)
    assert len(tuning.trials) == 1


def test_time_ends_a_search_in_processes_too() -> None:
    tuning = tune(tuning_tables.made_up(), family="knn", space=KNN, minutes=1e-9, jobs=2)
    assert 1 <= len(tuning.trials) < 8


def test_progress_tells_the_best_so_far() -> None:
    told: list[tuple[int, int, str]] = []
    tuning = tune(
        tuning_tables.made_up(spread=2.0),
        family="knn",
        space=KNN,
        progress=lambda *step: told.append(step),
    )
    assert [step[:2] for step in told] == [(done, 8) for done in range(1, 9)]
    best = tuning.best
    assert told[-1][2] == (
        f"{best.score:.3f} with n_neighbors={best.parameters['n_neighbors']}, "
        f"weights={best.parameters['weights']}"
    )


# --- points that cannot be fitted -----------------------------------------------------------------


def test_point_that_cannot_be_fitted_is_a_trial_with_a_reason() -> None:
    space = SearchSpace("far", "knn", "", (Parameter("n_neighbors", values=(3, 500)),))
    for search in ("grid", "optuna"):
        tuning = tune(tuning_tables.made_up(), family="knn", space=space, search=search, trials=6)
        failed = [t for t in tuning.trials if t.parameters["n_neighbors"] == 500]
        assert failed
        assert all(t.score is None and "500" in str(t.failure) for t in failed)
        assert tuning.chosen.parameters == {"n_neighbors": 3}


def test_space_without_a_point_that_can_be_fitted_is_refused() -> None:
    space = SearchSpace("far", "knn", "", (Parameter("n_neighbors", values=(400, 500)),))
    with pytest.raises(ParameterError, match=r"none of 2 trials could be fitted; the first: .*00"):
        tune(tuning_tables.made_up(), family="knn", space=space)


def test_process_that_is_ended_from_outside_is_told() -> None:
    table = tuning_tables.made_up()
    folds = protocol_folds("artist", table, seed=0)
    deadly = tuning_tables.Deadly(table, folds, load_recipe("knn"), inner_groups="artist")
    with (
        pytest.raises(EarmarkError, match="a process that scored trials was killed"),
        scoring.scoring(deadly, jobs=2, late=lambda: False) as scores,
    ):
        list(scores([{"n_neighbors": 1}] * 3))


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"search": "random"}, "search='random' is not one of grid, optuna"),
        ({"protocol": "official"}, "protocol='official' is not one of .*test rows are not for"),
        ({"protocol": "nested"}, "protocol='nested' is not one of random, track, artist"),
        ({"rule": "luck"}, "rule='luck' is not one of best, one-se"),
        ({"trials": 0}, "trials=0 must be 1 or more"),
        ({"jobs": 0}, "jobs=0 must be 1 or more"),
        ({"minutes": 0}, "minutes=0 must be above 0"),
        ({"minutes": float("nan")}, "minutes=nan must be above 0"),
        ({"minutes": float("inf")}, "minutes=inf must be above 0"),
        ({"seed": -1}, "seed=-1 must be 0 or more"),
        ({"space": "svm"}, "space='svm' is for family 'svm', model 'knn' is 'knn'"),
        ({"space": "no-such"}, "space='no-such' is not one of"),
        ({"family": "majority"}, "space='majority' is not one of"),
        ({"family": "no-such"}, "recipe='no-such'"),
        ({"family": "gtzan57"}, "recipe='gtzan57' has 3 classifiers: only one can be tuned"),
        (
            {"space": SVM, "family": "svm"},
            "'kernels' cannot be searched as a grid: 'C' can be any number",
        ),
    ],
)
def test_bad_setting_is_refused(settings: Mapping[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        tune(tuning_tables.made_up(), **{"family": "knn", **settings})


def test_setting_the_family_does_not_have_is_refused_before_the_search(tmp_path: Path) -> None:
    space = SearchSpace("typo", "knn", "", (Parameter("neighbours", values=(1, 2)),))
    study = tmp_path / "a.study"
    with pytest.raises(ParameterError, match=r"space='typo': .*has no setting 'neighbours'"):
        tune(tuning_tables.made_up(), family="knn", space=space, storage=study)
    assert not study.exists()


def test_table_without_artists_is_refused() -> None:
    table = replace(tuning_tables.made_up(), groups={})
    with pytest.raises(ParameterError, match=r"protocol='artist' needs .*artist"):
        tune(table, family="knn", space=KNN)
    assert tune(table, family="knn", space=KNN, protocol="random", trials=1).n_folds == 5


def test_class_with_too_few_artists_is_refused() -> None:
    table = tuning_tables.made_up()
    rows = (table.labels != "rock") | (table.groups["artist"] == 2)
    with pytest.raises(DatasetError, match="'rock' has too few groups"):
        tune(table.select(rows), family="knn", space=KNN)


def test_presets_are_what_is_searched_unless_told_otherwise() -> None:
    tuning = tune(tuning_tables.made_up(), family="logistic", trials=2)
    assert tuning.space == load_search_space("logistic", search="grid")
    tuning = tune(tuning_tables.made_up(), family="logistic", search="optuna", trials=2)
    assert tuning.space == load_search_space("logistic", search="optuna")
