"""One function over many files, in parallel, where no file can stop the others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TypeVar

from earmark.errors import AudioError, WorkerDiedError
from earmark.processes import map_tasks

__all__ = ["WORKER_MODULES", "failure_of", "map_files"]

Result = TypeVar("Result")

WORKER_MODULES = ("earmark.extraction._preloaded",)
"""What workers of `map_files` import."""


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


def _result_or_failure(function: Callable[[str], Result], path: str) -> Result | AudioError:
    """Run one file; an error is its failure here already, since not every error can be sent."""
    try:
        return function(path)
    except (KeyboardInterrupt, SystemExit, GeneratorExit):  # meant for the process, not the file
        raise
    except BaseException as error:  # noqa: BLE001  (one bad file never stops the others)
        return failure_of(path, error)


def map_files(
    function: Callable[[str], Result],
    paths: Iterable[str],
    *,
    jobs: int = 1,
    ordered: bool = True,
    isolated: bool = False,
    initializer: Callable[[], None] | None = None,
    cancelled: threading.Event | None = None,
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
    cancelled : threading.Event or None
        Once it is set, the files being worked on are given up, and this ends.

    Yields
    ------
    (str, object)
        A path and what `function` returned for it. Where it raised an error, an `AudioError`: the
        error itself, or one that names its type, see `failure_of`; likewise where the result
        cannot be sent between processes. Where the process was ended from outside or crashed in a
        decoder, and again when the file was tried once more while nothing else ran, a
        `WorkerDiedError`.

    Raises
    ------
    ParameterError
        If `jobs` is less than 1.

    Examples
    --------
    >>> list(map_files(len, ["a.mp3", "bc.mp3"]))
    [('a.mp3', 5), ('bc.mp3', 6)]
    """
    results = map_tasks(
        partial(_result_or_failure, function),
        paths,
        jobs=jobs,
        ordered=ordered,
        isolated=isolated,
        preload=WORKER_MODULES,
        initializer=initializer,
        repeat=True,
        cancelled=cancelled,
    )
    for result in results:
        if result.error is not None:
            yield result.task, failure_of(result.task, result.error)
        elif result.exit_code is not None:
            reason = "the process that worked on it was killed"
            yield result.task, WorkerDiedError(result.task, reason)
        else:
            # A function may return None.
            yield result.task, result.value  # type: ignore[misc]
