"""One file to the features of its clips."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from earmark import audio
from earmark.errors import (
    AudioError,
    EmptyAudioError,
    NonFiniteAudioError,
    ParameterError,
    TooShortError,
)
from earmark.extraction import MIN_TRACK_S, _tracks, extract_track
from earmark.features import CONTRAST, GTZAN57, LOGMEL, FeatureSet, gtzan57
from earmark.features import extract as extract_features
from earmark.testing import music_like, noise, silence

SR = 22_050

# Cheap, and different for every clip: what is tested is where a track is cut, not what is in it.
LENGTH = FeatureSet(
    name="length",
    version=1,
    sr=SR,
    names=("length", "first"),
    parameters={},
    from_spectra=lambda spectra: None,
)


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the set of lengths computed as if it were registered."""

    def extract(y: np.ndarray, *, sr: float, sets: tuple[str, ...]) -> dict[str, np.ndarray]:
        if sets == ("length",):
            return {"length": np.array([float(len(y)), float(y[0])])}
        return extract_features(y, sr=sr, sets=sets)

    monkeypatch.setattr(_tracks, "extract", extract)


def written(path: Path, y: np.ndarray, sr: int = SR, **options: str) -> Path:
    soundfile.write(path, y, sr, **options)
    return path


@pytest.mark.parametrize(
    ("seconds", "bounds"),
    [
        (1, [(0, 1)]),
        (29.9, [(0, 29.9)]),
        (30, [(0, 30)]),
        (44, [(0, 44)]),
        (45, [(0, 30), (30, 45)]),
        (75, [(0, 30), (30, 60), (60, 75)]),
        (104, [(0, 30), (30, 60), (60, 104)]),
    ],
)
def test_track_is_cut_into_clips(
    tmp_path: Path, seconds: float, bounds: list[tuple[float, float]]
) -> None:
    path = written(tmp_path / "a.wav", noise(duration=seconds))
    track = extract_track(path, [LENGTH])
    assert track.bounds == tuple(bounds)
    assert track.duration == seconds
    np.testing.assert_allclose(
        track.matrix(LENGTH)[:, 0], [(end - start) * SR for start, end in bounds]
    )
    assert track.warnings == ()


def test_excerpt_of_gtzans_length_is_one_clip(tmp_path: Path) -> None:
    track = extract_track(written(tmp_path / "a.wav", noise(duration=661_794 / SR)), [LENGTH])
    assert track.bounds == ((0.0, 661_794 / SR),)


def test_row_of_a_clip_is_the_features_of_its_samples(tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", music_like(duration=46))
    track = extract_track(path, [GTZAN57])
    y, sr = audio.load(path)
    np.testing.assert_array_equal(track.matrix(GTZAN57)[0], gtzan57(y[: 30 * SR], sr=sr))
    np.testing.assert_array_equal(track.matrix(GTZAN57)[1], gtzan57(y[30 * SR :], sr=sr))


def test_segments_are_of_three_seconds(tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", noise(duration=10.4))
    track = extract_track(path, [LENGTH], unit="segment")
    assert track.bounds == ((0, 3), (3, 6), (6, 10.4))
    assert track.matrix(LENGTH)[:, 0].tolist() == [66_150, 66_150, 97_020]


def test_track_is_the_mean_of_its_clips_weighted_by_length(tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", noise(duration=46))
    track = extract_track(path, [LENGTH], unit="track")
    assert track.bounds == ((0, 46),)
    expected = (30 * 30 + 16 * 16) / 46 * SR
    np.testing.assert_allclose(track.matrix(LENGTH)[:, 0], [expected])


def test_several_sets_are_what_each_is_alone(tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", music_like(duration=7))
    sets = [CONTRAST, GTZAN57, LOGMEL]
    together = extract_track(path, sets, unit="segment")
    for one in sets:
        alone = extract_track(path, [one], unit="segment").values[one.name]
        assert len(alone) == 2
        for found, expected in zip(together.values[one.name], alone, strict=True):
            np.testing.assert_array_equal(found, expected)


def test_unknown_unit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="unit='song' is not one of track, clip, segment"):
        extract_track(tmp_path / "a.wav", [LENGTH], unit="song")  # type: ignore[arg-type]


def test_frames_of_a_whole_track_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="has no frames"):
        extract_track(tmp_path / "a.wav", [LOGMEL], unit="track")


@pytest.mark.parametrize(("n", "told"), [(1, "0.000"), (221, "0.010"), (SR // 2, "0.500")])
def test_track_under_a_second_is_refused(tmp_path: Path, n: int, told: str) -> None:
    path = written(tmp_path / "a.wav", noise()[:n])
    with pytest.raises(TooShortError, match=f"it is {told} s long: 1 s or more") as caught:
        extract_track(path, [LENGTH])
    assert caught.value.path == str(path)


def test_track_one_sample_short_is_not_told_to_be_long_enough(tmp_path: Path) -> None:
    with pytest.raises(TooShortError) as caught:
        extract_track(written(tmp_path / "a.wav", noise()[: SR - 1]), [LENGTH])
    assert "is 1.000 s long" not in caught.value.reason


@pytest.mark.parametrize(("seconds", "enough"), [(0.999, False), (1.0, True)])
@pytest.mark.parametrize("sr", [8_000, SR, 44_100, 48_000])
def test_second_is_enough_at_any_rate(
    tmp_path: Path, sr: int, seconds: float, enough: bool
) -> None:
    path = written(tmp_path / "a.wav", noise(duration=seconds, sr=sr), sr)
    if enough:
        assert extract_track(path, [LENGTH]).duration == MIN_TRACK_S
    else:
        with pytest.raises(TooShortError, match=r"it is 0\.999 s long"):
            extract_track(path, [LENGTH])


def test_file_without_samples_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmptyAudioError, match="holds no samples"):
        extract_track(written(tmp_path / "a.wav", np.zeros(0)), [LENGTH])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_sample_that_is_not_finite_is_refused(tmp_path: Path, value: float) -> None:
    y = noise(duration=70)
    y[65 * SR] = value
    path = written(tmp_path / "a.wav", y, subtype="FLOAT")
    with pytest.raises(NonFiniteAudioError, match=r"sample at 65\.000 s"):
        extract_track(path, [LENGTH])


def test_missing_file_is_an_audio_error(tmp_path: Path) -> None:
    with pytest.raises(AudioError):
        extract_track(tmp_path / "none.wav", [LENGTH])


@pytest.mark.parametrize(
    ("sr", "warns"), [(8_000, True), (16_000, True), (22_050, False), (44_100, False)]
)
def test_low_rate_is_warned_of(tmp_path: Path, sr: int, warns: bool) -> None:
    track = extract_track(written(tmp_path / "a.wav", noise(sr=sr), sr), [LENGTH])
    expected = f"sampled at {sr} Hz: it holds nothing above {sr // 2} Hz"
    assert track.warnings == ((expected,) if warns else ())


def test_silence_is_warned_of(tmp_path: Path) -> None:
    track = extract_track(written(tmp_path / "a.wav", silence()), [LENGTH])
    assert track.warnings == ("silent: every sample is zero",)


def test_one_sample_that_sounds_is_not_silence(tmp_path: Path) -> None:
    y = silence(duration=50)
    y[40 * SR] = -0.5
    assert extract_track(written(tmp_path / "a.wav", y), [LENGTH]).warnings == ()


def test_damage_is_warned_of(tmp_path: Path) -> None:
    whole = written(tmp_path / "whole.wav", noise(duration=4))
    cut = tmp_path / "cut.wav"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    track = extract_track(cut, [LENGTH])
    assert track.duration == pytest.approx(2, abs=0.1)
    assert [warning.partition(":")[0] for warning in track.warnings] == ["heard in part"]


def test_channels_are_averaged(tmp_path: Path) -> None:
    y = noise()
    stereo = written(tmp_path / "a.wav", np.column_stack([y, y / 2]), subtype="FLOAT")
    mono = written(tmp_path / "b.wav", 0.75 * y, subtype="FLOAT")
    np.testing.assert_allclose(
        extract_track(stereo, [GTZAN57]).matrix(GTZAN57),
        extract_track(mono, [GTZAN57]).matrix(GTZAN57),
        rtol=1e-4,
        atol=1e-4,
    )
