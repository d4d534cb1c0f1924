"""Track number, disc number and composer, as each kind of tags has them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import mutagen
import numpy as np
import pytest
import soundfile
from mutagen.apev2 import APEv2
from mutagen.id3 import ID3, TCOM, TPOS, TRCK

from earmark.tags import read_tags

WANTED = (3, 2, "Ann Söng")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "sound.wav"
    soundfile.write(path, np.zeros(4410), 44_100)
    return path


def numbers_of(path: Path) -> tuple[int | None, int | None, str]:
    tags = read_tags(path)
    return tags.track_number, tags.disc_number, tags.composer


@pytest.mark.parametrize("ending", ["mp3", "flac", "ogg", "opus", "m4a", "wma", "aiff"])
def test_track_disc_and_composer_of_ffmpeg_are_read(
    sound: Path, tmp_path: Path, ending: str
) -> None:
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    path = tmp_path / f"song.{ending}"
    said = {"track": "3/9", "disc": "2/2", "composer": WANTED[2]}
    tags = [part for name, text in said.items() for part in ("-metadata", f"{name}={text}")]
    more = ["-c:a", "libvorbis"] if ending == "ogg" else []
    more += ["-write_id3v2", "1"] if ending == "aiff" else []
    command = ["ffmpeg", "-v", "error", "-i", sound, *tags, *more, path]
    subprocess.run(command, check=True)
    assert numbers_of(path) == WANTED


def test_track_disc_and_composer_of_other_tags_are_read(sound: Path, tmp_path: Path) -> None:
    wav = Path(shutil.copy(sound, tmp_path))
    id3 = ID3()
    for frame in (TRCK(text="03/9"), TPOS(text="2"), TCOM(text=WANTED[2])):
        id3.add(frame)
    riff = mutagen.File(wav)
    riff.add_tags()
    for frame in id3.values():
        riff.tags.add(frame)
    riff.save()
    assert numbers_of(wav) == WANTED
    packed = tmp_path / "song.ape"
    ape = APEv2()
    ape["Track"], ape["Disc"], ape["Composer"] = "3/9", "2", WANTED[2]
    ape.save(packed)
    packed.write_bytes(b"MAC " + bytes(100) + packed.read_bytes())
    assert numbers_of(packed) == WANTED


@pytest.mark.parametrize(
    ("text", "number"),
    [("7", 7), (" 07/12", 7), ("0", None), ("A1", None), ("", None), ("20231", None)],
)
def test_what_is_no_track_number_is_none(
    sound: Path, tmp_path: Path, text: str, number: int | None
) -> None:
    path = tmp_path / "song.flac"
    soundfile.write(path, np.zeros(441), 44_100)
    file = mutagen.File(path)
    file["TRACKNUMBER"] = [text]
    file.save()
    assert read_tags(path).track_number == number
