"""A recording is told by its encoded audio: tags come and go, the digest stays."""

from __future__ import annotations

import hashlib
import os
import struct
from pathlib import Path

import mutagen
import numpy as np
import pytest
import soundfile
from av_encode import encode

from earmark.audio import audio_digest
from earmark.errors import AudioAccessError, AudioNotFoundError, EmptyAudioError, NoAudioError
from earmark.testing import music_like

_WRITTEN = ("wav", "aiff", "flac", "ogg", "mp3", "opus")
_ENCODED = {"m4a": "aac", "wma": "wmav2", "webm": "libopus", "wv": "wavpack"}


def write(path: Path, *, seed: int = 0) -> Path:
    """Write two seconds in the format that the ending names."""
    ending = path.suffix[1:]
    sr = 48_000 if ending in ("opus", "webm") else 44_100
    y = music_like(duration=2, sr=sr, seed=seed)
    if ending in _ENCODED:
        return encode(path, y, sr=sr, codec=_ENCODED[ending])
    if ending == "opus":
        soundfile.write(path, y, sr, format="OGG", subtype="OPUS")
    else:
        soundfile.write(path, y, sr)
    return path


def tag(path: Path) -> None:
    """Write tags with mutagen, so many that the file has to grow."""
    file = mutagen.File(path)
    if path.suffix == ".wv":
        file["Title"] = "x" * 9000
    elif path.suffix == ".m4a":
        file["\xa9nam"] = "x" * 9000
    elif path.suffix == ".wma":
        file["Title"] = "x" * 9000
    elif path.suffix in (".mp3", ".wav", ".aiff"):
        from mutagen.id3 import TIT2

        file.tags or file.add_tags()
        file.tags.add(TIT2(encoding=3, text=["x" * 9000]))
    else:
        file["TITLE"] = "x" * 9000
    file.save()


@pytest.mark.parametrize("ending", [*_WRITTEN, "m4a", "wma", "wv"])
def test_digest_is_that_of_the_audio(tmp_path: Path, ending: str) -> None:
    path = write(tmp_path / f"a.{ending}")
    before, size = audio_digest(path), path.stat().st_size
    tag(path)
    assert path.stat().st_size > size
    assert audio_digest(path) == before
    assert audio_digest(write(tmp_path / f"b.{ending}", seed=1)) != before
    assert len(before) == 32


@pytest.mark.parametrize("ending", [*_WRITTEN, *_ENCODED])
def test_name_and_place_do_not_matter(tmp_path: Path, ending: str) -> None:
    path = write(tmp_path / f"a.{ending}")
    other = os.path.join(os.fsencode(tmp_path), b"b\xff.bin")
    Path(os.fsdecode(other)).write_bytes(path.read_bytes())
    assert audio_digest(os.fsdecode(other)) == audio_digest(path)


def at_the_end(kind: str) -> bytes:
    """Return a tag as it stands at the end of a file."""
    if kind == "ID3v1":
        return b"TAG" + b"x" * 125
    if kind == "APEv2":
        item = struct.pack("<II", 4, 0) + b"Title\0song"
        size = len(item) + 32
        header, footer = (
            struct.pack("<8sIIII8x", b"APETAGEX", 2000, size, 1, flags)
            for flags in (0xA0000000, 0x80000000)
        )
        return header + item + footer
    return b"LYRICSBEGIN" + b"INT00003abc" + b"000022" + b"LYRICS200"


@pytest.mark.parametrize("ending", ["mp3", "flac", "wv"])
@pytest.mark.parametrize(
    "kinds", [["ID3v1"], ["APEv2"], ["APEv2", "ID3v1"], ["Lyrics3", "ID3v1"], ["ID3v1"] * 2]
)
def test_tags_at_the_end_are_no_audio(tmp_path: Path, ending: str, kinds: list[str]) -> None:
    path = write(tmp_path / f"a.{ending}")
    before = audio_digest(path)
    path.write_bytes(path.read_bytes() + b"".join(map(at_the_end, kinds)))
    assert audio_digest(path) == before


def test_one_changed_byte_is_seen(tmp_path: Path) -> None:
    for ending in ("mp3", "flac", "wav", "m4a"):
        path = write(tmp_path / f"a.{ending}")
        before = audio_digest(path)
        content = bytearray(path.read_bytes())
        # The audio is in the middle of each.
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
        assert audio_digest(path) != before


def test_what_is_no_audio_is_told_by_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(b"no music\n" * 99)
    assert audio_digest(path) == hashlib.sha256(path.read_bytes()).digest()


def test_file_of_silence_is_like_any_other(tmp_path: Path) -> None:
    for name, n in (("a", 22_050), ("b", 44_100)):
        soundfile.write(tmp_path / f"{name}.wav", np.zeros(n), 22_050)
    assert audio_digest(tmp_path / "a.wav") != audio_digest(tmp_path / "b.wav")


def test_error_says_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "empty.mp3").touch()
    (tmp_path / "circle.mp3").symlink_to(tmp_path / "circle.mp3")
    for name, kind in (
        ("missing.mp3", AudioNotFoundError),
        ("empty.mp3", EmptyAudioError),
        ("circle.mp3", AudioNotFoundError),
        ("", NoAudioError),
    ):
        with pytest.raises(kind):
            audio_digest(tmp_path / name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav")
    path.chmod(0)
    with pytest.raises(AudioAccessError):
        audio_digest(path)
