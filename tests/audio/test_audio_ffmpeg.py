"""What libsndfile cannot read goes through FFmpeg."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from av_encode import dominant_frequency, encode

from earmark.audio import info, load
from earmark.testing import music_like, sine

KINDS = [
    ("m4a", "aac", "aac", 44_100),
    ("m4a", "alac", "alac", 44_100),
    ("wma", "wmav2", "wmav2", 44_100),
    ("webm", "libopus", "opus", 48_000),
    ("wv", "wavpack", "wavpack", 48_000),
]


@pytest.mark.parametrize("frequency", [440, 3000])
@pytest.mark.parametrize(("suffix", "encoder", "codec", "sr"), KINDS)
def test_tone_survives(
    tmp_path: Path, suffix: str, encoder: str, codec: str, sr: int, frequency: int
) -> None:
    tone = np.stack([sine(frequency, sr=sr)] * 2)
    path = encode(tmp_path / f"tone.{suffix}", tone, sr=sr, codec=encoder)
    found = info(path)
    assert (found.decoder, found.codec, found.sr, found.channels) == ("ffmpeg", codec, sr, 2)
    assert found.duration == pytest.approx(3.0, abs=0.1)
    y, loaded_sr = load(path)
    assert loaded_sr == 22_050
    assert len(y) / 22_050 == pytest.approx(3.0, abs=0.1)
    assert dominant_frequency(y, sr=22_050) == pytest.approx(frequency, abs=1)
    assert np.abs(y[5000:-5000]).max() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("suffix", "codec"), [("m4a", "alac"), ("wv", "wavpack")])
def test_lossless_equals_the_source(tmp_path: Path, suffix: str, codec: str, channels: int) -> None:
    source = np.stack([music_like(duration=3, sr=44_100, seed=seed) for seed in range(channels)])
    path = encode(tmp_path / f"piece.{suffix}", source, sr=44_100, codec=codec)
    y, _ = load(path, sr=None, mono=False)
    np.testing.assert_allclose(y, source if channels == 2 else source[0], rtol=0, atol=1e-4)
    y, _ = load(path, sr=None)
    np.testing.assert_allclose(y, source.mean(axis=0), rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("offset", "duration"),
    [(0.0, 1.0), (1.0, None), (0.75, 0.5), (1 / 3, 1 / 3), (2.9, 5.0), (0.0, 0.0), (9.0, None)],
)
@pytest.mark.parametrize("mono", [True, False])
def test_offset_and_duration_cut_exactly(
    tmp_path: Path, offset: float, duration: float | None, mono: bool
) -> None:
    source = np.stack([music_like(duration=3, sr=44_100, seed=seed) for seed in range(2)])
    path = encode(tmp_path / "piece.m4a", source, sr=44_100, codec="alac")
    whole, _ = load(path, sr=None, mono=mono)
    part, _ = load(path, sr=None, mono=mono, offset=offset, duration=duration)
    first = int(offset * 44_100)
    end = None if duration is None else first + int(duration * 44_100)
    expected = whole[..., first:end]
    assert part.shape[-1] == expected.shape[-1]
    if expected.size:
        np.testing.assert_array_equal(part, expected)


def test_offset_moves_a_lossy_file_too(tmp_path: Path) -> None:
    y = np.concatenate([sine(440, sr=44_100), sine(2000, sr=44_100)])
    path = encode(tmp_path / "two.m4a", y, sr=44_100, codec="aac")
    early, _ = load(path, duration=2)
    late, _ = load(path, offset=3.5, duration=2)
    assert dominant_frequency(early, sr=22_050) == pytest.approx(440, abs=1)
    assert dominant_frequency(late, sr=22_050) == pytest.approx(2000, abs=1)
    assert len(early) == len(late) == 44_100


def test_suffix_does_not_matter(tmp_path: Path) -> None:
    path = encode(tmp_path / "tone.m4a", sine(440, sr=44_100), sr=44_100, codec="alac")
    renamed = tmp_path / "tone.mp3"
    renamed.write_bytes(path.read_bytes())
    assert info(renamed).codec == "alac"
    np.testing.assert_array_equal(load(renamed)[0], load(path)[0])


def test_tags_that_are_not_utf8_do_not_matter(tmp_path: Path) -> None:
    import mutagen.wavpack

    path = encode(tmp_path / "tone.wv", sine(440, sr=44_100), sr=44_100, codec="wavpack")
    tags = mutagen.wavpack.WavPack(path)
    tags["Title"] = "Xong"
    tags.save()
    path.write_bytes(path.read_bytes().replace(b"Xong", b"\xff\xfeng"))
    y, _ = load(path)
    assert dominant_frequency(y, sr=22_050) == pytest.approx(440, abs=1)
