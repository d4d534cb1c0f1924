"""A damaged file gives what can be decoded, and a warning."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from av_encode import encode

from earmark.audio import AudioWarning, Missing, load, stream
from earmark.errors import NoAudioError
from earmark.testing import music_like, sine


def cut(path: Path, *, share: float = 0.5) -> Path:
    """Return a copy of the first part of a file."""
    shorter = path.with_name(f"cut{path.suffix}")
    content = path.read_bytes()
    shorter.write_bytes(content[: int(share * len(content))])
    return shorter


@pytest.fixture
def mp3(tmp_path: Path) -> Path:
    """Return 10 s of MP3."""
    soundfile.write(tmp_path / "piece.mp3", music_like(duration=10, sr=44_100), 44_100)
    return tmp_path / "piece.mp3"


@pytest.mark.parametrize("suffix", ["mp3", "flac", "wav"])
@pytest.mark.parametrize("sr", [None, 22_050])
def test_whole_file_gives_no_warning(tmp_path: Path, suffix: str, sr: int | None) -> None:
    path = tmp_path / f"piece.{suffix}"
    soundfile.write(path, music_like(duration=10, sr=44_100), 44_100)
    with stream(path, sr=sr) as opened:
        assert sum(map(len, opened)) >= 10 * (sr or 44_100)
    assert opened.warnings == []


def test_cut_mp3(mp3: Path) -> None:
    whole, _ = load(mp3, sr=None)
    with pytest.warns(
        AudioWarning, match=r"heard in part: 0:04\.\d to 0:10\.0 could not be decoded"
    ):
        y, _ = load(cut(mp3), sr=None)
    assert 0.3 * len(whole) < len(y) < 0.7 * len(whole)
    np.testing.assert_allclose(y[:100_000], whole[:100_000], atol=1e-6)


def test_warning_names_the_file_and_the_caller(mp3: Path) -> None:
    path = cut(mp3)
    with pytest.warns(AudioWarning, match="heard in part") as caught:
        load(path)
    assert len(caught) == 1
    assert str(caught[0].message).startswith(repr(str(path)))
    assert caught[0].filename == __file__


def test_cut_mp3_before_the_cut_gives_no_warning(mp3: Path) -> None:
    y, _ = load(cut(mp3), sr=None, offset=1, duration=2)
    np.testing.assert_allclose(y, load(mp3, sr=None, offset=1, duration=2)[0], atol=1e-6)


def test_cut_mp3_after_the_cut_does_not_claim_to_have_decoded_it(mp3: Path) -> None:
    with pytest.warns(AudioWarning, match="heard in part") as caught:
        y, _ = load(cut(mp3), offset=8)
    assert len(y) == 0
    assert "heard in part: 0:04.9 to 0:10.0" in str(caught[0].message)


def test_cut_flac_gives_what_decodes(tmp_path: Path) -> None:
    path = tmp_path / "piece.flac"
    soundfile.write(path, music_like(duration=10, sr=44_100), 44_100)
    whole, _ = load(path, sr=None)
    with pytest.warns(AudioWarning, match="heard in part: 0:0[45]"):
        y, _ = load(cut(path), sr=None)
    assert len(whole) / 4 < len(y) < len(whole)
    np.testing.assert_array_equal(y, whole[: len(y)])


def test_cut_wav_gives_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "piece.wav"
    soundfile.write(path, music_like(duration=4, sr=44_100), 44_100)
    whole, _ = load(path, sr=None)
    with pytest.warns(AudioWarning, match="heard in part: 0:02.0 to 0:04.0"):
        y, _ = load(cut(path), sr=None)
    assert len(y) == pytest.approx(len(whole) / 2, abs=50)
    np.testing.assert_array_equal(y, whole[: len(y)])


@pytest.mark.parametrize(("suffix", "codec"), [("webm", "libopus"), ("wv", "wavpack")])
def test_cut_file_through_ffmpeg(tmp_path: Path, suffix: str, codec: str) -> None:
    y = music_like(duration=6, sr=48_000)
    path = encode(tmp_path / f"piece.{suffix}", y, sr=48_000, codec=codec)
    whole, _ = load(path, sr=None)
    with pytest.warns(AudioWarning, match="heard in part") as caught:
        part, _ = load(cut(path), sr=None)
    assert len(caught) == 1
    assert len(whole) / 4 < len(part) < 0.75 * len(whole)
    np.testing.assert_allclose(part[:48_000], whole[:48_000], atol=1e-6)


def test_packets_that_cannot_be_decoded_are_silent(tmp_path: Path) -> None:
    y = music_like(duration=6, sr=44_100)
    path = encode(tmp_path / "piece.m4a", y, sr=44_100, codec="alac")
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 9000] = b"\xff" * 9000
    path.write_bytes(content)
    with stream(path, sr=None) as opened:
        part = np.concatenate(list(opened))
    (missing,) = opened.missing
    start, end = (round(at * 44_100) for at in (missing.start, missing.start + missing.length))
    assert end - start in (2 * 4096, 3 * 4096)
    assert len(part) == len(y)
    assert not part[start:end].any()
    np.testing.assert_allclose(part[:start], y[:start], rtol=0, atol=1e-4)
    np.testing.assert_allclose(part[end:], y[end:], rtol=0, atol=1e-4)


def test_m4a_without_its_index_is_refused(tmp_path: Path) -> None:
    path = encode(tmp_path / "tone.m4a", sine(440, sr=44_100), sr=44_100, codec="alac")
    with pytest.raises(NoAudioError, match="no decoder"):
        load(cut(path))


def test_stream_collects_its_warnings(mp3: Path) -> None:
    with stream(cut(mp3)) as opened:
        list(opened)
    assert len(opened.warnings) == 1
    assert opened.warnings[0].startswith("heard in part")


def test_stream_says_what_is_missing(mp3: Path) -> None:
    whole, sr = load(mp3, sr=None)
    with stream(cut(mp3)) as opened:
        n_samples = sum(map(len, opened))
    (missing,) = opened.missing
    assert isinstance(missing, Missing)
    assert missing.start == pytest.approx(n_samples / 22_050, abs=0.001)
    assert missing.length is not None
    assert missing.start + missing.length == pytest.approx(len(whole) / sr, abs=0.001)
    with stream(mp3) as opened:
        list(opened)
    assert opened.missing == []
