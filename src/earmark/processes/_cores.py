"""How many cores there are, and keeping numerical libraries on one each."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["ONE_THREAD", "one_thread_each", "usable_cores"]

ONE_THREAD = {
    f"{name}_THREADS": "1"
    for name in ("OPENBLAS_NUM", "OMP_NUM", "MKL_NUM", "BLIS_NUM", "VECLIB_MAXIMUM")
}
"""Environment in which numerical libraries start no threads: tasks are what runs in parallel."""

_environment = threading.Lock()


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
def one_thread_each() -> Iterator[None]:
    """Have processes that are started in this block compute on one thread each."""
    with _environment:
        before = {name: os.environ.get(name) for name in ONE_THREAD}
        os.environ.update(ONE_THREAD)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value
