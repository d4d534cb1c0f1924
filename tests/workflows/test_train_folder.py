"""`train` on a user's own folder: it listens, warns, scores, writes, and the model is used."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import mutagen.flac
import numpy as np
import pytest
import soundfile

from earmark.datasets import DatasetWarning, FeatureTable
from earmark.errors import DatasetError, ParameterError
from earmark.features import GTZAN57
from earmark.testing import clicks, noise, sine
from earmark.types import Float32Array
from earmark.workflows import _datasets
from earmark.workflows._datasets import DatasetLoader
from earmark.workflows.classify import classify
from earmark.workflows.evaluate import evaluate
from earmark.workflows.train import Training, train
from earmark.workflows.tune import tune

SR = 22_050
RECIPE = """
name = "quick"
features = "gtzan57"
seed = 0
n_folds = 3
[classifier]
log_columns = ["*_var"]
clip = 4.0
[[classifier.members]]
family = "lda"
[unsure]
accuracy = 0.7
familiar = 0.95
sqrt_columns = ["*_var"]
"""


def tone(seed: int) -> Float32Array:
    return sine(200 + 40 * seed, duration=2) + np.float32(0.02) * noise(duration=2, seed=seed)


def hiss(seed: int) -> Float32Array:
    return noise(duration=2, seed=100 + seed) * np.float32(0.3 + 0.02 * seed)


def ticks(seed: int) -> Float32Array:
    return clicks(100 + 10 * seed, duration=2) + np.float32(0.01) * noise(duration=2, seed=seed)


KINDS: dict[str, Callable[[int], Float32Array]] = {"tone": tone, "hiss": hiss, "ticks": ticks}


def write(path: Path, y: Float32Array, *, artist: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.clip(y, -1, 1), SR)
    if artist:
        tags = mutagen.flac.FLAC(path)
        tags["artist"] = artist
        tags.save()


@dataclass
class Made:
    """A training on a folder, and what it told on the way."""

    training: Training
    path: Path
    messages: list[str]
    scored_before_writing: list[bool] = field(default_factory=list)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Return a model trained on a folder of made-up music, not all of which can be used."""
    folder = tmp_path_factory.mktemp("own")
    for kind, make in KINDS.items():
        for seed in range(9):
            # All hiss is by one artist.
            artist = "The Hiss" if kind == "hiss" else f"{kind} {seed // 2}"
            write(folder / "music" / kind / f"{seed}.flac", make(seed), artist=artist)
    (folder / "music" / "tone" / "broken.flac").write_bytes(b"fLaC and nothing else")
    write(folder / "music" / "unsorted.flac", tone(50))
    (folder / "quick.toml").write_text(RECIPE)
    output = folder / "mine.earmark"
    scored: list[bool] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        training = train(
            f"folder:{folder / 'music'}",
            output=output,
            recipe=folder / "quick.toml",
            jobs=1,
            scored=lambda _: scored.append(output.exists()),
        )
    messages = [str(one.message) for one in caught if one.category is DatasetWarning]
    return Made(training, output, messages, scored)


def test_model_is_used_on_what_it_has_not_heard(made: Made, tmp_path: Path) -> None:
    for kind, make in KINDS.items():
        write(tmp_path / f"{kind}.flac", make(40))
        assert classify(tmp_path / f"{kind}.flac", model=made.path).genre == kind


def test_scores_come_before_the_file(made: Made) -> None:
    assert made.scored_before_writing == [False]
    assert {"random", "artist"} <= set(made.training.scores)
    assert made.training.scores["artist"].n == 27


def test_what_is_left_out_is_told(made: Made) -> None:
    assert any("1 of 28 files is left out" in message for message in made.messages)
    assert any("1 track has no genre" in message for message in made.messages)


def test_one_artist_and_few_tracks_are_told_and_in_the_card(made: Made) -> None:
    assert any("genre 'hiss' has 1 artist:" in message for message in made.messages)
    assert any("genre 'tone' has 9 tracks" in message for message in made.messages)
    assert "genre 'hiss' has 1 artist" in made.training.model.card


def test_model_is_named_after_its_file_and_lists_what_it_heard(made: Made) -> None:
    manifest = made.training.model.manifest
    assert manifest["name"] == "mine"
    assert manifest["training"]["unit"] == "track"
    assert "tone/0.flac" in manifest["training"]["ids"]


@pytest.mark.filterwarnings("ignore::earmark.datasets.DatasetWarning")
def test_no_score_with_artists_apart_where_none_is_known(made: Made, tmp_path: Path) -> None:
    for kind, make in KINDS.items():
        for seed in range(9):
            write(tmp_path / "music" / kind / f"{seed}.flac", make(seed))
    recipe = made.path.parent / "quick.toml"
    output = tmp_path / "a.earmark"
    training = train(f"folder:{tmp_path / 'music'}", output=output, recipe=recipe, jobs=1)
    assert set(training.scores) == {"random"}
    assert training.leakage_gap is None
    assert "name no artist in their tags" in training.model.card


def test_long_files_give_a_row_for_each_clip(tmp_path: Path) -> None:
    for kind, make in KINDS.items():
        write(tmp_path / kind / "a.flac", np.tile(make(1), 20), artist="a")
        write(tmp_path / kind / "b.flac", np.tile(make(2), 40), artist="b")
    table = DatasetLoader(f"folder:{tmp_path}", jobs=1).load("gtzan57")
    assert table.unit == "segment"
    assert table.ids.tolist()[:2] == ["hiss/a.flac#0", "hiss/b.flac#0"]
    assert np.bincount(table.groups["track"]).tolist() == [1, 3, 1, 3, 1, 3]
    assert len(np.unique(table.groups["artist"])) == 2


@pytest.mark.filterwarnings("ignore::earmark.datasets.DatasetWarning")
def test_folder_without_genres_or_music_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "song.flac", tone(1), artist="a")
    with pytest.raises(DatasetError, match="no file has a genre"):
        DatasetLoader(f"folder:{tmp_path}", jobs=1).load()
    (tmp_path / "rock").mkdir()
    (tmp_path / "song.flac").rename(tmp_path / "rock" / "song.flac")
    with pytest.raises(DatasetError, match="'rock'"):
        train(f"folder:{tmp_path}", output=tmp_path / "a.earmark", jobs=1)
    assert not (tmp_path / "a.earmark").exists()


def test_features_that_no_audio_has_make_no_model(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    lines = ["id,label,a,b"]
    for i in range(60):
        a, b = rng.normal(i % 2, 0.1), rng.normal()
        lines.append(f"t{i},{('rock', 'jazz')[i % 2]},{a},{b}")
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(ParameterError, match="which model files do not support"):
        train(f"table:{tmp_path / 't.csv'}", output=tmp_path / "a.earmark", recipe="knn")


def test_table_that_does_not_say_where_it_is_from_trains(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    numbers = np.arange(60)
    table = FeatureTable(
        ids=np.array([f"song {number}" for number in numbers]),
        X=rng.uniform(1, 2, (60, len(GTZAN57.names))) + numbers[:, np.newaxis] % 2,
        feature_set=GTZAN57.name,
        fingerprint=GTZAN57.fingerprint,
        labels=np.array(["jazz", "rock"])[numbers % 2],
        groups={"artist": numbers // 3},
        names=GTZAN57.names,
    )
    table.to_parquet(tmp_path / "mine.parquet")
    training = train(
        f"table:{tmp_path / 'mine.parquet'}", output=tmp_path / "a.earmark", recipe="knn", jobs=1
    )
    assert set(training.scores) == {"random", "artist"}
    assert "60 tracks of a table that does not say where they are from" in training.model.card


@pytest.mark.realdata
def test_the_99_clips_by_genre(data: Path, tmp_path: Path) -> None:
    for path in sorted((data / "gtzan" / "audio" / "first_15_20s").glob("*.flac")):
        genre = tmp_path / "music" / path.name.split(".")[0]
        genre.mkdir(parents=True, exist_ok=True)
        (genre / path.name).symlink_to(path.resolve())
    output = tmp_path / "mine.earmark"
    told: list[float] = []
    with pytest.warns(DatasetWarning) as warned:
        training = train(
            f"folder:{tmp_path / 'music'}",
            output=output,
            recipe="gtzan57",
            jobs=1,
            scored=lambda scores: told.append(scores["random"].accuracy.value),
        )
    assert any("99 of 99 files name no artist" in str(one.message) for one in warned)
    (accuracy,) = told
    assert 0.5 < accuracy < 1  # songs of ten artists, cut from the same records
    assert any(
        "genre 'blues' has 9 tracks" in one
        for one in training.model.manifest["training"]["warnings"]
    )
    excerpt = data / "gtzan" / "audio" / "full_30s" / "classical.00000.flac"
    assert classify(excerpt, model=output).genre == "classical"


@pytest.mark.parametrize("command", ["train", "evaluate", "tune"])
def test_genre_that_cannot_be_held_out_is_named_before_any_file_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    music = tmp_path / "music"
    for number in range(6):
        write(music / "fado" / f"{number}.flac", tone(number), artist="One Singer")
    write(music / "rock" / "0.flac", hiss(0), artist="One Singer")
    for number in range(1, 8):
        write(music / "rock" / f"{number}.flac", hiss(number), artist=f"artist {number}")
    (tmp_path / "quick.toml").write_text(RECIPE)
    monkeypatch.setattr(_datasets, "_compute", lambda *_: pytest.fail("a file was decoded"))
    dataset = f"folder:{music}"
    ask: dict[str, Callable[[], object]] = {
        "train": lambda: train(
            dataset, recipe=tmp_path / "quick.toml", output=tmp_path / "mine.earmark"
        ),
        "evaluate": lambda: evaluate(dataset, models=["knn"], protocols=["artist"]),
        "tune": lambda: tune(dataset, model="knn", rows="all", feature_set="gtzan57"),
    }
    with pytest.raises(DatasetError, match="'fado' has too few"):
        ask[command]()
