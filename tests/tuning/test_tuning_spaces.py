"""Search spaces: the presets are what their sources say, and what is no space is refused."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import optuna
import pytest

from earmark.errors import ParameterError
from earmark.models.families import checked_parameters
from earmark.tuning import Parameter, SearchSpace, load_search_space, search_space_names
from earmark.tuning._spaces import decoded, encoded

PRESETS = [
    (search, name) for search in ("grid", "optuna") for name in search_space_names(search=search)
]


@pytest.mark.parametrize(("search", "name"), PRESETS)
def test_every_value_of_a_preset_is_one_the_family_takes(search: str, name: str) -> None:
    space = load_search_space(name, search=search)
    assert space.source
    for parameter in space.parameters:
        for value in parameter.choices or (parameter.low, parameter.high):
            checked_parameters(space.family, {parameter.name: value})


@pytest.mark.parametrize("name", search_space_names(search="grid"))
def test_grid_holds_each_point_once(name: str) -> None:
    points = load_search_space(name, search="grid").points()
    assert len({tuple(sorted(point.items())) for point in points}) == len(points)


def product(**values: list[object]) -> list[dict[str, object]]:
    return [dict(zip(values, point, strict=True)) for point in itertools.product(*values.values())]


def test_grid_of_the_course_project_knn() -> None:
    assert load_search_space("knn", search="grid").points() == product(
        n_neighbors=list(range(1, 9)), weights=["uniform", "distance"], p=[1, 2, 3]
    )


def test_grid_of_the_course_project_svm() -> None:
    assert load_search_space("svm", search="grid").points() == product(
        C=[0.1, 1, 10, 100, 1000], kernel=["poly", "rbf", "sigmoid"], gamma=["scale", "auto"]
    )


def test_grid_of_the_report_knn() -> None:
    assert load_search_space("knn-40", search="grid").points() == product(
        n_neighbors=list(range(1, 41)), weights=["uniform", "distance2"], p=[1, 2]
    )


def test_grids_hold_what_came_out_best_where_they_are_from() -> None:
    knn, svm, forest, echonest, logistic = (
        load_search_space(name, search="grid").points()
        for name in ("knn", "svm", "forest", "forest-echonest", "logistic")
    )
    assert {"n_neighbors": 2, "weights": "distance", "p": 2} in knn
    assert {"C": 100.0, "kernel": "rbf", "gamma": "scale"} in svm
    assert {"n_estimators": 441, "max_depth": 36} in forest
    assert {"max_features": 2, "criterion": "entropy"} in echonest
    assert {"C": 0.6552} in logistic


def test_parameter_that_means_nothing_is_left_out() -> None:
    points = load_search_space("svm-300", search="grid").points()
    assert len(points) == 6 * (1 + 3 * 2)
    assert all(("gamma" in point) == (point["kernel"] != "linear") for point in points)


@pytest.mark.parametrize("name", search_space_names(search="optuna"))
def test_drawn_points_are_in_the_space(name: str) -> None:
    space = load_search_space(name, search="optuna")
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(40):
        trial = study.ask()
        point = space.draw(trial)
        checked_parameters(space.family, point)
        for parameter in space.parameters:
            assert (parameter.name in point) == parameter.applies(point)
            if parameter.low is not None and parameter.name in point:
                assert parameter.low <= point[parameter.name] <= parameter.high
        assert {key: decoded(value) for key, value in trial.params.items()} == point
        assert set(space.distributions(point)) == set(point)


def test_lists_can_be_values() -> None:
    assert decoded(encoded([300, 300])) == [300, 300]
    assert decoded(encoded("scale")) == "scale"
    space = SearchSpace("own", "mlp", "", (Parameter("hidden_layer_sizes", values=([8], [8, 8])),))
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    assert space.draw(study.ask())["hidden_layer_sizes"] in ([8], [8, 8])


def test_space_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        'family = "svm"\n[parameters]\nkernel = { values = ["linear", "rbf"] }\n'
        'gamma = { low = 0.1, high = 1, log = true, when = { kernel = ["rbf"] } }\n'
    )
    space = load_search_space(path, search="optuna")
    assert (space.family, space.name) == ("svm", str(path))
    assert space.parameters[1].when == {"kernel": ("rbf",)}
    assert not space.parameters[1].whole
    with pytest.raises(
        ParameterError,
        match=r"cannot be searched as a grid: 'gamma' can be any number from 0.1 to 1",
    ):
        space.points()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("family = ", "is not TOML"),
        ("\xff", "is not TOML"),
        ('family = "svm"', "'parameters' is missing"),
        ("[parameters]\nC = { values = [1.0] }", "'family' is missing"),
        ('family = "svm"\nparameters = 3', "must hold a table for each"),
        ('family = "svm"\n[parameters]\nC = 3', "must hold a table for each"),
        ('family = "svm"\n[parameters]', "has no parameters"),
        ('family = "svm"\n[parameters]\nC = { valeus = [1.0] }', "has no setting 'valeus'"),
        (
            'family = "svm"\n[parameters]\nC = { values = 3 }',
            "does not have the format of a preset",
        ),
        ('family = "svm"\n[parameters]\nC = { }', "either values, or low and high"),
        ('family = "svm"\n[parameters]\nC = { low = 1.0 }', "either values, or low and high"),
        (
            'family = "svm"\n[parameters]\nC = { low = 1.0, high = 2.0, values = [1] }',
            "either values, or low and high",
        ),
        ('family = "svm"\n[parameters]\nC = { low = 3, high = 2 }', "is not a range"),
        ('family = "svm"\n[parameters]\nC = { low = 1, high = inf }', "is not a range"),
        ('family = "svm"\n[parameters]\nC = { low = nan, high = 2.0 }', "is not a range"),
        ('family = "svm"\n[parameters]\nC = { low = "a", high = 2.0 }', "is not a number"),
        ('family = "svm"\n[parameters]\nC = { low = 0, high = 2, log = true }', "must be above 0"),
        ('family = "svm"\n[parameters]\nC = { values = [1.0, 1.0] }', "appears twice"),
        (
            'family = "svm"\n[parameters]\nC = { values = [1.0], simpler = "less" }',
            "is not smaller or larger",
        ),
        (
            'family = "svm"\n[parameters]\nC = { values = [1.0], when = { kernel = ["rbf"] } }',
            "depends on 'kernel', which must come before it",
        ),
    ],
)
def test_file_that_is_no_space_is_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(ParameterError, match=message) as caught:
        load_search_space(path, search="grid")
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", ["no-such", "", "svm.json"])
def test_unknown_space_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(ParameterError, match=r"is not one of forest, .*svm-300, nor a .toml file"):
        load_search_space(name, search="grid")


def test_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="No such file"):
        load_search_space(tmp_path / "none.toml", search="grid")


def test_unknown_search_is_refused() -> None:
    with pytest.raises(ParameterError, match="search='random' is not one of grid, optuna"):
        search_space_names(search="random")


def test_simpler_models_are_told_from_others() -> None:
    forest = load_search_space("forest", search="grid")
    depths = [4, 9, 36, "none"]
    order = [forest.complexity({"n_estimators": 100, "max_depth": depth}) for depth in depths]
    assert order == sorted(order)
    svm = load_search_space("svm", search="optuna")
    soft = svm.complexity({"kernel": "rbf", "C": 0.1, "gamma": 0.01})
    hard = svm.complexity({"kernel": "rbf", "C": 10.0, "gamma": 0.01})
    linear = svm.complexity({"kernel": "linear", "C": 0.1})
    assert linear < soft < hard
    assert np.isfinite(soft).sum() == 3  # there is no degree
