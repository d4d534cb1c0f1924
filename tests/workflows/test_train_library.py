"""`train` on the user's library: their corrections train, predictions never do."""

from __future__ import annotations

import os
import shutil
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from scan_helpers import tag

from earmark.datasets import DatasetWarning
from earmark.errors import DatasetError, ParameterError
from earmark.extraction import _datasets as extraction
from earmark.library import LibraryTrack, open_library
from earmark.library.corpus import LIBRARY, _label, kept_features
from earmark.tags import Tags
from earmark.testing import clicks, noise, sine
from earmark.workflows._datasets import DatasetLoader, find_dataset
from earmark.workflows.classify import classify
from earmark.workflows.datasets import describe_dataset
from earmark.workflows.library import set_genre
from earmark.workflows.scan import scan
from earmark.workflows.train import train

SR = 22_050
RECIPE = """
name = "quick"
features = "gtzan943"
seed = 0
n_folds = 3
[classifier]
log_columns = ["*_var"]
clip = 4.0
[[classifier.members]]
family = "lda"
columns = ["*_mean", "*_var"]
[unsure]
accuracy = 0.7
familiar = 0.95
sqrt_columns = ["*_var"]
distance_columns = ["*_mean", "*_var"]
"""


def song(kind: str, seed: int) -> Any:
    if kind == "hum":
        y = sine(200 + 40 * seed, duration=2) + 0.02 * noise(duration=2, seed=seed)
    else:
        y = clicks(100 + 10 * seed, duration=2) + 0.01 * noise(duration=2, seed=seed)
    return np.clip(y, -1, 1)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a library in which hum is tagged as such, and ticks are what the user says."""
    folder = tmp_path_factory.mktemp("own")
    for kind in ("hum", "ticks"):
        for seed in range(8):
            path = folder / "music" / f"{kind}{seed}.flac"
            path.parent.mkdir(exist_ok=True)
            soundfile.write(path, song(kind, seed), SR)
            tags = {"artist": f"{kind} {seed // 2}"}
            if kind == "hum":
                tags["genre"] = "HUM" if seed == 0 else "hum"
            tag(path, **tags)
    soundfile.write(folder / "music" / "rare.flac", song("hum", 50), SR)
    tag(folder / "music" / "rare.flac", genre="rare")
    soundfile.write(folder / "music" / "silent.flac", song("hum", 51), SR)
    path = folder / "library.db"
    scan([folder / "music"], library=path, jobs=1)
    with open_library(path) as opened:
        ticks = [one.id for one in opened.tracks() if "ticks" in one.path]
    set_genre(ticks, "Ticks", new=True, library=path)
    return path


@pytest.mark.filterwarnings("ignore::earmark.datasets.DatasetWarning")
def test_labels_are_somebodys_word_and_nothing_is_decoded(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extraction, "map_files", lambda *_, **__: pytest.fail("it listens"))
    table = DatasetLoader(f"library:{library}").load()
    assert table.feature_set == "gtzan943"
    assert sorted(set(table.labels.tolist())) == ["Ticks", "hum"]
    assert len(table) == 16
    artists = dict(zip(table.ids.tolist(), table.groups["artist"].tolist(), strict=True))
    assert len(set(artists.values())) == 8


@pytest.mark.filterwarnings("ignore::earmark.datasets.DatasetWarning")
def test_other_features_are_listened_for(library: Path) -> None:
    table = DatasetLoader(f"library:{library}", jobs=1).load("gtzan57")
    assert table.X.shape == (16, 57)


def test_rare_genres_are_left_out_with_a_word(library: Path) -> None:
    with pytest.warns(DatasetWarning) as warned:
        tracks = LIBRARY.tracks(library)
    told = str(warned[0].message)
    assert told == "1 genre has fewer than 5 tracks and is left out: rare"
    assert len(tracks) == 18
    assert {track.label for track in tracks} == {"hum", "Ticks", ""}


def test_kept_features_are_those_of_the_file(library: Path) -> None:
    from earmark.extraction import extract_track
    from earmark.features import GTZAN943

    kept = kept_features(str(library), GTZAN943)
    path = next(iter(kept))
    heard = extract_track(path, [GTZAN943])
    assert kept[path].bounds == heard.bounds
    np.testing.assert_allclose(
        kept[path].matrix(GTZAN943), heard.matrix(GTZAN943), rtol=1e-6, atol=1e-6
    )


def test_model_is_trained_scored_and_used(library: Path, tmp_path: Path) -> None:
    (tmp_path / "quick.toml").write_text(RECIPE)
    output = tmp_path / "mine.earmark"
    scored: list[bool] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DatasetWarning)
        training = train(
            f"library:{library}",
            output=output,
            recipe=tmp_path / "quick.toml",
            jobs=1,
            scored=lambda _: scored.append(output.exists()),
        )
    assert scored == [False]
    assert {"random", "artist"} <= set(training.scores)
    soundfile.write(tmp_path / "new.flac", song("ticks", 40), SR)
    assert classify(tmp_path / "new.flac", model=output).genre == "Ticks"
    report = scan(library=library, model=output, jobs=1)
    assert (report.n_answered, report.n_analysed) == (18, 0)
    with open_library(library) as opened:
        genres = {os.path.basename(one.path): one.answer.genre for one in opened.tracks()}
    assert genres["hum3.flac"] == "hum"


@pytest.mark.filterwarnings("ignore::earmark.datasets.DatasetWarning")
def test_copies_and_versions_are_on_one_side(tmp_path: Path) -> None:
    (tmp_path / "music").mkdir()
    for seed in range(6):
        path = tmp_path / "music" / f"{seed}.flac"
        soundfile.write(path, song("hum", seed), SR)
        tag(path, genre="hum", artist="A", title="One (live)" if seed < 2 else f"t{seed}")
    shutil.copy(path, tmp_path / "music" / "copy.flac")
    tag(tmp_path / "music" / "copy.flac", title="another name", artist="B")
    library = tmp_path / "library.db"
    scan([tmp_path / "music"], library=library, jobs=1)
    table = DatasetLoader(f"library:{library}").load()
    names = [os.path.basename(one) for one in table.ids.tolist()]
    number = dict(zip(names, table.groups["duplicate"].tolist(), strict=True))
    assert number["0.flac"] == number["1.flac"]
    assert number["5.flac"] == number["copy.flac"]
    assert len(set(number.values())) == 5


def test_tracks_without_artist_are_told(library: Path) -> None:
    with pytest.warns(DatasetWarning) as warned:
        LIBRARY.tracks(library)
    assert any("2 of 18 tracks name no artist" in str(one.message) for one in warned)


def test_library_alone_is_the_usual_one(monkeypatch: pytest.MonkeyPatch, library: Path) -> None:
    monkeypatch.setenv("EARMARK_LIBRARY", str(library))
    for named in ("library", "library:"):
        corpus, path = find_dataset(named)
        assert (corpus.name, path) == ("library", str(library))


def test_library_is_described(library: Path) -> None:
    told = describe_dataset(f"library:{library}")
    assert told["content"]["tracks"] == 18
    assert told["content"]["genres"] == {"Ticks": 8, "hum": 8}
    assert told["error"] is None


def test_library_that_is_not_there(tmp_path: Path) -> None:
    told = describe_dataset(f"library:{tmp_path / 'none.db'}")
    assert "no library exists yet" in told["error"]
    with pytest.raises(DatasetError, match="no library exists yet"):
        DatasetLoader(f"library:{tmp_path / 'none.db'}").load()
    with pytest.raises(ParameterError, match="no table of features"):
        LIBRARY.load_table(tmp_path / "none.db")


@pytest.mark.filterwarnings("ignore::earmark.datasets.DatasetWarning")
def test_genres_that_say_nothing_are_no_labels(library: Path) -> None:
    corpus = LIBRARY
    assert {one.label for one in corpus.tracks(library)} == {"", "hum", "Ticks"}
    labels = {one.label for one in corpus.tracks(library, treat_as_empty=["Hum"])}
    assert labels == {"", "Ticks"}
    rows = DatasetLoader(f"library:{library}", treat_as_empty=["hum"]).load()
    assert rows.classes == ("Ticks",)
    track = LibraryTrack(
        1, "/a.mp3", "analysed", missing=False, tags=Tags(genres=("Other", "Genre 12"))
    )
    assert _label(track) == ""
    assert _label(replace(track, tags=Tags(genres=("Unknown", "Jazz")))) == "Jazz"


def test_only_a_library_has_genres_to_treat_as_empty(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="only a library has genres from tags"):
        DatasetLoader(f"folder:{tmp_path}", treat_as_empty=["Rock"]).load()
