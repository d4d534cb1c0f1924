"""The results file: what it holds, that it is read as it was written, and what is refused."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from evaluation_helpers import fit_nearest, made_of_segments, made_up

import earmark
from earmark.datasets import FeatureTable
from earmark.errors import ResultsError
from earmark.evaluation import (
    RESULTS_SCHEMA,
    DatasetInfo,
    FoldAnswer,
    FoldTask,
    Results,
    Run,
    accuracy_difference,
    estimates,
    evaluate_folds,
    held_out_predictions,
    inner_groups,
    leakage_gap,
    make_run,
    model_result,
    protocol_folds,
    read_results,
)

SCHEMA = json.loads((resources.files("earmark") / "schemas" / "results-2.json").read_text())


def answers_of(table: FeatureTable, protocol: str, *, jobs: int = 2) -> list[FoldAnswer]:
    tasks = [
        FoldTask(
            model="nearest",
            protocol=protocol,
            number=number,
            fit=fit_nearest,
            table=table,
            fold=fold,
            classes=table.classes,
            shuffle=protocol == "artist",
        )
        for number, fold in enumerate(protocol_folds(protocol, table, seed=0))
    ]
    return [answer for _, answer in sorted(evaluate_folds(tasks, jobs=jobs), key=lambda it: it[0])]


def run_of(table: FeatureTable, protocol: str, *, jobs: int = 2) -> Run:
    return make_run(
        protocol,
        table,
        answers_of(table, protocol, jobs=jobs),
        classes=table.classes,
        seed=0,
        inner_groups=inner_groups(protocol, table),
    )


def results_of(table: FeatureTable, runs: tuple[Run, ...]) -> Results:
    return Results(
        earmark=earmark.__version__,
        seed=0,
        dataset=DatasetInfo(
            name="made up",
            n=len(table),
            unit=table.unit,
            feature_set=table.feature_set,
            fingerprint=table.fingerprint,
            digest=table.digest,
            classes=table.classes,
            counts={genre: int((table.labels == genre).sum()) for genre in table.classes},
            provenance={"corpus": "née à la main"},
        ),
        models=(model_result("nearest", "knn", {"k": 1}, runs),),
        skipped={"official": "the table has no partitions['official']"},
    )


@pytest.fixture(scope="module")
def segments() -> Results:
    """Return the results of segments under two protocols."""
    table = made_of_segments()
    return results_of(table, tuple(run_of(table, name) for name in ("random", "artist")))


@pytest.fixture(scope="module")
def tracks() -> Results:
    """Return the results of tracks under every protocol but one."""
    table = made_up(leak=True)
    names = ("random", "artist", "official", "published3")
    return results_of(table, tuple(run_of(table, name) for name in names))


# --- what a run holds ---------------------------------------------------------------------------


def test_run_tells_what_the_answers_tell(tracks: Results) -> None:
    table = made_up(leak=True)
    run = tracks.models[0].run("artist")
    assert run is not None
    held_out = held_out_predictions(fit_nearest, table, protocol_folds("artist", table, seed=0))
    assert (run.n, run.n_tracks, run.n_folds, run.inner_groups) == (300, 300, 5, "artist")
    assert run.track_metrics is None
    assert run.predictions.ids == tuple(table.ids[held_out.rows].tolist())
    assert run.predictions.tracks is None
    np.testing.assert_allclose(run.predictions.probabilities, held_out.probabilities, atol=1e-6)
    artists = table.groups["artist"][held_out.rows]
    expected = estimates(held_out.y, held_out.probabilities, groups=artists)
    assert {name: getattr(run.metrics, name) for name in expected} == expected
    assert np.sum(run.confusion) == np.sum(run.second) == 300
    assert sum(map(len, run.folds)) == 300
    assert run.importances is not None
    assert {one.feature for one in run.importances} == set(table.names)
    assert run.unsure is not None
    assert run.unsure.sure == (held_out.confident & held_out.familiar).mean()
    assert run.fit_seconds >= 0
    assert run.predict_milliseconds_per_row > 0
    assert run.peak_memory_mb is None or run.peak_memory_mb < 100


def test_segments_have_scores_of_tracks_too(segments: Results) -> None:
    run = segments.models[0].run("artist")
    assert run is not None
    assert (run.n, run.n_tracks) == (480, 96)
    assert run.track_metrics is not None
    rows, voted = run.metrics.accuracy, run.track_metrics.accuracy
    assert rows.high - rows.low > 0.1  # over 96 tracks, not 480 segments
    assert voted.high - voted.low > 0.1
    assert run.predictions.tracks is not None
    assert len(set(run.predictions.tracks)) == 96


def test_gap_is_random_less_artist_over_tracks(segments: Results) -> None:
    model = segments.models[0]
    random, artist = model.run("random"), model.run("artist")
    assert random is not None
    assert artist is not None
    gap = model.leakage_gap
    assert gap is not None
    expected = random.metrics.accuracy.value - artist.metrics.accuracy.value
    assert gap.value == pytest.approx(expected)
    assert gap.low <= gap.value <= gap.high
    assert leakage_gap([random]) is None
    back = accuracy_difference(artist, random)
    assert back is not None
    assert back.value == -gap.value


def test_difference_is_of_common_rows_alone(tracks: Results) -> None:
    model = tracks.models[0]
    official, artist = model.run("official"), model.run("artist")
    assert official is not None
    assert artist is not None
    found = accuracy_difference(official, artist)
    place = dict(zip(artist.predictions.ids, artist.predictions.predicted, strict=True))
    right = [
        (said == true) - (place[name] == true)
        for name, true, said in zip(
            official.predictions.ids,
            official.predictions.true,
            official.predictions.predicted,
            strict=True,
        )
    ]
    assert found is not None
    assert found.value == pytest.approx(np.mean(right))
    nowhere = replace(artist.predictions, ids=tuple(f"x{i}" for i in range(artist.n)))
    assert accuracy_difference(official, replace(artist, predictions=nowhere)) is None


def without_times(results: Results) -> dict[str, Any]:
    content = results.to_dict()
    for model in content["models"]:
        for run in model["runs"]:
            for name in ("fit_seconds", "predict_milliseconds_per_row", "peak_memory_mb"):
                del run[name]
    return content


def test_results_do_not_depend_on_the_jobs(segments: Results) -> None:
    table = made_of_segments()
    runs = tuple(run_of(table, name, jobs=1) for name in ("random", "artist"))
    assert without_times(results_of(table, runs)) == without_times(segments)


# --- the file -----------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["segments", "tracks"])
def test_file_fits_the_schema_and_is_read_as_written(
    which: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    results: Results = request.getfixturevalue(which)
    path = tmp_path / "results.json"
    results.write(path)
    content = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.validate(content, SCHEMA, cls=jsonschema.Draft202012Validator)
    assert content["schema"] == RESULTS_SCHEMA
    assert content == json.loads(json.dumps(results.to_dict()))
    assert read_results(path) == results
    assert os.listdir(tmp_path) == ["results.json"]


def test_results_without_models_can_be_written(tmp_path: Path) -> None:
    empty = replace(results_of(made_up(leak=False), ()), models=())
    empty.write(tmp_path / "empty.json")
    assert read_results(tmp_path / "empty.json") == empty
    assert empty.protocols == ()
    assert empty.model("nearest") is None


def test_failed_write_leaves_what_was_there(tracks: Results, tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text("before")
    broken = replace(tracks, seed=float("nan"))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="JSON compliant"):
        broken.write(path)
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["results.json"]


Change = Callable[[dict[str, Any]], object]


def _run(content: dict[str, Any]) -> dict[str, Any]:
    run: dict[str, Any] = content["models"][0]["runs"][0]
    return run


BROKEN: dict[str, tuple[Change, str]] = {
    "other version": (
        lambda content: content.update(schema="earmark.results/3"),
        "is earmark.results/3; this release reads earmark.results/2 and earmark.results/1",
    ),
    "other document": (
        lambda content: content.update(schema="earmark.classify/2"),
        "not a results file",
    ),
    "no schema": (lambda content: content.pop("schema"), "not a results file"),
    "schema of another type": (lambda content: content.update(schema=1), "not a results file"),
    "missing field": (lambda content: content.pop("seed"), "results lacks 'seed'"),
    "unknown field": (lambda content: content.update(more=1), "unknown field 'more'"),
    "seed as text": (lambda content: content.update(seed="0"), "results.seed is str, not int"),
    "true for a number": (lambda content: _run(content).update(n=True), "n is bool, not int"),
    "models no list": (lambda content: content.update(models={}), "results.models is not a list"),
    "run no object": (
        lambda content: content["models"][0].update(runs=[3]),
        r"results.models\[0\].runs\[0\] is not an object",
    ),
    "metric gone": (
        lambda content: _run(content)["metrics"].pop("top3"),
        r"runs\[0\].metrics lacks 'top3'",
    ),
    "number gone": (
        lambda content: _run(content)["metrics"]["top3"].update(low=None),
        "metrics.top3.low is NoneType, not float",
    ),
    "class scores no object": (
        lambda content: _run(content).update(per_class=[]),
        "per_class is not an object",
    ),
    "row gone": (
        lambda content: _run(content)["predictions"]["true"].pop(),
        "predictions of different lengths",
    ),
    "class gone": (lambda content: content["dataset"]["classes"].pop(), "is not of 3 classes"),
    "row of the confusion gone": (
        lambda content: _run(content)["confusion"].pop(),
        "is not of 4 classes",
    ),
    "class of another dataset": (
        lambda content: _run(content)["predictions"]["true"].__setitem__(0, "polka"),
        "names other classes",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_file_that_is_not_whole_is_refused(tracks: Results, tmp_path: Path, case: str) -> None:
    change, said = BROKEN[case]
    content = json.loads(tracks.to_json())
    change(content)
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(content))
    with pytest.raises(ResultsError, match=said) as caught:
        read_results(path)
    assert caught.value.path == str(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not JSON"),
        ("[1, 2]", "not a results file"),
        ('{"schema": "earmark.results/1"', "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("\udcff", "is not JSON"),
    ],
)
def test_file_that_is_none_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "none.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ResultsError, match=said):
        read_results(path)


def test_not_a_number_is_refused(tracks: Results, tmp_path: Path) -> None:
    content = json.loads(tracks.to_json())
    _run(content)["fit_seconds"] = float("nan")
    path = tmp_path / "nan.json"
    path.write_text(json.dumps(content))
    with pytest.raises(ResultsError, match="fit_seconds is nan"):
        read_results(path)


def test_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="cannot be read: No such file"):
        read_results(tmp_path / "nowhere.json")
