"""Files in parallel: in order, all answered, whatever one of them does to its process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import worker_functions as work

from earmark.errors import NoAudioError, ParameterError, WorkerDiedError
from earmark.extraction import map_files

PATHS = [f"{'x' * (i % 7)}{i}.mp3" for i in range(20)]


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_results_come_in_order(jobs: int) -> None:
    expected = [(path, (path, len(path))) for path in PATHS]
    assert list(map_files(work.measure, PATHS, jobs=jobs)) == expected


@pytest.mark.parametrize("jobs", [1, 2])
def test_no_files_give_nothing(jobs: int) -> None:
    assert list(map_files(work.measure, [], jobs=jobs)) == []


def test_same_path_twice_is_done_twice() -> None:
    assert len(list(map_files(work.measure, ["a", "a"], jobs=2))) == 2


@pytest.mark.parametrize("jobs", [1, 2])
def test_errors_that_are_returned_arrive(jobs: int) -> None:
    ((path, error),) = map_files(work.return_an_error, ["not\udcff.mp3"], jobs=jobs)
    assert isinstance(error, NoAudioError)
    assert (path, error.path, error.reason) == ("not\udcff.mp3", "not\udcff.mp3", "it is broken")


UNFORESEEN = {
    "value": "unexpected ValueError: bytes nobody foresaw \udcff",
    "audio": "it is broken",
    "deep": "unexpected RecursionError: maximum recursion depth exceeded",
    "memory": "unexpected MemoryError",
    "panic": "unexpected PanicError: a panic",
    "unmakeable": "unexpected UnmakeableError: unmakeable.mp3: because",
}
IN_A_WORKER = {
    "exit": "unexpected SystemExit: 3",
    "proxy": "unexpected TypeError: cannot pickle 'mappingproxy' object",
    "spring": "unexpected ZeroDivisionError: it snapped",
}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"jobs": 1}, UNFORESEEN),
        ({"jobs": 1, "isolated": True}, UNFORESEEN | IN_A_WORKER),
        ({"jobs": 2, "ordered": False}, UNFORESEEN | IN_A_WORKER),
    ],
    ids=["here", "alone", "two"],
)
def test_no_exception_of_one_file_ends_the_others(
    settings: dict[str, Any], expected: dict[str, str]
) -> None:
    paths = ["good.mp3", *(f"{name}.mp3" for name in expected), "fine.mp3"]
    results = dict(map_files(work.do_what_the_name_says, paths, **settings))
    assert results.pop("good.mp3") == "good.mp3"
    assert results.pop("fine.mp3") == "fine.mp3"
    reasons = {path.removesuffix(".mp3"): error.reason for path, error in results.items()}
    assert {name: reason[: len(expected[name])] for name, reason in reasons.items()} == expected
    assert all(error.path == path for path, error in results.items())


@pytest.mark.parametrize("jobs", [1, 2])
def test_interrupt_still_ends(jobs: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        list(map_files(work.do_what_the_name_says, ["a.mp3", "interrupt.mp3"], jobs=jobs))


@pytest.mark.parametrize("jobs", [0, -1])
def test_no_jobs_are_refused(jobs: int) -> None:
    with pytest.raises(ParameterError, match=f"jobs={jobs} must be 1 or more"):
        list(map_files(work.measure, PATHS, jobs=jobs))


def test_one_job_works_in_this_process() -> None:
    assert [pid for _, pid in map_files(work.tell_process, PATHS, jobs=1)] == [os.getpid()] * 20


def test_two_jobs_work_in_others() -> None:
    pids = {pid for _, pid in map_files(work.tell_process, PATHS, jobs=2)}
    assert os.getpid() not in pids
    assert 1 <= len(pids) <= 2


def test_workers_compute_on_one_thread_and_this_process_as_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    ((_, told),) = map_files(work.tell_threads, ["a"], jobs=2)
    assert told == {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    assert work.tell_threads("") == {"OMP_NUM_THREADS": "5", "OPENBLAS_NUM_THREADS": None}


def test_initialiser_runs_in_each_process() -> None:
    results = map_files(work.was_initialised, PATHS[:4], jobs=2, initializer=work.initialise)
    assert [done for _, done in results] == [True] * 4


def test_files_are_asked_for_as_they_are_needed() -> None:
    asked = 0

    def endless() -> Iterator[str]:
        nonlocal asked
        while True:
            asked += 1
            yield f"{asked}.mp3"

    results = map_files(work.measure, endless(), jobs=2)
    assert next(results) == ("1.mp3", ("1.mp3", 5))
    results.close()  # type: ignore[attr-defined]
    assert asked < 100


@pytest.mark.parametrize("at", [(0,), (5,), (19,), (3, 4, 15)], ids=str)
def test_worker_that_dies_loses_its_file_only(at: tuple[int, ...]) -> None:
    paths = [f"die{i}" if i in at else path for i, path in enumerate(PATHS)]
    results = list(map_files(work.measure_or_die, paths, jobs=2))
    assert [path for path, _ in results] == paths
    lost = [path for path, result in results if isinstance(result, WorkerDiedError)]
    assert lost == [paths[i] for i in at]
    answered = [(path, result) for path, result in results if path not in lost]
    assert answered == [(path, (path, len(path))) for path in paths if path not in lost]


def test_worker_that_dies_is_named_in_the_error() -> None:
    ((_, error),) = map_files(work.measure_or_die, ["die.mp3"], jobs=2)
    assert isinstance(error, WorkerDiedError)
    assert (error.path, error.code) == ("die.mp3", "worker-died")


def test_worker_that_dies_by_chance_is_tried_again(tmp_path: Path) -> None:
    path = str(tmp_path / "mark")
    assert list(map_files(work.die_the_first_time, [path], jobs=2)) == [(path, path)]
