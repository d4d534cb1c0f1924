"""Band statistics, and a set of numbers that no audio gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from earmark.errors import ParameterError
from earmark.extraction import extract_track
from earmark.features import BANDS, ECHONEST8, LOGMEL, LOGMEL_GTZAN, extract, get_feature_set
from earmark.features._bands import band_statistics
from earmark.features._logmel import quantise
from earmark.testing import music_like, silence, sine
from earmark.workflows.features import extract_features

SR = 22_050


def test_names_are_means_then_deviations() -> None:
    assert BANDS.names[:2] == ("mel1_mean", "mel2_mean")
    assert BANDS.names[127:129] == ("mel128_mean", "mel1_std")
    assert len(set(BANDS.names)) == 256
    assert get_feature_set("bands") is BANDS


def test_fingerprints_are_pinned() -> None:
    # Tables and models carry them: raise the version if the numbers change, then change these.
    assert BANDS.fingerprint == "172b633070317122c176f5bab63884d3d0f553a46b4a9af73ffb613daadf0879"
    assert (
        ECHONEST8.fingerprint == "699e728ba9716fa70f411768ae8aa46173e356d40ec11e400b8a2f1acf738ca1"
    )


@pytest.mark.parametrize("duration", [3.0, 30.0])
def test_bands_are_statistics_of_the_quantised_spectrogram(duration: float) -> None:
    found = extract(music_like(duration=duration), sr=SR, sets=("bands", "logmel_gtzan"))
    Q = found["logmel_gtzan"].astype(np.float64)
    np.testing.assert_allclose(found["bands"][:128], Q.mean(axis=1))
    np.testing.assert_allclose(found["bands"][128:], Q.std(axis=1), atol=1e-12)


def test_sine_is_loudest_in_one_band() -> None:
    bands = BANDS(sine(440, duration=3), sr=SR)
    frequencies = LOGMEL(sine(440, duration=3), sr=SR).mean(axis=1)
    assert bands[:128].argmax() == frequencies.argmax()


@pytest.mark.parametrize("n", [1, 100, 512, 2048, 2560, 4096])
def test_short_signals_have_statistics_of_all_their_frames(n: int) -> None:
    y = music_like(duration=3)[:n]
    bands = BANDS(y, sr=SR)
    assert np.isfinite(bands).all()
    Q = LOGMEL_GTZAN(y, sr=SR)
    if not Q.shape[1]:
        Q = quantise(LOGMEL(y, sr=SR))
    np.testing.assert_array_equal(bands, band_statistics(Q))


def test_silence_is_zero() -> None:
    assert not BANDS(silence(duration=3), sr=SR).any()


def test_echonest8_cannot_be_computed() -> None:
    refused = pytest.raises(ParameterError, match="'echonest8' cannot be computed from audio")
    with refused:
        extract(music_like(duration=1), sr=SR, sets=("gtzan57", "echonest8"))
    with refused:
        ECHONEST8(music_like(duration=1), sr=SR)


def test_extraction_refuses_echonest8(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", music_like(duration=2), SR)
    with pytest.raises(ParameterError, match="'echonest8' cannot be computed from audio"):
        extract_features([tmp_path], output=tmp_path / "a.parquet", sets=("echonest8",))
    with pytest.raises(ParameterError, match="'echonest8' cannot be computed from audio"):
        extract_track(tmp_path / "a.wav", [ECHONEST8])
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


@pytest.mark.realdata
def test_bands_of_whole_clips_are_those_of_the_archive(data: Path) -> None:
    from earmark.datasets import gtzan

    table = gtzan.CORPUS.load_table(data / "gtzan", feature_set="bands", unit="track", faulty=True)
    rows = dict(zip(table.ids.tolist(), table.X, strict=True))
    paths = sorted((data / "gtzan" / "audio" / "full_30s").iterdir())
    for path in paths:
        y, sr = soundfile.read(path, dtype="float32")
        found = extract(y, sr=sr, sets=("bands", "logmel_gtzan"))
        # Clips of another length than 30.01 s have other columns: the archive stretches its own.
        alike = found["logmel_gtzan"].shape[1] == 386
        atol = 0.05 if alike else 2  # one cell of 49,408 of one clip is known to differ by a step
        np.testing.assert_allclose(found["bands"], rows[path.stem], atol=atol, err_msg=path.stem)
