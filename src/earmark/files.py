"""Writing files whole or not at all, locking them, and telling whether one has changed."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Literal, TextIO, overload

from earmark.arguments import check_ending
from earmark.errors import ParameterError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from earmark.types import PathName

__all__ = ["FileState", "atomic_write", "check_target", "content_hash", "file_lock", "file_state"]


_ABANDONED_S = 3600
"""Age from which a part is abandoned, where a lock cannot tell."""


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
            if not file.closed:
                file.flush()
            with contextlib.suppress(FileNotFoundError):
                os.chmod(part, stat.S_IMODE(os.stat(target).st_mode))
            if fcntl is not None:  # while it is locked: else another writer might remove it
                os.replace(part, target)
        if fcntl is None:  # Windows does not rename a file that is open
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
        path = os.path.join(folder, name)
        with contextlib.suppress(OSError):
            if fcntl is not None:
                with open(path, "rb") as part:
                    fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    os.unlink(path)
            elif time.time() - os.stat(path).st_mtime > _ABANDONED_S:
                os.unlink(path)  # refused if it is open


@contextmanager
def file_lock(path: PathName, *, wait: bool = False) -> Iterator[None]:
    """Keep other processes, and other threads, from working with a file at the same time.

    Everybody who works with the file has to ask for the lock. It is a file beside it, named after
    it with ``.lock`` at the end, which is deleted when the lock is released. The system releases
    the lock of a process that ends, however it ends.

    Parameters
    ----------
    path : str or path-like
        The file, which need not exist. A link stands for what it leads to.
    wait : bool
        Whether to wait until the lock is free.

    Yields
    ------
    None
        While the lock is held.

    Raises
    ------
    BlockingIOError
        If another holds the lock, and `wait` is false.
    OSError
        If the lock cannot be created.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with file_lock(os.path.join(folder, "a.txt")):
    ...         os.listdir(folder)
    ['a.txt.lock']
    """
    import filelock

    target = f"{os.path.realpath(path)}.lock"
    if not os.path.isdir(os.path.dirname(target)):  # filelock would create it
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), os.fspath(path))
    lock = filelock.FileLock(
        target, blocking=wait, poll_interval=0.01, thread_local=False, fallback_to_soft=False
    )
    for attempt in range(3):
        try:
            lock.acquire()
            break
        except filelock.Timeout as error:
            if os.path.exists(target):
                reason = "another process has locked it"
                raise BlockingIOError(errno.EAGAIN, reason, target) from error
            if attempt == 2:  # it was not released just now: it cannot be created
                raise OSError(errno.EACCES, os.strerror(errno.EACCES), os.fspath(path)) from error
        except OSError as error:
            raise OSError(error.errno, error.strerror, os.fspath(path)) from error
    try:
        yield
    finally:
        # While it is still locked: whoever opened it meanwhile sees that it is gone, and starts
        # over. Windows refuses here, and filelock deletes it there.
        with contextlib.suppress(OSError):
            os.unlink(target)
        lock.release()


def content_hash(path: PathName) -> str:
    """Compute the SHA-256 of what a file holds.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    OSError
        If it cannot be read.

    Examples
    --------
    >>> content_hash(os.devnull)[:8]
    'e3b0c442'
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class FileState:
    """Size and time of a file, which tell whether it is still the one that was read.

    Attributes
    ----------
    size : int
        In bytes.
    mtime_ns : int
        When its content was last changed, in nanoseconds.
    """

    size: int
    mtime_ns: int

    @classmethod
    def of(cls, path: PathName) -> FileState:
        """Look up the state of a file.

        Parameters
        ----------
        path : str or path-like
            The file, or a link to it.

        Returns
        -------
        FileState
            As it is now.

        Raises
        ------
        OSError
            If there is no such file.
        """
        status = os.stat(path)
        return cls(status.st_size, status.st_mtime_ns)


def file_state(path: PathName) -> FileState | None:
    """Look up the state of a file that may not exist.

    Parameters
    ----------
    path : str or path-like
        The file, or a link to it.

    Returns
    -------
    FileState or None
        None where there is no such file. Take it before reading a file: a change made meanwhile is
        then noticed later.

    Examples
    --------
    >>> file_state("no such file") is None
    True
    """
    try:
        return FileState.of(path)
    except (OSError, ValueError):  # a null character in a name is a ValueError
        return None
