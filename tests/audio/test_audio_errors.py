"""Every file that cannot be used says why."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from av_encode import encode

from earmark.audio import info, load, stream
from earmark.errors import (
    AudioError,
    AudioNotFoundError,
    EmptyAudioError,
    NoAudioError,
    NonFiniteAudioError,
)
from earmark.testing import sine

Opener = Callable[[Path], object]


@pytest.fixture(params=[info, load, stream], ids=lambda function: function.__name__)
def opener(request: pytest.FixtureRequest) -> Opener:
    """Return each of the functions that open a file."""
    function: Opener = request.param
    return function


def tone(path: Path, *, sr: int = 22_050) -> Path:
    soundfile.write(path, sine(440, duration=1, sr=sr), sr)
    return path


def assert_refused(opener: Opener, path: Path, error: type[AudioError], reason: str) -> AudioError:
    with pytest.raises(error, match=reason) as caught:
        opener(path)
    assert caught.type is error
    assert os.fspath(caught.value.path) == os.fspath(path)
    assert str(caught.value).startswith(repr(os.fspath(path)))
    return caught.value


def test_missing_file(tmp_path: Path, opener: Opener) -> None:
    assert_refused(opener, tmp_path / "nothing.wav", AudioNotFoundError, "no such file")


def test_file_in_place_of_a_folder(tmp_path: Path, opener: Opener) -> None:
    path = tone(tmp_path / "tone.wav") / "tone.wav"
    assert_refused(opener, path, AudioNotFoundError, "no such file")


def test_dangling_link(tmp_path: Path, opener: Opener) -> None:
    (tmp_path / "link.wav").symlink_to(tmp_path / "nothing.wav")
    assert_refused(opener, tmp_path / "link.wav", AudioNotFoundError, "no such file")


def test_links_in_a_circle(tmp_path: Path, opener: Opener) -> None:
    (tmp_path / "a.wav").symlink_to(tmp_path / "b.wav")
    (tmp_path / "b.wav").symlink_to(tmp_path / "a.wav")
    assert_refused(opener, tmp_path / "a.wav", AudioNotFoundError, "circle")


def test_null_character(tmp_path: Path, opener: Opener) -> None:
    assert_refused(opener, tmp_path / "a\0b.wav", AudioNotFoundError, "null")


def test_name_that_is_too_long(tmp_path: Path, opener: Opener) -> None:
    assert_refused(opener, tmp_path / ("a" * 300 + ".wav"), AudioError, "(?i)too long")


def test_folder(tmp_path: Path, opener: Opener) -> None:
    assert_refused(opener, tmp_path, NoAudioError, "folder")


def test_fifo_is_refused_without_waiting_for_a_writer(tmp_path: Path, opener: Opener) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    assert_refused(opener, tmp_path / "pipe.wav", NoAudioError, "neither a file nor a folder")


@pytest.mark.parametrize("suffix", ["wav", "mp3", "m4a", "txt"])
def test_empty_file(tmp_path: Path, opener: Opener, suffix: str) -> None:
    path = tmp_path / f"empty.{suffix}"
    path.touch()
    assert_refused(opener, path, EmptyAudioError, "0 bytes")


@pytest.mark.parametrize("suffix", ["mp3", "wav", "m4a", "txt", "srt"])
@pytest.mark.parametrize("text", ["Dear diary,\n" * 400, "x", "1\n00:00:01,0 --> 00:00:02,0\nHi\n"])
def test_text(tmp_path: Path, opener: Opener, suffix: str, text: str) -> None:
    path = tmp_path / f"letter.{suffix}"
    path.write_text(text)
    assert_refused(opener, path, NoAudioError, "no decoder")


def test_random_bytes(tmp_path: Path, opener: Opener) -> None:
    path = tmp_path / "noise.bin"
    path.write_bytes(b"\0" + np.random.default_rng(5).bytes(5000))
    assert_refused(opener, path, NoAudioError, "no decoder")


@pytest.mark.parametrize("suffix", ["m3u8", "mp3"])
def test_playlist_that_names_audio_is_not_followed(
    tmp_path: Path, opener: Opener, suffix: str
) -> None:
    segment = encode(
        tmp_path / "part.ts", sine(440, sr=44_100), sr=44_100, codec="aac", container="mpegts"
    )
    assert info(segment).codec == "aac"
    playlist = tmp_path / f"list.{suffix}"
    playlist.write_text(
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:3\n"
        f"#EXTINF:3,\n{segment}\n#EXT-X-ENDLIST\n"
    )
    with av.open(str(playlist), format="hls", options={"extension_picky": "0"}) as opened:
        assert opened.streams.audio  # FFmpeg itself would have followed it
    assert_refused(opener, playlist, NoAudioError, "no decoder")


def test_video_without_sound(tmp_path: Path, opener: Opener) -> None:
    path = tmp_path / "silent.mp4"
    with av.open(str(path), "w") as output:
        video = output.add_stream("mpeg4", rate=24)
        assert isinstance(video, av.VideoStream)
        video.width = video.height = 32
        frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), dtype=np.uint8), format="rgb24")
        output.mux([*video.encode(frame), *video.encode(None)])
    assert_refused(opener, path, NoAudioError, "no audio stream")


@pytest.mark.parametrize("suffix", ["wav", "aiff", "ogg"])
def test_header_without_samples(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"header.{suffix}"
    soundfile.write(path, np.zeros(0, dtype=np.float32), 22_050)
    assert path.stat().st_size > 0
    assert_refused(load, path, EmptyAudioError, "no samples")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("at", [0, 44_100, 70_000, 132_299])
@pytest.mark.parametrize("channels", [1, 2])
def test_sample_that_is_no_number(tmp_path: Path, bad: float, at: int, channels: int) -> None:
    y = np.stack([sine(440, sr=44_100)] * channels, axis=1)
    y[at, -1] = bad
    path = tmp_path / "bad.wav"
    soundfile.write(path, y, 44_100, subtype="FLOAT")
    assert_refused(load, path, NonFiniteAudioError, f"{at / 44_100:.3f} s")


def test_infinities_of_both_signs(tmp_path: Path) -> None:
    y = sine(440, sr=44_100)
    y[1000], y[2000] = np.inf, -np.inf
    path = tmp_path / "bad.wav"
    soundfile.write(path, y, 44_100, subtype="FLOAT")
    assert_refused(load, path, NonFiniteAudioError, "0.023 s")


def test_position_of_a_bad_sample_counts_from_the_start_of_the_file(tmp_path: Path) -> None:
    y = sine(440, sr=44_100)
    y[66_150] = np.nan
    path = tmp_path / "bad.wav"
    soundfile.write(path, y, 44_100, subtype="FLOAT")
    with pytest.raises(NonFiniteAudioError, match=r"1\.500 s"):
        load(path, offset=1)
    assert len(load(path, duration=1.5)[0]) == 33_075  # up to it, and from behind it
    assert len(load(path, offset=1.5001, duration=1)[0]) == 22_050


@pytest.mark.parametrize("rate", [0, 1, 999, 768_001, 2**31 - 1, 2**32 - 1])
def test_sampling_rate_that_cannot_be_true(tmp_path: Path, opener: Opener, rate: int) -> None:
    content = bytearray(tone(tmp_path / "tone.wav").read_bytes())
    content[24:28] = struct.pack("<I", rate)
    path = tmp_path / "damaged.wav"
    path.write_bytes(content)
    assert_refused(opener, path, NoAudioError, "Hz|no decoder")


@pytest.mark.parametrize("decoder", ["libsndfile", "ffmpeg"])
def test_name_need_not_be_text(tmp_path: Path, decoder: str) -> None:
    source = tmp_path / "tone.audio"
    if decoder == "libsndfile":
        soundfile.write(source, sine(440), 22_050, format="WAV")
    else:
        encode(source, sine(440), sr=22_050, codec="alac", container="ipod")
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.audio")
    shutil.copyfile(source, path)
    assert info(path).decoder == decoder
    np.testing.assert_array_equal(load(path)[0], load(source)[0])


def test_error_about_a_name_that_is_not_text_can_be_printed(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.mp3")
    with open(path, "wb") as file:
        file.write(b"nothing to hear")
    with pytest.raises(NoAudioError) as caught:
        load(path)
    assert "caf" in str(caught.value).encode("utf-8").decode("utf-8")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Return a folder that any user may enter, which pytest's is not."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


_AS_NOBODY = """
import os, sys
from earmark.audio import load
from earmark.errors import AudioError
load(sys.argv[1])
if os.geteuid() == 0:
    os.setuid(65534)
load(sys.argv[1])
try:
    load(sys.argv[2])
except AudioError as error:
    print(type(error).__name__, error.code, error.reason)
"""


@pytest.mark.parametrize("locked", ["file", "folder"])
def test_no_permission(open_folder: Path, locked: str) -> None:
    readable = tone(open_folder / "readable.wav")
    readable.chmod(0o644)
    (open_folder / "inner").mkdir()
    secret = tone(open_folder / "inner" / "secret.wav")
    (secret if locked == "file" else secret.parent).chmod(0)
    try:
        done = subprocess.run(
            [sys.executable, "-c", _AS_NOBODY, readable, secret],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    finally:
        secret.parent.chmod(0o755)
    assert done.stdout == "AudioAccessError no-access no permission to read it\n", done.stderr


def test_files_are_not_left_open_after_an_error(tmp_path: Path) -> None:
    path = tmp_path / "letter.mp3"
    path.write_text("Dear diary,\n" * 400)
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        pytest.skip("no list of open files on this system")
    with pytest.raises(NoAudioError):
        load(path)
    assert path not in [entry.resolve() for entry in descriptors.iterdir() if entry.exists()]
