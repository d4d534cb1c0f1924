"""An apply that is killed at any moment leaves every file old or new, and can be taken back."""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
import soundfile
from change_helpers import CLASSES, add_track, file_state, known_state
from killed_process import Working

from earmark.changes import apply_plan, undo_batch
from earmark.changes.tags import TagPlan, TagPolicy, Threshold, WriteGenres, make_tag_plan
from earmark.library import Filters, Library, open_library
from earmark.tags import read_tags, write_genres

N_FILES = 50
SEED = 5
ENDINGS = ("flac", "mp3", "ogg", "wav", "aiff")

_WORK = """
import av, mutagen.id3, mutagen.ogg
from earmark.changes import apply_plan
from earmark.changes.tags import TagPlan
def work(library, plan):
    apply_plan(library, TagPlan.read(plan), progress=report)
"""


def write_music(folder: Path, library: Library) -> dict[str, bytes]:
    """Write fifty files; return what each holds."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    found = {}
    for number in range(N_FILES):
        path = folder / f"{number:02}.{ENDINGS[number % len(ENDINGS)]}"
        soundfile.write(path, rng.normal(0, 0.1, (11_025, 2)).clip(-1, 1), 22_050)
        if number % 10 == 8:  # every other WAV: of unknown length, with a list of texts in front
            of_unknown_length(path)
        if number % 3:
            write_genres(path, ["Bebop"])
        add_track(library, path)
        found[str(path)] = path.read_bytes()
    return found


def of_unknown_length(path: Path) -> None:
    """Make of a WAV file one as programs write it into a pipe, whose genre is in two places."""
    content = path.read_bytes()
    at = content.index(b"data")
    texts = b"LIST" + (20).to_bytes(4, "little") + b"INFOIGNR" + (8).to_bytes(4, "little")
    unknown = b"\xff" * 4
    head = b"RIFF" + unknown + content[8:at] + texts + b"Hardbop\0"
    path.write_bytes(head + b"data" + unknown + content[at + 8 :])


def made_plan(library: Library) -> TagPlan:
    tracks = library.tracks(Filters(missing=None, state=None))
    policy = TagPolicy(replace=True)
    return make_tag_plan(tracks, threshold=Threshold(0.8), policy=policy, classes=CLASSES)


@pytest.fixture
def fast_folder(tmp_path: Path) -> Iterator[Path]:
    """Return a folder in memory where there is one: to sync takes no time there."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


@pytest.mark.parametrize("n_kills", [5, pytest.param(30, marks=pytest.mark.slow)])
def test_kills(n_kills: int, fast_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    moments = random.Random(SEED)
    music, path = fast_folder / "music", fast_folder / "library.db"
    with open_library(path, create=True) as library:
        old = write_music(music, library)
        plan = made_plan(library)
        assert len(plan.to_change) == N_FILES
        started = time.monotonic()
        apply_plan(library, plan)
        seconds = time.monotonic() - started
        new = {name: Path(name).read_bytes() for name in old}
        undo_batch(library, WriteGenres)
        # What padding was added stays: these are the old files from here on.
        old = {name: Path(name).read_bytes() for name in old}
    n_old = n_new = n_left = n_faster = 0
    plan_file = fast_folder / "plan.csv"
    with Working(_WORK, path, plan_file) as applying:
        for _ in range(n_kills):
            with open_library(path) as library:
                made_plan(library).write(plan_file, overwrite=True)
            n_done = moments.randrange(N_FILES)
            n_faster += applying.killed_after(n_done, moments.uniform(0, 1.5 * seconds / N_FILES))
            for name in old:
                content = Path(name).read_bytes()
                assert content in (old[name], new[name]), name
                n_old += content == old[name]
                n_new += content == new[name]
            n_left += len(os.listdir(music)) > N_FILES
            take_all_back(path, old)
            assert len(os.listdir(music)) == N_FILES
    assert n_old
    assert n_new
    assert n_faster < n_kills / 2
    with capsys.disabled():
        sys.stdout.write(
            f"\n{n_kills} kills, {n_faster} too late, of applies of {seconds:.2f} s: {n_old} files "
            f"old, {n_new} new, {n_left} copies left and deleted\n"
        )


def take_all_back(path: Path, old: Mapping[str, bytes]) -> None:
    """Undo what stands; every file, and what the library knows of it, is as it was."""
    with open_library(path) as library:
        while any(one.n_to_undo for one in library.journal.batches()):
            run = undo_batch(library, WriteGenres)
            assert {one.state for one in run.outcomes} <= {"undone"}
        for name, content in old.items():
            assert Path(name).read_bytes() == content
            track = library.find(name)
            assert track is not None
            assert track.tags.genres == read_tags(name).genres
            assert known_state(library, name) == file_state(name)
