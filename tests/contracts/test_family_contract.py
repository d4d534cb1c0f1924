"""What holds for every family of models: one contract, whatever the family."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import pytest
from sklearn.utils.estimator_checks import check_estimator

from earmark.models.families import FAMILIES, Family, FitOptions, get_family, make_classifier
from earmark.tuning import load_search_space

QUICK: dict[str, Mapping[str, Any]] = {
    "forest": {"n_estimators": 10},
    "lightgbm": {"n_estimators": 5},
    "mlp": {"hidden_layer_sizes": [20], "max_iter": 60, "learning_rate_init": 0.01},
    "stacking": {"members": [{"family": "knn", "n_neighbors": 1}, {"family": "logistic"}]},
}


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> Family:
    """Return each family."""
    return get_family(request.param)


def test_module_is_named_as_the_family(family: Family) -> None:
    module = import_module(f"earmark.models.families.{family.name}")
    assert module.FAMILY is family
    assert "FAMILY" in module.__all__


def test_defaults_are_accepted_by_their_settings(family: Family) -> None:
    for name, (kind, default) in family.settings.items():
        assert kind.accepts(default), name
        assert str(kind)
    assert family.checked({}).keys() == family.settings.keys()


def test_names_of_presets_and_spaces_begin_with_the_family(family: Family) -> None:
    for name in (*family.presets, *family.grids, *family.spaces):
        assert name == family.name or name.startswith(f"{family.name}-")


def test_presets_are_accepted_and_say_where_they_come_from(family: Family) -> None:
    assert family.name in family.presets
    for preset in family.presets.values():
        assert len(preset["description"]) > 20
        family.checked({key: value for key, value in preset.items() if key != "description"})


def test_search_spaces_can_be_loaded(family: Family) -> None:
    for search, names in (("grid", family.grids), ("optuna", family.spaces)):
        for name in names:
            space = load_search_space(name, search=search)
            assert space.family == family.name
            assert {parameter.name for parameter in space.parameters} <= family.settings.keys()


def test_making_a_classifier_leaves_the_parameters_alone(family: Family) -> None:
    parameters = family.checked(QUICK.get(family.name, {}))
    before = dict(parameters)
    family.make(dict(parameters), FitOptions(seed=3))
    assert parameters == before


OURS = [
    (name, calibrate)
    for name in FAMILIES
    for calibrate in ((True, False) if name == "svm" else (True,))
    if type(make_classifier(name, calibrate=calibrate)).__module__.startswith("earmark.")
]
_OF_LIBSVM = "libsvm solves another problem, to the tolerance it is given"
EXPECTED = {
    "SoftmaxSVC": {
        f"check_sample_weight_equivalence_on_{kind}_data": _OF_LIBSVM
        for kind in ("dense", "sparse")
    }
}


@pytest.mark.parametrize(("name", "calibrate"), OURS)
def test_classifier_of_ours_keeps_the_contract_of_scikit_learn(name: str, calibrate: bool) -> None:
    classifier = make_classifier(name, QUICK.get(name), n_folds=2, calibrate=calibrate)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # small data do not converge
        results = check_estimator(
            classifier,
            on_fail=None,
            on_skip=None,
            expected_failed_checks=EXPECTED.get(type(classifier).__name__),
        )
    failed = [
        f"{result['check_name']}: {result['exception']!r}"
        for result in results
        if result["status"] == "failed"
    ]
    assert not failed, "\n".join(failed)
