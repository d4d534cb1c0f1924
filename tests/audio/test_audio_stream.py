"""A stream is a load in pieces."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
from av_encode import encode

from earmark.audio import load, stream
from earmark.errors import NonFiniteAudioError
from earmark.testing import noise, sine
from earmark.types import Float32Array


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return 12 s of stereo noise at 44.1 kHz: nine blocks."""
    path = tmp_path_factory.mktemp("stream") / "noise.wav"
    y = np.stack([noise(duration=12, sr=44_100, seed=seed) for seed in (1, 2)], axis=1)
    soundfile.write(path, y, 44_100)
    return path


@pytest.fixture(scope="module")
def compressed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return 6 s of ALAC at 44.1 kHz, which goes through FFmpeg."""
    path = tmp_path_factory.mktemp("stream") / "noise.m4a"
    return encode(path, noise(duration=6, sr=44_100), sr=44_100, codec="alac")


def blocks_of(path: Path, *, sr: float | None, mono: bool = True) -> list[Float32Array]:
    with stream(path, sr=sr, mono=mono) as opened:
        return list(opened)


@pytest.mark.parametrize("sr", [None, 8000, 16_000, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("mono", [True, False])
def test_joined_blocks_equal_load(long: Path, sr: float | None, mono: bool) -> None:
    blocks = blocks_of(long, sr=sr, mono=mono)
    assert len(blocks) > 4
    np.testing.assert_array_equal(np.concatenate(blocks).T, load(long, sr=sr, mono=mono)[0])


@pytest.mark.parametrize("sr", [None, 22_050, 48_000])
def test_joined_blocks_equal_load_through_ffmpeg(compressed: Path, sr: float | None) -> None:
    blocks = blocks_of(compressed, sr=sr)
    assert len(blocks) > 4
    np.testing.assert_array_equal(np.concatenate(blocks), load(compressed, sr=sr)[0])


@pytest.mark.parametrize("sr", [8000, 22_050, 48_000, 96_000])
@pytest.mark.parametrize("seconds", [12, 1, 0.5001])
def test_length_is_what_the_rates_say(tmp_path: Path, sr: int, seconds: float) -> None:
    y = noise(duration=seconds, sr=44_100)
    soundfile.write(tmp_path / "noise.wav", y, 44_100)
    blocks = blocks_of(tmp_path / "noise.wav", sr=sr)
    assert sum(map(len, blocks)) == math.ceil(len(y) * (sr / 44_100))


@pytest.mark.parametrize("sr", [8000, 22_050, 44_100, 96_000])
@pytest.mark.parametrize("mono", [True, False])
def test_blocks_are_bounded(long: Path, sr: int, mono: bool) -> None:
    bound = 65_536 * max(1, sr / 44_100) * 1.1
    sizes = [len(block) for block in blocks_of(long, sr=sr, mono=mono)]
    assert min(sizes) > 0
    assert max(sizes) <= bound < sum(sizes)


def test_blocks_are_bounded_through_ffmpeg(compressed: Path) -> None:
    sizes = [len(block) for block in blocks_of(compressed, sr=None)]
    assert max(sizes) <= 65_536 < sum(sizes)


def test_blocks_are_decoded_as_they_are_asked_for(tmp_path: Path) -> None:
    y = noise(duration=10, sr=44_100)
    y[-1] = np.nan
    soundfile.write(tmp_path / "late.wav", y, 44_100, subtype="FLOAT")
    with stream(tmp_path / "late.wav", sr=None) as opened:
        blocks = iter(opened)
        first = next(blocks)
        np.testing.assert_array_equal(first, y[: len(first)])
        with pytest.raises(NonFiniteAudioError):
            list(blocks)


def test_attributes_say_what_is_streamed(long: Path) -> None:
    with stream(long) as opened:
        assert (opened.path, opened.sr, opened.native_sr) == (str(long), 22_050, 44_100)
        assert opened.warnings == []
    with stream(long, sr=None) as opened:
        assert opened.sr == 44_100


def test_several_channels_are_columns(long: Path) -> None:
    assert {block.shape[1] for block in blocks_of(long, sr=22_050, mono=False)} == {2}
    assert {block.ndim for block in blocks_of(long, sr=22_050)} == {1}


@pytest.mark.parametrize("kind", ["wav", "m4a"])
def test_closing_lets_go_of_the_file(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"tone.{kind}"
    if kind == "wav":
        soundfile.write(path, sine(440), 22_050)
    else:
        encode(path, sine(440), sr=22_050, codec="alac")
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        pytest.skip("no list of open files on this system")

    def is_open() -> bool:
        return any(entry.exists() and entry.resolve() == path for entry in descriptors.iterdir())

    with stream(path) as opened:
        next(iter(opened))
        assert is_open()
    assert not is_open()
