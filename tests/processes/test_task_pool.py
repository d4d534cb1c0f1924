"""Tasks in workers and in this process: results, failures, order, repetition, surroundings."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pool_functions as work
import pytest

from earmark.errors import DatasetError, EarmarkError, ParameterError
from earmark.processes import Pool, map_tasks, prepare_workers, usable_cores

MODES: dict[str, dict[str, Any]] = {
    "here": {"jobs": 1},
    "alone": {"jobs": 1, "isolated": True},
    "two": {"jobs": 2},
    "fresh": {"jobs": 2, "fresh": True},
}
IN_WORKERS = {name: mode for name, mode in MODES.items() if name != "here"}


def modes(chosen: dict[str, dict[str, Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("mode", chosen.values(), ids=chosen.keys())


OUTPUT: dict[str, Any] = {"capture_output": True, "text": True, "timeout": 60}


# --- results --------------------------------------------------------------------------------------


@modes(MODES)
def test_every_task_is_done_once(mode: dict[str, Any]) -> None:
    results = list(map_tasks(work.square, range(10), **mode))
    assert {r.number: (r.task, r.value) for r in results} == {i: (i, i**2) for i in range(10)}
    assert all(r.error is None and r.exit_code is None for r in results)


@modes(MODES)
def test_nothing_to_do_gives_nothing(mode: dict[str, Any]) -> None:
    assert list(map_tasks(work.square, [], **mode)) == []


@modes(MODES)
def test_results_come_in_order_where_that_is_wanted(mode: dict[str, Any]) -> None:
    results = map_tasks(work.slow_square, range(6), ordered=True, **mode)
    assert [r.value for r in results] == [i**2 for i in range(6)]


@modes({"two": MODES["two"], "fresh": MODES["fresh"]})
def test_results_come_as_they_are_done_elsewhere(mode: dict[str, Any]) -> None:
    assert [r.value for r in map_tasks(work.slow_square, range(2), **mode)] == [1, 0]


def test_tasks_are_taken_as_they_are_needed() -> None:
    taken = 0

    def endless() -> Iterator[int]:
        nonlocal taken
        while True:
            taken += 1
            yield taken

    results = map_tasks(work.square, endless(), jobs=2, ordered=True)
    assert next(results).value == 1
    results.close()  # type: ignore[attr-defined]
    assert taken < 20


def test_error_of_the_tasks_themselves_is_raised() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(map_tasks(work.square, broken(), jobs=2))


def test_large_tasks_and_results_do_not_wait_for_each_other() -> None:
    tasks = [i if i % 2 else b"y" * (1 << 20) for i in range(40)]
    results = list(map_tasks(work.large, tasks, jobs=2))
    assert {len(r.value or b"") for r in results} == {1 << 20}


def test_pool_is_used_again_by_the_same_workers() -> None:
    with Pool(work.process, jobs=1, isolated=True) as pool:
        first = {r.value for r in pool.map(range(3))}
        assert {r.value for r in pool.map(range(3))} == first
    assert os.getpid() not in first


def test_pool_whose_results_were_left_gives_the_right_ones_later() -> None:
    with Pool(work.square, jobs=2) as pool:
        for _ in pool.map(range(20)):
            break
        assert sorted(r.value or 0 for r in pool.map([5, 6])) == [25, 36]


# --- failures -------------------------------------------------------------------------------------

FAILURES: dict[str, tuple[type[BaseException], str]] = {
    "value": (ValueError, "nobody foresaw"),
    "memory": (MemoryError, ""),
    "panic": (work.PanicError, "a panic"),
}
OF_THE_TRIP: dict[str, tuple[type[BaseException], str]] = {
    "exit": (SystemExit, "3"),
    "unmakeable": (TypeError, "missing 1 required keyword-only argument"),
    "unpackable": (RuntimeError, "UnpackableError: no"),
    "proxy": (TypeError, "cannot pickle 'mappingproxy' object"),
    "spring": (ZeroDivisionError, "it snapped"),
}


@modes(MODES)
def test_failure_is_that_of_its_task_only(mode: dict[str, Any]) -> None:
    expected = FAILURES if mode == MODES["here"] else FAILURES | OF_THE_TRIP
    tasks = ["good", *expected, "fine"]
    results = {r.task: r for r in map_tasks(work.do_what_it_says, tasks, **mode)}
    assert list(results) == tasks or mode["jobs"] > 1
    assert results.pop("good").value == "good"
    assert results.pop("fine").value == "fine"
    for task, (kind, text) in expected.items():
        assert type(results[task].error) is kind, task
        assert text in str(results[task].error)
        with pytest.raises(kind):
            results[task].unwrap()


def test_task_that_cannot_be_sent_fails_alone() -> None:
    tasks: list[Any] = [1, threading.Lock(), 2]
    results = list(map_tasks(work.large, tasks, jobs=1, isolated=True, ordered=True))
    assert [type(r.error) for r in results] == [type(None), TypeError, type(None)]


def test_error_of_a_worker_says_where_it_was_raised() -> None:
    (result,) = map_tasks(work.square, [13], isolated=True)
    with pytest.raises(DatasetError, match="13 is refused") as caught:
        result.unwrap()
    assert "pool_functions.py" in caught.value.__notes__[0]


@modes(MODES)
def test_interrupt_in_a_task_ends_all(mode: dict[str, Any]) -> None:
    with pytest.raises(KeyboardInterrupt):
        list(map_tasks(work.do_what_it_says, ["a", "interrupt"], **mode))


def test_exit_in_a_task_ends_all_here() -> None:
    with pytest.raises(SystemExit):
        list(map_tasks(work.do_what_it_says, ["a", "exit"]))


@pytest.mark.parametrize("jobs", [0, -1])
def test_no_jobs_are_refused(jobs: int) -> None:
    with pytest.raises(ParameterError, match=f"jobs={jobs} must be 1 or more"):
        list(map_tasks(work.square, [1], jobs=jobs))


# --- workers that die -----------------------------------------------------------------------------


@modes(IN_WORKERS)
@pytest.mark.parametrize("at", [(0,), (9,), (2, 3, 7)], ids=str)
@pytest.mark.parametrize("repeat", [True, False], ids=["repeat", "once"])
def test_worker_that_dies_loses_its_task_only(
    mode: dict[str, Any], at: tuple[int, ...], repeat: bool
) -> None:
    tasks = [14 if i in at else i for i in range(10)]
    results = list(map_tasks(work.square, tasks, repeat=repeat, ordered=True, **mode))
    assert [r.number for r in results] == list(range(10))
    assert [r.exit_code for r in results] == [3 if i in at else None for i in range(10)]
    assert all(r.value == r.task**2 for r in results if r.number not in at)


def test_end_of_a_worker_names_its_task() -> None:
    (result,) = map_tasks(work.square, [14], isolated=True)
    with pytest.raises(EarmarkError, match="14: the process that worked on it ended with code 3"):
        result.unwrap()


def test_worker_that_dies_by_chance_is_tried_again(tmp_path: Path) -> None:
    path = str(tmp_path / "mark")
    (result,) = map_tasks(work.die_once, [path], jobs=2, repeat=True)
    assert result.value == path


def test_task_is_tried_again_while_nothing_else_runs(tmp_path: Path) -> None:
    names = ["1", "2-die", "3", "4-die", "5", "6", "7"]
    results = map_tasks(work.overlap, [str(tmp_path / name) for name in names], jobs=3, repeat=True)
    others = {Path(r.task).name: r.value for r in results}
    assert others["2-die"] == others["4-die"] == 0


# --- what a worker finds --------------------------------------------------------------------------


def test_one_job_works_in_this_process() -> None:
    assert [r.value for r in map_tasks(work.process, range(5))] == [os.getpid()] * 5


def test_several_work_in_as_many_processes() -> None:
    pids = {r.value for r in map_tasks(work.process, range(30), jobs=2)}
    assert os.getpid() not in pids
    assert 1 <= len(pids) <= 2


def test_fresh_workers_do_one_task_each() -> None:
    pids = {r.value for r in map_tasks(work.process, range(4), isolated=True, fresh=True)}
    assert len({os.getpid(), *pids}) == 5


def test_worker_has_one_thread_and_the_environment_and_folder_of_now(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    for value in ("first", "second"):
        folder = tmp_path / value
        folder.mkdir()
        monkeypatch.chdir(folder)
        monkeypatch.setenv("POOL_TEST", value)
        (result,) = map_tasks(work.surroundings, [0], isolated=True)
        assert result.value == (value, str(folder), 1, "1")
    assert os.environ["OMP_NUM_THREADS"] == "5"


@modes(MODES)
def test_initializer_runs_in_each_process(
    mode: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "_earmark_test_mark", False, raising=False)
    results = map_tasks(work.has_mark, range(4), initializer=work.leave_mark, **mode)
    assert [r.value for r in results] == [True] * 4


@modes(IN_WORKERS)
def test_error_of_an_initializer_is_that_of_every_task(mode: dict[str, Any]) -> None:
    results = map_tasks(work.square, range(3), initializer=work.refuse_to_start, **mode)
    assert [str(r.error) for r in results] == ["it cannot begin"] * 3


def test_each_pool_gets_its_own_imports() -> None:
    """Whoever was first does not decide what others find loaded."""
    modules = ["earmark.wording", "colorsys"]
    prepare_workers(modules[:1])
    for module, other in (modules, modules[::-1]):
        found = map_tasks(work.loaded, modules, isolated=True, preload=[module, "no_such_module"])
        assert {r.task: r.value for r in found} == {module: True, other: False}


def test_memory_is_what_the_task_took() -> None:
    """A greedy task before does not hide what the next one takes."""
    results = map_tasks(work.hold, [200, 100], isolated=True, fresh=True, ordered=True)
    assert [r.value for r in results] == pytest.approx([200e6, 100e6], rel=0.1)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells in a process that is not new")
def test_memory_is_told_in_one_process_too() -> None:
    results = map_tasks(work.hold, [200, 100], ordered=True)
    assert [r.value for r in results] == pytest.approx([200e6, 100e6], rel=0.1)


def test_usable_cores_are_those_this_process_may_use() -> None:
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a script needs a guard")
def test_script_without_a_guard_is_not_run_again(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from earmark.processes import map_tasks\n"
        "print([r.value for r in map_tasks(len, ['a'], isolated=True)])\n"
    )
    done = subprocess.run([sys.executable, script], check=False, **OUTPUT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[1]\n", "")


def test_script_without_a_guard_for_its_own_functions_is_told_what_to_do(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from earmark.processes import map_tasks\n"
        "def double(x):\n    return 2 * x\n"
        "print([r.value for r in map_tasks(double, [1], isolated=True)])\n"
    )
    done = subprocess.run([sys.executable, script], check=False, **OUTPUT)
    assert done.returncode == 1
    assert "if __name__ == '__main__'" in done.stderr.splitlines()[-1]


def test_function_of_a_script_is_found_by_workers(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from earmark.processes import map_tasks\n"
        "def double(x):\n    return 2 * x\n"
        "if __name__ == '__main__':\n"
        "    print([r.unwrap() for r in map_tasks(double, [1, 2], jobs=2, ordered=True)])\n"
    )
    done = subprocess.run([sys.executable, script], check=False, **OUTPUT)
    assert (done.stdout, done.stderr) == ("[2, 4]\n", "")
