"""A run that is killed again and again ends with the table of one that was left alone."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import features_helpers as helpers
import pytest

from earmark.extraction import failures_path
from earmark.processes import AHEAD

N_FILES = 100
JOBS = 2
SEED = 3


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of a hundred files of 2 to 4 s, one of which cannot be used."""
    folder = tmp_path_factory.mktemp("music")
    helpers.write_pieces(folder, N_FILES - 1, seconds=(2, 3, 4))
    (folder / "text.mp3").write_text("no music\n" * 99)
    return folder


def started(music: Path, output: Path, log: Path) -> subprocess.Popen[bytes]:
    """Start the command in a group of processes of its own."""
    arguments = ["features", str(music), "-o", str(output), "--jobs", str(JOBS)]
    return subprocess.Popen(
        [sys.executable, "-m", "earmark", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=helpers.hooked_environment(log.parent, EARMARK_TEST_LOG=str(log)),
        start_new_session=True,
    )


def told(process: subprocess.Popen[bytes]) -> str:
    """Return what a process that ended said on standard error."""
    assert process.stderr is not None
    with process.stderr as stream:
        return stream.read().decode()


def contents(output: Path) -> tuple[bytes, bytes]:
    return output.read_bytes(), Path(failures_path(output)).read_bytes()


def names_in(log: Path) -> list[str]:
    return log.read_text().split() if log.exists() else []


def wait_for(condition: Callable[[], object], *, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.005)


@pytest.fixture(scope="module")
def undisturbed(music: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the table of a run that is left alone."""
    folder = tmp_path_factory.mktemp("undisturbed")
    process = started(music, folder / "features.parquet", folder / "log")
    assert process.wait() == 1, told(process)
    assert told(process) == ""
    assert len(names_in(folder / "log")) == N_FILES
    return folder / "features.parquet"


def killed_at_random(music: Path, output: Path, log: Path, *, moments: random.Random) -> bool:
    """Start the command and kill it with all its workers; say whether it was faster."""
    n_before = len(names_in(log))
    process = started(music, output, log)
    if moments.random() < 0.7:  # while it works, else whenever
        wait_for(lambda: len(names_in(log)) > n_before or process.poll() is not None)
        time.sleep(moments.uniform(0, 0.15))
    else:
        time.sleep(moments.uniform(0, 2))
    finished = process.poll() is not None
    if not finished:
        os.killpg(process.pid, signal.SIGKILL)
        # It may have ended between the two.
        finished = process.wait() != -signal.SIGKILL
    if finished:
        assert process.returncode == 1, told(process)
    told(process)
    return finished


@pytest.mark.parametrize("n_wanted", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_kills_change_nothing(
    n_wanted: int,
    music: Path,
    undisturbed: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    moments = random.Random(SEED)
    n_kills = n_rounds = n_repeated = 0
    worst = 0
    while n_kills < n_wanted:
        folder = tmp_path / f"round{n_rounds}"
        folder.mkdir()
        output, log = folder / "features.parquet", folder / "log"
        runs: list[list[str]] = []  # what each run began
        kills = 0
        finished = False
        while not finished and n_kills + kills < n_wanted:
            n_before = len(names_in(log))
            finished = killed_at_random(music, output, log, moments=moments)
            kills += not finished
            runs.append(names_in(log)[n_before:])
            if output.exists() and not Path(f"{output}.journal").exists():
                finished = True  # killed after its last deed
        if not finished:
            n_before = len(names_in(log))
            process = started(music, output, log)
            assert process.wait() == 1, told(process)
            told(process)
            runs.append(names_in(log)[n_before:])
        assert contents(output) == contents(undisturbed)
        for found, wanted in zip(helpers.tables(output), helpers.tables(undisturbed), strict=True):
            assert found.to_pylist() == wanted.to_pylist()
        assert sorted(set(os.listdir(folder)) - {"__pycache__"}) == [
            "features.failures.parquet",
            "features.parquet",
            "log",
            "sitecustomize.py",
        ]
        begun = Counter(name for run in runs for name in run)
        assert len(begun) == N_FILES
        for number, run in enumerate(runs):
            later = {name for other in runs[number + 1 :] for name in other}
            worst = max(worst, len(later.intersection(run)))
        n_repeated += sum(begun.values()) - N_FILES
        n_kills += kills
        n_rounds += 1
    # In hand is what is worked on, and what is just on its way into the journal: never more than
    # was given out, and all in all no more than one such file for each that is worked on.
    assert worst <= JOBS * AHEAD
    assert n_repeated <= 2 * JOBS * n_kills
    with capsys.disabled():
        sys.stdout.write(
            f"\n{n_kills} kills in {n_rounds} rounds of {N_FILES} files: "
            f"{n_repeated} done again, at most {worst} for one kill\n"
        )


def test_workers_end_with_the_process_that_is_killed(music: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = started(music, tmp_path / "features.parquet", log)
    wait_for(lambda: names_in(log))
    process.kill()
    assert process.wait() == -signal.SIGKILL
    told(process)

    def all_gone() -> bool:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return True
        return False

    try:
        wait_for(all_gone, seconds=20)
    finally:
        if not all_gone():
            os.killpg(process.pid, signal.SIGKILL)
