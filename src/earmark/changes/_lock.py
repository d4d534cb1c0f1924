"""One process at a time changes the files of a library."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from earmark.errors import LibraryError

try:
    import fcntl
except ImportError:  # Windows has none
    fcntl = None  # type: ignore[assignment]

__all__ = ["exclusive"]


@contextmanager
def exclusive(library_path: str) -> Iterator[None]:
    """Keep others from changing files of a library, however this process ends.

    Parameters
    ----------
    library_path : str
        The library's file, or a link to it; an empty one, ``.changes.lock`` at its end, is made
        beside it.

    Yields
    ------
    None
        While no other process is in here.

    Raises
    ------
    LibraryError
        If another one is.
    """
    path = f"{os.path.realpath(library_path)}.changes.lock"
    try:
        with open(path, "ab") as file:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
    except BlockingIOError as error:
        raise LibraryError(
            library_path,
            "another apply or undo is changing files of this library. Wait until it has finished",
        ) from error
