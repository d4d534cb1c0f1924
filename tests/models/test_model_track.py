"""From clips to one answer for a track."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import FingerprintError
from earmark.models import Model, Prediction, load_model, predict_track


@dataclass
class FakeModel(Model):
    """Answers what it is told to, clip by clip."""

    probabilities: list[list[float]]
    distance: list[float]
    min_confidence: float = 0.5
    min_margin = 0.1
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
