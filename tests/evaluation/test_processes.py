"""Tasks in fresh processes: in any order, one thread each, and what happens when one fails."""

from __future__ import annotations

import multiprocessing
import os

import pytest
from evaluation_helpers import hold, slow_square, square, threads_and_process

from earmark.errors import DatasetError, EarmarkError, ParameterError
from earmark.evaluation._processes import map_in_processes


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_every_task_is_done_once(jobs: int) -> None:
    done = dict(map_in_processes(square, range(6), jobs=jobs))
    assert done == {number: number**2 for number in range(6)}


def test_tasks_are_told_as_they_are_done() -> None:
    order = [number for number, _ in map_in_processes(slow_square, range(2), jobs=2)]
    assert order == [1, 0]


def test_nothing_to_do_starts_nothing() -> None:
    assert list(map_in_processes(square, [], jobs=2)) == []


def test_each_is_a_fresh_process_of_one_thread() -> None:
    found = [outcome for _, outcome in map_in_processes(threads_and_process, range(3), jobs=1)]
    assert {threads for threads, _ in found} == {1}
    assert len({os.getpid(), *(process for _, process in found)}) == 4


def test_memory_is_what_the_task_took() -> None:
    """A greedy task before does not hide what the next one takes."""
    found = [outcome for _, outcome in map_in_processes(hold, [200, 100], jobs=1)]
    assert found == pytest.approx([200e6, 100e6], rel=0.1)


def test_error_is_raised_where_the_task_was_given() -> None:
    with pytest.raises(DatasetError, match="13 is refused") as caught:
        list(map_in_processes(square, [1, 13, 2], jobs=1))
    assert "Traceback" in caught.value.__notes__[0]


def test_process_that_ends_is_told() -> None:
    with pytest.raises(EarmarkError, match="14: the process that worked on it ended with code 3"):
        list(map_in_processes(square, [1, 14, 2], jobs=1))


def test_giving_up_leaves_no_process() -> None:
    for _ in map_in_processes(slow_square, [0] * 20, jobs=2):
        break
    assert multiprocessing.active_children() == []


def test_no_job_is_refused() -> None:
    with pytest.raises(ParameterError, match="jobs=0 must be 1 or more"):
        list(map_in_processes(square, [1], jobs=0))
