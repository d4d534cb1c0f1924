"""`tune` on a dataset: rows, files, recipe, page and JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from job_helpers import cancelled_in
from tuning_corpus import write_table

from earmark.datasets import load_dataset
from earmark.errors import ParameterError, StudyError
from earmark.models._recipe_file import render_recipe
from earmark.models.recipe import Recipe, fit, load_recipe, presets
from earmark.tuning import TunedModel, rows_to_choose_by
from earmark.workflows import tune as workflow
from earmark.workflows.tune import tune

SCHEMA = json.loads((resources.files("earmark") / "schemas" / "tuning-1.json").read_text("utf-8"))
FEW: dict[str, Any] = {"model": "knn", "trials": 3}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_table(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def tuned(dataset: str, tmp_path_factory: pytest.TempPathFactory) -> TunedModel:
    """Return what came of everything that can be asked for."""
    folder = tmp_path_factory.mktemp("tuned")
    return tune(
        dataset,
        **FEW,
        study=folder / "a.study",
        nested=True,
        output=folder / "a.toml",
        report=folder / "a.html",
    )


def test_recipe_that_was_written_is_the_one_chosen(tuned: TunedModel) -> None:
    assert tuned.output is not None
    read = load_recipe(tuned.output)
    assert read == tuned.recipe
    assert read.name == "knn-tuned"
    assert read.members == ({"family": "knn", **tuned.tuning.chosen.parameters},)


def test_recipe_says_how_it_was_chosen(tuned: TunedModel) -> None:
    assert tuned.nested is not None
    text = Path(str(tuned.output)).read_text(encoding="utf-8")
    assert "3 of 48 trials" in text
    assert "27 test rows were not used" in text
    assert f"Score there {tuned.tuning.chosen.score:.4f}" in text
    assert f"{tuned.nested.accuracy.value:.4f}" in text


def test_recipe_can_be_fitted(tuned: TunedModel, dataset: str) -> None:
    table = load_dataset(dataset)
    model = fit(load_recipe(str(tuned.output)), table, classes=table.classes, calibrate=False)
    assert (model.predict_labels(table.X) >= 0).all()


def test_json_is_of_its_schema(tuned: TunedModel) -> None:
    content = json.loads(json.dumps(tuned.to_dict(), allow_nan=False))
    jsonschema.validate(content, SCHEMA)
    assert content["dataset"]["name"] == "table"
    assert (content["dataset"]["n"], content["dataset"]["n_left_out"]) == (108, 27)


def test_json_without_what_was_not_asked_for_is_of_its_schema(dataset: str) -> None:
    for search in ("grid", "optuna"):
        found = tune(dataset, model="svm", search=search, trials=2)
        content = json.loads(json.dumps(found.to_dict(), allow_nan=False))
        jsonschema.validate(content, SCHEMA)
        assert (content["nested"], content["output"]) == (None, None)


def test_page_shows_the_search(tuned: TunedModel) -> None:
    page = Path(str(tuned.report)).read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "27 test rows were not used" in page


def test_files_are_those_asked_for(tuned: TunedModel) -> None:
    names = sorted(file.name for file in Path(str(tuned.output)).parent.iterdir())
    assert names == ["a.html", "a.study", *(f"a.study.{fold}" for fold in range(5)), "a.toml"]


def test_test_rows_take_no_part(dataset: str, tmp_path: Path) -> None:
    spoilt = write_table(tmp_path, spoil_test=True)
    first, second = (tune(one, **FEW, nested=True) for one in (dataset, spoilt))
    assert first.tuning.digest == second.tuning.digest
    assert [t.score for t in first.tuning.trials] == [t.score for t in second.tuning.trials]
    assert first.nested is not None
    assert second.nested is not None
    assert first.nested.accuracy == second.nested.accuracy
    test = load_dataset(dataset).partitions["official"] == "test"
    ids = load_dataset(dataset).ids[test]
    assert not set(first.nested.ids) & set(ids)


def test_all_rows_are_used_where_asked_for_and_it_is_said(dataset: str) -> None:
    found = tune(dataset, **FEW, rows="all")
    assert (found.tuning.n, found.n_left_out) == (135, 0)
    assert "including 27 test rows of the official split" in found.note


def test_dataset_without_a_split_is_used_whole(tmp_path: Path) -> None:
    found = tune(write_table(tmp_path, split=False), **FEW)
    assert found.tuning.n == 135
    assert found.note == "chosen by all 135 rows: the dataset has no official split"


@pytest.mark.realdata
def test_gtzan_is_tuned_on_the_640(data: Path) -> None:
    table, note = rows_to_choose_by(load_dataset(f"gtzan:{data / 'gtzan'}"))
    assert len(table) == 640
    assert "290 test rows were not used" in note
    assert set(table.partitions["official"].tolist()) == {"train", "valid"}


def test_study_goes_on(dataset: str, tmp_path: Path) -> None:
    study = tmp_path / "a.study"
    tune(dataset, **FEW, study=study)
    more = tune(dataset, model="knn", trials=5, study=study)
    assert more.tuning.n_resumed == 3
    with pytest.raises(StudyError, match=r"model='knn'.*model='svm'"):
        tune(dataset, model="svm", trials=3, study=study)


def test_search_of_other_rows_is_another_search(dataset: str, tmp_path: Path) -> None:
    tune(dataset, **FEW, study=tmp_path / "a.study")
    with pytest.raises(StudyError, match="table="):
        tune(dataset, **FEW, rows="all", study=tmp_path / "a.study")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rows": "test"}, "rows='test' is not one of train, all"),
        ({"output": "{}/no/a.toml"}, "output='.*': its folder does not exist"),
        ({"output": "{}"}, "output='.*' is a folder"),
        ({"report": "{}/there"}, "report='.*there' already exists"),
        ({"output": "{}/a", "report": "{}/a"}, "report='.*' is also output"),
        ({"output": "{}/a", "study": "{}/a"}, "output='.*' is also study"),
        ({"protocol": "official"}, "protocol='official' is not one of"),
        ({"feature_set": "no-such"}, "no-such"),
    ],
)
def test_bad_setting_is_refused_before_the_search(
    dataset: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: Mapping[str, str],
    message: str,
) -> None:
    monkeypatch.setattr("earmark.tuning._scoring.fit", None)
    (tmp_path / "there").touch()
    given: dict[str, Any] = {key: one.format(tmp_path) for key, one in settings.items()}
    with pytest.raises(ParameterError, match=message):
        tune(dataset, **{**FEW, **given})
    assert os.listdir(tmp_path) == ["there"]


def test_files_are_replaced_where_asked_for(dataset: str, tmp_path: Path) -> None:
    output = tmp_path / "a.toml"
    output.write_text("mine")
    tune(dataset, **FEW, output=output, overwrite=True)
    assert load_recipe(output).name == "knn-tuned"


def test_search_that_fails_leaves_files_alone(
    dataset: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object, **settings: object) -> str:
        raise RuntimeError("broken")

    output = tmp_path / "a.toml"
    output.write_text("mine")
    monkeypatch.setattr(workflow, "recipe_file", broken)
    with pytest.raises(RuntimeError, match="broken"):
        tune(dataset, **FEW, output=output, overwrite=True)
    assert output.read_text() == "mine"
    assert os.listdir(tmp_path) == ["a.toml"]


def test_one_standard_error_rule_reaches_the_recipe(dataset: str) -> None:
    found = tune(dataset, model="knn", rule="one-se")
    assert found.recipe.members[0]["n_neighbors"] == max(
        trial.parameters["n_neighbors"]
        for trial in found.tuning.trials
        if trial.score is not None
        and trial.score >= (found.tuning.best.score or 0) - (found.tuning.best.standard_error or 0)
    )


# --- the recipe file ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*presets(), "gtzan57"])
def test_every_recipe_can_be_written_and_read(tmp_path: Path, name: str) -> None:
    recipe = load_recipe(name)
    path = tmp_path / "recipe.toml"
    path.write_text(render_recipe(recipe, comment="two\nlines"), encoding="utf-8")
    read = load_recipe(path)
    assert plain(read) == plain(recipe)


def plain(recipe: Recipe) -> tuple[object, ...]:
    return recipe.name, recipe.feature_set, recipe.description, recipe.to_dict()


@pytest.mark.parametrize("words", ['a "quote" \\ and a\ttab', "two\nlines", "\x7f\x00", "ü €", "#"])
def test_words_survive_the_recipe_file(tmp_path: Path, words: str) -> None:
    recipe = replace(load_recipe("knn"), name=words, description=words)
    path = tmp_path / "recipe.toml"
    path.write_text(render_recipe(recipe), encoding="utf-8")
    assert (load_recipe(path).name, load_recipe(path).description) == (words, words)


def test_numbers_survive_the_recipe_file(tmp_path: Path) -> None:
    for value in (1e-5, 1e22, 0.1 + 0.2, 3.0, float(np.nextafter(1.0, 2.0))):
        recipe = replace(load_recipe("svm"), members=({"family": "svm", "C": value},))
        path = tmp_path / "recipe.toml"
        path.write_text(render_recipe(recipe), encoding="utf-8")
        assert load_recipe(path).members[0]["C"] == value


def test_a_cancelled_job_keeps_its_study(dataset: str, tmp_path: Path) -> None:
    settings: dict[str, Any] = {**FEW, "study": tmp_path / "a.study", "output": tmp_path / "a.toml"}
    job = cancelled_in("search", tune, dataset, jobs=1, **settings)
    assert (job.status.done, job.status.total) == (2, 3)
    assert os.listdir(tmp_path) == ["a.study"]
    tuned = tune(dataset, jobs=1, **settings)
    assert tuned.tuning.n_resumed >= 2
    assert len(tuned.tuning.trials) == 3
    assert (tmp_path / "a.toml").exists()
