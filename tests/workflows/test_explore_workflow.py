"""Exploring a dataset: what is found in small tables whose facts are known."""

from __future__ import annotations

import base64
import json
import os
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import soundfile
from job_helpers import cancelled_in

from earmark.datasets import DatasetWarning, FeatureTable, Track
from earmark.datasets._examples import shrink
from earmark.errors import DatasetError
from earmark.evaluation import Exploration
from earmark.evaluation._table_statistics import nearest, separation, standardised
from earmark.testing import music_like
from earmark.types import IntArray
from earmark.workflows.explore import explore

sys.path.insert(0, str(Path(__file__).parent.parent / "datasets"))

from made_up_corpora import make_folder

GENRES = ("blues", "jazz", "rock")
SCHEMA = json.loads(
    (files("earmark") / "schemas" / "exploration-2.json").read_text(encoding="utf-8")
)


def make(n: int = 60, d: int = 6, **changes: Any) -> FeatureTable:
    """Make a table of noise: the first column tells the genre, the fourth repeats the third."""
    rng = np.random.default_rng(3)
    labels = np.array([GENRES[row % 3] for row in range(n)])
    X = rng.normal(size=(n, d))
    X[:, 0] += 4 * (np.arange(n) % 3)
    X[:, 3] = 2 * X[:, 2] + 0.01 * X[:, 3]
    content: dict[str, Any] = {
        "ids": np.array([f"row{row:04d}" for row in range(n)]),
        "X": X,
        "feature_set": "noise",
        "fingerprint": "0",
        "labels": labels,
        "groups": {"artist": np.arange(n) // 4},
    }
    return FeatureTable(**{**content, **changes})


def with_copies() -> FeatureTable:
    """Plant a copy within a genre, one across genres, and a nearly equal row."""
    table = make()
    X = table.X.copy()
    X[3], X[10], X[50] = X[0], X[9], X[20] + 1e-3
    return make(X=X)


@pytest.fixture(scope="module")
def found() -> Exploration:
    return explore(with_copies())


def test_document_is_of_its_schema(found: Exploration) -> None:
    content = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert content["schema"] == "earmark.exploration/2"
    jsonschema.validate(content, SCHEMA)


def test_exact_duplicates_are_found(found: Exploration) -> None:
    exact = found.duplicates["exact"]
    assert [group["ids"] for group in exact["groups"]] == [
        ["row0000", "row0003"],
        ["row0009", "row0010"],
    ]
    assert (exact["n_groups"], exact["rows"], exact["n_across_genres"]) == (2, 4, 1)


def test_near_duplicate_is_found_and_nothing_else(found: Exploration) -> None:
    near = found.duplicates["near"]
    assert [pair["ids"] for pair in near["pairs"]] == [["row0020", "row0050"]]
    assert near["pairs"][0]["distance"] < near["threshold"] == near["usual"] / 4
    assert near["n_across_genres"] == 0


def test_rows_of_one_track_are_no_near_duplicates() -> None:
    table = with_copies()
    tracks = np.arange(60)
    tracks[50] = 20
    whole = explore(make(X=table.X, groups={"track": tracks}, unit="segment"))
    assert whole.duplicates["near"]["n_pairs"] == 0


@pytest.mark.parametrize("groups", [np.arange(300), np.arange(300) // 3, np.zeros(300, np.int64)])
def test_nearest_equals_the_full_matrix(groups: IntArray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("earmark.evaluation._table_statistics._BLOCK", 7 * 300)
    Z = np.random.default_rng(0).normal(size=(300, 5))
    full = np.linalg.norm(Z[:, None] - Z, axis=2)
    full[groups[:, None] == groups] = np.inf
    distances, neighbours = nearest(Z, groups)
    np.testing.assert_allclose(distances, full.min(axis=1))
    if np.isfinite(distances).all():
        np.testing.assert_array_equal(neighbours, full.argmin(axis=1))


def test_balance_counts_rows_and_artists(found: Exploration) -> None:
    assert found.balance == [
        {"genre": genre, "n": 20, "tracks": None, "artists": 15} for genre in GENRES
    ]
    assert found.shared_artists == 15


def test_statistics_are_those_of_numpy(found: Exploration) -> None:
    X = with_copies().X
    for at, column in enumerate(found.columns):
        assert column["name"] == f"x{at}"
        assert column["mean"] == pytest.approx(X[:, at].mean())
        assert column["sd"] == pytest.approx(X[:, at].std())
        told = [column[key] for key in ("min", "q1", "median", "q3", "max")]
        np.testing.assert_allclose(told, np.percentile(X[:, at], [0, 25, 50, 75, 100]))


def test_separation_is_that_of_scikit_learn() -> None:
    from sklearn.feature_selection import f_classif

    table = make()
    np.testing.assert_allclose(
        np.array(separation(table), dtype=float), f_classif(table.X, table.labels)[0]
    )


def test_column_that_tells_the_genre_comes_first(found: Exploration) -> None:
    assert found.distributions[0]["name"] == "x0"
    boxes = found.distributions[0]["genres"]
    assert [box["genre"] for box in boxes] == list(GENRES)
    values = with_copies().X[with_copies().labels == "jazz", 0]
    assert boxes[1]["median"] == pytest.approx(np.median(values))
    assert boxes[1]["low"] >= values.min()
    assert boxes[1]["n"] == 20


def test_columns_that_say_the_same_stand_together(found: Exploration) -> None:
    assert found.correlation is not None
    names = found.correlation["names"]
    assert abs(names.index("x2") - names.index("x3")) == 1
    values = np.array(found.correlation["values"])
    np.testing.assert_allclose(np.diag(values), 1)
    np.testing.assert_allclose(values, values.T)
    at, other = names.index("x2"), names.index("x3")
    assert values[at, other] > 0.99


def test_map_is_principal_components(found: Exploration) -> None:
    assert found.map is not None
    Z = standardised(with_copies().X)
    points = np.array(found.map["pca"])
    variances = np.sort(np.linalg.eigvalsh(np.cov(Z.T)))[::-1]
    np.testing.assert_allclose(points.var(axis=0, ddof=1), variances[:2], rtol=1e-3)
    np.testing.assert_allclose(found.map["explained"], variances[:2] / variances.sum())


def test_discriminant_axis_separates_the_genres(found: Exploration) -> None:
    assert found.map is not None
    first = np.array(found.map["lda"])[:, 0]
    means = [first[np.array(found.map["genres"]) == genre].mean() for genre in GENRES]
    inner = first[np.array(found.map["genres"]) == "jazz"].std()
    assert np.ptp(means) > 5 * inner


def test_large_map_is_a_sample_by_seed() -> None:
    table = make(n=3000)
    once, again, other = (explore(table, seed=seed).map for seed in (0, 0, 1))
    assert once is not None
    assert other is not None
    assert len(once["ids"]) == 2500
    assert once == again
    assert once["ids"] != other["ids"]


def test_missing_things_are_counted() -> None:
    table = make(X=np.hstack([make().X, np.ones((60, 1))]), labels=np.array(["", "rock"] * 30))
    tracks = [
        Track(id=str(name), label="rock", artist="" if at < 5 else "x")
        for at, name in enumerate(table.ids)
    ]
    found = explore(table, tracks=[*tracks, Track(id="elsewhere", label="rock")])
    assert found.missing == {
        "values": 0,
        "labels": 30,
        "constant_columns": ["x6"],
        "tracks": 60,
        "artists": 5,
        "audio": 60,
    }


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_few_rows_are_no_error(n: int) -> None:
    jsonschema.validate(json.loads(json.dumps(explore(make(n=n)).to_dict())), SCHEMA)


def test_one_genre_and_one_column_are_no_error() -> None:
    table = make(X=np.arange(60.0)[:, None], labels=np.array(["rock"] * 60))
    found = explore(table)
    jsonschema.validate(json.loads(json.dumps(found.to_dict())), SCHEMA)
    assert found.columns[0]["f"] is None
    assert found.map is None


def test_constant_columns_are_no_error() -> None:
    found = explore(make(X=np.ones((60, 6))))
    assert found.correlation is None
    assert found.duplicates["exact"]["rows"] == 60
    jsonschema.validate(json.loads(json.dumps(found.to_dict())), SCHEMA)


def test_empty_table_is_refused() -> None:
    with pytest.raises(DatasetError, match="no row"):
        explore(make().select(np.array([], dtype=np.int64)))


def test_spectrogram_of_each_genre_with_audio(tmp_path: Path) -> None:
    table = make()
    for name in ("row0001.wav", "row0002.wav"):
        soundfile.write(tmp_path / name, music_like(duration=6), 22_050)
    (tmp_path / "row0000.wav").write_bytes(b"no audio")
    tracks = [
        Track(id=f"row000{at}", label=GENRES[at], path=str(tmp_path / f"row000{at}.wav"))
        for at in range(3)
    ]
    found = explore(table, tracks=tracks).spectrograms
    assert [(one["genre"], one["id"]) for one in found] == [
        ("jazz", "row0001"),
        ("rock", "row0002"),
    ]
    for one in found:
        assert one["shape"] == [128, 259]
        assert one["seconds"] == 6
        levels = np.frombuffer(base64.b64decode(one["levels"]), dtype=np.uint8)
        assert levels.max() == 255
        assert len(levels) == 128 * 259


def test_shrinking_averages_neighbours() -> None:
    columns = np.tile(np.arange(900.0), (2, 1))
    np.testing.assert_allclose(shrink(columns)[0], np.arange(300) * 3 + 1)
    assert shrink(columns[:, :40]).shape == (2, 40)


def write_music(folder: Path, *, n: int = 6) -> None:
    """Write short pieces of two genres."""
    for number in range(n):
        place = folder / ("rock", "jazz")[number % 2]
        place.mkdir(parents=True, exist_ok=True)
        y = music_like(duration=2, seed=number)
        soundfile.write(place / f"{number}.wav", y, 22_050)


@pytest.fixture
def cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file features are kept in."""
    path = tmp_path / "cache" / "features.db"
    monkeypatch.setenv("EARMARK_FEATURE_CACHE", str(path))
    return path


def listened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note which files are decoded, in this process."""
    paths: list[str] = []

    def spy(function: Any, wanted: list[str], **_: Any) -> Any:
        for path in wanted:
            paths.append(os.path.basename(path))
            yield path, function(path)

    monkeypatch.setattr("earmark.extraction._datasets.map_files", spy)
    return paths


@pytest.mark.filterwarnings("ignore::earmark.datasets.DatasetWarning")
def test_folder_of_audio_is_explored_by_features_that_are_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_music(tmp_path / "music")
    listened(monkeypatch)
    steps: list[tuple[int, int, str]] = []
    found = explore(f"folder:{tmp_path / 'music'}", progress=lambda *told: steps.append(told))
    assert (found.dataset["n"], found.dataset["n_columns"]) == (6, 57)
    assert found.dataset["feature_set"] == "gtzan57"
    assert found.map is not None
    assert [step[:2] for step in steps[:6]] == [(done, 6) for done in range(1, 7)]
    jsonschema.validate(json.loads(json.dumps(found.to_dict())), SCHEMA)


@pytest.mark.filterwarnings("ignore::earmark.datasets.DatasetWarning")
def test_features_are_kept_between_runs_and_changed_files_computed_again(
    tmp_path: Path, cached: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_music(tmp_path / "music")
    dataset = f"folder:{tmp_path / 'music'}"
    paths = listened(monkeypatch)
    first = explore(dataset)
    assert len(paths) == 6
    assert explore(dataset).to_dict() == first.to_dict()
    assert len(paths) == 6
    soundfile.write(tmp_path / "music" / "rock" / "0.wav", music_like(duration=3), 22_050)
    changed = explore(dataset)
    assert paths[6:] == ["0.wav"]
    assert changed.dataset["digest"] != first.dataset["digest"]
    explore(dataset, feature_set="gtzan943")
    assert len(paths) == 13  # other features are another entry


@pytest.mark.filterwarnings("ignore::earmark.datasets.DatasetWarning")
def test_run_that_was_ended_is_taken_up(
    tmp_path: Path, cached: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_music(tmp_path / "music")
    dataset = f"folder:{tmp_path / 'music'}"
    paths = listened(monkeypatch)

    def end(done: int, total: int, name: str) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        explore(dataset, progress=end)
    explore(dataset)
    assert len(paths) == 4 + 2


@pytest.mark.filterwarnings("ignore::earmark.datasets.DatasetWarning")
def test_cache_that_cannot_be_used_is_no_error(
    tmp_path: Path, cached: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_music(tmp_path / "music", n=2)
    cached.parent.mkdir()
    cached.write_bytes(b"no database" * 1000)
    paths = listened(monkeypatch)
    assert explore(f"folder:{tmp_path / 'music'}").dataset["n"] == 2
    assert len(paths) == 2
    assert cached.read_bytes().startswith(b"no database")


def test_folder_whose_audio_cannot_be_used_is_explored_by_its_tracks(tmp_path: Path) -> None:
    make_folder(tmp_path)
    steps: list[tuple[int, int, str]] = []
    with pytest.warns(DatasetWarning, match="no file can be used"):
        found = explore(f"folder:{tmp_path}", progress=lambda *told: steps.append(told), jobs=1)
    assert found.dataset["n_columns"] == 0
    assert found.dataset["n"] == sum(one["n"] for one in found.balance) > 0
    assert found.columns == []
    assert found.duplicates["exact"]["n_groups"] == 0
    jsonschema.validate(json.loads(json.dumps(found.to_dict())), SCHEMA)


@pytest.mark.realdata
def test_gtzan_holds_what_is_known_of_it(data: Path) -> None:
    found = explore(f"gtzan:{data / 'gtzan'}", faulty=True)
    exact, near = found.duplicates["exact"], found.duplicates["near"]
    assert (exact["n_groups"], exact["rows"], exact["n_across_genres"]) == (14, 28, 1)
    assert ["pop.00015", "pop.00022"] in [pair["ids"] for pair in near["pairs"]]
    assert near["n_pairs"] == 10
    assert {one["genre"]: one["artists"] for one in found.balance}["blues"] == 9
    assert len(found.spectrograms) == 10
    assert found.dataset["left_out"] is None
    assert explore(f"gtzan:{data / 'gtzan'}").dataset["left_out"] == 70
    assert found.missing["artists"] == 81


def test_a_job_is_cancelled_in_either_phase_and_goes_on(tmp_path: Path, cached: Path) -> None:
    write_music(tmp_path / "music")
    dataset = f"folder:{tmp_path / 'music'}"
    job = cancelled_in("read", explore, dataset, jobs=1)
    assert (job.status.done, job.status.total) == (2, 6)
    (warning,) = job.status.warnings
    assert warning.startswith("6 of 6 files name no artist")
    job = cancelled_in("explore", explore, dataset, jobs=1)
    assert [phase.name for phase in job.status.phases] == ["read", "explore"]
    assert sorted(os.listdir(tmp_path)) == ["cache", "music"]
