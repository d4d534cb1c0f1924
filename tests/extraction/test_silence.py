"""Silence is told from quiet music, cut off where it is long, and measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark import audio
from earmark.extraction import TrackFeatures, extract_parts, extract_track
from earmark.extraction._silence import clips_of_sound, seconds_of_sound, silent_seconds
from earmark.features import GTZAN57, SEGMENT_BANDS
from earmark.tags import CueTrack, Tags
from earmark.testing import music_like

SR = 22_050


def tone(seconds: float, level: float = 0.5, sr: int = SR) -> np.ndarray:
    return (level * np.sin(np.arange(round(seconds * sr)) * 0.3)).astype(np.float32)


def silence(seconds: float, sr: int = SR) -> np.ndarray:
    return np.zeros(round(seconds * sr), dtype=np.float32)


def dithered(seconds: float) -> np.ndarray:
    """Return what 16 bits make of silence with triangular dither."""
    rng = np.random.default_rng(0)
    n = round(seconds * SR)
    steps = np.rint(rng.random(n) + rng.random(n) - 1)
    return (steps / 2**15).astype(np.float32)


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        (silence(1), True),
        (dithered(1), True),
        (tone(1, level=2e-3), False),  # -57 dB: the quietest second of music among 731 files
        (silence(0.5), True),
    ],
)
def test_dithered_silence_is_silent_and_quiet_music_is_not(y: np.ndarray, expected: bool) -> None:
    assert silent_seconds(y, sr=SR).tolist() == [expected]


def bounds(*parts: np.ndarray, sr: int = 100) -> list[tuple[float, float]]:
    found = list(clips_of_sound([np.concatenate(parts)], sr=sr))
    whole = np.concatenate([clip.y for clip in found])
    np.testing.assert_array_equal(whole, np.concatenate(parts))
    return [(clip.start / sr, clip.end / sr) for clip in found]


def test_clips_begin_where_the_sound_does() -> None:
    lead_in, music, tail = silence(7, 100), tone(70, sr=100), silence(20, 100)
    assert bounds(lead_in, music, tail) == [(0, 7), (7, 37), (37, 77), (77, 97)]


def test_short_silence_leaves_clips_as_they_are() -> None:
    pause = silence(4.9, 100)
    parts = (pause, tone(40, sr=100), pause, tone(40, sr=100), pause)
    n = sum(map(len, parts))
    assert bounds(*parts) == [(a / 100, b / 100) for a, b in audio.clip_bounds(n, sr=100)]


@settings(deadline=None, derandomize=True, max_examples=50)
@given(
    st.lists(st.tuples(st.booleans(), st.floats(0.02, 45)), min_size=1, max_size=6),
    st.integers(1, 5000),
)
def test_clips_cover_the_track_whatever_is_silent(
    stretches: list[tuple[bool, float]], size: int
) -> None:
    parts = [tone(length, sr=100) if loud else silence(length, 100) for loud, length in stretches]
    y = np.concatenate(parts)
    blocks = [y[start : start + size] for start in range(0, len(y), size)]
    found = list(clips_of_sound(blocks, sr=100))
    assert [clip.start for clip in found] == [0, *(clip.end for clip in found[:-1])]
    np.testing.assert_array_equal(np.concatenate([clip.y for clip in found]), y)
    assert all(10 <= len(clip.y) <= 4600 for clip in found) or len(found) == 1


def test_what_could_not_be_decoded_counts_as_silence() -> None:
    flags = np.zeros(30, dtype=np.bool_)
    gaps = [audio.Missing(35.0, 4.0), audio.Missing(58.0, None)]
    assert seconds_of_sound(flags, (30.0, 60.0), gaps) == 24.0
    flags[5:9] = True  # the first gap was filled with silence
    assert seconds_of_sound(flags, (30.0, 60.0), gaps) == 24.0


def test_silent_clips_and_segments_of_a_track_are_told(tmp_path: Path) -> None:
    music = music_like(duration=30)
    soundfile.write(tmp_path / "a.wav", np.concatenate([silence(40), music, silence(4)]), SR)
    track = extract_track(tmp_path / "a.wav", [GTZAN57, SEGMENT_BANDS])
    assert track.bounds == ((0, 40), (40, 74))
    assert track.sounding == (0, 30)
    assert [flags.sum() for flags in track.silent_segments] == [13, 1]
    for flags, matrix in zip(track.silent_segments, track.values["segment_bands"], strict=True):
        assert len(flags) == matrix.shape[1]


@pytest.mark.parametrize("length", [1.0, 2.9, 16.4, 16.5, 31.4, 44.9])
def test_segments_are_told_of_clips_of_any_length(tmp_path: Path, length: float) -> None:
    soundfile.write(tmp_path / "a.wav", music_like(duration=length), SR)
    track = extract_track(tmp_path / "a.wav", [SEGMENT_BANDS])
    n_segments = [matrix.shape[1] for matrix in track.values["segment_bands"]]
    assert [len(flags) for flags in track.silent_segments] == n_segments


def test_mean_of_a_track_leaves_silence_out(tmp_path: Path) -> None:
    music = music_like(duration=30)
    soundfile.write(tmp_path / "a.wav", music, SR, subtype="FLOAT")
    soundfile.write(
        tmp_path / "b.wav", np.concatenate([silence(60), music, silence(90)]), SR, subtype="FLOAT"
    )
    whole = extract_track(tmp_path / "b.wav", [GTZAN57], unit="track")
    assert whole.sounding == (30,)
    alone = extract_track(tmp_path / "a.wav", [GTZAN57], unit="track")
    np.testing.assert_array_equal(whole.matrix(GTZAN57), alone.matrix(GTZAN57))


def test_channels_that_cancel_each_other_are_not_silence(tmp_path: Path) -> None:
    left = music_like(duration=12) / 2
    soundfile.write(tmp_path / "left.wav", -left, SR, subtype="FLOAT")
    both = np.stack([-left, left], axis=1)
    soundfile.write(tmp_path / "both.wav", both, SR, subtype="FLOAT")
    assert extract_track(tmp_path / "both.wav", [GTZAN57]).sounding == (12,)
    found = extract_track(tmp_path / "both.wav", [GTZAN57]).matrix(GTZAN57)
    expected = extract_track(tmp_path / "left.wav", [GTZAN57]).matrix(GTZAN57)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    album = [CueTrack(1, 0.0, 5.0, Tags()), CueTrack(2, 5.0, None, Tags())]
    parts = extract_parts(tmp_path / "both.wav", [GTZAN57], album)
    assert [one.sounding for one in parts if isinstance(one, TrackFeatures)] == [(5,), (7,)]


def test_channels_that_are_all_silent_stay_so(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros((3 * SR, 2)), SR)
    assert extract_track(tmp_path / "a.wav", [GTZAN57]).sounding == (0,)


@pytest.mark.realdata
def test_no_music_is_taken_for_silence(data: Path) -> None:
    quietest = []
    for path in sorted((data / "strangers").rglob("*.opus")):
        y, sr = audio.load(path)
        flags = silent_seconds(y, sr=sr)
        quietest.append((flags.sum(), f"{path.parent.name}/{path.name}"))
    told = {name for count, name in quietest if count}
    assert told == {"zouk/005.opus", "zouk/012.opus", "zouk/019.opus"}  # they begin with nothing
