"""Writing files: completely or not at all, and by default never over an existing file."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Literal, TextIO, overload

from earmark.arguments import check_ending
from earmark.errors import ParameterError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from earmark.types import PathName

__all__ = ["atomic_write", "check_target"]


def check_target(
    path: PathName | None, *, overwrite: bool, name: str = "output", endings: Sequence[str] = ()
) -> None:
    """Refuse a file that could not be written, before the work whose result it is to hold.

    Parameters
    ----------
    path : str, path-like or None
        Where the file is to go; None is left alone.
    overwrite : bool
        Whether a file that is there may be replaced.
    name : str
        Name of the argument, for the message.
    endings : sequence of str
        Endings that its name may have; none: any.

    Raises
    ------
    ParameterError
        If it exists and may not be replaced, is a folder, is to go into a folder that does not
        exist, or has another ending.

    Examples
    --------
    >>> check_target(os.curdir, overwrite=True)
    Traceback (most recent call last):
    ...
    earmark.errors.ParameterError: output='.' is a folder
    """
    if path is None:
        return
    text = os.fspath(path)
    if os.path.isdir(text):
        raise ParameterError(f"{name}={text!r} is a folder")
    if not os.path.isdir(os.path.dirname(text) or os.curdir):
        raise ParameterError(f"{name}={text!r}: its folder does not exist")
    if os.path.lexists(text) and not overwrite:
        raise ParameterError(
            f"{name}={text!r} already exists. Choose another name, or pass overwrite=True"
        )
    if endings:
        check_ending(name, path, endings)


@overload
def atomic_write(path: PathName) -> contextlib.AbstractContextManager[BinaryIO]: ...
@overload
def atomic_write(
    path: PathName, mode: Literal["wb"]
) -> contextlib.AbstractContextManager[BinaryIO]: ...
@overload
def atomic_write(
    path: PathName, mode: Literal["w"], *, newline: str | None = None, errors: str = "strict"
) -> contextlib.AbstractContextManager[TextIO]: ...
@contextmanager
def atomic_write(
    path: PathName,
    mode: Literal["w", "wb"] = "wb",
    *,
    newline: str | None = None,
    errors: str = "strict",
) -> Iterator[Any]:
    """Write a file in one step: a reader finds the old one or the new one, whole.

    Parameters
    ----------
    path : str or path-like
        Where to; a file that is there is replaced, and its permissions are kept. A link is written
        through.
    mode : {"w", "wb"}
        Text, as UTF-8, or bytes.
    newline, errors : str or None, str
        As `open` takes them, for text.

    Yields
    ------
    file
        To write to. It takes its place when the block ends without an error; otherwise it is
        deleted.

    Raises
    ------
    OSError
        If it cannot be written; it names the file, also where the disk is full.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic_write(os.path.join(folder, "a.txt"), "w") as file:
    ...         _ = file.write("whole")
    ...     os.listdir(folder)
    ['a.txt']
    """
    target = os.path.realpath(path)
    folder, base = os.path.split(target)
    _remove_abandoned_parts(folder, base)
    part = os.path.join(folder, f"{base[:50]}.{secrets.token_hex(4)}.part")
    try:
        with _new_part(part, mode, newline, errors) as file:
            yield file
        with contextlib.suppress(FileNotFoundError):
            os.chmod(part, stat.S_IMODE(os.stat(target).st_mode))
        os.replace(part, target)
    except BaseException as error:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(part)
        if isinstance(error, OSError) and error.filename is None:  # a full disk names no file
            raise OSError(error.errno, error.strerror or str(error), target) from error
        raise


def _new_part(path: str, mode: str, newline: str | None, errors: str) -> IO[Any]:
    """Create a part, locked while it is open: a part that is not locked is abandoned."""
    encoding = None if mode == "wb" else "utf-8"
    text: dict[str, Any] = {} if mode == "wb" else {"newline": newline, "errors": errors}
    while True:
        file: IO[Any] = open(path, mode.replace("w", "x"), encoding=encoding, **text)  # noqa: SIM115
        if fcntl is None:
            return file
        with contextlib.suppress(OSError):  # file systems without locks
            fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file.fileno()).st_nlink:
            return file
        file.close()  # it was removed before it was locked


def _remove_abandoned_parts(folder: str, base: str) -> None:
    """Delete what writers of the same file left behind when they were killed."""
    pattern = re.compile(re.escape(base[:50]) + r"\.[0-9a-f]{8}\.part")
    try:
        names = os.listdir(folder or os.curdir)
    except OSError:
        return  # a folder that may be written to but not read
    for name in filter(pattern.fullmatch, names):
        # Windows refuses to delete a file that is open; elsewhere its lock is free.
        with contextlib.suppress(OSError), open(os.path.join(folder, name), "rb") as part:
            if fcntl is not None:
                fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(part.name)
        if fcntl is None:
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(folder, name))
