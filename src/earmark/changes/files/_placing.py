"""Linking, copying or moving a file to its place, and bringing it back."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Collection, Sequence
from functools import cached_property
from typing import Any, Literal, Self

from earmark.changes._content import is_as_planned
from earmark.changes._operation import JournalEntry, Operation, UnknownOutcomeError
from earmark.changes._outcomes import reason_of
from earmark.changes.files._places import same_content
from earmark.changes.files._record import (
    disk_of,
    expected_at,
    forget_roots,
    is_inside,
    is_made,
    is_original,
    tell_library,
)
from earmark.changes.files._transfer import (
    Mode,
    copy_file,
    discard_part,
    hindrance,
    is_empty_file,
    is_one_file,
    make_folders,
    missing_folders,
    move_file,
    place_of,
    remove_folders,
)
from earmark.errors import ChangeError
from earmark.files import FileState
from earmark.library import Change, Library

__all__ = ["PlaceFile", "RowKind"]

RowKind = Literal["song", "sidecar"]


class PlaceFile(Operation):
    """Link, copy or move a file to a place where nothing is.

    At every moment the file is whole at one of both places at least, and nothing is overwritten.

    Parameters
    ----------
    library : Library
        The library that holds the journal.
    path : str
        The file.
    into : str
        The folder that the place must be in.
    place : str
        Where the file goes in that folder, names with ``/`` between them.
    mode : {"link", "copy", "move"}
        How it gets there.
    role : {"song", "sidecar"}
        Whether it is a song, or goes with songs, as a cover does.
    songs : sequence of PlaceFile
        Of a sidecar, the songs it goes with: it stays if all of them did.
    seen : FileState or None
        Size and time of the file when this was planned; None: it may be any file.
    content : str
        A hash of its audio and tags then; ``""``: only size and time are compared.
    """

    kind = "organise"
    done_state = "placed"
    already = "it is already there"
    resumes_undo = True

    def __init__(
        self,
        library: Library,
        path: str,
        *,
        into: str = "",
        place: str = "",
        mode: Mode = "link",
        role: RowKind = "song",
        songs: Sequence[PlaceFile] = (),
        seen: FileState | None = None,
        content: str = "",
    ) -> None:
        super().__init__(library, os.path.abspath(path))
        self.target = os.path.join(into, place)
        self._into, self._relative, self._mode = into, place, mode
        self._role, self._songs = role, songs
        self._seen, self._content = seen, content

    @classmethod
    def recorded(cls, library: Library, changes: Sequence[Change]) -> list[Self]:
        operations = super().recorded(library, changes)
        made = {folder for change in changes for folder in change.before.get("folders", ())}
        for operation in operations:
            operation.made = made
            operation.target = operation.change.target or operation.change.path
        return operations

    @classmethod
    def after_undo(cls, library: Library) -> None:
        forget_roots(library)

    @cached_property
    def made(self) -> Collection[str]:
        """Folders that were made for its batch, as far as that matters."""
        return list(self.change.before["folders"])

    @property
    def _place(self) -> str:
        return self.target or self.path

    @property
    def _has_arrived(self) -> bool:
        """Whether it is, or may be, at its place."""
        # Gone from where it was, it may be there since an apply that was stopped.
        failed = self.outcome is None or self.outcome.state == "failed"
        return not failed or not os.path.lexists(self.path)

    def check(self) -> JournalEntry | None:
        path, mode = self.path, self._mode
        if self._songs and not any(song._has_arrived for song in self._songs):
            raise ChangeError(path, "none of its songs was placed there")
        place = place_of(self._into, self._relative)
        reason = hindrance(path, mode)
        if reason is not None:
            raise ChangeError(path, reason)
        if self._seen is not None and not is_as_planned(
            self.library, path, seen=self._seen, content=self._content
        ):
            raise ChangeError(path, "it has changed since the plan was made")
        if os.path.lexists(place):
            if same_content(path, place, audio=self._role == "song"):
                return None
            raise ChangeError(path, "another file is already there")
        entry = JournalEntry(self._surroundings(place), expected_at(path, mode))
        self.target = place
        return entry

    def _surroundings(self, place: str) -> dict[str, Any]:
        """Return what must be known of the old and the new place to undo.

        That is the ``folders`` that are made; ``mounts``, where the disks are; of a moved file the
        ``root``, the scanned folder it is in, and ``into`` if that is scanned only because of it.
        """
        path, into = self.path, self._into
        folder = os.path.dirname(place)
        # A link is one, whether or not the disk of the file is connected.
        around = {folder}
        if self._mode != "link":
            around.add(os.path.realpath(os.path.dirname(path)))
        before: dict[str, Any] = {
            "folders": missing_folders(folder),
            "mounts": sorted(set(map(disk_of, around))),
        }
        if self._mode == "move":
            roots = self.library.scanned.roots()
            before["root"] = next((root for root in roots if is_inside(path, root)), None)
            scanned = any(root == into or is_inside(into, root) for root in roots)
            before["into"] = None if scanned else into
        return before

    def do(self) -> None:
        path, place, after = self.path, self._place, self.change.after
        try:
            make_folders(self.change.before["folders"])
            if after["mode"] == "link":
                os.symlink(path, place)
            elif after["mode"] == "copy":
                copy_file(path, place, sha256=after["sha256"])
            else:
                move_file(path, place)
        except (ChangeError, FileExistsError) as error:
            remove_folders(os.path.dirname(place), self.change.before["folders"])
            if isinstance(error, ChangeError):
                raise
            # Another program was faster: the file there is not ours.
            raise ChangeError(path, "another file is already there") from error
        self._tell()

    def _tell(self) -> None:
        """Tell the library that a file was moved."""
        if self.change.after["mode"] == "move":
            tell_library(self.library, self.path, self._place)
            if self.change.before["into"] is not None:
                # A later scan without paths is to look where the files are now.
                self.library.scanned.add_roots([self.change.before["into"]], now=time.time())

    def verify(self) -> str:
        unseen = self.unreachable()
        if unseen:
            raise UnknownOutcomeError(unseen)
        try:
            discard_part(self._place)
            reason = self._why_not_done()
            if not reason:
                self._tell()
        except OSError as error:
            raise UnknownOutcomeError(reason_of(error)) from error
        if reason:
            remove_folders(os.path.dirname(self._place), self.change.before["folders"])
        return reason

    def _why_not_done(self) -> str:
        """Say why it was not placed; empty if it was. A move that is half done is finished."""
        path, place = self.path, self._place
        mode = self.change.after["mode"]
        if not os.path.lexists(place):
            if mode == "move" and not os.path.lexists(path):
                raise FileNotFoundError(
                    errno.ENOENT, "it is neither at its old place nor at its new one"
                )
            return "stopped before it was placed"
        if mode == "move" and os.path.lexists(path) and is_one_file(path, place):
            if not is_empty_file(path):
                os.unlink(path)
                return ""
        elif is_made(place, self.change):
            return ""
        if mode != "link" and is_empty_file(place) and not is_empty_file(path):
            os.unlink(place)  # it reserved the name for the file
            return "stopped before it was placed"
        return "another file is already there"

    def unreachable(self) -> str:
        for mount in self.change.before["mounts"]:
            if not os.path.ismount(mount):
                return f"the disk at {mount!r} is not connected"
        folder = os.path.dirname(self._place)
        while folder in self.made:
            folder = os.path.dirname(folder)
        return "" if os.path.isdir(folder) else f"folder {folder!r} does not exist"

    def undo(self) -> str:
        discard_part(self._place)
        moved = self.change.after["mode"] == "move"
        reason = self._move_back() if moved else self._remove()
        if not reason:
            remove_folders(os.path.dirname(self._place), self.made)
        return reason

    def _remove(self) -> str:
        """Remove the link or the copy; say why it stays."""
        path, place = self.path, self._place
        if not os.path.lexists(place):
            return ""
        if not is_made(place, self.change):
            return "it is not the file that was placed there"
        if self.change.after["mode"] == "copy":
            if not os.path.isfile(path):
                return "the original no longer exists, so its copy is kept"
            if os.path.realpath(path) == os.path.realpath(place):
                return "the original is now a link to its copy"
            if not is_original(path, self.change):
                return "the original has changed since it was copied, so its copy is kept"
        os.unlink(place)
        return ""

    def _move_back(self) -> str:
        """Move the file back to where it was; say why it stays."""
        path, place = self.path, self._place
        discard_part(path)
        if os.path.lexists(place):
            if os.path.lexists(path):
                if not is_one_file(path, place):
                    return "another file is at its old place"
                os.unlink(place)  # an undo was stopped here
            elif not is_made(place, self.change):
                return "it is no longer the file that was moved there"
            else:
                reason = hindrance(place, "move")
                if reason is not None:
                    return reason
                root = self.change.before["root"]
                if root is not None and not os.path.isdir(root):
                    return f"folder {root!r} does not exist. Connect its disk, or create the folder"
                make_folders(missing_folders(os.path.realpath(os.path.dirname(path))))
                move_file(place, path)
        elif not os.path.lexists(path):
            return "it no longer exists"
        tell_library(self.library, place, path)
        return ""
