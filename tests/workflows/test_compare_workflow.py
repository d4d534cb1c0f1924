"""`compare`: differences of the same rows, and no others."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_evaluate_workflow import like_gtzan

from earmark.errors import ParameterError, ResultsError
from earmark.workflows.compare import compare
from earmark.workflows.evaluate import evaluate


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return three results files: two of the same rows, one of others."""
    folder = tmp_path_factory.mktemp("results")
    table = like_gtzan()
    protocols = ["random", "artist"]
    evaluate(table, models=["knn", "lda"], protocols=protocols, output=folder / "a.json")
    evaluate(table, models=["knn", "majority"], protocols=protocols, output=folder / "b.json")
    other = replace(table, X=table.X * 2)
    evaluate(other, models=["svm"], protocols=protocols, output=folder / "c.json")
    evaluate(table, models=["forest"], protocols=["random"], seed=1, output=folder / "d.json")
    return folder


def test_differences_are_from_the_first(folder: Path) -> None:
    first, second = str(folder / "a.json"), str(folder / "b.json")
    found = compare([first, second])
    assert found.warnings == ()
    assert len(found.entries) == 8
    told = {(one.protocol, one.model): one for one in found.differences}
    assert set(told) == {
        (protocol, model)
        for protocol in ("random", "artist")
        for model in ("lda", f"knn ({second})", "majority")
    }
    same = told["random", f"knn ({second})"]
    assert (same.accuracy.value, same.accuracy.low, same.accuracy.high) == (0, 0, 0)
    assert same.baseline == f"knn ({first})"
    worse = told["artist", "majority"]
    accuracies = {
        entry.model: entry.run.metrics.accuracy.value
        for entry in found.entries
        if entry.protocol == "artist"
    }
    assert worse.n == 180
    assert worse.accuracy.value == pytest.approx(
        accuracies["majority"] - accuracies[f"knn ({first})"]
    )
    assert worse.accuracy.high < 0


def test_other_features_of_the_same_rows_are_compared_with_a_note(folder: Path) -> None:
    paths = [folder / "a.json", folder / "c.json"]
    found = compare(paths)
    assert [one.model for one in found.differences] == ["lda", "svm", "lda", "svm"]
    (warning,) = found.warnings
    assert f"{str(paths[1])!r} has the same 180 rows" in warning


def _part(folder: Path, name: str, keep: int, **change: object) -> Path:
    """Write results of the first rows of the table alone."""
    table = like_gtzan()
    table = replace(table.select(np.arange(len(table)) < keep), **change)
    path = folder / f"{name}.json"
    if not path.exists():
        evaluate(table, models=["svm"], protocols=["random", "artist"], output=path)
    return path


def test_results_on_other_numbers_of_rows_are_compared_on_the_common_ones(folder: Path) -> None:
    found = compare([folder / "a.json", _part(folder, "fewer", 177)])
    told = {(one.protocol, one.model): one for one in found.differences}
    one = told["artist", "svm"]
    assert (one.n, one.n_model, one.n_baseline) == (177, 177, 180)
    runs = {e.model: e.run.predictions for e in found.entries if e.protocol == "artist"}
    right = {
        name: dict(zip(of.ids, np.array(of.true) == np.array(of.predicted), strict=True))
        for name, of in runs.items()
    }
    expected = [int(right["svm"][row]) - int(right["knn"][row]) for row in right["svm"]]
    assert one.accuracy.value == pytest.approx(np.mean(expected))
    assert one.model_accuracy - one.baseline_accuracy == pytest.approx(one.accuracy.value)
    (warning,) = found.warnings
    assert "was tested on 180 rows" in warning
    assert (
        "on 177: differences are of the 177 in both (only in the first: 3, only in the other: 0)"
        in warning
    )


def test_rows_of_another_genre_are_not_common(folder: Path) -> None:
    table = like_gtzan()
    labels = table.labels.copy()
    labels[:6] = "other"
    table = replace(table, labels=labels)
    run = evaluate(table, models=["majority"], protocols=["random"], output=folder / "other.json")
    found = compare([folder / "a.json", folder / "other.json"])
    (one,) = (one for one in found.differences if one.model == "majority")
    assert (one.n, one.n_model) == (174, run.models[0].runs[0].n)
    assert "6 are left out because their genre is not the same" in found.warnings[0]


def test_differences_under_artist_folds_resample_artists(folder: Path) -> None:
    found = compare([folder / "a.json"])
    over = {one.protocol: (one.intervals.over, one.intervals.n_units) for one in found.differences}
    assert over == {"random": ("track", 180), "artist": ("artist", 60)}


def test_another_dataset_is_listed_with_a_note_and_without_differences(folder: Path) -> None:
    found = compare(
        [folder / "a.json", _part(folder, "elsewhere", 180, provenance={"corpus": "elsewhere"})]
    )
    assert [one.model for one in found.differences] == ["lda", "lda"]
    assert "is of another dataset than" in found.warnings[0]


def test_other_folds_are_compared_with_a_warning(folder: Path) -> None:
    found = compare([folder / "a.json", folder / "d.json"])
    assert ("random", "forest") in {(one.protocol, one.model) for one in found.differences}
    assert "has other folds" in found.warnings[0]


def test_one_file_is_compared_with_itself(folder: Path) -> None:
    found = compare([folder / "b.json"])
    assert {one.model for one in found.differences} == {"majority"}


def test_comparison_can_be_written(folder: Path) -> None:
    found = compare([folder / "a.json", folder / "c.json"])
    content = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert content["schema"] == "earmark.compare/2"
    assert len(content["entries"]) == len(found.entries)
    assert set(content["differences"][0]["accuracy"]) == {"value", "low", "high"}
    assert np.isfinite(content["differences"][0]["accuracy"]["low"])


@pytest.mark.parametrize("names", [[], ["a.json", "a.json"]])
def test_files_must_be_some_and_different(folder: Path, names: list[str]) -> None:
    with pytest.raises(ParameterError, match="one or more, all different"):
        compare([folder / name for name in names])


def test_file_of_another_version_is_refused(folder: Path, tmp_path: Path) -> None:
    text = (folder / "a.json").read_text(encoding="utf-8")
    other = tmp_path / "other.json"
    other.write_text(text.replace("earmark.results/2", "earmark.results/9"), encoding="utf-8")
    with pytest.raises(ResultsError, match="results/9; this release"):
        compare([folder / "a.json", other])
