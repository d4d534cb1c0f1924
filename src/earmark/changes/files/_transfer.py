"""Link, copy or move a file to a place where there is no file yet; nothing is overwritten.

At every moment the file is whole at one of both places at least. A place inside a folder stays
inside of it whatever links there are.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Literal

from earmark.changes._replace import copy_path, identity, sync, sync_folder, write_copy
from earmark.changes.files._safe_names import parts_of
from earmark.errors import ChangeError
from earmark.files import content_hash
from earmark.types import PathName

__all__ = [
    "Mode",
    "copy_file",
    "discard_part",
    "hindrance",
    "is_empty_file",
    "is_one_file",
    "make_folders",
    "missing_folders",
    "move_file",
    "place_of",
    "remove_folders",
]

Mode = Literal["link", "copy", "move"]

_NO_HARD_LINKS = frozenset(
    getattr(errno, name)
    for name in ("EPERM", "EACCES", "EMLINK", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EINVAL")
    if hasattr(errno, name)
)
"""Errors of systems where a file cannot have a second name, or this user may not give it one."""


def place_of(into: PathName, target: str) -> str:
    """Return the absolute path of a place inside a folder, without links.

    ChangeError if a name is not safe, or a link leads outside of the folder.
    """
    try:
        parts = parts_of(target)
    except ValueError as error:
        raise ChangeError(target, str(error)) from error
    root = os.path.realpath(into)
    folder = os.path.realpath(os.path.join(root, *parts[:-1]))
    if folder != root and not folder.startswith(os.path.join(root, "")):
        raise ChangeError(os.path.join(into, target), f"a link leads outside, to {folder!r}")
    return os.path.join(folder, parts[-1])


def missing_folders(folder: str) -> list[str]:
    """Return the folders that must be made for one to exist, the outermost first.

    ChangeError if they cannot be made, or nothing can be put there.
    """
    missing: list[str] = []
    while not os.path.lexists(folder):
        missing.append(folder)
        folder = os.path.dirname(folder)
    try:
        status = os.stat(folder)
    except OSError as error:
        raise ChangeError(folder, (error.strerror or str(error)).lower()) from error
    if not stat.S_ISDIR(status.st_mode):
        raise ChangeError(folder, f"{folder!r} is in the way: it is not a folder")
    # Modes count for root as well, whom the system lets do everything.
    if not (status.st_mode & stat.S_IWUSR and os.access(folder, os.W_OK | os.X_OK)):
        raise ChangeError(folder, f"folder {folder!r} is read-only")
    return missing[::-1]


def make_folders(folders: Sequence[str]) -> None:
    """Make folders, the outermost first; ChangeError if something else is there by now."""
    for folder in folders:
        with suppress(FileExistsError):
            os.mkdir(folder)
        if os.path.realpath(folder) != folder or not os.path.isdir(folder):
            raise ChangeError(folder, f"{folder!r} is in the way: it is not a folder")
        sync_folder(os.path.dirname(folder))


def remove_folders(folder: str, made: Collection[str]) -> None:
    """Remove a folder and its parents, as far as Earmark made them and they are empty."""
    with suppress(OSError):  # not empty: it stays, and so do its parents
        while folder in made:
            if os.path.lexists(folder):
                os.rmdir(folder)
            folder = os.path.dirname(folder)


def hindrance(path: str, mode: Mode) -> str | None:
    """Say why a file cannot be linked, copied or moved from where it is; None if it can."""
    try:
        status = os.stat(path)
        of_folder = os.stat(os.path.dirname(path))
    except OSError as error:
        return (error.strerror or str(error)).lower()
    except ValueError as error:  # a null character in the name
        return str(error)
    folder = os.path.dirname(path)
    may_leave = of_folder.st_mode & stat.S_IWUSR and os.access(folder, os.W_OK | os.X_OK)
    reasons = {
        "it is not a file": not stat.S_ISREG(status.st_mode),
        "it may not be read": mode != "link" and not os.access(path, os.R_OK),
        "it is a link, and what it leads to would stay": mode == "move" and os.path.islink(path),
        "its folder is read-only": mode == "move" and not may_leave,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def is_one_file(path: str, other: str) -> bool:
    """Tell whether two paths are names of one file or have the same content; not true of links."""
    first, second = os.lstat(path), os.lstat(other)
    if not (stat.S_ISREG(first.st_mode) and stat.S_ISREG(second.st_mode)):
        return False
    if (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino):
        return True
    return first.st_size == second.st_size and content_hash(path) == content_hash(other)


def is_empty_file(path: str) -> bool:
    """Tell whether a file is empty, as one is that reserves a name for another."""
    status = os.lstat(path)
    return stat.S_ISREG(status.st_mode) and status.st_size == 0


def discard_part(place: str) -> None:
    """Delete the part of a copy that a killed process has left behind, if there is one."""
    with suppress(FileNotFoundError, NotADirectoryError):
        os.unlink(copy_path(place))


def _rename(path: str, place: str) -> None:
    """Give a file another name that is free, whatever other programs do meanwhile."""
    try:
        os.link(path, place)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        # An empty file reserves the name, so that only our own file is replaced.
        os.close(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            os.replace(path, place)
        except OSError:  # only this: an interrupt may come after the file was replaced
            os.unlink(place)
            raise
        return
    try:
        with suppress(FileNotFoundError):  # another program was faster
            os.unlink(path)
    except OSError:
        os.unlink(place)
        raise


def copy_file(path: str, place: str, *, sha256: str) -> None:
    """Copy a file with its times to a place where there is none; the folder must exist.

    ChangeError if it does not hold what `sha256` says, or the disk gave back something else;
    OSError if it cannot be read or written, or something is there. No part of a copy is left.
    """
    part = copy_path(place)
    discard_part(place)
    try:
        write_copy(path, part)
        sync(part)
        if content_hash(part) != sha256:
            raise ChangeError(path, "its copy differs from it. Was it changed in the meantime?")
        _rename(part, place)
    except BaseException:
        discard_part(place)
        raise
    sync_folder(os.path.dirname(place))


def move_file(path: str, place: str) -> None:
    """Move a file, not a link, to a place where there is none; to another disk by a checked copy.

    ChangeError if another program changed it in the meantime, or the disk gave back something else;
    OSError if it cannot be moved, or something is there. The file is where it was then.
    """
    try:
        _rename(path, place)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        before = identity(path)
        copy_file(path, place, sha256=content_hash(path))
        try:
            with suppress(FileNotFoundError):  # another program was faster: the copy is kept
                if identity(path) != before:
                    raise ChangeError(path, "another program changed it in the meantime") from error
                os.unlink(path)
        except (ChangeError, OSError):
            os.unlink(place)
            raise
    sync_folder(os.path.dirname(place))
    sync_folder(os.path.dirname(path))
