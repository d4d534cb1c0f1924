"""A search that is killed again and again ends as one that was left alone."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import tuning_tables
from test_tuning_search import without_times
from tuning_tables import SVM
from tuning_to_kill import JOBS, N_TRIALS

from earmark.tuning import search_parameters as tune
from earmark.tuning._proposals import BATCH

HERE = Path(__file__).parent
N_FOLDS = 5


def started(study: Path, log: Path) -> subprocess.Popen[bytes]:
    """Start the search in a group of processes of its own."""
    hook = log.parent / "hook"  # every process of the search imports it
    hook.mkdir(exist_ok=True)
    (hook / "sitecustomize.py").write_text("import tuning_to_kill\n")
    path = os.pathsep.join([str(hook), str(HERE)])
    return subprocess.Popen(
        [sys.executable, str(HERE / "tuning_to_kill.py"), str(study)],
        env={**os.environ, "EARMARK_TEST_LOG": str(log), "PYTHONPATH": path},
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def ended(process: subprocess.Popen[bytes]) -> int:
    with process.stderr or open(os.devnull, "rb") as stream:
        said = stream.read().decode()
    code = process.wait()
    assert code in (0, -signal.SIGKILL), said
    return code


def begun(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


def kept(study: Path) -> list[str]:
    """Return the points in the study file, in the form of the log."""
    if not study.exists():
        return []
    records = [json.loads(line) for line in study.read_bytes().splitlines() if line.endswith(b"}")]
    trials = [r["user_attrs"]["earmark_trial"] for r in records if r["op_code"] == 4]
    family = {"C": 100.0, "family": "svm", "gamma": "scale", "kernel": "rbf"}
    return [json.dumps({**family, **t["parameters"]}, sort_keys=True) for t in trials]


def killed_at_random(study: Path, log: Path, moments: random.Random) -> bool:
    """Start the search, kill it with all its workers, and say whether it was faster."""
    n_before = len(begun(log))
    process = started(study, log)
    deadline = time.monotonic() + 60
    while len(begun(log)) == n_before and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(moments.uniform(0, 0.6))
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    return ended(process) == 0


@pytest.mark.parametrize("n_wanted", [1, pytest.param(4, marks=pytest.mark.slow)])
def test_kills_change_nothing_and_repeat_what_was_in_hand(n_wanted: int, tmp_path: Path) -> None:
    moments = random.Random(5)
    study, log = tmp_path / "a.study", tmp_path / "log"
    n_kills, finished = 0, False
    while n_kills < n_wanted and not finished:
        done = kept(study)
        n_before = len(begun(log))
        finished = killed_at_random(study, log, moments)
        n_kills += not finished
        # What is in the file is never done again.
        assert not set(begun(log)[n_before:]) & set(done)
    if not finished:
        assert ended(started(study, log)) == 0
    tuning, undisturbed = (
        tune(
            tuning_tables.made_up(spread=2.0),
            family="svm",
            space=SVM,
            search="optuna",
            trials=N_TRIALS,
            storage=storage,
        )
        for storage in (study, None)
    )
    assert n_kills >= n_wanted - 1
    assert tuning.n_resumed == N_TRIALS
    assert without_times(tuning) == without_times(undisturbed)
    # In hand is the batch whose trials are being scored.
    n_fits = Counter(begun(log))
    assert len(n_fits) == N_TRIALS
    assert sum(n_fits.values()) - N_TRIALS * N_FOLDS <= n_kills * BATCH * N_FOLDS


def test_workers_end_with_the_search_that_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = started(tmp_path / "a.study", log)
    while not begun(log):
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    assert ended(process) == -signal.SIGKILL
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            break
        time.sleep(0.05)
    else:
        os.killpg(process.pid, signal.SIGKILL)
        raise AssertionError(f"one of {JOBS} workers outlived the search")
