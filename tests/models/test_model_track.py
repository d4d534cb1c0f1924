"""From clips to one answer for a track."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import FingerprintError, ParameterError
from earmark.models import Model, Prediction, load_model, predict_track, shipped_models


@dataclass
class FakeModel(Model):
    """Answers what it is told to, clip by clip."""

    probabilities: list[list[float]]
    distance: list[float]
    min_confidence: float = 0.5
    min_margin: float = 0.1
    max_distance: float = 10.0
    classes: tuple[str, ...] = ("blues", "jazz", "rock")

    def predict(self, X: np.ndarray, *, fingerprint: str) -> Prediction:
        assert fingerprint == "fp"
        assert len(X) == len(self.probabilities)
        return Prediction(np.array(self.probabilities), np.array(self.distance))


def ask(model: FakeModel, lengths: list[float]):
    X = np.zeros((len(lengths), 1))
    return predict_track(model, X, lengths=np.array(lengths), fingerprint="fp")  # type: ignore[arg-type]


def test_clips_count_by_their_length() -> None:
    model = FakeModel([[0.8, 0.1, 0.1], [0.0, 0.2, 0.8]], [1.0, 5.0])
    answer = ask(model, [30.0, 10.0])
    np.testing.assert_allclose(answer.probabilities, [0.6, 0.125, 0.275])
    assert answer.genre == "blues"
    assert answer.confidence == pytest.approx(0.6)
    assert answer.distance == pytest.approx(2.0)
    np.testing.assert_array_equal(answer.clip_probabilities, model.probabilities)


def test_unit_of_the_lengths_does_not_matter() -> None:
    model = FakeModel([[0.8, 0.1, 0.1], [0.0, 0.2, 0.8]], [1.0, 5.0])
    seconds, samples = ask(model, [30.0, 10.0]), ask(model, [661_500.0, 220_500.0])
    np.testing.assert_allclose(seconds.probabilities, samples.probabilities, rtol=1e-12)


def test_spread_is_the_weighted_deviation() -> None:
    answer = ask(FakeModel([[1, 0, 0], [0, 1, 0]], [0, 0]), [3, 1])
    np.testing.assert_allclose(answer.spread, [np.sqrt(0.1875), np.sqrt(0.1875), 0])


def test_spread_of_one_clip_is_zero() -> None:
    np.testing.assert_array_equal(ask(FakeModel([[0.5, 0.3, 0.2]], [0]), [12.5]).spread, 0)


@pytest.mark.parametrize(
    ("confidence", "distance", "expected"),
    [
        (0.7, 1.0, None),
        (0.4, 1.0, "undecided"),
        (0.7, 11.0, "unfamiliar"),
        (0.4, 11.0, "unfamiliar"),
        (0.5, 10.0, None),
        (np.nextafter(0.5, 0), 10.0, "undecided"),
        (0.5, np.nextafter(10.0, 11), "unfamiliar"),
    ],
)
def test_reason_to_be_unsure(confidence: float, distance: float, expected: str | None) -> None:
    rest = (1 - confidence) / 2
    answer = ask(FakeModel([[rest, confidence, rest]], [distance]), [30])
    assert answer.unsure == expected
    assert answer.genre == "jazz"


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ([0.55, 0.3, 0.15], None),
        ([0.5, 0.45, 0.05], "undecided"),  # confident, but the next is close
        ([0.5, 0.4, 0.1], "undecided"),  # one rounding below the margin
        ([0.5, 0.375, 0.125], None),
    ],
)
def test_top_two_too_close_is_undecided(shares: list[float], expected: str | None) -> None:
    assert ask(FakeModel([shares], [1.0]), [30]).unsure == expected


def test_margin_is_that_of_the_mean_of_the_clips() -> None:
    # Each clip is clear by itself; the track is between two genres.
    clips = [[0.9, 0.1, 0.0], [0.1, 0.9, 0.0]]
    assert ask(FakeModel(clips, [1.0, 1.0]), [30, 30]).unsure == "undecided"
    assert ask(FakeModel(clips, [1.0, 1.0]), [60, 30]).unsure is None


@pytest.mark.parametrize("name", shipped_models())
def test_mix_of_four_genres_is_not_answered_as_a_fact(name: str) -> None:
    model = load_model(name)
    shares = dict.fromkeys(model.classes, 0.06)
    shares |= {"disco": 0.16, "metal": 0.16, "rock": 0.15, "classical": 0.17}
    clip = [share / sum(shares.values()) for share in shares.values()]
    asked = FakeModel([clip], [1.0], model.min_confidence, model.min_margin, 10.0, tuple(shares))
    answer = ask(asked, [30])
    assert (answer.genre, answer.unsure) == ("classical", "undecided")


@pytest.mark.parametrize("name", shipped_models())
def test_neither_threshold_of_a_shipped_model_is_zero(name: str) -> None:
    unsure = load_model(name).manifest["unsure"]
    assert 0 < unsure["min_confidence"] < 1
    assert 0 < unsure["min_margin"] < 1
    held_out = unsure["held_out"]
    assert held_out["undecided_wrong"] > held_out["undecided"] / 2
    for tenths in (held_out["by_confidence"], held_out["by_margin"]):
        assert sum(one["n"] for one in tenths) == held_out["n"]


def test_silent_clips_have_no_part_in_the_answer() -> None:
    loud = [[0.8, 0.1, 0.1], [0.6, 0.3, 0.1]]
    alone = ask(FakeModel(loud, [1.0, 3.0]), [30, 10])
    silent = [0.0, 0.1, 0.9]
    mixed = FakeModel([silent, loud[0], silent, loud[1]], [99.0, 1.0, 99.0, 3.0])
    answer = ask(mixed, [0, 30, 0, 10])
    np.testing.assert_allclose(answer.probabilities, alone.probabilities, rtol=1e-12)
    np.testing.assert_allclose(answer.spread, alone.spread, rtol=1e-12)
    assert (answer.genre, answer.unsure, answer.distance) == (
        alone.genre,
        alone.unsure,
        pytest.approx(alone.distance),
    )
    assert np.isnan(answer.clip_probabilities).all(axis=1).tolist() == [True, False, True, False]


def test_track_without_a_sounding_clip_is_silent() -> None:
    answer = ask(FakeModel([[0.8, 0.1, 0.1]] * 2, [1.0, 1.0]), [0, 0])
    assert (answer.genre, answer.confidence, answer.unsure) == (None, None, "silent")
    assert (len(answer.probabilities), len(answer.spread), answer.distance) == (0, 0, None)
    assert np.isnan(answer.clip_probabilities).all()


@pytest.mark.parametrize("lengths", [[30.0], [30.0, -1.0], [30.0, float("nan")]])
def test_lengths_that_fit_no_clips_are_refused(lengths: list[float]) -> None:
    model = FakeModel([[0.8, 0.1, 0.1]] * 2, [1.0, 1.0])
    with pytest.raises(ParameterError, match="lengths="):
        predict_track(model, np.zeros((2, 1)), lengths=np.array(lengths), fingerprint="fp")  # type: ignore[arg-type]


def test_genre_is_given_though_unsure() -> None:
    answer = ask(FakeModel([[0.4, 0.3, 0.3]], [99]), [30])
    assert (answer.genre, answer.unsure) == ("blues", "unfamiliar")


@settings(deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(
            st.lists(st.floats(0.01, 1), min_size=3, max_size=3),
            st.floats(0.1, 1000),
            st.floats(0, 50),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_answer_lies_between_its_clips(clips: list[tuple[list[float], float, float]]) -> None:
    rows = np.array([row for row, _, _ in clips])
    rows /= rows.sum(axis=1, keepdims=True)
    distances = [distance for _, _, distance in clips]
    answer = ask(FakeModel(rows.tolist(), distances), [length for _, length, _ in clips])
    assert answer.probabilities.sum() == pytest.approx(1)
    assert (answer.probabilities >= rows.min(axis=0) - 1e-12).all()
    assert (answer.probabilities <= rows.max(axis=0) + 1e-12).all()
    assert min(distances) - 1e-9 <= answer.distance <= max(distances) + 1e-9
    assert (answer.spread <= np.ptp(rows, axis=0) / 2 + 1e-9).all()
    assert answer.confidence == answer.probabilities.max()


def test_fingerprint_is_checked() -> None:
    model = load_model()
    with pytest.raises(FingerprintError):
        predict_track(model, np.zeros((1, 57)), lengths=np.ones(1), fingerprint="0")
