"""Change a file so that at every moment either the old or the new one is there, complete.

A copy beside the file is changed, written to the disk, checked, and renamed over the file. If
anything goes wrong, the copy is deleted and the file stays as it was.

Mode, owner (where the system allows it) and extended attributes are kept. The modification time is
not: programs that watch the file should notice the change.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Callable
from contextlib import suppress

from earmark.errors import AudioError, ChangeError, TagError
from earmark.files import FileState
from earmark.types import PathName

__all__ = [
    "copy_path",
    "discard_copy",
    "identity",
    "refusal",
    "replace_safely",
    "sync",
    "sync_folder",
    "write_copy",
]


def refusal(path: PathName) -> str | None:
    """Say why a file would not be changed; None if it would. What a link leads to is changed."""
    try:
        status = os.stat(path)
        folder = os.path.dirname(os.path.realpath(path))
        of_folder = os.stat(folder)
    except OSError as error:
        return (error.strerror or str(error)).lower()
    except ValueError as error:  # a null character in the name
        return str(error)
    # Modes count for root as well, whom the system lets do everything.
    may = status.st_mode & stat.S_IWUSR and os.access(path, os.R_OK | os.W_OK)
    may_there = of_folder.st_mode & stat.S_IWUSR and os.access(folder, os.W_OK | os.X_OK)
    names = f"it has {status.st_nlink} names (hard links), which changing it would part"
    reasons = {
        "it is not a file": not stat.S_ISREG(status.st_mode),
        "it is read-only": not may,
        names: status.st_nlink > 1,
        "its folder is read-only": not may_there,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def copy_path(path: str) -> str:
    """Return the path of the copy of a file: always the same, so that it is found again."""
    folder, name = os.path.split(path)
    digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:16]
    ending = os.path.splitext(name)[1]
    return os.path.join(folder, f".earmark-{digest}{ending if len(ending) < 8 else ''}")


def discard_copy(path: PathName) -> None:
    """Delete the copy that a killed process has left beside a file, if there is one."""
    with suppress(FileNotFoundError, NotADirectoryError):
        os.unlink(copy_path(os.path.realpath(path)))


def write_copy(path: str, copy: str) -> None:
    """Copy a file with its owner (where the system allows that), mode, times and attributes."""
    status = os.stat(path)
    os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    shutil.copyfile(path, copy)
    if hasattr(os, "chown"):
        for user, group in ((status.st_uid, status.st_gid), (-1, status.st_gid)):
            try:
                os.chown(copy, user, group)
                break
            except PermissionError:
                continue
    shutil.copystat(path, copy)


def sync(path: str) -> None:
    """Write a file or folder to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: str) -> None:
    """Bring names in a folder to the disk, where that can be done.

    By now they are what they should be: a folder that cannot be synced is no reason to say not.
    """
    if os.name == "posix":
        with suppress(OSError):
            sync(folder)


def identity(path: str) -> tuple[int, ...]:
    """Return what changes when a file is replaced or written to."""
    status = os.stat(path)
    return (status.st_ino, status.st_size, status.st_mtime_ns, status.st_nlink)


def replace_safely(
    path: PathName,
    *,
    change: Callable[[str], object],
    verify: Callable[[str, str], None],
    expected: FileState | None = None,
) -> None:
    """Change a file, or leave it as it is: ChangeError says why, and no copy is left.

    `change` gets the path of a copy, which it changes; `verify` gets the paths of the file and of
    the changed copy, and raises a ChangeError if it is not as it should be. `expected` is what the
    file must still be.
    """
    reason = refusal(path)
    if reason is not None:
        raise ChangeError(path, reason)
    target = os.path.realpath(path)
    copy = copy_path(target)
    try:
        if expected is not None and FileState.of(target) != expected:
            raise ChangeError(path, "it has changed since the plan was made")
        discard_copy(target)
        before = identity(target)
        try:
            write_copy(target, copy)
            change(copy)
            sync(copy)
            verify(target, copy)
            if identity(target) != before:
                raise ChangeError(path, "another program changed it in the meantime")
            os.replace(copy, target)
        except BaseException:
            discard_copy(target)
            raise
        sync_folder(os.path.dirname(target))
    except (AudioError, TagError) as error:
        raise ChangeError(path, error.reason) from error
    except OSError as error:
        raise ChangeError(path, (error.strerror or str(error)).lower()) from error
