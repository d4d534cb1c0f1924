"""Answers: what a model says of a track, from features to the precision a library keeps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from earmark.analysis import Analyser, Answer, answer_of, classify_file, extract_file
from earmark.errors import AudioNotFoundError
from earmark.extraction import TrackFeatures
from earmark.models import Model, load_model
from earmark.tags import CueAlbum


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model("gtzan57")


def answer(probabilities: list[float], **more: object) -> Answer:
    known = {"unsure": None, "distance": 1.0, "bounds": np.zeros((1, 2)), "sounding": np.ones(1)}
    shares = np.array(probabilities)
    timeline = shares[np.newaxis]
    return Answer("hash", ("jazz", "rock", "soul"), shares, timeline=timeline, **{**known, **more})  # type: ignore[arg-type]


def test_genres_in_their_order() -> None:
    it = answer([0.2, 0.5, 0.3])
    assert (it.genre, it.confidence, it.ranked) == ("rock", 0.5, ["rock", "soul", "jazz"])
    assert (it.summary.genre, it.summary.runner_up) == ("rock", "soul")


def test_a_silent_track_has_no_genre() -> None:
    it = answer([], unsure="silent", distance=None)
    assert (it.genre, it.confidence, it.ranked) == (None, None, [])


def test_rounding_is_to_single_precision() -> None:
    it = answer([0.2, 0.5, 0.3]).rounded()
    assert it.probabilities.dtype == it.timeline.dtype == np.float32
    assert it.confidence == 0.5


def test_silent_clips_do_not_count(model: Model) -> None:
    X = np.random.default_rng(0).normal(size=(2, len(model.feature_set.names)))
    bounds = np.array([[0.0, 30.0], [30.0, 60.0]])
    both = answer_of(model, X, bounds=bounds, sounding=np.array([30.0, 0.0]))
    first = answer_of(model, X[:1], bounds=bounds[:1], sounding=np.array([30.0]))
    np.testing.assert_allclose(both.probabilities, first.probabilities, rtol=1e-5)
    assert np.isnan(both.timeline[1]).all()
    none = answer_of(model, X, bounds=bounds, sounding=np.zeros(2))
    assert (none.unsure, none.genre) == ("silent", None)
    assert Analyser(model).place(X, sounding=np.zeros(2)) is None


def test_a_file_is_answered_from_its_features(model: Model, examples: Path) -> None:
    piece = str(min(examples.iterdir()))
    (track,) = extract_file(piece, [model.feature_set], album=CueAlbum(warnings=("a sheet",)))
    assert isinstance(track, TrackFeatures)
    assert track.warnings[-1] == "a sheet"
    X, sounding = track.matrix(model.feature_set), np.array(track.sounding)
    expected = answer_of(model, X, bounds=np.array(track.bounds), sounding=sounding)
    (found,) = classify_file(piece, model=model)
    assert list(found.probabilities.values()) == expected.probabilities.tolist()
    assert (found.genre, found.confidence) == (expected.genre, expected.confidence)


def test_a_file_that_does_not_exist(model: Model) -> None:
    with pytest.raises(AudioNotFoundError):
        classify_file("nothing.mp3", model=model)
