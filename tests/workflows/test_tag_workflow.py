"""Genres into tags from Python: plan, apply, undo, and what was applied."""

from __future__ import annotations

import json
import os
import runpy
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import soundfile
from job_helpers import cancelled_in

from earmark.changes import change_document
from earmark.datasets import FeatureTable
from earmark.errors import LibraryError, ParameterError, PlanError
from earmark.features import GTZAN57
from earmark.library import Filters, open_library
from earmark.models import Model
from earmark.models.cards import model_manifest
from earmark.models.recipe import fit, load_recipe
from earmark.tags import read_tags, write_genres
from earmark.workflows.changes import apply_changes, list_batches, undo_changes
from earmark.workflows.jobs import Job
from earmark.workflows.session import default_session
from earmark.workflows.tag import plan_tags

_HELPERS = runpy.run_path(str(Path(__file__).parents[1] / "changes" / "change_helpers.py"))
add_track: Any = _HELPERS["add_track"]
SCHEMA = json.loads((resources.files("earmark") / "schemas" / "tag-2.json").read_text("utf-8"))


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name in ("sure", "doubtful", "has"):
        soundfile.write(folder / f"{name}.flac", rng.normal(0, 0.1, 4410), 22_050)
    write_genres(folder / "has.flac", ["Bebop"])
    return folder


@pytest.fixture
def library(tmp_path: Path, music: Path) -> Path:
    path = tmp_path / "library.db"
    with open_library(path, create=True) as opened:
        add_track(opened, music / "sure.flac", confidence=0.9)
        add_track(opened, music / "doubtful.flac", confidence=0.6)
        add_track(opened, music / "has.flac", confidence=0.95)
    return path


def with_thresholds(monkeypatch: pytest.MonkeyPatch, thresholds: list[dict[str, float]]) -> None:
    """Let every model say from which confidence on it is right how often."""
    made = Model.__init__

    def init(self: Model, *arguments: Any, **named: Any) -> None:
        made(self, *arguments, **named)
        unsure = {**self.manifest["unsure"], "thresholds": thresholds}
        self.manifest = {**self.manifest, "unsure": unsure}

    monkeypatch.setattr(Model, "__init__", init)
    monkeypatch.setattr(default_session(), "_models", {})  # those that were loaded before


def genres(music: Path) -> dict[str, tuple[str, ...]]:
    return {path.stem: read_tags(path).genres for path in music.iterdir()}


def test_there_and_back(
    library: Path, music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"precision": 0.9, "confidence": 0.7, "share": 0.6}
    with_thresholds(monkeypatch, [told])
    calls: list[tuple[int, int, str]] = []
    plan = plan_tags(
        library=library,
        output=tmp_path / "plan.csv",
        progress=lambda *call: calls.append(call),
    )
    assert [(Path(row.path).stem, row.action, row.why) for row in plan.rows] == [
        ("doubtful", "keep", "below the threshold"),
        ("has", "keep", "has a genre"),
        ("sure", "write", ""),
    ]
    assert (plan.threshold.precision, plan.threshold.share) == (0.9, 0.6)
    assert plan.covered == pytest.approx(2 / 3)
    assert [call[:2] for call in calls] == [(1, 3), (2, 3), (3, 3)]
    jsonschema.validate(change_document("tag", plan), SCHEMA)
    assert genres(music) == {"sure": (), "doubtful": (), "has": ("Bebop",)}
    run = apply_changes(tmp_path / "plan.csv", library=library)
    assert genres(music) == {"sure": ("Jazz",), "doubtful": (), "has": ("Bebop",)}
    jsonschema.validate(change_document("tag", run), SCHEMA)
    (batch,) = list_batches("tag", library=library)
    assert (batch.id, batch.n_to_undo) == (run.batch, 1)
    jsonschema.validate(change_document("tag", [batch]), SCHEMA)
    undone = undo_changes(kind="tag", library=library)
    jsonschema.validate(change_document("tag", undone), SCHEMA)
    assert genres(music) == {"sure": (), "doubtful": (), "has": ("Bebop",)}
    (batch,) = list_batches("tag", library=library)
    assert (batch.n_to_undo, batch.counts["undone"]) == (0, 1)


def test_threshold_of_the_user(library: Path) -> None:
    plan = plan_tags(library=library, threshold=0.5)
    assert [Path(row.path).stem for row in plan.to_change] == ["doubtful", "sure"]
    assert (plan.threshold.precision, plan.model) == (None, "gtzan943")


def test_model_that_was_not_measured_asks_for_a_threshold(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_thresholds(monkeypatch, [])
    with pytest.raises(ParameterError, match=r"'gtzan943' does not say.*never measured.*yourself"):
        plan_tags(library=library)


def test_filters_and_names(library: Path, music: Path, tmp_path: Path) -> None:
    (tmp_path / "names.toml").write_text('jazz = "Bop"\n')
    plan = plan_tags(
        Filters(path=str(music / "sure.flac")),
        library=library,
        threshold=0.5,
        names=tmp_path / "names.toml",
    )
    assert [row.genres for row in plan.rows] == [("Bop",)]
    plan = plan_tags(library=library, threshold=0.5, replace=True, names={"jazz": "Bop"})
    assert [row.genres for row in plan.to_change] == [("Bop",)] * 3


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"threshold": 1.5}, "threshold=1.5 must be from 0 to 1"),
        ({"threshold": float("nan")}, "threshold=nan must be from 0 to 1"),
        ({"precision": -1}, "precision=-1 must be from 0 to 1"),
        ({"max_genres": 0}, "max_genres=0 must be 1 or more"),
        ({"names": {"jaz": "x"}, "threshold": 0.5}, "no genre is called 'jaz'"),
    ],
)
def test_bad_setting_is_refused(library: Path, wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        plan_tags(library=library, **wrong)


def test_what_is_missing_is_told(tmp_path: Path, library: Path) -> None:
    with pytest.raises(LibraryError):
        plan_tags(library=tmp_path / "no.db")
    with pytest.raises(PlanError, match="no such file"):
        apply_changes(tmp_path / "no.csv", library=library)
    (tmp_path / "there.csv").touch()
    with pytest.raises(ParameterError, match="already exists"):
        plan_tags(library=library, threshold=0.5, output=tmp_path / "there.csv")
    with pytest.raises(ParameterError, match="batch=7 is not in the journal"):
        undo_changes(7, kind="tag", library=library)


def test_filters_without_a_condition_are_no_filters(library: Path, music: Path) -> None:
    os.unlink(music / "doubtful.flac")
    with open_library(library) as opened:
        opened.scanned.mark_missing([2], now=1.0)
    plans = [plan_tags(filters, library=library, threshold=0.5) for filters in (None, Filters())]
    assert plans[0].to_dict() == plans[1].to_dict()
    assert len(plans[0].rows) == 3  # what is gone is listed, with the reason
    (row,) = plan_tags(Filters(path=str(music / "doubtful.flac")), library=library).rows
    assert row.action == "keep"


@pytest.mark.parametrize("artists", [True, False])
def test_training_writes_the_thresholds(artists: bool) -> None:
    rng = np.random.default_rng(0)
    labels = np.array(["jazz", "rock"] * 100)
    shift = (labels == "rock")[:, np.newaxis] * 0.4
    table = FeatureTable(
        ids=np.arange(200).astype(str),
        X=rng.normal(shift, 1.0, (200, len(GTZAN57.names))),
        feature_set=GTZAN57.name,
        fingerprint=GTZAN57.fingerprint,
        labels=labels,
        groups={"artist": np.arange(200) // 4},
        provenance={"corpus": "made up", "citation": "-"},
    )
    if not artists:
        table = replace(table, groups={})
    fitted = fit(load_recipe("knn"), table, classes=table.classes)
    described = model_manifest("mine", fitted, table, scores={}, leakage_gap=None, training={})
    unsure: Any = described["unsure"]
    assert bool(unsure["thresholds"]) is artists
    assert fitted.precise
    shares = [share for _, _, share in fitted.precise]
    confidences = [confidence for _, confidence, _ in fitted.precise]
    assert shares == sorted(shares, reverse=True)
    assert confidences == sorted(confidences)
    assert all(0 < share <= 1 for share in shares)


def test_cancelled_jobs_leave_each_file_old_or_new_and_undoable(
    library: Path, music: Path, tmp_path: Path
) -> None:
    settings: dict[str, Any] = {"library": library, "threshold": 0.5, "replace": True}
    cancelled_in("plan", plan_tags, output=tmp_path / "plan.csv", **settings)
    assert not (tmp_path / "plan.csv").exists()
    before = genres(music)
    cancelled_in("apply", apply_changes, plan_tags(**settings), at=1, library=library)
    assert sum(genres(music)[name] != before[name] for name in before) == 2
    apply_changes(plan_tags(**settings), library=library)
    for _ in list_batches("tag", library=library):
        undo_changes(library=library)
    assert genres(music) == before
    apply_changes(plan_tags(**settings), library=library)
    cancelled_in("undo", undo_changes, at=1, library=library)
    undo_changes(library=library)
    assert genres(music) == before


def test_a_job_learns_of_a_failed_file_before_the_next_one(library: Path, music: Path) -> None:
    plan = plan_tags(library=library, threshold=0.5, replace=True)
    (music / "doubtful.flac").write_bytes(b"no music")
    failures = []
    job: Job[Any] = Job("apply", progress=lambda *_: failures.append(len(job.status.failures)))
    run = apply_changes(plan, library=library, progress=job)
    assert run.count("failed") == 1
    assert failures == [1, 1, 1]
    assert [str(error) for error in job.status.failures if "doubtful" in str(error)]
