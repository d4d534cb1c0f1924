"""`evaluate`: what is scored, what is kept, what is refused."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import soundfile
from job_helpers import cancelled_in
from tuning_corpus import write_table

from earmark.datasets import DatasetWarning, FeatureTable, load_dataset
from earmark.errors import DatasetError, ParameterError, ResultsError
from earmark.evaluation import Estimate, Results, held_out_predictions, protocol_folds, read_results
from earmark.evaluation import _scoring as scoring
from earmark.evaluation._contenders import Refitted, find_contender
from earmark.features import GTZAN57
from earmark.models import DEFAULT_MODEL, load_model, write_model
from earmark.models.export import export_onnx
from earmark.models.recipe import fit, load_recipe
from earmark.testing import sine
from earmark.workflows.evaluate import CLEAN, UNSEEN, evaluate

SCHEMA = json.loads((resources.files("earmark") / "schemas" / "results-2.json").read_text())
TIMES = ("fit_seconds", "predict_milliseconds_per_row", "peak_memory_mb")


def like_gtzan(*, seed: int = 0, n_genres: int = 3) -> FeatureTable:
    """Return rows of the 57 features around one centre a genre, with all that protocols ask for."""
    rng = np.random.default_rng(seed)
    genres = ("blues", "jazz", "rock", "metal")[:n_genres]
    artists = np.repeat(np.arange(20 * n_genres), 3)
    labels = np.array([genres[artist % n_genres] for artist in artists])
    centre = {genre: rng.normal(0, 0.5, 57) for genre in genres}
    X = np.array([centre[label] for label in labels]) + rng.normal(0, 1, (len(labels), 57))
    return FeatureTable(
        ids=np.array([f"x{i:03}" for i in range(len(labels))]),
        X=np.exp(X),
        feature_set=GTZAN57.name,
        fingerprint=GTZAN57.fingerprint,
        labels=labels,
        groups={"artist": artists},
        partitions={
            "official": rng.choice(["train", "train", "valid", "test"], len(labels)),
            "published3": rng.choice(["0", "1", "2"], len(labels)),
        },
        provenance={"corpus": "made up"},
    )


def without_times(results: Results) -> dict[str, Any]:
    content = results.to_dict()
    for model in content["models"]:
        for run in model["runs"]:
            for name in TIMES:
                del run[name]
    return content


@pytest.fixture(scope="module")
def results() -> Results:
    """Return two classifiers under every protocol."""
    return evaluate(like_gtzan(), models=["knn", "logistic"])


# --- what is scored -----------------------------------------------------------------------------


def test_every_protocol_that_is_there_is_scored(results: Results) -> None:
    assert results.protocols == ("random", "artist", "official", CLEAN, "published3")
    assert set(results.skipped) == {"track"}
    content = json.loads(results.to_json())
    jsonschema.validate(content, SCHEMA, cls=jsonschema.Draft202012Validator)
    assert (results.dataset.name, results.dataset.n) == ("made up", 180)
    assert results.dataset.digest == like_gtzan().digest
    assert sum(results.dataset.counts.values()) == 180
    for model in results.models:
        assert model.leakage_gap is not None
        assert [run.inner_groups for run in model.runs] == ["row", *["artist"] * 4]
        assert all(run.model_bytes for run in model.runs)
        assert all(run.metrics.accuracy.value > 0.5 for run in model.runs)


def test_runs_are_those_of_plain_calls(results: Results) -> None:
    table = like_gtzan()
    fit_rows = partial(fit, load_recipe("knn"), classes=table.classes, calibrate=False)
    for protocol in ("random", "artist", "official"):
        folds = protocol_folds(protocol, table, seed=0)
        held_out = held_out_predictions(fit_rows, table, folds)
        run = results.models[0].run(protocol)
        assert run is not None
        assert run.predictions.ids == tuple(table.ids[held_out.rows].tolist())
        assert run.predictions.predicted == tuple(
            np.array(table.classes)[held_out.predicted].tolist()
        )
        assert run.folds == tuple(tuple(table.ids[fold.test].tolist()) for fold in folds)


def test_part_of_the_official_test_shares_no_artist(results: Results) -> None:
    table = like_gtzan()
    artist = dict(zip(table.ids.tolist(), table.groups["artist"].tolist(), strict=True))
    whole, clean = (results.models[0].run(name) for name in ("official", CLEAN))
    assert whole is not None
    assert clean is not None
    assert 0 < clean.n < whole.n
    known = {
        artist[name]
        for name, part in zip(table.ids, table.partitions["official"], strict=True)
        if part in ("train", "valid")
    }
    assert not known & {artist[name] for name in clean.predictions.ids}
    assert {artist[name] for name in whole.predictions.ids} & known


RECIPE = """
name = "mine"
features = "gtzan57"
seed = 0
n_folds = 3
[classifier]
log_columns = ["*_var"]
clip = 4.0
[[classifier.members]]
family = "lda"
[[classifier.members]]
family = "logistic"
[unsure]
accuracy = 0.7
familiar = 0.95
sqrt_columns = ["*_var"]
"""


def test_families_are_plain_and_recipes_calibrated(tmp_path: Path) -> None:
    table, recipe = like_gtzan(), tmp_path / "mine.toml"
    recipe.write_text(RECIPE)
    found = evaluate(table, models=["svm", str(recipe)], protocols=["official"])
    plain, calibrated = (model.run("official") for model in found.models)
    assert plain is not None
    assert calibrated is not None
    assert plain.unsure is None
    assert calibrated.unsure is not None
    assert [model.family for model in found.models] == ["svm", None]
    assert [model.recipe["calibrated"] for model in found.models] == [False, True]


def test_same_seed_gives_the_same_results_whatever_the_jobs(results: Results) -> None:
    again = evaluate(like_gtzan(), models=["knn", "logistic"], jobs=1)
    assert without_times(again) == without_times(results)
    other = evaluate(like_gtzan(), models=["knn"], protocols=["random"], seed=1)
    assert other.models[0].runs[0].folds != results.models[0].runs[0].folds


def test_importances_are_measured_when_asked_for() -> None:
    found = evaluate(like_gtzan(), models=["lda"], protocols=["official"], importances=True)
    run, clean = found.models[0].runs
    assert run.importances is not None
    assert {one.feature for one in run.importances} == set(GTZAN57.names)
    assert clean.importances is None


def test_progress_is_of_folds() -> None:
    steps: list[tuple[int, int, str]] = []
    evaluate(
        like_gtzan(),
        models=["majority"],
        protocols=["random", "official"],
        progress=lambda *step: steps.append(step),
    )
    assert [step[:2] for step in steps] == [(number, 6) for number in range(1, 7)]
    assert {step[2] for step in steps} == {"majority, random", "majority, official"}


def test_dataset_can_be_named(tmp_path: Path) -> None:
    found = evaluate(write_table(tmp_path), models=["knn"], protocols=["official", "artist"])
    assert (found.dataset.name, found.dataset.n) == ("table", 135)
    assert found.protocols == ("artist", "official")  # as they are listed, not as they were asked


def test_permuted_labels_score_chance_under_every_protocol() -> None:
    """Nothing can be learnt: over several permutations, intervals hold what guessing scores."""
    table = like_gtzan(n_genres=4)
    found: dict[str, list[Estimate]] = {}
    n_units: dict[str, int] = {}
    for seed in range(5):
        labels = np.random.default_rng(seed).permutation(table.labels)
        (model,) = evaluate(replace(table, labels=labels), models=["logistic"]).models
        for run in model.runs:
            found.setdefault(run.protocol, []).append(run.metrics.accuracy)
            n_units[run.protocol] = run.intervals.n_units
    assert set(found) == {"random", "artist", "official", CLEAN, "published3"}
    assert [name for name, n in n_units.items() if n < 20] == [CLEAN]
    del found[CLEAN]  # the few artists that are tested whole say next to nothing
    for protocol, scores in found.items():
        assert sum(score.low <= 0.25 <= score.high for score in scores) >= 4, protocol
        width = np.mean([score.high - score.low for score in scores]) / 4  # a standard error
        mean = np.mean([score.value for score in scores])
        assert mean == pytest.approx(0.25, abs=3 * width / np.sqrt(5)), protocol


def test_default_is_the_recipe_of_the_model_that_ships() -> None:
    default = find_contender("default")
    assert isinstance(default, Refitted)
    assert default.recipe == load_recipe(DEFAULT_MODEL)
    assert default.calibrate


def test_folder_of_audio_is_listened_to(tmp_path: Path) -> None:
    """Five pieces a genre by as many artists, two clips each: the clips of a piece vote."""
    for number in range(10):
        genre = ("low", "high")[number % 2]
        y = sine((220.0, 1760.0)[number % 2] * (1 + number / 100), duration=46)
        (tmp_path / genre / f"artist {number}").mkdir(parents=True)
        soundfile.write(tmp_path / genre / f"artist {number}" / "piece.wav", y, 22_050)
    with pytest.warns(DatasetWarning, match="10 of 10 files name no artist"):
        found = evaluate(
            f"folder:{tmp_path}",
            models=["knn"],
            protocols=["random", "track"],
            feature_set="gtzan57",
        )
    assert (found.dataset.name, found.dataset.n, found.dataset.unit) == ("folder", 20, "segment")
    run = found.models[0].run("track")
    assert run is not None
    assert (run.n, run.n_tracks) == (20, 10)
    assert run.track_metrics is not None
    assert run.track_metrics.accuracy.value == 1


# --- models in files ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the path of a model of four genres."""
    table = like_gtzan(n_genres=4, seed=1)
    table = replace(table, ids=np.array([f"trained.{i:05}" for i in range(len(table))]))
    fitted = fit(load_recipe("lda"), table, classes=table.classes)
    path = tmp_path_factory.mktemp("models") / "four.earmark"
    manifest = {
        "name": "four",
        "features": {
            "name": GTZAN57.name,
            "version": GTZAN57.version,
            "fingerprint": GTZAN57.fingerprint,
        },
        "classes": list(fitted.classes),
        "recipe": fitted.recipe.to_dict(),
        "calibration": {"method": "temperature", "temperature": fitted.temperature},
        "unsure": {"min_confidence": fitted.min_confidence, "max_distance": fitted.max_distance},
        "training": {"ids": table.ids.tolist()},
        "scores": {},
    }
    write_model(path, manifest=manifest, payload=export_onnx(fitted), card="four")
    return str(path)


def test_packaged_model_is_asked_as_it_is(packaged: str) -> None:
    table = like_gtzan()
    found = evaluate(table, models=[packaged, "knn"], protocols=["official"])
    model, other = found.models
    (run,) = model.runs
    assert (run.protocol, run.n, run.n_folds, run.inner_groups) == (UNSEEN, 180, 0, None)
    assert run.model_bytes == os.path.getsize(packaged)
    assert run.unsure is not None
    assert found.dataset.classes == load_model(packaged).classes  # three of four are in the table
    expected = load_model(packaged).predict(table.X, fingerprint=table.fingerprint)
    np.testing.assert_allclose(run.predictions.probabilities, expected.probabilities, atol=1e-6)
    spread = np.array(other.runs[0].predictions.probabilities)
    there = [name in table.classes for name in found.dataset.classes]
    np.testing.assert_allclose(spread[:, there].sum(axis=1), 1, atol=1e-5)
    assert not spread[:, ~np.array(there)].any()
    jsonschema.validate(json.loads(found.to_json()), SCHEMA)


def test_packaged_model_is_refused_what_it_was_trained_on(packaged: str) -> None:
    table = like_gtzan()
    ids = table.ids.astype("U20")
    ids[7] = "trained.00042"
    with pytest.raises(
        ParameterError, match=r"trained on 1 of the 180 rows, 'trained.00042' first"
    ):
        evaluate(replace(table, ids=ids), models=[packaged])


def test_packaged_model_must_know_the_genres(packaged: str) -> None:
    table = like_gtzan()
    labels = np.where(table.labels == "jazz", "polka", table.labels)
    with pytest.raises(ParameterError, match="does not know the genre 'polka'"):
        evaluate(replace(table, labels=labels), models=[packaged])


def test_packaged_model_must_take_the_features(packaged: str) -> None:
    table = replace(like_gtzan(), feature_set="others", fingerprint="f")
    with pytest.raises(ParameterError, match="takes gtzan57, the table holds others"):
        evaluate(table, models=[packaged])


# --- the file, again and again ------------------------------------------------------------------


def counting(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows by the name of every fold that is done."""
    done: list[str] = []
    plain = scoring.evaluate_folds

    def spy(tasks: Any, *, jobs: int) -> Any:
        done.extend(f"{task.model} {task.protocol}" for task in tasks)
        return plain(tasks, jobs=jobs)

    monkeypatch.setattr(scoring, "evaluate_folds", spy)
    return done


def test_finished_runs_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = tmp_path / "results.json"
    table = like_gtzan()
    done = counting(monkeypatch)
    first = evaluate(table, models=["knn"], protocols=["random", "official"], output=output)
    assert read_results(output) == first
    assert len(done) == 6
    done.clear()
    again = evaluate(table, models=["knn"], protocols=["random", "official"], output=output)
    assert again == first
    assert done == []
    more = evaluate(table, models=["lda", "knn"], protocols=["artist", "random"], output=output)
    assert sorted(set(done)) == ["knn artist", "lda artist", "lda random"]
    assert [model.name for model in more.models] == ["lda", "knn"]
    assert [run.protocol for run in more.models[1].runs] == ["random", "artist", "official", CLEAN]
    assert more.models[1].run("random") == first.models[0].run("random")
    assert more.models[1].leakage_gap is not None
    done.clear()
    fresh = evaluate(table, models=["lda"], protocols=["random"], output=output, fresh=True)
    assert [model.name for model in fresh.models] == ["lda"]
    assert len(done) == 5
    done.clear()
    evaluate(table, models=["lda"], protocols=["random"], output=output, importances=True)
    assert len(done) == 5


def test_changed_recipe_is_scored_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = tmp_path / "mine.toml"
    output, table, done = tmp_path / "results.json", like_gtzan(), counting(monkeypatch)
    recipe.write_text(RECIPE)
    evaluate(table, models=[str(recipe)], protocols=["official"], output=output)
    recipe.write_text(RECIPE.replace("clip = 4.0", "clip = 3.0"))
    found = evaluate(table, models=[str(recipe)], protocols=["official"], output=output)
    assert len(done) == 2
    assert [model.recipe["clip"] for model in found.models] == [3.0]


def test_interruption_keeps_what_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output, table = tmp_path / "results.json", like_gtzan()

    def interrupt(done: int, total: int, name: str) -> None:
        if done == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(
            table,
            models=["knn"],
            protocols=["random", "artist", "official"],
            output=output,
            progress=interrupt,
            jobs=1,
        )
    half = read_results(output)
    assert half.protocols == ("random",)
    assert os.listdir(tmp_path) == ["results.json"]
    done = counting(monkeypatch)
    protocols = ["random", "artist", "official"]
    whole = evaluate(table, models=["knn"], protocols=protocols, output=output)
    assert len(done) == 6
    assert whole.models[0].runs[0] == half.models[0].runs[0]
    assert without_times(whole) == without_times(
        evaluate(table, models=["knn"], protocols=protocols)
    )


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda table: {"dataset": replace(table, X=table.X + 1)}, "dataset"),
        (lambda table: {"dataset": table, "seed": 1}, "seed"),
    ],
)
def test_results_of_something_else_are_left_alone(
    tmp_path: Path, change: Callable[[FeatureTable], dict[str, Any]], what: str
) -> None:
    output, table = tmp_path / "results.json", like_gtzan()
    settings: dict[str, Any] = {"models": ["majority"], "protocols": ["official"]}
    evaluate(table, output=output, **settings)
    before = output.read_bytes()
    with pytest.raises(ParameterError, match=f"results of another {what}"):
        evaluate(**change(table), output=output, **settings)
    assert output.read_bytes() == before
    evaluate(**change(table), output=output, fresh=True, **settings)
    assert output.read_bytes() != before


@pytest.mark.parametrize("fresh", [False, True])
def test_file_that_is_no_results_file_is_left_alone(tmp_path: Path, fresh: bool) -> None:
    output = tmp_path / "thesis.json"
    output.write_text("a thesis")
    with pytest.raises(ResultsError, match="is not JSON"):
        evaluate(like_gtzan(), models=["knn"], output=output, fresh=fresh)
    assert output.read_text() == "a thesis"


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"models": ["knm"]}, "model='knm' is not one of default, .*knn"),
        ({"models": []}, "one or more, all different"),
        ({"models": ["knn", "knn"]}, "one or more, all different"),
        ({"models": ["knn"], "protocols": ["artists"]}, "'artists' is not one of random"),
        ({"models": ["knn"], "protocols": []}, "one or more"),
        ({"models": ["knn"], "jobs": 0}, "jobs=0 must be 1 or more"),
        ({"models": ["knn"], "output": "nowhere/results.json"}, "its folder does not exist"),
    ],
)
def test_what_cannot_be_done_is_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        evaluate(like_gtzan(), **settings)


def test_protocol_that_is_not_supported_is_refused_by_name_and_left_out_of_all() -> None:
    table = replace(like_gtzan(), groups={}, partitions={})
    for protocol in ("artist", "official", "published3"):
        with pytest.raises(ParameterError, match=f"{protocol}.*the table has no"):
            evaluate(table, models=["majority"], protocols=[protocol])
    found = evaluate(table, models=["majority"])
    assert found.protocols == ("random",)
    assert set(found.skipped) == {"track", "artist", "official", "published3"}
    assert found.models[0].leakage_gap is None


def test_folds_that_cannot_be_made_are_left_out_of_all(tmp_path: Path) -> None:
    """All blues are of one artist: apart from it there is nothing to learn them from."""
    table = like_gtzan()
    artists = np.where(table.labels == "blues", 99, table.groups["artist"])
    table = replace(table, groups={"artist": artists})
    with pytest.raises(DatasetError, match="class 'blues' has too few groups"):
        evaluate(table, models=["majority"], protocols=["artist"])
    output = tmp_path / "results.json"
    found = evaluate(table, models=["majority"], output=output)
    assert "class 'blues' has too few groups" in found.skipped["artist"]
    assert read_results(output) == found


def test_table_of_one_genre_is_refused() -> None:
    table = like_gtzan()
    with pytest.raises(DatasetError, match="model='knn' under protocol='random'"):
        evaluate(table.select(table.labels == "jazz"), models=["knn"], protocols=["random"])


# --- real rows ----------------------------------------------------------------------------------


@pytest.mark.realdata
def test_shipped_model_is_refused_gtzan(data: Path) -> None:
    path = str(load_model().path)
    with pytest.raises(ParameterError, match=r"was trained on all \d+ rows"):
        evaluate(f"gtzan:{data / 'gtzan'}", models=[path])


@pytest.mark.realdata
def test_gap_shows_on_gtzan(data: Path) -> None:
    found = evaluate(f"gtzan:{data / 'gtzan'}", models=["knn", "majority"])
    knn, majority = found.models
    sizes = {run.protocol: run.n for run in knn.runs}
    assert sizes == {"random": 930, "artist": 930, "official": 290, CLEAN: 226, "published3": 948}
    assert knn.leakage_gap is not None
    assert majority.leakage_gap is not None
    assert knn.leakage_gap.low > 0.1
    assert majority.leakage_gap.low < 0 < majority.leakage_gap.high


@pytest.mark.realdata
def test_no_duplicate_or_artist_leaks_on_gtzan(data: Path) -> None:
    table = load_dataset(f"gtzan:{data / 'gtzan'}", faulty=True)
    table = replace(
        table, partitions={**table.partitions, "official": np.array(["train", "test"] * 500)}
    )
    artists, duplicates = table.groups["artist"], table.groups["duplicate"]
    for protocol in ("random", "track", "artist", "official", "published3"):
        for fold in protocol_folds(protocol, table, seed=0):
            assert not set(duplicates[fold.train]) & set(duplicates[fold.test])
            if protocol == "artist":
                assert not set(artists[fold.train]) & set(artists[fold.test])


def test_a_cancelled_job_keeps_finished_runs_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output, done = tmp_path / "results.json", counting(monkeypatch)
    settings: dict[str, Any] = {"models": ["majority"], "output": output, "jobs": 1}
    settings["protocols"] = ["official", "random"]
    evaluate(like_gtzan(), **settings | {"protocols": ["official"]})
    done.clear()
    job = cancelled_in("score", evaluate, like_gtzan(), **settings)
    assert [(each.name, each.done, each.total) for each in job.status.phases] == [
        ("read", 0, 0),
        ("score", 2, 5),
    ]
    assert "official" in read_results(output).protocols
    assert "random" not in read_results(output).protocols
    assert "random" in evaluate(like_gtzan(), **settings).protocols
