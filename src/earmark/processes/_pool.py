"""Mapping a function over tasks, in workers or in this process."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass
from itertools import islice
from typing import Generic

from earmark.errors import ParameterError
from earmark.processes._cores import ONE_THREAD
from earmark.processes._dispatcher import Dispatcher
from earmark.processes._result import Task, TaskResult, Value, result_of
from earmark.processes._worker import Setup

__all__ = ["AHEAD", "Pool", "map_tasks"]

AHEAD = 4
"""Default number of tasks per job that are taken before their results."""

_POLL_S = 0.1
"""How often a cancellation is looked for."""


@dataclass(eq=False)
class Pool(Generic[Task, Value]):
    """Workers that map one function over tasks, as often as wanted; a context manager.

    Attributes
    ----------
    function, jobs, isolated, preload, initializer, fresh, repeat, ahead, cancelled : object
        As for `map_tasks`.

    Raises
    ------
    ParameterError
        If `jobs` is less than 1.
    """

    function: Callable[[Task], Value]
    _: KW_ONLY
    jobs: int = 1
    isolated: bool = False
    preload: Sequence[str] = ()
    initializer: Callable[[], None] | None = None
    fresh: bool = False
    repeat: bool = False
    ahead: int = AHEAD
    cancelled: threading.Event | None = None

    def __post_init__(self) -> None:
        if self.jobs < 1:
            raise ParameterError(f"jobs={self.jobs} must be 1 or more")
        self._dispatcher: Dispatcher | None = None
        self._initialized = False

    def __enter__(self) -> Pool[Task, Value]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the workers; what they work on is given up."""
        if self._dispatcher is not None:
            self._dispatcher.close()
            self._dispatcher = None

    def map(
        self, tasks: Iterable[Task], *, ordered: bool = False
    ) -> Iterator[TaskResult[Task, Value]]:
        """Do tasks; one call at a time.

        Parameters
        ----------
        tasks : iterable
            What the function takes. They are taken as they are needed.
        ordered : bool
            Whether to yield in their order; else as they are done.

        Yields
        ------
        TaskResult
            What came of each. Ends early where the work is cancelled.
        """
        if self.jobs == 1 and not self.isolated:
            yield from self._map_here(tasks)
            return
        if self._dispatcher is None:
            self._dispatcher = Dispatcher(
                self._setup(), jobs=self.jobs, fresh=self.fresh, repeat=self.repeat
            )
            self._dispatcher.start()
        finished = False
        try:
            yield from self._map_in_workers(self._dispatcher, tasks, ordered)
            finished = not self._is_cancelled()
        finally:
            if not finished:
                self.close()

    def _setup(self) -> Setup:
        try:
            folder: str | None = os.getcwd()
        except OSError:
            folder = None
        return Setup(
            function=self.function,
            initializer=self.initializer,
            preload=tuple(self.preload),
            environ={**os.environ, **ONE_THREAD},
            folder=folder,
        )

    def _is_cancelled(self) -> bool:
        return self.cancelled is not None and self.cancelled.is_set()

    def _map_here(self, tasks: Iterable[Task]) -> Iterator[TaskResult[Task, Value]]:
        if self.initializer is not None and not self._initialized:
            self.initializer()
            self._initialized = True
        for number, task in enumerate(tasks):
            if self._is_cancelled():
                return
            try:
                result = TaskResult(number, task, self.function(task))
            except (KeyboardInterrupt, SystemExit, GeneratorExit):  # meant for the process
                raise
            except BaseException as error:  # noqa: BLE001  (no task ends the others)
                result = TaskResult(number, task, error=error)
            yield result

    def _map_in_workers(
        self, dispatcher: Dispatcher, tasks: Iterable[Task], ordered: bool
    ) -> Iterator[TaskResult[Task, Value]]:
        remaining = enumerate(tasks)
        waiting: dict[int, Task] = {}
        done: dict[int, TaskResult[Task, Value]] = {}
        turn = 0
        timeout = None if self.cancelled is None else _POLL_S
        while not self._is_cancelled():
            room = self.jobs * self.ahead - len(waiting) - len(done)
            for number, task in islice(remaining, room):
                waiting[number] = task
                dispatcher.submit(number, task)
            if ordered and turn in done:
                yield done.pop(turn)
                turn += 1
                continue
            if not waiting:
                return
            answered = dispatcher.answer(timeout)
            if answered is None:
                continue
            number, answer = answered
            result = result_of(number, waiting.pop(number), answer)
            if ordered:
                done[number] = result
            else:
                yield result


def map_tasks(
    function: Callable[[Task], Value],
    tasks: Iterable[Task],
    *,
    jobs: int = 1,
    ordered: bool = False,
    isolated: bool = False,
    preload: Sequence[str] = (),
    initializer: Callable[[], None] | None = None,
    fresh: bool = False,
    repeat: bool = False,
    ahead: int = AHEAD,
    cancelled: threading.Event | None = None,
) -> Iterator[TaskResult[Task, Value]]:
    """Apply a function to tasks, in parallel processes of one thread each.

    Parameters
    ----------
    function : callable
        Maps a task to a result. It is sent to each worker once; it, tasks and results can be
        pickled, unless all is done in this process.
    tasks : iterable
        What to do. They are taken as they are needed, a few ahead.
    jobs : int
        Processes that work at a time; with 1 it is done in this one.
    ordered : bool
        Whether to yield in the order of the tasks; else as they are done.
    isolated : bool
        Whether to use another process for a single job too, so that a task that crashes does not
        take this process along.
    preload : sequence of str
        Modules that workers find imported. Workers with the same are started quickly.
    initializer : callable or None
        Called once in each process before it works.
    fresh : bool
        Whether each task gets a worker that has done nothing before.
    repeat : bool
        Whether a task whose worker died is done once more, while no other worker runs: perhaps
        memory was short.
    ahead : int
        Tasks for each job that are taken before their results are. More keep workers from waiting;
        fewer are begun in vain where the caller stops early.
    cancelled : threading.Event or None
        Once it is set, workers are ended and no further result is yielded. To close the generator
        has the same effect.

    Yields
    ------
    TaskResult
        What came of each task; whatever goes wrong with it is in its result.

    Raises
    ------
    ParameterError
        If `jobs` is less than 1.
    EarmarkError
        If no process can be started.

    Examples
    --------
    >>> [result.value for result in map_tasks(len, ["a", "bc"])]
    [1, 2]
    """
    with Pool(
        function,
        jobs=jobs,
        isolated=isolated,
        preload=preload,
        initializer=initializer,
        fresh=fresh,
        repeat=repeat,
        ahead=ahead,
        cancelled=cancelled,
    ) as pool:
        yield from pool.map(tasks, ordered=ordered)
