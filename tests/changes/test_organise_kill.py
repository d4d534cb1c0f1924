"""An apply or undo that is killed at any moment loses no file, and the next one ends it.

The covers and lyrics that come along with the songs are files like all others in this.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from change_helpers import file_state, known_state
from killed_process import Working
from mutagen.id3 import ID3, TPE1
from organise_helpers import know, planned, tree, two_disks, write_song

from earmark.changes import apply_plan, undo_batch
from earmark.changes.files import PlaceFile
from earmark.library import Library, open_library

N_FILES = 24
SEED = 7

_WORK = """
import av, mutagen
from earmark.changes import apply_plan, undo_batch
from earmark.changes.files import OrganisePlan, PlaceFile
link = os.link
def link_in_one_folder(source, target):
    if os.path.dirname(source) != os.path.dirname(target):
        raise OSError(18, "another disk")
    link(source, target)
def work(library, plan, what, disk):
    if disk == "other":
        os.link = link_in_one_folder
    if what == "undo":
        undo_batch(library, PlaceFile, progress=report)
    else:
        apply_plan(library, OrganisePlan.read(plan), progress=report)
"""


def check_all_whole(old: Mapping[str, bytes], places: Mapping[str, Path], mode: str) -> None:
    """Every file is whole at the old or the new place, and nothing else is at either."""
    for name, content in old.items():
        found = [path.read_bytes() for path in (Path(name), places[name]) if path.exists()]
        assert found, name
        assert all(one == content for one in found), name
        if mode != "move":
            assert Path(name).read_bytes() == content


def take_back(library: Library, old: Mapping[str, bytes], music: Path, into: Path) -> None:
    """Undo what stands; every file, and what the library knows of it, is as it was."""
    while any(one.n_to_undo for one in library.journal.batches()):
        assert {one.state for one in undo_batch(library, PlaceFile).outcomes} <= {"undone"}
    there = {str(music / name): content for name, content in tree(music).items()}
    assert {name: content for name, content in there.items() if content is not None} == old
    assert not into.exists()
    for name in (name for name in old if name.endswith(".mp3")):
        assert known_state(library, name) == file_state(name)


@pytest.mark.parametrize("n_rounds", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_kills(
    n_rounds: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    moments = random.Random(SEED)
    rng = np.random.default_rng(SEED)
    memory = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else tmp_path
    with (
        tempfile.TemporaryDirectory(dir=memory) as folder,
        open_library(Path(folder, "library.db"), create=True) as library,
    ):
        music = Path(folder, "music")
        old = {}
        for number in range(N_FILES):
            content = b"\xff\xfb" + rng.bytes(300_000)  # as an MP3 begins
            folder_of_artist = music / f"{number % 5}"
            song = write_song(folder_of_artist / f"{number:02}.mp3", content)
            tags = ID3()
            tags.add(TPE1(encoding=3, text=f"Artist {number % 5}"))
            tags.save(song)
            know(library, song, artist=f"Artist {number % 5}")
            old[str(song)] = song.read_bytes()
            # What comes along: the lyrics of some songs, and a cover in each folder.
            if number % 4 == 0:
                lyrics = write_song(song.with_suffix(".lrc"), rng.bytes(1000))
                old[str(lyrics)] = lyrics.read_bytes()
        for artist in range(5):
            cover = write_song(music / f"{artist}" / "cover.jpg", rng.bytes(200_000))
            old[str(cover)] = cover.read_bytes()
        into = Path(folder, "into")
        # To another disk files are copied, and then deleted.
        kinds = [("move", "other"), ("move", "same"), ("copy", "same"), ("move", "other")]
        plan_file = Path(folder, "plan.csv")
        n_late = n_moved = n_left = 0
        with Working(_WORK, Path(folder, "library.db"), plan_file) as working:
            for number in range(n_rounds * len(kinds)):
                mode, disk = kinds[number % len(kinds)]
                plan = planned(library, into, mode=mode)
                places = {row.path: into / row.target for row in plan.rows}
                plan.write(plan_file, overwrite=True)
                with monkeypatch.context() as patched:
                    if disk == "other":
                        two_disks(patched)
                    started = time.monotonic()
                    apply_plan(library, plan)
                    seconds = time.monotonic() - started
                n_done = moments.randrange(len(old))
                soon = moments.uniform(0, 1.5 * seconds / len(old))
                if number % 3 == 0:
                    n_late += working.killed_after(n_done, soon, "undo", disk)
                else:
                    take_back(library, old, music, into)
                    n_late += working.killed_after(n_done, soon, "apply", disk)
                check_all_whole(old, places, mode)
                n_moved += sum(place.exists() for place in places.values())
                n_left += any(".earmark" in name for name in tree(into)) if into.exists() else 0
                if number % 2:
                    for _ in range(2):  # what an undo was ended at is not in the first plan
                        apply_plan(library, planned(library, into, mode=mode))
                    assert all(place.read_bytes() == old[n] for n, place in places.items())
                    assert [Path(n).exists() for n in old] == [mode != "move"] * len(old)
                    assert len(tree(into)) == len(old) + 6
                take_back(library, old, music, into)
    n_kills = n_rounds * len(kinds)
    assert 0 < n_moved < n_kills * len(old)
    assert n_late < n_kills / 2
    with capsys.disabled():
        sys.stdout.write(
            f"\n{n_kills} kills, {n_late} too late: {n_moved} of {n_kills * len(old)} files were "
            f"at the new place, {n_left} parts of copies left and deleted\n"
        )
