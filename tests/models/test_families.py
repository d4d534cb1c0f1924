"""The families: one interface, seeded, and nothing learnt across a group that is held out."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier, StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from earmark.datasets import FeatureTable
from earmark.errors import DatasetError, ParameterError
from earmark.models import families
from earmark.models.export import export_onnx
from earmark.models.families import (
    FAMILIES,
    TakesGroups,
    checked_parameters,
    family_settings,
    fit_classifier,
    inner_folds,
    make_classifier,
)
from earmark.models.recipe import FittedModel, Recipe, fit, load_recipe, presets

SMALL_NETWORK = {"hidden_layer_sizes": [16], "learning_rate_init": 0.01, "max_iter": 30}
SMALL: dict[str, Mapping[str, Any]] = {
    "forest": {"n_estimators": 20},
    "lightgbm": {"n_estimators": 10, "min_child_samples": 5},
    "mlp": SMALL_NETWORK,
    "stacking": {
        "members": [{"family": "knn"}, {"family": "svm"}, {"family": "mlp", **SMALL_NETWORK}]
    },
}
RANDOM = ("forest", "mlp", "stacking")


def small(family: str, **settings: Any) -> Recipe:
    """Return the recipe of one small classifier."""
    member = {"family": family, **SMALL.get(family, {}), **settings}
    return Recipe(name=family, feature_set=None, members=(member,))


def fitted(family: str, table: FeatureTable, *, seed: int = 0, **settings: Any) -> FittedModel:
    recipe = replace(small(family, **settings), seed=seed)
    return fit(recipe, table, classes=table.classes, calibrate=False)


@pytest.fixture(scope="module")
def rows(table: FeatureTable) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return standardised columns, classes and artists of the small table."""
    y = np.searchsorted(np.array(table.classes), table.labels)
    return StandardScaler().fit_transform(np.log(table.X)), y, table.groups["artist"]


# --- settings -----------------------------------------------------------------------------------


KNOWN = {"forest", "knn", "lda", "lightgbm", "logistic", "majority", "mlp", "stacking", "svm"}
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "models.md"


def test_families_are_documented() -> None:
    assert set(FAMILIES) >= KNOWN
    page = PAGE.read_text(encoding="utf-8")
    for family in FAMILIES:
        assert f"\n| `{family}` |" in page
        assert f"``{family}``" in str(families.__doc__)
        assert (
            checked_parameters(family, family_settings(family)).keys()
            == family_settings(family).keys()
        )


@pytest.mark.parametrize(
    ("family", "setting", "value"),
    [
        ("knn", "n_neighbors", 0),
        ("knn", "n_neighbors", 2.0),
        ("knn", "n_neighbors", True),
        ("knn", "weights", "heavy"),
        ("knn", "p", 4),
        ("knn", "p", 1.5),
        ("svm", "C", 0),
        ("svm", "C", -1.0),
        ("svm", "C", float("nan")),
        ("svm", "C", float("inf")),
        ("svm", "C", "large"),
        ("svm", "kernel", "laplace"),
        ("svm", "gamma", "big"),
        ("svm", "gamma", 0.0),
        ("svm", "degree", 2.5),
        ("svm", "class_weight", "heavy"),
        ("logistic", "C", None),
        ("lda", "shrinkage", 1.5),
        ("lda", "shrinkage", "much"),
        ("forest", "n_estimators", 0),
        ("forest", "max_depth", 0),
        ("forest", "max_features", 1.5),
        ("forest", "max_features", 0),
        ("forest", "max_features", True),
        ("forest", "max_features", "all"),
        ("forest", "criterion", "mse"),
        ("lightgbm", "n_components", 0),
        ("lightgbm", "num_leaves", 1),
        ("lightgbm", "subsample", 0.0),
        ("mlp", "hidden_layer_sizes", []),
        ("mlp", "hidden_layer_sizes", [0]),
        ("mlp", "hidden_layer_sizes", 300),
        ("mlp", "batch_size", 0),
        ("mlp", "validation_fraction", 0.9),
        ("stacking", "members", []),
        ("stacking", "members", [{"C": 1.0}]),
        ("stacking", "passthrough", 1),
    ],
)
def test_value_that_cannot_be_is_refused(family: str, setting: str, value: Any) -> None:
    with pytest.raises(ParameterError, match=f"family='{family}': {setting}=") as caught:
        make_classifier(family, {setting: value})
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize("family", FAMILIES)
def test_setting_that_there_is_not_is_refused(family: str) -> None:
    with pytest.raises(ParameterError, match=f"family='{family}' has no setting 'depth'"):
        make_classifier(family, {"depth": 1})


def test_family_that_there_is_not_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"family='bush' is not one of .*forest, knn"):
        make_classifier("bush")


def test_bad_member_of_a_stack_is_refused() -> None:
    with pytest.raises(ParameterError, match="family='knn': p=9"):
        make_classifier("stacking", {"members": [{"family": "knn", "p": 9}]})


def test_none_is_a_word_where_there_is_a_limit() -> None:
    assert make_classifier("forest", {"max_depth": "none"}).max_depth is None
    assert make_classifier("forest", {"max_features": "none"}).max_features is None


def test_numbers_of_numpy_are_numbers() -> None:
    assert make_classifier("knn", {"n_neighbors": np.int64(3)}).n_neighbors == 3
    assert make_classifier("svm", {"C": np.float64(3)}, calibrate=False).C == 3


# --- presets ------------------------------------------------------------------------------------


def test_presets_are_documented() -> None:
    assert KNOWN | {"forest-entropy", "knn-15", "logistic-echonest", "svm-poly"} <= set(presets())
    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in presets() if f"`{name}`" not in page] == []
    assert all(len(description) > 20 for description in presets().values())


@pytest.mark.parametrize("name", list(presets()))
def test_preset_is_loaded_and_its_settings_are_right(name: str) -> None:
    recipe = load_recipe(name)
    assert (recipe.name, recipe.description) == (name, presets()[name])
    assert recipe.feature_set is None
    (member,) = recipe.members
    assert member["family"] == name.split("-", maxsplit=1)[0]
    checked_parameters(member["family"], {k: v for k, v in member.items() if k != "family"})


@pytest.mark.parametrize("name", [name for name in presets() if name not in ("mlp", "stacking")])
def test_preset_fits_a_small_table(name: str, table: FeatureTable, unseen: FeatureTable) -> None:
    model = fit(load_recipe(name), table, classes=table.classes, calibrate=False)
    right = np.array(table.classes)[model.predict_labels(unseen.X)] == unseen.labels
    assert right.mean() > (0.3 if name == "majority" else 0.45)


@pytest.mark.parametrize("name", ["mlp", "stacking"])
def test_preset_with_a_network_fits_a_small_table(
    name: str, table: FeatureTable, unseen: FeatureTable
) -> None:
    """Its network is made smaller, and is else as it is."""
    recipe = load_recipe(name)
    (member,) = recipe.members
    if name == "mlp":
        member = {**member, **SMALL_NETWORK}
    else:
        member = {**member, "members": [*member["members"][:2], {"family": "mlp", **SMALL_NETWORK}]}
    small_one = replace(recipe, members=(member,))
    model = fit(small_one, table, classes=table.classes, calibrate=False)
    right = np.array(table.classes)[model.predict_labels(unseen.X)] == unseen.labels
    assert right.mean() > 0.6


def test_network_of_the_preset_is_the_course_projects() -> None:
    (member,) = load_recipe("mlp").members
    made = make_classifier("mlp", {k: v for k, v in member.items() if k != "family"})
    assert made.network.hidden_layer_sizes == (300,) * 5
    assert (made.network.activation, made.network.solver) == ("relu", "adam")
    assert made.network.learning_rate_init == 1e-4


# --- the same interface -------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_probabilities_are_probabilities(
    family: str, table: FeatureTable, unseen: FeatureTable
) -> None:
    model = fitted(family, table)
    found = model.predict(unseen.X)
    assert found.probabilities.shape == (len(unseen), 3)
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1, rtol=1e-9)
    assert (found.probabilities >= 0).all()
    labels = model.predict_labels(unseen.X)
    assert labels.dtype == np.int64
    assert set(labels) <= {0, 1, 2}
    assert (labels == found.probabilities.argmax(axis=1)).mean() > 0.9


@pytest.mark.parametrize("family", FAMILIES)
def test_same_seed_gives_the_same_bytes(family: str, table: FeatureTable) -> None:
    assert export_onnx(fitted(family, table)) == export_onnx(fitted(family, table))


@pytest.mark.parametrize("family", ["forest", "stacking"])
def test_threads_change_nothing(family: str, table: FeatureTable) -> None:
    recipe = small(family)
    one, two = (
        fit(recipe, table, classes=table.classes, calibrate=False, n_jobs=n) for n in (1, 2)
    )
    assert export_onnx(one) == export_onnx(two)


@pytest.mark.parametrize("family", FAMILIES)
def test_seed_matters_where_chance_does(family: str, table: FeatureTable) -> None:
    same = export_onnx(fitted(family, table)) == export_onnx(fitted(family, table, seed=1))
    assert same == (family not in RANDOM)


@pytest.mark.parametrize("family", FAMILIES)
def test_rows_are_answered_each_by_itself(
    family: str, table: FeatureTable, unseen: FeatureTable
) -> None:
    model = fitted(family, table)
    order = np.random.default_rng(3).permutation(len(unseen))
    np.testing.assert_allclose(
        model.predict(unseen.X[order]).probabilities,
        model.predict(unseen.X).probabilities[order],
        atol=1e-12,
    )
    np.testing.assert_allclose(
        model.predict(unseen.X[:1]).probabilities,
        model.predict(unseen.X).probabilities[:1],
        atol=1e-12,
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_one_class_is_refused(family: str, table: FeatureTable) -> None:
    one = table.select(table.labels == "genre0")
    with pytest.raises(DatasetError, match="two or more"):
        fitted(family, one)


@pytest.mark.parametrize("family", FAMILIES)
def test_two_classes_are_enough(family: str, table: FeatureTable) -> None:
    two = table.select(table.labels != "genre0")
    model = fitted(family, two)
    found = model.predict(two.X).probabilities
    assert found.shape == (len(two), 2)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-9)


# --- as scikit-learn has it -----------------------------------------------------------------------

SKLEARN = {
    "majority": lambda: DummyClassifier(strategy="prior"),
    "knn": lambda: KNeighborsClassifier(5),
    "svm": SVC,
    "logistic": lambda: LogisticRegression(max_iter=500),
    "lda": lambda: LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"),
    "forest": lambda: RandomForestClassifier(20, random_state=0),
}


@pytest.mark.parametrize("family", SKLEARN)
def test_labels_are_scikit_learns_own(
    family: str, table: FeatureTable, unseen: FeatureTable
) -> None:
    scaler = StandardScaler().fit(table.X)
    expected = SKLEARN[family]().fit(scaler.transform(table.X), table.labels)
    found = fitted(family, table).predict_labels(unseen.X)
    np.testing.assert_array_equal(
        np.array(table.classes)[found], expected.predict(scaler.transform(unseen.X))
    )


def test_network_without_held_out_rows_is_scikit_learns(rows: Any) -> None:
    Z, y, groups = rows
    made = make_classifier("mlp", {**SMALL_NETWORK, "validation_fraction": 0}, seed=3)
    assert type(made) is MLPClassifier
    expected = MLPClassifier((16,), learning_rate_init=0.01, max_iter=30, random_state=3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # thirty passes are not enough to converge
        fit_classifier(made, Z, y, groups=groups)
        expected.fit(Z, y)
    np.testing.assert_array_equal(made.predict_proba(Z), expected.predict_proba(Z))


def test_machine_breaks_ties_as_scikit_learn_does(rows: Any) -> None:
    """Its own answer is by votes; where they tie it is not the most probable one."""
    Z, y, _ = rows
    rng = np.random.default_rng(0)
    X = rng.normal(0, 1, (2000, Z.shape[1]))
    machine = make_classifier("svm", {"C": 100.0}, calibrate=False).fit(Z[:, :], y)
    np.testing.assert_array_equal(machine.predict(X), SVC(C=100.0).fit(Z, y).predict(X))
    assert (machine.predict_proba(X).argmax(axis=1) != machine.predict(X)).any()


# --- support vectors ------------------------------------------------------------------------------


def test_sigmoids_come_from_groups_held_out(rows: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    Z, y, groups = rows
    fits: list[set[int]] = []
    original = SVC.fit
    where = {row.tobytes(): group for row, group in zip(Z, groups, strict=True)}

    def spy(self: SVC, X: np.ndarray, y: np.ndarray, **settings: Any) -> SVC:
        fits.append({where[row.tobytes()] for row in np.asarray(X)})
        return original(self, X, y, **settings)

    monkeypatch.setattr(SVC, "fit", spy)
    made = make_classifier("svm", n_folds=5, seed=1)
    fit_classifier(made, Z, y, groups=groups)
    every = set(groups.tolist())
    expected = [
        set(groups[fold.train].tolist()) for fold in inner_folds(y, groups, n_folds=5, seed=1)
    ]
    assert fits == [*expected, every]
    assert all(len(every - seen) == 6 for seen in expected)


def test_machine_of_few_groups_is_refused(rows: Any) -> None:
    Z, y, _ = rows
    made = make_classifier("svm")
    with pytest.raises(DatasetError, match=r"cannot be dealt|too few groups"):
        fit_classifier(made, Z, y, groups=y)


# --- the network ----------------------------------------------------------------------------------


def test_network_holds_out_whole_groups(rows: Any) -> None:
    Z, y, groups = rows
    made = fit_classifier(make_classifier("mlp", SMALL_NETWORK), Z, y, groups=groups)
    held_out = set(groups[made.validation_rows_].tolist())
    taught = set(np.delete(groups, made.validation_rows_).tolist())
    assert held_out
    assert not held_out & taught
    assert 0.05 < len(made.validation_rows_) / len(y) < 0.2


def test_network_is_taught_nothing_of_the_groups_held_out(rows: Any) -> None:
    """What they are changes when training ends, and nothing before: one pass is the same."""
    Z, y, groups = rows
    settings = {**SMALL_NETWORK, "max_iter": 1}
    first = fit_classifier(make_classifier("mlp", settings), Z, y, groups=groups)
    changed = Z.copy()
    changed[first.validation_rows_] += 5
    second = fit_classifier(make_classifier("mlp", settings), changed, y, groups=groups)
    np.testing.assert_array_equal(first.predict_proba(Z), second.predict_proba(Z))
    assert first.validation_losses_ != second.validation_losses_


def test_network_goes_back_to_its_best_pass(rows: Any) -> None:
    Z, y, groups = rows
    y = np.where(np.random.default_rng(0).random(len(y)) < 0.5, (y + 1) % 3, y)
    settings = {"hidden_layer_sizes": [32], "learning_rate_init": 0.05, "n_iter_no_change": 5}
    made = fit_classifier(make_classifier("mlp", settings), Z, y, groups=groups)
    losses = made.validation_losses_
    assert made.best_pass_ == int(np.argmin(losses)) == len(losses) - 6
    at = made.validation_rows_
    kept = made.predict_proba(Z[at])[np.arange(len(at)), y[at]]
    assert -np.log(kept).mean() == pytest.approx(min(losses), rel=1e-3)
    again = fit_classifier(
        make_classifier("mlp", {**settings, "max_iter": made.best_pass_ + 1}), Z, y, groups=groups
    )
    np.testing.assert_array_equal(again.predict_proba(Z), made.predict_proba(Z))


def test_network_is_seeded(rows: Any) -> None:
    Z, y, groups = rows
    first, second, other = (
        fit_classifier(make_classifier("mlp", SMALL_NETWORK, seed=s), Z, y, groups=groups)
        for s in (0, 0, 1)
    )
    np.testing.assert_array_equal(first.predict_proba(Z), second.predict_proba(Z))
    assert (first.predict_proba(Z) != other.predict_proba(Z)).any()


def test_network_of_few_rows_holds_more_of_them_out(rows: Any) -> None:
    Z, y, _ = rows
    few = np.concatenate([np.flatnonzero(y == number)[:4] for number in range(3)])
    made = fit_classifier(make_classifier("mlp", SMALL_NETWORK), Z[few], y[few])
    assert len(made.validation_rows_) == 3
    assert set(y[few][made.validation_rows_]) == {0, 1, 2}


def test_network_takes_batches_larger_than_there_are_rows(rows: Any) -> None:
    Z, y, groups = rows
    made = make_classifier("mlp", {**SMALL_NETWORK, "batch_size": 10_000})
    fit_classifier(made, Z, y, groups=groups)


# --- stacking -------------------------------------------------------------------------------------


def test_stack_is_scikit_learns_where_no_member_holds_rows_out(rows: Any) -> None:
    Z, y, groups = rows
    members = [{"family": "knn"}, {"family": "svm"}, {"family": "forest", "n_estimators": 10}]
    made = make_classifier("stacking", {"members": members}, n_folds=4, seed=2)
    fit_classifier(made, Z, y, groups=groups)
    expected = StackingClassifier(
        [
            ("knn", KNeighborsClassifier(5)),
            ("svm", SVC()),
            ("forest", RandomForestClassifier(10, random_state=2)),
        ],
        LogisticRegression(solver="newton-cg", max_iter=500),
        cv=[(fold.train, fold.test) for fold in inner_folds(y, groups, n_folds=4, seed=2)],
        passthrough=True,
    ).fit(Z, y)
    np.testing.assert_allclose(made.predict_proba(Z), expected.predict_proba(Z), atol=1e-9)
    np.testing.assert_array_equal(made.predict(Z), expected.predict(Z))


def test_stack_keeps_groups_whole_at_every_level(
    rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    Z, y, groups = rows
    seen: list[tuple[str, np.ndarray, np.ndarray | None]] = []

    def spy(
        classifier: Any, X: np.ndarray, y: np.ndarray, *, groups: np.ndarray | None = None
    ) -> Any:
        seen.append((type(classifier).__name__, X, groups))
        return fit_classifier(classifier, X, y, groups=groups)

    monkeypatch.setattr("earmark.models.families.stacking.fit_classifier", spy)
    made = make_classifier("stacking", SMALL["stacking"], n_folds=5)
    fit_classifier(made, Z, y, groups=groups)
    for fold in made.folds_:
        assert not set(groups[fold.train]) & set(groups[fold.test])
    assert sorted(np.concatenate([fold.test for fold in made.folds_])) == list(range(len(y)))
    assert len(seen) == 3 * 6
    taught = [set(groups[fold.train].tolist()) for fold in made.folds_]
    for _, X, told in seen:
        assert told is not None
        assert len(told) == len(X)
        assert set(told.tolist()) in (*taught, set(groups.tolist()))


def test_stack_learns_from_what_its_members_had_not_seen(rows: Any) -> None:
    """A member that knows every training row by heart earns no trust by it."""
    Z, _, groups = rows
    y = np.random.default_rng(0).permutation(np.arange(len(Z)) % 3)
    members = [{"family": "knn", "n_neighbors": 1}]
    made = make_classifier("stacking", {"members": members, "passthrough": False})
    fit_classifier(made, Z, y, groups=groups)
    assert made.members_[0].score(Z, y) == 1
    assert made.score(Z, y) < 0.8


def test_stack_can_do_without_the_columns(rows: Any) -> None:
    Z, y, groups = rows
    members = [{"family": "knn"}, {"family": "lda"}]
    made = make_classifier("stacking", {"members": members, "passthrough": False})
    fit_classifier(made, Z, y, groups=groups)
    assert made.final_.coef_.shape[1] == 6


def test_only_what_holds_rows_out_is_told_the_groups() -> None:
    told = {family for family in FAMILIES if isinstance(make_classifier(family), TakesGroups)}
    assert told == {"svm", "mlp", "stacking"}


# --- boosted trees --------------------------------------------------------------------------------


def test_boosted_trees_see_principal_components(rows: Any) -> None:
    Z, y, _ = rows
    settings = {**SMALL["lightgbm"], "n_components": 4}
    made = make_classifier("lightgbm", settings).fit(Z, y)
    assert made.components_.n_components_ == 4
    assert made.trees_.n_features_in_ == 4
    np.testing.assert_array_equal(made.predict(Z), made.predict_proba(Z).argmax(axis=1))


def test_components_are_no_more_than_there_can_be(rows: Any) -> None:
    Z, y, _ = rows
    made = make_classifier("lightgbm", {**SMALL["lightgbm"], "n_components": 100}).fit(Z, y)
    assert made.components_.n_components_ == Z.shape[1]


def test_interrupted_fit_of_a_network_ends(rows: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    X, y, *_ = rows

    def interrupt(*arguments: object, **settings: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer.update_params", interrupt
    )
    with pytest.raises(KeyboardInterrupt):
        fit_classifier(make_classifier("mlp", {"hidden_layer_sizes": [5]}), X, y)
