"""Which files a folder holds."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from audio_tools import level, with_ffmpeg, write_wav

from earmark.audio import AUDIO_SUFFIXES, find_audio, load


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def found(folder: Path) -> list[str]:
    return [os.path.relpath(path, folder) for path in find_audio(folder)]


def test_files_are_sorted_within_each_folder(tmp_path: Path) -> None:
    touch(tmp_path, "b.mp3", "a.wav", "z/2.ogg", "z/1.ogg", "m/x.flac", "c.m4a")
    assert found(tmp_path) == ["a.wav", "b.mp3", "c.m4a", "m/x.flac", "z/1.ogg", "z/2.ogg"]


@pytest.mark.parametrize("suffix", sorted(AUDIO_SUFFIXES))
def test_suffix_is_known_in_either_case(tmp_path: Path, suffix: str) -> None:
    touch(tmp_path, f"a{suffix}", f"b{suffix.upper()}", f"c{suffix.title()}")
    assert found(tmp_path) == [f"a{suffix}", f"b{suffix.upper()}", f"c{suffix.title()}"]


@pytest.mark.parametrize(
    "name",
    ["cover.jpg", "list.m3u8", "list.m3u", "mp3", "a.mp3.part", "notes.txt", "b.mp3~", "no_suffix"],
)
def test_other_names_are_left_out(tmp_path: Path, name: str) -> None:
    touch(tmp_path, name, "song.mp3")
    assert found(tmp_path) == ["song.mp3"]


def test_hidden_names_are_left_out(tmp_path: Path) -> None:
    touch(tmp_path, "._a.mp3", ".b.mp3", ".mp3", ".trash/c.mp3", "d/._e.mp3", "d/e.mp3")
    assert found(tmp_path) == ["d/e.mp3"]


def test_hidden_folder_is_searched_when_asked_for(tmp_path: Path) -> None:
    touch(tmp_path, ".music/a.mp3")
    assert found(tmp_path / ".music") == ["a.mp3"]


def test_folder_named_like_a_file_is_a_folder(tmp_path: Path) -> None:
    touch(tmp_path, "live.mp3/a.mp3")
    assert found(tmp_path) == ["live.mp3/a.mp3"]


def test_links_between_folders_in_a_circle_are_visited_once(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.mp3", "b/2.mp3")
    (tmp_path / "a" / "to_b").symlink_to(tmp_path / "b")
    (tmp_path / "b" / "to_a").symlink_to(tmp_path / "a")
    (tmp_path / "b" / "up").symlink_to(tmp_path)
    assert found(tmp_path) == ["a/1.mp3", "a/to_b/2.mp3"]


def test_links_to_folders_and_files_are_followed(tmp_path: Path) -> None:
    touch(tmp_path, "disk/1.mp3", "music/2.mp3")
    (tmp_path / "music" / "more").symlink_to(tmp_path / "disk")
    (tmp_path / "music" / "3.mp3").symlink_to(tmp_path / "disk" / "1.mp3")
    assert found(tmp_path / "music") == ["2.mp3", "3.mp3", "more/1.mp3"]


def test_names_that_are_not_text_are_found(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.mp3")
    touch(tmp_path, name)
    assert found(tmp_path) == [name]


def test_empty_folder_holds_nothing(tmp_path: Path) -> None:
    assert found(tmp_path) == []


@pytest.mark.parametrize("kind", ["missing", "file"])
def test_what_is_no_folder_is_an_error(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.mp3"
    if kind == "file":
        path.touch()
    with pytest.raises(OSError, match=r"a\.mp3"):
        list(find_audio(path))


_WRITTEN = {
    "aiff": [], "au": [], "bwf": ["-f", "wav"], "caf": [], "flac": [], "w64": [], "wav": [],
    "aac": [], "ac3": [], "eac3": [], "f4a": ["-f", "mp4"], "m4a": [], "m4b": ["-f", "mp4"],
    "mov": [], "mp2": [], "mka": [], "mkv": [], "mpg": ["-f", "mpeg"], "mts": ["-f", "mpegts"],
    "oga": ["-c:a", "flac"], "opus": ["-c:a", "libopus"], "spx": ["-c:a", "libspeex"],
    "tta": [], "thd": ["-strict", "-2"], "avi": [], "wma": [], "wmv": ["-f", "asf"],
    "weba": ["-c:a", "libopus", "-f", "webm"], "wv": [], "dts": ["-strict", "-2"], "rm": [],
}  # fmt: skip


@pytest.mark.parametrize("ending", _WRITTEN)
def test_what_a_folder_search_finds_can_be_decoded(tmp_path: Path, ending: str) -> None:
    wav = write_wav(tmp_path / "n.wav", duration=1, sr=48_000 if ending == "rm" else 44_100)
    path = with_ffmpeg(tmp_path / f"a.{ending}", *_WRITTEN[ending], wav=wav)
    wav.unlink()
    assert found(tmp_path) == [path.name]
    y, sr = load(path)
    assert len(y) / sr == pytest.approx(1, abs=0.07)
    assert level(y) > 0.1


def dsf() -> bytes:
    """Return one second of DSD in stereo, as Sony writes it."""
    audio = b"\x69" * (2 * 4096 * -(-2_822_400 // (8 * 4096)))
    fmt = struct.pack("<4sQIIIIIIQII", b"fmt ", 52, 1, 0, 2, 2, 2_822_400, 1, 2_822_400, 4096, 0)
    data = struct.pack("<4sQ", b"data", 12 + len(audio)) + audio
    return struct.pack("<4sQQQ", b"DSD ", 28, 28 + len(fmt) + len(data), 0) + fmt + data


def dff() -> bytes:
    """Return one second of DSD in stereo, as Philips writes it."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return name + struct.pack(">Q", len(content)) + content + b"\0" * (len(content) % 2)

    properties = (
        chunk(b"FS  ", struct.pack(">I", 2_822_400))
        + chunk(b"CHNL", struct.pack(">H", 2) + b"SLFTSRGT")
        + chunk(b"CMPR", b"DSD " + bytes([14]) + b"not compressed\0")
    )
    version = chunk(b"FVER", struct.pack(">I", 0x01050000))
    audio = chunk(b"DSD ", b"\x69" * (2 * 2_822_400 // 8))
    return chunk(b"FRM8", b"DSD " + version + chunk(b"PROP", b"SND " + properties) + audio)


@pytest.mark.parametrize("kind", [dsf, dff])
def test_dsd_is_found_and_decoded(tmp_path: Path, kind: Callable[[], bytes]) -> None:
    path = tmp_path / f"a.{kind.__name__}"
    path.write_bytes(kind())
    assert found(tmp_path) == [path.name]
    y, sr = load(path)
    assert len(y) / sr == pytest.approx(1, abs=0.05)
