"""A scan that is killed again and again ends with the library of one that was left alone."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from scan_helpers import contents, write_song

from earmark.library import open_library

N_FILES = 40
JOBS = 2
SEED = 5


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of forty files of 2 to 4 s with tags, one of which cannot be used."""
    folder = tmp_path_factory.mktemp("music")
    for number in range(N_FILES - 1):
        path = folder / f"{number:02}.flac"
        write_song(path, seed=number, seconds=2 + number % 3, artist=f"artist {number}")
    (folder / "text.mp3").write_text("no music\n" * 99)
    return folder


def started(music: Path, library: Path) -> subprocess.Popen[bytes]:
    """Start the command in a group of processes of its own."""
    arguments = ["scan", str(music), "--library", str(library), "--jobs", str(JOBS)]
    return subprocess.Popen(
        [sys.executable, "-m", "earmark", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def ended(process: subprocess.Popen[bytes]) -> int:
    """Wait for a process that must have said nothing, unless it was killed."""
    _, told = process.communicate()
    if process.returncode != -signal.SIGKILL:
        assert told == b""
    return process.returncode


@pytest.fixture(scope="module")
def undisturbed(music: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the library of a scan that is left alone."""
    library = tmp_path_factory.mktemp("undisturbed") / "library.db"
    assert ended(started(music, library)) == 1
    return library


def n_known(library: Path) -> int:
    """Count what is in a library that may not be there yet."""
    if not library.exists() or not library.stat().st_size:
        return 0
    with open_library(library, create=True) as opened:
        return len(opened.scanned.known())


def killed(music: Path, library: Path, moments: random.Random) -> Iterator[int]:
    """Kill scans at random moments until one ends by itself; yield what each left."""
    while True:
        process = started(music, library)
        # Most of the time it loads what it works with; most kills are to be after that.
        before = n_known(library)
        if moments.random() < 0.75:
            end = time.monotonic() + 30
            while n_known(library) == before and process.poll() is None:
                assert time.monotonic() < end, "it takes too long"
                time.sleep(0.01)
            time.sleep(moments.uniform(0, 0.25))
        else:
            time.sleep(moments.uniform(0, 1.5))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        if ended(process) != -signal.SIGKILL:
            assert process.returncode == 1  # one file cannot be used
            return
        left = n_known(library)
        assert left >= before
        yield left


@pytest.mark.parametrize("n_kills", [4, pytest.param(30, marks=pytest.mark.slow)])
def test_kills_change_nothing(
    n_kills: int,
    music: Path,
    undisturbed: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    moments = random.Random(SEED)
    kills: list[int] = []
    rounds = 0
    while len(kills) < n_kills:
        library = tmp_path / str(rounds) / "library.db"
        for left in killed(music, library, moments):
            kills.append(left)
            if len(kills) == n_kills:
                break
        assert ended(started(music, library)) == 1
        assert contents(library, without=("mtime_ns",)) == contents(
            undisturbed, without=("mtime_ns",)
        )
        assert n_known(library) == N_FILES
        rounds += 1
    assert len({left for left in kills if 0 < left < N_FILES}) > n_kills // 5
    with capsys.disabled():
        sys.stdout.write(f"\n{len(kills)} kills in {rounds} scans of {N_FILES} files\n")
