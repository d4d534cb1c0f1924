"""Silence is not music: it has no part in answers, and a silent track has none; everywhere."""

from __future__ import annotations

import csv
import io
import json
import warnings
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import soundfile
from scan_helpers import SR
from typer.testing import CliRunner

from earmark import audio
from earmark.cli._main import app
from earmark.datasets import DatasetWarning
from earmark.errors import ParameterError
from earmark.library import Filters, csv_rows, open_library
from earmark.models import load_model, load_space
from earmark.testing import music_like
from earmark.workflows._datasets import DatasetLoader
from earmark.workflows.classify import classify
from earmark.workflows.organise import plan_organise
from earmark.workflows.scan import scan
from earmark.workflows.similar import similar
from earmark.workflows.tag import plan_tags

LOUD = 12.0


def dithered(seconds: float) -> np.ndarray:
    rng = np.random.default_rng(1)
    n = round(seconds * SR)
    return np.rint(rng.random(n) + rng.random(n) - 1) / 2**15


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of music, the same after a minute of silence, and silence; and a library."""
    folder = tmp_path_factory.mktemp("silent")
    music, other = (music_like(duration=LOUD, seed=seed) for seed in (0, 1))
    for name, y in {
        "plain": music,
        "late": np.concatenate([dithered(60), music, dithered(9)]),
        "other": other,
        "silent": dithered(8),
        "zeros": np.zeros(8 * SR),
    }.items():
        (folder / "music" / name).mkdir(parents=True)
        soundfile.write(folder / "music" / name / f"{name}.flac", y, SR)
    scan([folder / "music"], library=folder / "library.db", jobs=1)
    return folder


def song(folder: Path, name: str) -> Path:
    return folder / "music" / name / f"{name}.flac"


def run(folder: Path, *arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(
        app, [*arguments, "--library", str(folder / "library.db")], env={"COLUMNS": "160"}
    )
    assert done.exit_code == code, done.output
    return done.stdout


def schema(name: str) -> Any:
    source = resources.files("earmark") / "schemas" / f"{name}-2.json"
    return json.loads(source.read_text("utf-8"))


def test_silence_before_and_after_music_does_not_change_the_answer(folder: Path) -> None:
    plain, late = (classify(song(folder, name)) for name in ("plain", "late"))
    assert [clip.silent for clip in late.clips] == [True, True, False, True]
    assert [round(clip.start, 1) for clip in late.clips] == [0.0, 30.0, 60.0, 72.0]
    found, expected = (np.array(list(one.probabilities.values())) for one in (late, plain))
    np.testing.assert_allclose(found, expected, atol=1e-3)  # 16 bits were dithered: nothing else
    assert (late.genre, late.unsure) == (plain.genre, plain.unsure)
    told = late.to_dict()
    jsonschema.validate(
        told, {**schema("classify")["$defs"]["result"], "$defs": schema("classify")["$defs"]}
    )
    assert [clip["silent"] for clip in told["clips"]] == [True, True, False, True]
    assert [clip["probabilities"] is None for clip in told["clips"]] == [True, True, False, True]


def test_silent_track_is_listed_without_a_genre(folder: Path) -> None:
    with open_library(folder / "library.db") as library:
        assert library.count(Filters(state="failed")) == 0
        for name in ("silent", "zeros"):
            track = library.find(song(folder, name))
            assert track is not None
            answer = library.answer(track.id)
            assert (track.state, track.unsure) == ("analysed", "silent")
            assert (track.genre, track.answer.confidence, track.answer.runner_up) == (
                None,
                None,
                None,
            )
            assert (
                track.measurements.get("tempo"),
                track.measurements.get("loudness"),
                dict(track.answer.probabilities),
            ) == (None, None, {})
            assert answer is not None
            assert answer.sounding.tolist() == [0.0]


def test_style_segments_and_measurements_leave_silence_out(folder: Path) -> None:
    timbre = load_space("timbre").feature_set.fingerprint
    with open_library(folder / "library.db") as library:
        plain, late = (library.find(song(folder, name)) for name in ("plain", "late"))
        assert plain is not None
        assert late is not None
        assert late.measurements == pytest.approx(plain.measurements, rel=0.01)
        assert len(late.measurements) == 4
        of_plain, of_late = (library.matrix(one.id, timbre) for one in (plain, late))
        assert of_plain is not None
        assert of_late is not None
        assert len(of_late) == len(of_plain) == 4
        np.testing.assert_allclose(of_late.astype(int), of_plain.astype(int), atol=12)
        ids, vectors = library.embeddings(load_space("style").vectors_id)
        assert len(ids) == 3  # the silent ones have no place
        at = [ids.tolist().index(one.id) for one in (plain, late)]
        assert vectors[at[0]] @ vectors[at[1]] > 0.999
        assert len(library.measurements()[0]) == 3


def test_silent_track_is_not_analysed_again(folder: Path) -> None:
    report = scan([folder / "music"], library=folder / "library.db", jobs=1)
    assert (report.n_analysed, report.n_answered, report.n_unchanged) == (0, 0, 5)


def test_tables_json_and_csv_take_tracks_without_a_genre(folder: Path) -> None:
    assert "silent" in run(folder, "library", "list")
    listed = json.loads(run(folder, "library", "list", "--json"))
    jsonschema.validate(listed, schema("library"))
    assert [one["unsure"] for one in listed["tracks"]].count("silent") == 2
    stats = json.loads(run(folder, "library", "stats", "--json"))
    jsonschema.validate(stats, schema("library-stats"))
    assert stats["unsure"]["silent"] == 2
    assert sum(stats["genres"].values()) == 3
    assert "2 silent" in run(folder, "library", "stats")
    with open_library(folder / "library.db") as library:
        rows = list(csv.DictReader(io.StringIO("".join(csv_rows(library.tracks())))))
    assert [row["genre"] for row in rows if row["unsure"] == "silent"] == ["", ""]
    assert "silent" not in run(folder, "library", "review")  # there is nothing to ask


def test_show_tells_silence_and_its_clips(folder: Path) -> None:
    for name in ("silent", "late"):
        with open_library(folder / "library.db") as library:
            track = library.find(song(folder, name))
        assert track is not None
        shown = json.loads(run(folder, "library", "show", str(track.id), "--json"))
        jsonschema.validate(shown, schema("library-track"))
        assert any(clip["silent"] for clip in shown["clips"])
        assert "silent" in run(folder, "library", "show", str(track.id))


def test_plans_name_silence_and_leave_it_alone(folder: Path, tmp_path: Path) -> None:
    plan = plan_tags(library=folder / "library.db", threshold=0.01)
    whys = {Path(row.path).stem: (row.action, row.why) for row in plan.rows}
    assert whys["silent"] == whys["zeros"] == ("keep", "silent")
    for keep in (False, True):
        organised = plan_organise(
            into=tmp_path, by="genre", keep_unsure=keep, library=folder / "library.db"
        )
        found = {Path(row.path).stem: row for row in organised.rows}["silent"]
        if keep:
            assert (found.action, found.why) == ("keep", "silent")
        else:
            assert "Unsure" in str(found.target)


def test_similar_songs_are_never_silent(folder: Path) -> None:
    library = folder / "library.db"
    found = similar(str(song(folder, "plain")), library=library, n=10)
    names = {Path(one.track.path).stem for one in found.neighbours}
    assert not names & {"silent", "zeros"}
    by_timbre = similar(str(song(folder, "other")), by="timbre", library=library, n=10)
    assert not {Path(one.track.path).stem for one in by_timbre.neighbours} & {"silent", "zeros"}
    with pytest.raises(ParameterError, match="is silent"):
        similar(str(song(folder, "silent")), library=library)


def test_training_leaves_silent_clips_and_files_out(folder: Path, tmp_path: Path) -> None:
    genres = tmp_path / "genres"
    for genre, names in {"jazz": ("plain", "silent"), "rock": ("late", "other")}.items():
        (genres / genre).mkdir(parents=True)
        for name in names:
            (genres / genre / f"{name}.flac").write_bytes(song(folder, name).read_bytes())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DatasetWarning)
        table = DatasetLoader(f"folder:{genres}", jobs=1).load("gtzan57")
    assert "1 of 4 files is left out because it is silent" in [str(one.message) for one in caught]
    assert len(table) == 3
    assert table.labels.tolist().count("rock") == 2


@pytest.mark.realdata
def test_ninety_seconds_of_silence_before_rock_leave_its_answer(data: Path, tmp_path: Path) -> None:
    y, sr = audio.load(data / "gtzan" / "audio" / "full_30s" / "rock.00000.flac")
    soundfile.write(tmp_path / "a.wav", y, int(sr), subtype="FLOAT")
    late = np.concatenate([np.zeros(90 * int(sr), dtype=np.float32), y])
    soundfile.write(tmp_path / "b.wav", late, int(sr), subtype="FLOAT")
    model = load_model()
    alone, after = (classify(tmp_path / name, model=model) for name in ("a.wav", "b.wav"))
    assert after.genre == alone.genre
    assert [clip.silent for clip in after.clips] == [True, True, True, False]
    assert after.probabilities == pytest.approx(alone.probabilities, abs=0.02)
