"""A folder of 500 files with one of each fault: all others are analysed, each fault is listed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mutagen.id3
import numpy as np
import pytest
import soundfile
from scan_helpers import SR, tag

from earmark.testing import music_like

N_FILES = 500
SECONDS = 1.25


def _ffmpeg(source: Path, target: Path, *options: str) -> None:
    command = ["ffmpeg", "-v", "error", "-y", "-i", source, "-metadata", "title=T", *options]
    subprocess.run([*command, target], check=True)


def _float_wav(path: Path, sample: float) -> None:
    y = music_like(duration=SECONDS).astype(np.float32)
    y[1000] = sample
    soundfile.write(path, y, SR, subtype="FLOAT")


def _unusable(folder: Path, song: Path) -> dict[str, str]:
    """Write a file for each reason to fail; return the codes by name."""
    makers: dict[str, tuple[str, Callable[[Path], Any]]] = {
        "text.mp3": ("no-audio", lambda path: path.write_text("no music\n" * 99)),
        "zeros.mp3": ("no-audio", lambda path: path.write_bytes(bytes(5000))),
        "empty.flac": ("empty-audio", lambda path: path.touch()),
        "no samples.wav": ("empty-audio", lambda path: soundfile.write(path, np.zeros(0), SR)),
        "header alone.flac": ("no-audio", lambda path: path.write_bytes(song.read_bytes()[:30])),
        "short.wav": ("too-short", lambda path: soundfile.write(path, np.ones(SR // 2), SR)),
        "not a number.wav": ("non-finite-audio", lambda path: _float_wav(path, np.nan)),
        "infinite.wav": ("non-finite-audio", lambda path: _float_wav(path, np.inf)),
        "leads nowhere.flac": ("not-found", lambda path: path.symlink_to("nothing.flac")),
        "leads to itself.flac": ("not-found", lambda path: path.symlink_to(path.name)),
    }
    for name, (_, make) in makers.items():
        make(folder / name)
    return {name: code for name, (code, _) in makers.items()}


def _faulty(folder: Path, song: Path) -> set[str]:
    """Write files that can be analysed although something is wrong; return their names."""
    _ffmpeg(song, folder / "cut tag.aiff", "-write_id3v2", "1")
    os.truncate(folder / "cut tag.aiff", (folder / "cut tag.aiff").stat().st_size - 1)
    _ffmpeg(song, folder / "id3.opus", "-ar", "48000")
    header = mutagen.id3.ID3()
    header.add(mutagen.id3.TIT2(encoding=3, text="T"))
    header.save(folder / "id3.opus")
    _ffmpeg(song, folder / "cut.wav", "-ar", "44100")
    os.truncate(folder / "cut.wav", (folder / "cut.wav").stat().st_size - 15_000)
    return {"cut tag.aiff", "cut.wav"}


def _damaged(folder: Path, song: Path) -> set[str]:
    """Write files that are damaged in the middle; return their names."""
    for name, damage in (
        ("gap.mp3", bytes(1024)),
        ("flipped.flac", b"\xa5" * 8000),
        ("gap.ogg", b"x" * 99),
    ):
        _ffmpeg(song, folder / name)
        with open(folder / name, "r+b") as file:
            file.seek(os.path.getsize(folder / name) // 2)
            file.write(damage)
    return {"gap.mp3", "flipped.flac", "gap.ogg"}


def _count(folder: Path) -> int:
    return sum(len(files) for _, _, files in os.walk(folder))


def test_500_files_with_one_of_each_fault(tmp_path: Path) -> None:
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    music = tmp_path / "music"
    songs = []
    for seed in range(4):
        folder = music / f"album {seed}"
        folder.mkdir(parents=True)
        songs.append(folder / "00.flac")
        soundfile.write(songs[-1], music_like(duration=SECONDS, seed=seed), SR)
    failing = _unusable(music, songs[0])
    warned = _faulty(music, songs[1])
    damaged = _damaged(music, songs[2])
    for number in range(N_FILES - _count(music)):
        song = songs[number % len(songs)]
        shutil.copy(song, song.with_name(f"{number + 1:03}.flac"))
    tag(songs[0], title="One")
    assert _count(music) == N_FILES

    command = [sys.executable, "-m", "earmark", "scan", str(music), "-j2"]
    command += ["--library", str(tmp_path / "library.db")]
    done = subprocess.run([*command, "--json"], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (1, b"")
    told = json.loads(done.stdout)
    assert told["files"] == N_FILES
    assert told["analysed"] == N_FILES - len(told["failed"])
    failed = [(os.path.relpath(one["path"], music), one["code"]) for one in told["failed"]]
    assert [one for one in sorted(failed) if one[0] not in damaged] == sorted(failing.items())
    listed = [os.path.relpath(one["path"], music) for one in told["warned"]]
    assert warned <= set(listed)
    # What is damaged in the middle is analysed by the rest, if anything is left of so short a file.
    every = [*listed, *(name for name, _ in failed)]
    assert len(every) == len(set(every))
    assert damaged <= set(every)

    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 1
    lines = [line for line in done.stdout.decode().splitlines() if line.startswith("failed  ")]
    names = [line.removeprefix(f"failed  {music}/").split(": ")[0] for line in lines]
    assert sorted(names) == sorted(name for name, _ in failed)
