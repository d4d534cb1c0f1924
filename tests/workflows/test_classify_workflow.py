"""`classify` and `classify_many`: the vector asked about, the inputs found, order, errors."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import soundfile

import earmark
from earmark import audio
from earmark.errors import (
    AudioAccessError,
    AudioNotFoundError,
    ModelIntegrityError,
    ModelNotFoundError,
    NoAudioError,
    ParameterError,
    TooShortError,
)
from earmark.extraction import _inputs, find_inputs
from earmark.features import GTZAN943
from earmark.models import Model, load_model
from earmark.testing import music_like, noise, silence
from earmark.workflows.classify import classification_document, classify, classify_many

SR = 22_050

NOT_MUSIC = (
    "198-209-0000.ogg",
    "3436-172162-0000.ogg",
    "5703-47212-0000.ogg",
    "456440__inspectorj__bird-whistling-robin-single-13.ogg",
    "glacier-bay-humpback.ogg",
    "pibble.ogg",
)


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of four files that are audio, one of them too short, and two others."""
    folder = tmp_path_factory.mktemp("music")
    (folder / "b" / "deep").mkdir(parents=True)
    (folder / "z").mkdir()
    soundfile.write(folder / "c.wav", music_like(duration=2), SR)
    soundfile.write(folder / "a.flac", music_like(duration=3, seed=1), SR)
    soundfile.write(folder / "b" / "deep" / "d.ogg", noise(duration=2), SR)
    soundfile.write(folder / "b" / "short.wav", noise(duration=0.5), SR)
    (folder / "b" / "cover.jpg").touch()
    (folder / "z" / "notes.txt").touch()
    return folder


FOUND = ["a.flac", "c.wav", "b/short.wav", "b/deep/d.ogg"]


# --- one file -----------------------------------------------------------------------------------


def test_classify_uses_the_very_vector(
    examples: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = examples / "jazz_lamplight.ogg"
    asked: list[np.ndarray] = []
    predict = Model.predict

    def spy(self: Model, X: np.ndarray, *, fingerprint: str) -> Any:
        asked.append(X)
        return predict(self, X, fingerprint=fingerprint)

    monkeypatch.setattr(Model, "predict", spy)
    answer = classify(path, model=model)
    y, sr = audio.load(path)
    vector = GTZAN943(y, sr=sr)
    (X,) = asked
    np.testing.assert_array_equal(X, vector[None])
    expected = predict(model, vector[None], fingerprint=GTZAN943.fingerprint).probabilities[0]
    np.testing.assert_allclose(list(answer.probabilities.values()), expected, rtol=0, atol=1e-12)
    assert tuple(answer.probabilities) == model.classes


@pytest.mark.realdata
def test_classify_uses_the_very_vector_of_a_real_excerpt(data: Path, model: Model) -> None:
    path = data / "gtzan" / "audio" / "full_30s" / "reggae.00000.flac"
    y, sr = audio.load(path)
    expected = model.predict(GTZAN943(y, sr=sr)[None], fingerprint=GTZAN943.fingerprint)
    answer = classify(path, model=model)
    np.testing.assert_allclose(
        list(answer.probabilities.values()), expected.probabilities[0], rtol=0, atol=1e-12
    )
    assert [(clip.start, clip.end) for clip in answer.clips] == [(0, 661_794 / SR)]


def test_answer_of_a_track_is_the_weighted_mean_of_its_clips(tmp_path: Path, model: Model) -> None:
    y = np.concatenate([music_like(duration=30), noise(duration=16)])
    soundfile.write(tmp_path / "a.wav", y, SR)
    answer = classify(tmp_path / "a.wav", model=model)
    first, second = answer.clips
    assert (first.start, first.end, second.start, second.end) == (0, 30, 30, 46)
    expected = {
        genre: (30 * first.probabilities[genre] + 16 * second.probabilities[genre]) / 46
        for genre in model.classes
    }
    assert answer.probabilities == pytest.approx(expected, abs=1e-9)
    assert answer.genre == max(expected, key=expected.__getitem__)
    assert answer.confidence == pytest.approx(max(expected.values()))
    assert answer.runner_up == sorted(expected, key=expected.__getitem__)[-2]
    assert first.genre == max(first.probabilities, key=first.probabilities.__getitem__)
    assert answer.duration == 46


def test_silent_track_has_no_genre_and_no_probabilities(tmp_path: Path, model: Model) -> None:
    soundfile.write(tmp_path / "a.wav", silence(duration=60), SR)
    answer = classify(tmp_path / "a.wav", model=model)
    assert answer.unsure == "silent"
    assert (answer.genre, answer.confidence, answer.runner_up) == (None, None, None)
    assert (answer.probabilities, answer.spread, answer.distance) == ({}, {}, None)
    assert [(clip.silent, clip.genre) for clip in answer.clips] == [(True, None)] * 2
    assert answer.error is None
    assert answer.warnings == ("silent: every sample is zero",)


def test_classify_raises_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(AudioNotFoundError):
        classify(tmp_path / "none.wav")


@pytest.mark.parametrize("given", ["name", "path", "model"])
def test_model_is_given_in_any_form(folder: Path, model: Model, given: str) -> None:
    forms = {"name": "gtzan943", "path": Path(model.path), "model": model}
    answer = earmark.classify(folder / "c.wav", model=forms[given])
    assert answer.probabilities == pytest.approx(
        classify(folder / "c.wav").probabilities, abs=1e-12
    )


def test_report_of_an_answer_holds_all_of_it(folder: Path, model: Model) -> None:
    answer = classify(folder / "c.wav", model=model)
    told = classification_document([answer], model=model)
    assert told["model"]["sha256"] == model.sha256
    (result,) = told["results"]
    assert (result["genre"], result["unsure"]) == (answer.genre, answer.unsure)
    assert result["error"] is None


# --- finding ------------------------------------------------------------------------------------


def relative(paths: list[Any], folder: Path) -> list[str]:
    return [os.path.relpath(getattr(path, "path", path), folder) for path in paths]


def test_folder_becomes_its_audio_files(folder: Path) -> None:
    assert sorted(relative(find_inputs([folder]), folder)) == sorted(FOUND)
    assert find_inputs([folder]) == find_inputs([str(folder)])


def test_files_of_a_folder_are_sorted(folder: Path) -> None:
    found = relative(find_inputs([folder]), folder)
    assert [name for name in found if "/" not in name] == ["a.flac", "c.wav"]


def test_file_is_taken_whatever_its_name() -> None:
    assert find_inputs(["b.txt", Path("a"), "b.txt", "x.mp3"]) == ["b.txt", "a", "x.mp3"]


def test_file_given_twice_is_found_once(folder: Path) -> None:
    file = str(folder / "c.wav")
    found = find_inputs([file, folder, folder, file])
    assert found[0] == file
    assert sorted(relative(found, folder)) == sorted(FOUND)


def test_folder_without_audio_is_an_error(folder: Path) -> None:
    (error,) = find_inputs([folder / "z"])
    assert isinstance(error, NoAudioError)
    assert error.path == str(folder / "z")
    assert error.reason == "the folder holds no audio file"


def test_folder_that_links_to_itself_is_searched_once(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert relative(find_inputs([tmp_path]), tmp_path) == ["a.wav"]


def test_unreadable_folder_is_an_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(_inputs, "find_audio", refuse)
    (error,) = find_inputs([folder])
    assert isinstance(error, AudioAccessError)
    assert error.path == str(folder)
    assert error.reason == "the folder cannot be read: permission denied"


def test_unreadable_folder_below_is_an_error_beside_the_rest(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def refuse(path: Any) -> Any:
        if os.path.basename(path) == "deep":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    *files, error = find_inputs([folder])
    assert sorted(relative(files, folder)) == sorted(FOUND[:-1])
    assert isinstance(error, AudioAccessError)
    assert error.path == str(folder / "b" / "deep")


# --- many ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("jobs", [1, 2, None])
def test_many_are_answered_in_order(folder: Path, jobs: int | None) -> None:
    missing = str(folder / "none.mp3")
    given = [missing, folder, folder / "z", folder / "b" / "cover.jpg"]
    answers = list(classify_many(given, jobs=jobs))
    assert [answer.path for answer in answers] == [
        getattr(path, "path", path) for path in find_inputs(given)
    ]
    codes = {os.path.basename(a.path): a.error and a.error.code for a in answers}
    assert codes == {
        "none.mp3": "not-found",
        "a.flac": None,
        "c.wav": None,
        "short.wav": "too-short",
        "d.ogg": None,
        "z": "no-audio",
        "cover.jpg": "empty-audio",
    }


def test_many_and_one_answer_alike(folder: Path) -> None:
    (answer,) = classify_many([folder / "c.wav"])
    alone = classify(folder / "c.wav")
    assert answer.probabilities == pytest.approx(alone.probabilities, abs=1e-12)
    assert isinstance(next(iter(classify_many([folder / "b" / "short.wav"]))).error, TooShortError)


def test_error_leaves_the_answer_empty() -> None:
    (answer,) = classify_many(["none.mp3"])
    assert answer.genre is answer.confidence is answer.duration is answer.runner_up is None
    assert (answer.probabilities, answer.clips) == ({}, ())
    assert answer.to_dict()["error"] == {"code": "not-found", "message": "no such file"}


@pytest.mark.parametrize("jobs", [1, 2])
def test_progress_is_told_of_each(folder: Path, jobs: int) -> None:
    told: list[tuple[int, int, str]] = []
    progress = lambda done, total, name: told.append((done, total, name))  # noqa: E731
    answers = list(classify_many([folder, folder / "z"], jobs=jobs, progress=progress))
    assert told == [(i, 5, answer.path) for i, answer in enumerate(answers, start=1)]


def test_no_paths_give_no_answers() -> None:
    assert list(classify_many([])) == []


@pytest.mark.parametrize("jobs", [1, 2])
def test_unknown_model_is_said_once(folder: Path, jobs: int) -> None:
    answers = classify_many([folder], model="gtzan58", jobs=jobs)
    with pytest.raises(ModelNotFoundError, match="gtzan58"):
        next(answers)
    assert list(answers) == []


def test_model_that_is_replaced_is_loaded_again(folder: Path, tmp_path: Path, model: Model) -> None:
    path = tmp_path / "mine.earmark"
    content = Path(model.path).read_bytes()
    path.write_bytes(content)
    assert len(list(classify_many([folder / "c.wav"], model=path))) == 1
    path.write_bytes(content[:-1] + b"x")
    with pytest.raises(ModelIntegrityError):
        list(classify_many([folder / "c.wav"], model=path))


@pytest.mark.parametrize("jobs", [0, -1])
def test_no_jobs_are_refused(folder: Path, jobs: int) -> None:
    with pytest.raises(ParameterError, match="must be 1 or more"):
        list(classify_many([folder], jobs=jobs))


# --- real music ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(data: Path) -> dict[str, Any]:
    """Return the answers for the folder of whole pieces, by name."""
    answers = classify_many([data / "music"], jobs=None)
    return {os.path.basename(answer.path): answer for answer in answers}


@pytest.mark.realdata
def test_every_piece_decodes(data: Path, real: dict[str, Any]) -> None:
    expected = {path.name for path in (data / "music").rglob("*.*") if path.suffix != ".txt"}
    assert set(real) == expected
    assert {name: answer.error for name, answer in real.items() if answer.error} == {}
    assert {Path(name).suffix for name in real} == {".mp3", ".m4a", ".webm", ".ogg"}


@pytest.mark.realdata
def test_licences_are_refused_when_named(data: Path) -> None:
    paths = sorted((data / "music").rglob("*.txt"))
    assert len(paths) > 10
    codes = [answer.error and answer.error.code for answer in classify_many(paths)]
    assert set(codes) == {"no-audio"}


@pytest.mark.realdata
def test_what_is_not_music_is_unsure(real: dict[str, Any]) -> None:
    assert sum(real[name].unsure is not None for name in NOT_MUSIC) >= 5


@pytest.mark.realdata
def test_ten_excerpts_are_answered(data: Path) -> None:
    answers = list(classify_many([data / "gtzan" / "audio" / "full_30s"]))
    assert len(answers) == 10
    assert [answer.error for answer in answers] == [None] * 10
    assert all(len(answer.clips) == 1 for answer in answers)


# --- albums that are one file ---------------------------------------------------------------------


def _album(folder: Path) -> Path:
    songs = [music_like(duration=2), noise(duration=2), music_like(duration=2, seed=5)]
    soundfile.write(folder / "album.wav", np.concatenate(songs), SR)
    tracks = [
        f'TRACK 0{n} AUDIO\nTITLE "Song {n}"\nINDEX 01 00:0{2 * n - 2}:00\n' for n in (1, 2, 3)
    ]
    sheet = 'PERFORMER "Ann"\nFILE "album.wav" WAVE\n' + "".join(tracks)
    (folder / "album.cue").write_text(sheet + "TRACK 04 AUDIO\nINDEX 01 09:00:00\n")
    return folder / "album.wav"


@pytest.mark.parametrize("named", ["", "album.wav", "album.cue"])
def test_each_track_of_a_cue_sheet_has_its_answer(tmp_path: Path, model: Model, named: str) -> None:
    album = _album(tmp_path)
    *found, beyond = classify_many([tmp_path / named], model=model)
    assert [answer.name for answer in found] == [f"{album}#0{n}" for n in (1, 2, 3)]
    assert [(answer.artist, answer.title) for answer in found] == [
        ("Ann", f"Song {n}") for n in (1, 2, 3)
    ]
    assert [(answer.start, answer.end) for answer in found] == [(0, 2), (2, 4), (4, 540)]
    assert [answer.clips[0].start for answer in found] == [0, 0, 0]
    soundfile.write(tmp_path / "alone", noise(duration=2), SR, format="wav")
    alone = classify(tmp_path / "alone", model=model)
    assert found[1].probabilities == pytest.approx(alone.probabilities, abs=1e-6)
    assert (beyond.name, beyond.error and beyond.error.code) == (f"{album}#04", "empty-audio")
    told = classification_document([*found, beyond], model=model)
    schema = Path(earmark.__file__).parent / "schemas" / "classify-2.json"
    jsonschema.validate(told, json.loads(schema.read_text()))
    assert [one["part"] for one in told["results"]] == [1, 2, 3, 4]


def test_album_is_answered_as_a_whole_where_one_answer_is_asked_for(
    tmp_path: Path, model: Model
) -> None:
    answer = classify(_album(tmp_path), model=model)
    assert (answer.part, answer.duration) == (0, 6.0)
    assert "part" not in answer.to_dict()


@pytest.mark.realdata
def test_songs_of_different_genres_in_one_file_keep_their_genres(
    data: Path, model: Model, tmp_path: Path
) -> None:
    genres = ("blues", "classical", "metal")
    folder = data / "gtzan" / "audio" / "full_30s"
    songs = [audio.load(folder / f"{genre}.00000.flac")[0][: 30 * SR] for genre in genres]
    soundfile.write(tmp_path / "album.flac", np.concatenate(songs), SR)
    starts = ("00:00:00", "00:30:00", "01:00:00")
    tracks = [f"TRACK 0{n} AUDIO\nINDEX 01 {at}" for n, at in enumerate(starts, start=1)]
    (tmp_path / "album.cue").write_text("\n".join(['FILE "album.wav" WAVE', *tracks]))
    answers = list(classify_many([tmp_path / "album.flac"], model=model))
    assert [answer.genre for answer in answers] == list(genres)
    for answer, y in zip(answers, songs, strict=True):
        soundfile.write(tmp_path / "alone", y, SR, format="flac")
        alone = classify(tmp_path / "alone", model=model)
        assert answer.probabilities == pytest.approx(alone.probabilities, abs=1e-9)
    assert (classify(tmp_path / "album.flac", model=model).confidence or 0) < 0.5
