"""What the user should know about a dataset although it can be used."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["DatasetWarning", "dataset_warnings_to", "warn_about_dataset"]


class DatasetWarning(UserWarning):
    """A corpus can be used, but not for all it seems to be good for."""


_listener: ContextVar[Callable[[str], object] | None] = ContextVar("listener", default=None)


def warn_about_dataset(message: str) -> None:
    """Report something that the user should know about a dataset although the work goes on.

    Parameters
    ----------
    message : str
        What it is. It becomes a `DatasetWarning` outside `dataset_warnings_to`.
    """
    listener = _listener.get()
    if listener is None:
        warnings.warn(message, DatasetWarning, stacklevel=3)
    else:
        listener(message)


@contextmanager
def dataset_warnings_to(listener: Callable[[str], object] | None) -> Iterator[None]:
    """Send warnings about datasets to a function; Python's own are not safe between threads.

    Parameters
    ----------
    listener : callable or None
        Called with each message of this thread. None changes nothing.

    Yields
    ------
    None
        While warnings go to the function.

    Examples
    --------
    >>> messages = []
    >>> with dataset_warnings_to(messages.append):
    ...     warn_about_dataset("one file is silent")
    >>> messages
    ['one file is silent']
    """
    token = _listener.set(listener or _listener.get())
    try:
        yield
    finally:
        _listener.reset(token)
