"""Many tasks, each in a process of its own that has done nothing before."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from earmark.errors import EarmarkError, ParameterError

__all__ = ["map_in_processes"]

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")

_WARM = "earmark.evaluation._warm"


def _context() -> Any:
    # Forking a process that runs threads is not safe: a server that runs none, and has loaded what
    # this process has of the package, is forked instead where there can be one.
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    loaded = [name for name in sys.modules if name.startswith("earmark.")]
    context.set_forkserver_preload([*loaded, _WARM])
    return context


def _end_with_parent() -> None:
    """End this process when the one that started it does, however that ends."""
    parent = multiprocessing.parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def _work(pipe: Connection, function: Callable[[Any], Any], task: Any) -> None:
    """Do one task on one thread and send what comes of it."""
    from threadpoolctl import threadpool_limits

    importlib.import_module(_WARM)  # loaded already where the server was started for this
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started this one decides
    _end_with_parent()
    try:
        with threadpool_limits(1):
            outcome = function(task)
    except Exception as error:  # noqa: BLE001  (it is raised again where the task was given)
        error.add_note(traceback.format_exc())
        pipe.send((False, error))
    else:
        pipe.send((True, outcome))
    pipe.close()


def _in_process(
    context: Any, function: Callable[[Task], Outcome], task: Task, running: set[BaseProcess]
) -> Outcome:
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(theirs, function, task), daemon=True)
    process.start()
    running.add(process)
    theirs.close()
    try:
        done, outcome = ours.recv()
    except EOFError:
        process.join()
        # Code 1 is Python's own end: it could not import the script that began all this.
        hint = "; in a script, begin below if __name__ == '__main__'"
        raise EarmarkError(
            f"{task}: the process that worked on it ended with code {process.exitcode}"
            f"{hint if process.exitcode == 1 else ''}"
        ) from None
    finally:
        process.join()
        running.discard(process)
        ours.close()
    if not done:
        raise outcome
    result: Outcome = outcome
    return result


def map_in_processes(
    function: Callable[[Task], Outcome], tasks: Sequence[Task], *, jobs: int
) -> Iterator[tuple[int, Outcome]]:
    """Do tasks in parallel, each in a fresh process and on one thread.

    Parameters
    ----------
    function : callable
        Maps a task to what comes of it. Both, and it, can be pickled.
    tasks : sequence
        What is to be done. ``str(task)`` names it where its process is ended from outside.
    jobs : int
        Processes at a time.

    Yields
    ------
    number : int
        Of the task, from 0.
    outcome : object
        What came of it, as soon as it is there.

    Raises
    ------
    ParameterError
        If `jobs` is not 1 or more.
    EarmarkError
        If a process is ended from outside. Whatever a task raises is raised here. The tasks not yet
        yielded are given up then.
    """
    if jobs < 1:
        raise ParameterError(f"jobs={jobs} must be 1 or more")
    context = _context()
    running: set[BaseProcess] = set()
    pool = ThreadPoolExecutor(jobs)
    try:
        waiting: dict[Future[Outcome], int] = {
            pool.submit(_in_process, context, function, task, running): number
            for number, task in enumerate(tasks)
        }
        while waiting:
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in sorted(done, key=waiting.__getitem__):
                yield waiting.pop(future), future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in tuple(running):
            process.terminate()
        pool.shutdown(wait=True)
