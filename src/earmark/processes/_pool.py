"""Mapping a function over tasks, in workers or in this process."""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import wait
from multiprocessing.reduction import ForkingPickler
from types import TracebackType
from typing import Any, Generic, TypeVar, cast

from earmark.errors import EarmarkError, ParameterError
from earmark.processes._cores import ONE_THREAD
from earmark.processes._forking import WorkerProcess, start_worker
from earmark.processes._worker import INTERRUPTED, Setup

__all__ = ["AHEAD", "Pool", "TaskResult", "map_tasks"]

Task = TypeVar("Task")
Value = TypeVar("Value")

AHEAD = 4
"""Default number of tasks per job that are taken before their results."""

_SHORT_S = 0.05
"""Workers whose tasks are shorter are handed the next one before they ask for it."""

_FITS = 1 << 14
"""Bytes that a pipe takes in although nobody reads at the other end."""

_POLL_S = 0.1
"""How often a cancellation is looked for."""


@dataclass(frozen=True)
class TaskResult(Generic[Task, Value]):
    """What came of a task.

    Attributes
    ----------
    number : int
        Of the task, from 0.
    task : object
        The task.
    value : object or None
        What the function returned.
    error : BaseException or None
        What it raised, or why its result cannot be sent between processes.
    exit_code : int or None
        Where its worker ended before it answered: the exit code, or less the number of the signal.
    """

    number: int
    task: Task
    value: Value | None = None
    error: BaseException | None = None
    exit_code: int | None = None

    def unwrap(self) -> Value:
        """Return the value.

        Returns
        -------
        object
            What the function returned.

        Raises
        ------
        EarmarkError
            If the worker ended before it answered; ``str(task)`` names the task.

        Notes
        -----
        What the function raised is raised again.
        """
        if self.error is not None:
            raise self.error
        if self.exit_code is not None:
            raise EarmarkError(
                f"{self.task}: the process that worked on it ended with code {self.exit_code}"
            )
        return cast(Value, self.value)


@dataclass(frozen=True)
class _Options:
    """How a pool works; see `map_tasks`."""

    jobs: int
    preload: tuple[str, ...]
    fresh: bool
    repeat: bool


class _Worker:
    """A worker and the tasks it was given, of which it works on the first."""

    def __init__(self, process: WorkerProcess, setup: tuple[tuple[str, ...], bytes]) -> None:
        self.process = process
        self.given: deque[tuple[int, Any]] = deque()
        self.seconds = _SHORT_S
        self._held: bytes | memoryview | None = None
        self._since = 0.0
        self._send(ForkingPickler.dumps(setup[0]))
        self._send(setup[1])

    def give(self, number: int, task: Any) -> None:
        content = ForkingPickler.dumps(task)
        self.given.append((number, task))
        if len(self.given) == 1:
            self._since = time.perf_counter()
            self._send(content)
        elif len(content) <= _FITS:
            self._send(content)
        else:
            # A worker that is sending a result does not read: each would wait for the other.
            self._held = content

    def done(self) -> int:
        now = time.perf_counter()
        self.seconds, self._since = now - self._since, now
        if self._held is not None:
            self._send(self._held)
            self._held = None
        return self.given.popleft()[0]

    def _send(self, content: bytes | memoryview) -> None:
        with suppress(OSError):  # it has died: that shows when its answer is read
            self.process.connection.send_bytes(content)


class _Dispatcher(threading.Thread):
    """Gives tasks to workers and collects what they answer, while the caller does other things.

    Answers are put into `answers` as (number, content): bytes of a worker, an exit code, or the
    error of a task that cannot be sent. A number of -1 is the failure of the dispatcher itself.
    """

    def __init__(self, setup: Setup, options: _Options) -> None:
        super().__init__(daemon=True, name="earmark-dispatcher")
        self.answers: queue.SimpleQueue[tuple[int, bytes | int | BaseException]]
        self.answers = queue.SimpleQueue()
        self._options = options
        self._setup = (setup.path, bytes(ForkingPickler.dumps(setup)))
        self._todo: deque[tuple[int, Any]] = deque()
        self._repeated: deque[tuple[int, Any]] = deque()
        self._alone = False
        self._workers: list[_Worker] = []
        self._closed = False
        self._woken, self._wake = Pipe(duplex=False)

    def submit(self, number: int, task: Any) -> None:
        self._todo.append((number, task))
        self._wake.send_bytes(b"!")

    def close(self) -> None:
        """End all workers and the thread; what is being worked on is given up."""
        self._closed = True
        self._wake.send_bytes(b"!")
        self.join()
        self._wake.close()
        self._woken.close()

    def run(self) -> None:
        try:
            while not self._closed:
                self._assign()
                connections = {worker.process.connection: worker for worker in self._workers}
                for ready in wait([*connections, self._woken]):
                    worker = connections.get(cast(Any, ready))
                    if worker is None:
                        self._woken.recv_bytes()
                    else:
                        self._receive(worker)
        except BaseException as error:  # noqa: BLE001  (raised where results are read)
            self.answers.put((-1, error))
        finally:
            for worker in self._workers:
                worker.process.kill()
            for worker in tuple(self._workers):
                self._bury(worker)

    def _assign(self) -> None:
        """Give workers what they can take."""
        busy = any(worker.given for worker in self._workers)
        if self._alone and busy:
            return
        self._alone = False
        if self._repeated:
            # Perhaps memory was short: nothing else runs while a task is tried again.
            if not busy and (worker := self._idle()) is not None:
                self._alone = True
                self._give(worker, *self._repeated.popleft())
            return
        while self._todo and (worker := self._idle()) is not None:
            self._give(worker, *self._todo.popleft())

    def _idle(self) -> _Worker | None:
        """Find a worker that can take a task, or start one."""
        for worker in self._workers:
            if not worker.given:
                return worker
        if len(self._workers) < self._options.jobs:
            self._workers.append(_Worker(start_worker(self._options.preload), self._setup))
            return self._workers[-1]
        if not self._options.fresh and len(self._todo) > self._options.jobs:
            for worker in self._workers:
                if len(worker.given) == 1 and worker.seconds < _SHORT_S:
                    return worker
        return None

    def _give(self, worker: _Worker, number: int, task: Any) -> None:
        try:
            worker.give(number, task)
        except Exception as error:  # noqa: BLE001  (a task may hold anything)
            self.answers.put((number, error))

    def _receive(self, worker: _Worker) -> None:
        try:
            content = worker.process.connection.recv_bytes()
        except (EOFError, OSError):
            self._mourn(worker)
            return
        self.answers.put((worker.done(), content))
        if self._options.fresh:
            self._bury(worker)

    def _mourn(self, worker: _Worker) -> None:
        """Answer for a worker that has died, or have what it worked on tried again."""
        worker.process.kill()
        given, exit_code = worker.given, self._bury(worker)
        if not given:
            return
        culprit = given.popleft()
        self._todo.extendleft(reversed(given))
        if self._options.repeat and not self._alone:
            self._repeated.append(culprit)
        else:
            self.answers.put((culprit[0], exit_code))

    def _bury(self, worker: _Worker) -> int:
        """Wait for the end of a worker; one that still runs ends when its pipe is closed."""
        self._workers.remove(worker)
        worker.process.connection.close()
        return worker.process.wait()


class Pool(Generic[Task, Value]):
    """Workers that map one function over tasks, as often as wanted; a context manager.

    Parameters are those of `map_tasks`.
    """

    def __init__(
        self,
        function: Callable[[Task], Value],
        *,
        jobs: int = 1,
        isolated: bool = False,
        preload: Sequence[str] = (),
        initializer: Callable[[], None] | None = None,
        fresh: bool = False,
        repeat: bool = False,
        ahead: int = AHEAD,
        cancelled: threading.Event | None = None,
    ) -> None:
        if jobs < 1:
            raise ParameterError(f"jobs={jobs} must be 1 or more")
        self._function = function
        self._initializer = initializer
        self._options = _Options(jobs, tuple(preload), fresh, repeat)
        self._isolated = isolated or jobs > 1
        self._most_waiting = jobs * ahead
        self._cancelled = cancelled
        self._dispatcher: _Dispatcher | None = None

    def __enter__(self) -> Pool[Task, Value]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
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
        if not self._isolated:
            yield from self._map_here(tasks)
            return
        if self._dispatcher is None:
            self._dispatcher = _Dispatcher(self._setup(), self._options)
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
            function=self._function,
            initializer=self._initializer,
            preload=self._options.preload,
            environ={**os.environ, **ONE_THREAD},
            folder=folder,
            path=tuple(sys.path),
        )

    def _is_cancelled(self) -> bool:
        return self._cancelled is not None and self._cancelled.is_set()

    def _map_here(self, tasks: Iterable[Task]) -> Iterator[TaskResult[Task, Value]]:
        if self._initializer is not None:
            self._initializer()
            self._initializer = None
        for number, task in enumerate(tasks):
            if self._is_cancelled():
                return
            try:
                result = TaskResult(number, task, self._function(task))
            except (KeyboardInterrupt, SystemExit, GeneratorExit):  # meant for the process
                raise
            except BaseException as error:  # noqa: BLE001  (no task ends the others)
                result = TaskResult(number, task, error=error)
            yield result

    def _map_in_workers(
        self, dispatcher: _Dispatcher, tasks: Iterable[Task], ordered: bool
    ) -> Iterator[TaskResult[Task, Value]]:
        remaining = enumerate(tasks)
        waiting: dict[int, Task] = {}
        done: dict[int, TaskResult[Task, Value]] = {}
        turn, more = 0, True
        while not self._is_cancelled():
            while more and len(waiting) + len(done) < self._most_waiting:
                number, task = next(remaining, (-1, None))
                if number < 0:
                    more = False
                    break
                waiting[number] = task  # type: ignore[assignment]
                dispatcher.submit(number, task)
            if ordered and turn in done:
                yield done.pop(turn)
                turn += 1
                continue
            if not waiting:
                return
            answer = self._answer(dispatcher)
            if answer is None:
                continue
            number, content = answer
            result = _result(number, waiting.pop(number), content)
            if ordered:
                done[number] = result
            else:
                yield result

    def _answer(self, dispatcher: _Dispatcher) -> tuple[int, bytes | int | BaseException] | None:
        """Wait for the next answer; None after a while where the work may be cancelled."""
        try:
            number, content = dispatcher.answers.get(
                timeout=None if self._cancelled is None else _POLL_S
            )
        except queue.Empty:
            return None
        if number < 0 and isinstance(content, BaseException):
            raise content
        return number, content


def _result(number: int, task: Task, content: bytes | int | BaseException) -> TaskResult[Task, Any]:
    """Unpack the answer of a worker."""
    if isinstance(content, int):
        return TaskResult(number, task, exit_code=content)
    if isinstance(content, BaseException):
        return TaskResult(number, task, error=content)
    try:
        kind, value = ForkingPickler.loads(content)
    except Exception as error:  # noqa: BLE001  (a class may be packed, and refuse to be made again)
        return TaskResult(number, task, error=error)
    if kind == INTERRUPTED:
        raise KeyboardInterrupt
    if kind == "error":
        return TaskResult(number, task, error=value)
    return TaskResult(number, task, value)


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
