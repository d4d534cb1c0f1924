"""One process at a time changes the files of a library."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from earmark.errors import LibraryError
from earmark.files import file_lock

__all__ = ["exclusive"]


@contextmanager
def exclusive(library_path: str) -> Iterator[None]:
    """Keep others from changing files of a library, however this process ends.

    Parameters
    ----------
    library_path : str
        The library's file, or a link to it. Meanwhile there is an empty file beside it whose name
        ends in ``.changes.lock``.

    Yields
    ------
    None
        While no other process is in here.

    Raises
    ------
    LibraryError
        If another one is.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(file_lock(f"{os.path.realpath(library_path)}.changes"))
        except BlockingIOError as error:
            raise LibraryError(
                library_path,
                "another apply or undo is changing files of this library. Wait until it has "
                "finished",
            ) from error
        yield
