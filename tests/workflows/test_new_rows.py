"""`evaluate(new_rows=True)`: a finished model on rows it was not trained on, by whom they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_evaluate_workflow import like_gtzan

from earmark.datasets import FeatureTable
from earmark.errors import ParameterError
from earmark.evaluation import Intervals, seen_rows
from earmark.features import GTZAN57
from earmark.models import write_model
from earmark.models.export import export_onnx
from earmark.models.recipe import fit, load_recipe
from earmark.workflows.evaluate import KNOWN_ARTISTS, UNSEEN, evaluate


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a model trained on rows 0 to 99: artists 0 to 32 whole, one of three rows of 33."""
    table = like_gtzan()
    rows = table.select(np.arange(len(table)) < 100)
    fitted = fit(load_recipe("lda"), rows, classes=table.classes)
    path = tmp_path_factory.mktemp("model") / "mine.earmark"
    manifest = {
        "name": "mine",
        "description": "",
        "features": {
            "name": GTZAN57.name,
            "version": GTZAN57.version,
            "fingerprint": GTZAN57.fingerprint,
        },
        "classes": list(fitted.classes),
        "recipe": fitted.recipe.to_dict(),
        "calibration": {"method": "temperature", "temperature": fitted.temperature},
        "unsure": {
            "min_confidence": fitted.min_confidence,
            "max_distance": fitted.max_distance,
            "thresholds": [],
        },
        "training": {"corpus": "made up", "n": 100, "unit": "track", "ids": rows.ids.tolist()},
        "scores": {},
        "made_with": {},
    }
    write_model(path, manifest=manifest, payload=export_onnx(fitted), card="# mine\n")
    return str(path)


def test_new_rows_are_scored_and_those_by_known_artists_apart(model: str) -> None:
    table = like_gtzan()
    found = evaluate(table, models=[model], new_rows=True)
    (result,) = found.models
    others, known = result.run(UNSEEN), result.run(KNOWN_ARTISTS)
    assert others is not None
    assert known is not None
    assert known.predictions.ids == ("x100", "x101")  # the two others by artist 33
    assert others.predictions.ids == tuple(table.ids[102:].tolist())
    assert others.intervals == Intervals("artist", 26)
    assert result.recipe["rows"] == {
        "trained_on": 100,
        "unseen": 78,
        "unseen_known_artists": 2,
        "artists_known": True,
    }


def test_without_the_flag_the_refusal_says_what_to_do(model: str) -> None:
    with pytest.raises(ParameterError, match=r"trained on 100 of the 180 rows.*new_rows=True$"):
        evaluate(like_gtzan(), models=[model])


def test_rows_that_are_all_known_are_refused_with_the_flag_too(model: str) -> None:
    table = like_gtzan().select(np.arange(180) < 50)
    with pytest.raises(ParameterError, match="trained on all 50 rows: none is new"):
        evaluate(table, models=[model], new_rows=True)


def test_copies_of_rows_that_were_trained_on_are_not_new(model: str) -> None:
    table = like_gtzan()
    copies = np.arange(180)
    copies[170] = 3
    table = replace(table, groups={**table.groups, "duplicate": copies})
    (result,) = evaluate(table, models=[model], new_rows=True).models
    assert result.recipe["rows"]["trained_on"] == 101
    run = result.run(UNSEEN)
    assert run is not None
    assert "x170" not in run.predictions.ids


def test_where_no_artists_are_known_the_results_say_so(model: str) -> None:
    table = like_gtzan()
    table = replace(table, groups={}, partitions={})
    (result,) = evaluate(table, models=[model], new_rows=True).models
    assert [run.protocol for run in result.runs] == [UNSEEN]
    assert result.recipe["rows"]["artists_known"] is False
    assert result.runs[0].intervals == Intervals("track", 80)


def test_a_name_that_is_common_does_not_make_a_row_known() -> None:
    """`01.mp3` of a new album is not the `01.mp3` that was trained on, which is still there."""
    ids = np.array(["rock/old/01.mp3", "rock/new/01.mp3", "jazz/moved.mp3", "rock/Song #2.mp3"])
    trained_on = ["rock/old/01.mp3", "rock/moved.mp3", "rock/Song #2.mp3#0"]
    assert seen_rows(ids, trained_on, model="mine").tolist() == [True, False, True, True]


def _old(path: Path) -> None:
    """Turn a results file into one of version 1, over tracks."""
    import json

    content = json.loads(path.read_text(encoding="utf-8"))
    content["schema"] = "earmark.results/1"
    for model in content["models"]:
        del model["gap_intervals"]
        for run in model["runs"]:
            del run["intervals"], run["predictions"]["artists"]
            for point in run["coverage"]:
                del point["n"], point["low"], point["high"]
    path.write_text(json.dumps(content), encoding="utf-8")


def test_runs_of_version_1_with_intervals_over_tracks_are_done_again(tmp_path: Path) -> None:
    output = tmp_path / "results.json"
    table: FeatureTable = like_gtzan()
    settings = {"models": ["majority"], "protocols": ["random", "artist"], "output": output}
    first = evaluate(table, **settings)  # type: ignore[arg-type]
    _old(output)
    done: list[str] = []
    again = evaluate(table, progress=lambda *step: done.append(step[2]), **settings)  # type: ignore[arg-type]
    assert set(done) == {"majority, artist"}  # random resamples tracks in both versions
    run = again.models[0].run("artist")
    assert run is not None
    assert run.intervals == Intervals("artist", 60)
    assert run.metrics == first.models[0].runs[1].metrics
