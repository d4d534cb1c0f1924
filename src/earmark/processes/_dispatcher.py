"""The thread that knows which worker has which task."""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import wait
from multiprocessing.reduction import ForkingPickler
from typing import Any, cast

from earmark.processes._forking import WorkerProcess, start_worker
from earmark.processes._result import Answer
from earmark.processes._worker import Setup

__all__ = ["Dispatcher"]

_SHORT_S = 0.05
"""Workers whose tasks are shorter are handed the next one before they ask for it."""

_FITS = 1 << 12
"""Bytes that a pipe takes in although nobody reads at the other end."""


class _Worker:
    """A worker and the tasks it was given, of which it works on the first."""

    def __init__(self, process: WorkerProcess, setup: Iterable[bytes | memoryview]) -> None:
        self.process = process
        self.given: deque[tuple[int, Any]] = deque()
        self.seconds = _SHORT_S
        self._held: bytes | memoryview | None = None
        self._since = 0.0
        for part in setup:
            self._send(part)

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


class Dispatcher(threading.Thread):
    """Gives tasks to workers and collects what they answer, while the caller does other things.

    `jobs` workers run at a time. If `fresh`, each does one task; if `repeat`, a task whose worker
    died is done once more, while no other worker runs.
    """

    def __init__(self, setup: Setup, *, jobs: int, fresh: bool, repeat: bool) -> None:
        super().__init__(daemon=True, name="earmark-dispatcher")
        self._jobs, self._fresh, self._repeat = jobs, fresh, repeat
        self._preload = setup.preload
        self._setup = [ForkingPickler.dumps(tuple(sys.path)), ForkingPickler.dumps(setup)]
        what = bytes(ForkingPickler.dumps((setup.function, setup.initializer)))
        self._imports_script = b"__main__" in what
        self._answers: queue.SimpleQueue[tuple[int, Answer]] = queue.SimpleQueue()
        self._todo: deque[tuple[int, Any]] = deque()
        self._repeated: deque[tuple[int, Any]] = deque()
        self._alone = False
        self._workers: list[_Worker] = []
        self._closed = False
        self._woken, self._wake = Pipe(duplex=False)

    def submit(self, number: int, task: Any) -> None:
        self._todo.append((number, task))
        self._wake.send_bytes(b"!")

    def answer(self, timeout: float | None) -> tuple[int, Answer] | None:
        """Wait for an answer and return it with its task's number; None after `timeout` seconds.

        Raises what made the dispatcher itself fail.
        """
        try:
            number, answer = self._answers.get(timeout=timeout)
        except queue.Empty:
            return None
        if number < 0:
            raise cast(BaseException, answer)
        return number, answer

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
            self._answers.put((-1, error))
        finally:
            for worker in self._workers:
                worker.process.kill()
            for worker in tuple(self._workers):
                self._remove(worker)

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
        if len(self._workers) < self._jobs:
            process = start_worker(self._preload, imports_script=self._imports_script)
            self._workers.append(_Worker(process, self._setup))
            return self._workers[-1]
        if not self._fresh and len(self._todo) > self._jobs:
            for worker in self._workers:
                if len(worker.given) == 1 and worker.seconds < _SHORT_S:
                    return worker
        return None

    def _give(self, worker: _Worker, number: int, task: Any) -> None:
        try:
            worker.give(number, task)
        except Exception as error:  # noqa: BLE001  (a task may hold anything)
            self._answers.put((number, error))

    def _receive(self, worker: _Worker) -> None:
        try:
            answer = worker.process.connection.recv_bytes()
        except (EOFError, OSError):
            self._worker_died(worker)
            return
        self._answers.put((worker.done(), answer))
        if self._fresh:
            self._remove(worker)

    def _worker_died(self, worker: _Worker) -> None:
        """Answer for a worker that has died, or have what it worked on tried again."""
        worker.process.kill()
        given, exit_code = worker.given, self._remove(worker)
        if not given:
            return
        number, task = given.popleft()
        self._todo.extendleft(reversed(given))
        if self._repeat and not self._alone:
            self._repeated.append((number, task))
        else:
            self._answers.put((number, exit_code))

    def _remove(self, worker: _Worker) -> int:
        """Wait for the end of a worker; one that still runs ends when its pipe is closed."""
        self._workers.remove(worker)
        worker.process.connection.close()
        return worker.process.wait()
