"""Tracks cut out of the file of an album in one pass."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from earmark import audio
from earmark.errors import AudioError, EmptyAudioError, NoAudioError, TooShortError
from earmark.extraction import TrackFeatures, extract_parts, extract_track
from earmark.features import GTZAN57
from earmark.tags import CueTrack, Tags
from earmark.testing import music_like


def _parts(*starts: float, end: float | None = None) -> list[CueTrack]:
    bounds = pairwise([*starts, end])
    return [CueTrack(n, a or 0.0, b, Tags()) for n, (a, b) in enumerate(bounds, start=1)]


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an album of 12 s at 44.1 kHz."""
    path = tmp_path_factory.mktemp("album") / "album.flac"
    y = np.concatenate([music_like(duration=4, sr=44_100, seed=seed) for seed in range(3)])
    soundfile.write(path, y, 44_100)
    return path


def _features(found: list[TrackFeatures | AudioError]) -> list[TrackFeatures]:
    assert all(isinstance(one, TrackFeatures) for one in found)
    return [one for one in found if isinstance(one, TrackFeatures)]


def test_track_has_the_features_of_its_samples_alone(album: Path, tmp_path: Path) -> None:
    y, sr = audio.load(album)
    tracks = _features(extract_parts(album, [GTZAN57], _parts(0.0, 3.96, 8.0)))
    assert [track.duration for track in tracks] == [3.96, 4.04, 4.0]
    for track, (start, end) in zip(
        tracks, [(0, 87_318), (87_318, 176_400), (176_400, 264_600)], strict=True
    ):
        soundfile.write(tmp_path / "a.wav", y[start:end], int(sr), subtype="FLOAT")
        alone = extract_track(tmp_path / "a.wav", [GTZAN57])
        assert track.bounds == alone.bounds
        np.testing.assert_array_equal(track.matrix(GTZAN57), alone.matrix(GTZAN57))


def test_gaps_between_tracks_belong_to_none(album: Path) -> None:
    parts = [CueTrack(1, 1.0, 3.0, Tags()), CueTrack(2, 5.0, 7.0, Tags())]
    tracks = _features(extract_parts(album, [GTZAN57], parts))
    assert [track.duration for track in tracks] == [2.0, 2.0]


def test_album_is_decoded_once(album: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    original = audio.stream

    def counted(path: Path, **settings: Any) -> audio.AudioStream:
        opened.append(path)
        return original(path, **settings)

    monkeypatch.setattr(audio, "stream", counted)
    extract_parts(album, [GTZAN57], _parts(0.0, 2.0, 4.0, 6.0, 8.0))
    assert len(opened) == 1


def test_tracks_that_cannot_be_analysed_stop_no_other(album: Path) -> None:
    first, short, last, beyond = extract_parts(album, [GTZAN57], _parts(0.0, 4.0, 4.5, 99.0))
    assert isinstance(first, TrackFeatures)
    assert isinstance(short, TooShortError)
    assert (short.path, short.reason) == (
        f"{album}#02",
        "it is 0.500 s long: 1 s or more is needed",
    )
    assert isinstance(last, TrackFeatures)
    assert last.duration == 7.5
    assert isinstance(beyond, EmptyAudioError)
    assert beyond.reason == "it begins at 99.00 s, where the file has ended"


def test_file_without_audio_is_an_error_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "album.flac"
    path.write_text("no music")
    with pytest.raises(NoAudioError):
        extract_parts(path, [GTZAN57], _parts(0.0, 2.0))


def test_damage_is_a_warning_of_the_track_it_is_in(album: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.wav"
    y, _ = audio.load(album)
    soundfile.write(path, y, 22_050)
    path.write_bytes(path.read_bytes()[: 44 + 10 * 44_100])
    first, second = _features(extract_parts(path, [GTZAN57], _parts(0.0, 4.0)))
    assert (first.warnings, first.missing) == ((), ())
    assert second.warnings
    (lost,) = second.missing
    assert lost.start == pytest.approx(6.0)
    assert lost.length == pytest.approx(2.0, abs=0.1)


def test_sample_that_is_no_number_costs_the_tracks_from_there_on(tmp_path: Path) -> None:
    y = music_like(duration=8).copy()
    y[100_000] = np.nan  # in the third
    soundfile.write(tmp_path / "a.wav", y, 22_050, subtype="FLOAT")
    found = extract_parts(tmp_path / "a.wav", [GTZAN57], _parts(0.0, 2.0, 4.0, 6.0))
    good = [isinstance(one, TrackFeatures) for one in found]
    assert good[0]
    assert not good[2]
    assert not good[3]


def test_first_track_wanted_is_where_decoding_begins(album: Path) -> None:
    first, second = _features(extract_parts(album, [GTZAN57], _parts(0.0, 8.0)))
    (alone,) = _features(extract_parts(album, [GTZAN57], [CueTrack(2, 8.0, None, Tags())]))
    assert (alone.bounds, first.duration) == (second.bounds, 8.0)
    np.testing.assert_allclose(alone.matrix(GTZAN57), second.matrix(GTZAN57), rtol=1e-3)


def test_album_whose_channels_cancel_each_other_has_the_sound_of_one(
    album: Path, tmp_path: Path
) -> None:
    y, sr = audio.load(album)
    soundfile.write(tmp_path / "a.wav", np.stack([y, -y], axis=1), int(sr), subtype="FLOAT")
    parts = _parts(0.0, 4.0, 8.0)
    tracks = _features(extract_parts(tmp_path / "a.wav", [GTZAN57], parts))
    expected = _features(extract_parts(album, [GTZAN57], parts))
    for track, other in zip(tracks, expected, strict=True):
        assert all(track.sounding)
        np.testing.assert_allclose(track.matrix(GTZAN57), other.matrix(GTZAN57), rtol=1e-3)
