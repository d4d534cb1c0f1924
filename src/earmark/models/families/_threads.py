"""Keep linear algebra on one thread."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

__all__ = ["one_thread"]


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


def one_thread() -> AbstractContextManager[Any]:
    """Keep linear algebra on one thread.

    More threads do not speed up products of this size, and if another program uses the processors
    too, threads that wait for each other take more than ten times as long.

    Returns
    -------
    context manager
        Inside it, BLAS and OpenMP use one thread.

    Examples
    --------
    >>> with one_thread():
    ...     pass
    """
    limit: AbstractContextManager[Any] = _controller().limit(limits=1)
    return limit
