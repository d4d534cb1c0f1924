"""One function over many files, in parallel, where no file can stop the others."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing import forkserver
from multiprocessing.reduction import ForkingPickler
from typing import TypeVar

from earmark.errors import AudioError, ParameterError, WorkerDiedError

__all__ = ["failure_of", "map_files", "prepare_workers", "usable_cores"]

Result = TypeVar("Result")

_PRELOADED = ["earmark.extraction._preloaded"]
"""Imports what a worker finds loaded."""

_AHEAD = 4
"""Files each worker is given before it asks: enough to be never idle, few enough to be dropped."""


def usable_cores() -> int:
    """Count the cores this process may use.

    Returns
    -------
    int
        1 or more.

    Examples
    --------
    >>> usable_cores() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Have workers started in here compute on one thread each: the files are the parallelism."""
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _start(initializer: Callable[[], None] | None) -> None:
    """Prepare a worker: it ends when the process that started it does, however that ends."""
    parent = multiprocessing.parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=follow, daemon=True).start()
    if initializer is not None:
        initializer()


def prepare_workers() -> None:
    """Start what workers are forked from, so that it loads while this process does other things.

    Examples
    --------
    >>> prepare_workers()
    """
    if "forkserver" in multiprocessing.get_all_start_methods():
        multiprocessing.get_context("forkserver").set_forkserver_preload(_PRELOADED)
        with _one_thread_each():
            forkserver.ensure_running()


def _pool(jobs: int, initializer: Callable[[], None] | None) -> ProcessPoolExecutor:
    # Forking a process in which decoders and onnxruntime run threads is not safe: a server that
    # runs none, and has loaded what all need, is forked instead where there can be one.
    if "forkserver" in multiprocessing.get_all_start_methods():
        context: multiprocessing.context.BaseContext = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(_PRELOADED)
    else:
        context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(jobs, mp_context=context, initializer=partial(_start, initializer))


def failure_of(path: str, error: BaseException) -> AudioError:
    """Turn whatever was raised while one file was worked on into the failure of that file.

    Parameters
    ----------
    path : str
        The file.
    error : BaseException
        What was raised.

    Returns
    -------
    AudioError
        The error itself where it is one; else one that names its type.

    Examples
    --------
    >>> failure_of("a.mp3", RecursionError("maximum depth exceeded")).reason
    'unexpected RecursionError: maximum depth exceeded'
    """
    if isinstance(error, AudioError):
        return error
    kind = type(error).__name__
    try:
        text = str(error)
    except Exception:  # noqa: BLE001  (an error that cannot even say what it is)
        text = ""
    return AudioError(path, f"unexpected {kind}: {text}" if text else f"unexpected {kind}")


def _result_here(function: Callable[[str], Result], path: str) -> Result | AudioError:
    """Run one file in this process; what it raises is its failure, and nobody else's."""
    try:
        return function(path)
    except (KeyboardInterrupt, SystemExit, GeneratorExit):  # meant for the process, not the file
        raise
    except BaseException as error:  # noqa: BLE001  (one bad file never stops the others)
        return failure_of(path, error)


def _packed_result(function: Callable[[str], Result], path: str) -> bytes:
    """Run one file in a worker, and pack what comes of it.

    It is packed here rather than by the pool: what cannot be packed, or cannot be unpacked at the
    other end, would be raised there as the failure of all.
    """
    result: Result | AudioError
    try:
        result = function(path)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  (one bad file never stops the others)
        result = failure_of(path, error)
    try:
        return bytes(ForkingPickler.dumps(result))
    except Exception as error:  # noqa: BLE001  (a result may hold anything)
        return bytes(ForkingPickler.dumps(failure_of(path, error)))


def _unpacked_result(path: str, content: bytes) -> Result | AudioError:
    try:
        result: Result | AudioError = ForkingPickler.loads(content)
    except Exception as error:  # noqa: BLE001  (a class may be packed, and refuse to be made again)
        return failure_of(path, error)
    return result


def _alone(
    function: Callable[[str], Result], path: str, initializer: Callable[[], None] | None
) -> Result | AudioError:
    """Run one file in a process of its own, where it can only bring down itself."""
    with _pool(1, initializer) as pool:
        try:
            return _unpacked_result(path, pool.submit(_packed_result, function, path).result())
        except BrokenProcessPool:
            return WorkerDiedError(path, "the process that worked on it was killed")


def map_files(
    function: Callable[[str], Result],
    paths: Iterable[str],
    *,
    jobs: int = 1,
    ordered: bool = True,
    isolated: bool = False,
    initializer: Callable[[], None] | None = None,
) -> Iterator[tuple[str, Result | AudioError]]:
    """Apply a function to files, in parallel processes, and yield what it returns.

    Parameters
    ----------
    function : callable
        Maps a path to anything that can be sent between processes.
    paths : iterable of str
        The files.
    jobs : int
        Processes that work at a time; with 1 it is done in this one.
    ordered : bool
        Whether to yield in the order of `paths`; else as files are done.
    isolated : bool
        Whether to use a process of its own for a single job too, so that a file that brings a
        decoder down does not bring down this one.
    initializer : callable or None
        Called once in each process before it works.

    Yields
    ------
    (str, object)
        A path and what `function` returned for it. Where it raised an error, an `AudioError`: the
        error itself, or one that names its type, see `failure_of`; likewise where the result
        cannot be sent between processes. Where the process was ended from outside or crashed in a
        decoder, a `WorkerDiedError`; files that were with it are done again, each alone, so that
        only the one that did it is lost.

    Raises
    ------
    ParameterError
        If `jobs` is less than 1.

    Examples
    --------
    >>> list(map_files(len, ["a.mp3", "bc.mp3"]))
    [('a.mp3', 5), ('bc.mp3', 6)]
    """
    if jobs < 1:
        raise ParameterError(f"jobs={jobs} must be 1 or more")
    if jobs == 1 and not isolated:
        for path in paths:
            yield path, _result_here(function, path)
        return
    with _one_thread_each():
        yield from _map_in_pool(function, iter(paths), jobs, ordered, initializer)


def _submitted(
    pool: ProcessPoolExecutor, function: Callable[[str], Result], path: str
) -> Future[bytes]:
    """Submit a file; a pool that broke meanwhile says so through the future, as it does later."""
    try:
        return pool.submit(_packed_result, function, path)
    except BrokenProcessPool as error:
        broken: Future[bytes] = Future()
        broken.set_exception(error)
        return broken


def _first_done_to_front(waiting: deque[tuple[str, Future[bytes]]]) -> None:
    """Wait until a file is done, and move it to the front."""
    wait([future for _, future in waiting], return_when=FIRST_COMPLETED)
    place = next(i for i, (_, future) in enumerate(waiting) if future.done())
    done = waiting[place]
    del waiting[place]
    waiting.appendleft(done)


def _map_in_pool(
    function: Callable[[str], Result],
    remaining: Iterator[str],
    jobs: int,
    ordered: bool,
    initializer: Callable[[], None] | None,
) -> Iterator[tuple[str, Result | AudioError]]:
    pool = _pool(jobs, initializer)
    waiting: deque[tuple[str, Future[bytes]]] = deque()
    try:
        while True:
            while len(waiting) < jobs * _AHEAD and (path := next(remaining, None)) is not None:
                waiting.append((path, _submitted(pool, function, path)))
            if not waiting:
                return
            if not ordered:
                _first_done_to_front(waiting)
            path, future = waiting.popleft()
            try:
                yield path, _unpacked_result(path, future.result())
            except BrokenProcessPool:
                pool.shutdown(wait=False, cancel_futures=True)
                suspects = [path, *(other for other, _ in waiting)]
                waiting.clear()
                for suspect in suspects:
                    yield suspect, _alone(function, suspect, initializer)
                pool = _pool(jobs, initializer)
    finally:
        # Not waiting would race the interpreter's own end.
        pool.shutdown(wait=True, cancel_futures=True)
