"""Bringing files to the places a plan says, one by one, and taking it back."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from functools import partial

from earmark.changes._content import is_as_planned
from earmark.changes._lock import exclusive
from earmark.changes._outcomes import Outcome, Run, reason_of
from earmark.changes._running import carry_out, take_back
from earmark.changes.files._places import same_content
from earmark.changes.files._plan import OrganisePlan, OrganiseRow
from earmark.changes.files._record import (
    away,
    done,
    expected,
    forget_roots,
    is_made,
    is_original,
    noted,
    settle_one,
    target_of,
    tell_library,
)
from earmark.changes.files._sidecars import album_of
from earmark.changes.files._transfer import (
    copy_file,
    discard_part,
    hindrance,
    is_one_file,
    make_folders,
    missing_folders,
    move_file,
    place_of,
    remove_folders,
)
from earmark.errors import ChangeError
from earmark.library import Change, Library
from earmark.types import Progress

__all__ = ["apply_organise", "undo_organise"]

_UNDOING = "being taken back"
"""Reason of a change that is begun a second time, to undo it."""


def _begin(
    library: Library, batch: int, path: str, *, into: str, row: OrganiseRow
) -> Change | None:
    """Write down what is about to be done with a file; None if there is nothing to do."""
    if row.action == "keep":
        raise ChangeError(path, "the plan leaves it where it is")
    place = place_of(into, row.target)
    reason = hindrance(row.path, row.action)
    if reason is not None:
        raise ChangeError(row.path, reason)
    if row.seen is not None and not is_as_planned(
        library, row.path, seen=row.seen, content=row.content
    ):
        raise ChangeError(row.path, "it has changed since the plan was made")
    if os.path.lexists(place):
        if same_content(path, place, audio=row.kind == "song"):
            return None
        raise ChangeError(path, "another file is already there")
    before = noted(library, path, place, mode=row.action, into=into)
    after = expected(path, row.action)
    number = library.journal.begin(batch, path=path, target=place, before=before, after=after)
    return library.journal.change(number)


def _carry_out(change: Change) -> None:
    """Bring a file to its place, where nothing is."""
    path, place, mode = change.path, target_of(change), change.after["mode"]
    make_folders(change.before["folders"])
    if mode == "link":
        os.symlink(path, place)
    elif mode == "copy":
        copy_file(path, place, sha256=change.after["sha256"])
    else:
        move_file(path, place)


class _Arrivals:
    """Which albums have songs that were to be placed, and which of these came anywhere."""

    def __init__(self) -> None:
        self._tried: set[str] = set()
        self._arrived: set[str] = set()

    def note(self, row: OrganiseRow, outcome: Outcome) -> Outcome:
        if row.kind == "song":
            album = album_of(row.path)
            self._tried.add(album)
            # Gone from where it was, it may be there since an apply that was ended.
            if outcome.state != "failed" or not os.path.lexists(row.path):
                self._arrived.add(album)
        return outcome

    def check(self, row: OrganiseRow) -> None:
        """Refuse to take a cover or the like away from songs that stayed."""
        album = album_of(row.path)
        if row.kind == "sidecar" and album in self._tried - self._arrived:
            raise ChangeError(row.path, "none of its songs was placed there")


def _place(
    library: Library, into: str, arrivals: _Arrivals, batch: int, row: OrganiseRow
) -> Outcome:
    """Bring one file to its place, or leave it where it is, and note how that went."""
    return arrivals.note(row, _placed(library, into, arrivals, batch, row))


def _placed(
    library: Library, into: str, arrivals: _Arrivals, batch: int, row: OrganiseRow
) -> Outcome:
    path = os.path.abspath(row.path)
    place = os.path.join(into, row.target)
    try:
        arrivals.check(row)
        change = _begin(library, batch, path, into=into, row=row)
    except (ChangeError, OSError) as error:
        return Outcome(path, "failed", target=place, reason=reason_of(error))
    if change is None:
        return Outcome(path, "already", target=place, reason="it is already there")
    place = target_of(change)
    try:
        _carry_out(change)
        return done(library, change)
    except FileExistsError:  # another program was faster: what is there is not ours
        remove_folders(os.path.dirname(place), change.before["folders"])
        reason = "another file is already there"
        library.journal.finish(change.id, "failed", reason=reason)
        return Outcome(path, "failed", target=place, reason=reason)
    except (ChangeError, OSError) as error:
        return settle_one(library, change, change.before["folders"], why=reason_of(error))


def apply_organise(
    library: Library, plan: OrganisePlan, *, progress: Progress | None = None
) -> Run:
    """Link, copy or move files to the places a plan says.

    Parameters
    ----------
    library : Library
        Its journal holds what is done, from before it is; of files that are moved it is told, and
        that the folder they come into is one of those that are scanned.
    plan : OrganisePlan
        What to do.
    progress : callable or None
        Called with the files done, their number, and the last one's path.

    Returns
    -------
    Run
        What came of each file. One that failed is where it was, and stops no other.

    Raises
    ------
    LibraryError
        If the library cannot be written, or another apply or undo is going on.
    """
    return carry_out(
        library,
        sorted(plan.to_place, key=lambda row: row.kind == "sidecar"),  # after their songs
        kind="organise",
        about={
            "into": plan.into,
            "by": plan.by,
            "template": plan.template,
            "mode": plan.mode,
        },
        settle=_settle,
        change=partial(_place, library, plan.into, _Arrivals()),
        progress=progress,
    )


def _remove(change: Change) -> str:
    """Remove a link or a copy that was made; say why it stays."""
    path, place = change.path, target_of(change)
    if not os.path.lexists(place):
        return ""
    if not is_made(place, change):
        return "it is not the file that was placed there"
    if change.after["mode"] == "copy":
        if not os.path.isfile(path):
            return "the original no longer exists, so its copy is kept"
        if os.path.realpath(path) == os.path.realpath(place):
            return "the original is now a link to its copy"
        if not is_original(path, change):
            return "the original has changed since it was copied, so its copy is kept"
    os.unlink(place)
    return ""


def _move_back(library: Library, change: Change) -> str:
    """Bring a file back to where it was; say why it is not."""
    path, place = change.path, target_of(change)
    discard_part(path)
    if os.path.lexists(place):
        if os.path.lexists(path):
            if not is_one_file(path, place):
                return "another file is at its old place"
            os.unlink(place)  # an undo was ended here
        elif not is_made(place, change):
            return "it is no longer the file that was moved there"
        else:
            reason = hindrance(place, "move")
            if reason is not None:
                return reason
            root = change.before["root"]
            if root is not None and not os.path.isdir(root):
                return f"folder {root!r} does not exist. Connect its disk, or create the folder"
            make_folders(missing_folders(os.path.realpath(os.path.dirname(path))))
            move_file(place, path)
    elif not os.path.lexists(path):
        return "it no longer exists"
    tell_library(library, place, path)
    return ""


def _undo(library: Library, change: Change, *, made: Collection[str]) -> Outcome:
    """Take one change back."""
    path, place = change.path, target_of(change)
    unseen = away(change, made)
    if unseen:
        return Outcome(path, "skipped", target=place, reason=unseen)
    library.journal.finish(change.id, "begun", reason=_UNDOING)
    try:
        discard_part(place)
        moved = change.after["mode"] == "move"
        reason = _move_back(library, change) if moved else _remove(change)
    except (ChangeError, OSError) as error:
        library.journal.finish(change.id, "done")
        return Outcome(path, "failed", target=place, reason=reason_of(error))
    if reason:
        library.journal.finish(change.id, "done")
        return Outcome(path, "skipped", target=place, reason=reason)
    remove_folders(os.path.dirname(place), made)
    library.journal.finish(change.id, "undone")
    return Outcome(path, "undone", target=place)


def _made_folders(changes: Sequence[Change]) -> set[str]:
    """Return the folders that were made for a batch."""
    return {folder for change in changes for folder in change.before.get("folders", ())}


def _settle(library: Library) -> tuple[Outcome, ...]:
    """Bring to an end what a process was ended at, be it an apply or an undo."""
    outcomes = []
    for change in library.journal.changes(states=("begun",), kind="organise"):
        made = _made_folders(library.journal.changes(change.batch_id))
        if change.reason == _UNDOING:
            outcomes.append(_undo(library, change, made=made))
        else:
            outcomes.append(settle_one(library, change, made))
    return tuple(outcomes)


def undo_organise(
    library: Library, batch: int | None = None, *, progress: Progress | None = None
) -> Run:
    """Take back what a plan did: links and copies go, moved files come back.

    Parameters
    ----------
    library : Library
        Whose journal holds what was done.
    batch : int or None
        Which apply is taken back; None: the last that stands.
    progress : callable or None
        Called with the files done, their number, and the last one's path.

    Returns
    -------
    Run
        What came of each file. What others have changed since is skipped, and so are a file whose
        old place is taken, a copy whose original is another by now, and what is on a disk that is
        away. Folders that were made and are empty are removed. Ended at any moment, the same call
        goes on where it was.

    Raises
    ------
    ParameterError
        If there is no such batch.
    LibraryError
        If the library cannot be written, or another apply or undo is going on.
    """
    run = take_back(
        library,
        batch,
        kind="organise",
        settle=_settle,
        undoing=lambda changes: partial(_undo, library, made=_made_folders(changes)),
        progress=progress,
    )
    if any(outcome.state == "undone" for outcome in (*run.cut_short, *run.outcomes)):
        with exclusive(library.path):
            forget_roots(library)
    return run
