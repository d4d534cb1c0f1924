"""Bringing files to the places a plan says, one by one, and taking it back."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Sequence

from earmark.changes._lock import exclusive
from earmark.changes._organise_journal import (
    OrganiseOutcome,
    OrganiseRun,
    expected,
    is_made,
    reason_of,
    settle_one,
    target_of,
    tell_library,
)
from earmark.changes._organise_plan import OrganisePlan, OrganiseRow, same_audio
from earmark.changes._replace import stamp_of
from earmark.changes._transfer import (
    Mode,
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
from earmark.library import Library
from earmark.library._journal import Change
from earmark.types import Progress

__all__ = ["apply_organise", "undo_organise"]

_UNDOING = "being taken back"
"""Reason of a change that is begun a second time, to undo it."""


def _checked_place(into: str, row: OrganiseRow, mode: Mode) -> str:
    """Return where a file comes to; ChangeError if it cannot."""
    place = place_of(into, row.target)
    reason = hindrance(row.path, mode)
    if reason is not None:
        raise ChangeError(row.path, reason)
    if row.seen is not None and stamp_of(row.path) != row.seen:
        raise ChangeError(row.path, "it was changed since the plan was made")
    return place


def _begin(
    library: Library, batch: int, position: int, *, path: str, place: str, mode: Mode
) -> Change:
    """Write down what is about to be done with a file."""
    before = {"folders": missing_folders(os.path.dirname(place))}
    after = expected(path, mode)
    number = library.journal.begin(batch, path=path, target=place, before=before, after=after)
    return Change(
        id=number,
        batch_id=batch,
        position=position,
        path=path,
        target=place,
        before=before,
        after=after,
        state="begun",
        reason=None,
    )


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


def _place(
    library: Library, batch: int, position: int, *, into: str, row: OrganiseRow, mode: Mode
) -> OrganiseOutcome:
    """Bring one file to its place, or leave it where it is."""
    path = os.path.abspath(row.path)
    place = os.path.join(into, row.target)
    try:
        place = _checked_place(into, row, mode)
        if os.path.lexists(place):
            if same_audio(path, place):
                return OrganiseOutcome(path, place, "skipped", "it is there already")
            raise ChangeError(path, "another file is there")
        change = _begin(library, batch, position, path=path, place=place, mode=mode)
    except (ChangeError, OSError) as error:
        return OrganiseOutcome(path, place, "failed", reason_of(error))
    try:
        _carry_out(change)
    except FileExistsError:  # another program was faster: what is there is not ours
        remove_folders(os.path.dirname(place), change.before["folders"])
        reason = "another file is there"
        library.journal.finish(change.id, "failed", reason=reason)
        return OrganiseOutcome(path, place, "failed", reason)
    except (ChangeError, OSError) as error:
        return settle_one(library, change, reason_of(error))
    if mode == "move":
        tell_library(library, path, place)
    library.journal.finish(change.id, "done")
    return OrganiseOutcome(path, place, "placed")


def apply_organise(
    library: Library, plan: OrganisePlan, *, progress: Progress | None = None
) -> OrganiseRun:
    """Link, copy or move files to the places a plan says.

    Parameters
    ----------
    library : Library
        Its journal holds what is done, from before it is; of files that are moved it is told.
    plan : OrganisePlan
        What to do.
    progress : callable or None
        Called with the files done, their number, and the last one's path.

    Returns
    -------
    OrganiseRun
        What came of each file. One that failed is where it was, and stops no other.

    Raises
    ------
    LibraryError
        If the library cannot be written, or another apply or undo is going on.
    """
    outcomes: list[OrganiseOutcome] = []
    about = {"into": plan.into, "by": plan.by, "mode": plan.mode}
    with exclusive(library.path):
        cut_short = _settle(library)
        batch = None
        for done, row in enumerate(plan.to_place, start=1):
            if batch is None:
                batch = library.journal.begin_batch("organise", settings=about, now=time.time())
            if row.action != "keep":
                outcomes.append(
                    _place(library, batch, done - 1, into=plan.into, row=row, mode=row.action)
                )
            if progress is not None:
                progress(done, len(plan.to_place), os.fspath(row.path))
    return OrganiseRun(batch, tuple(outcomes), cut_short)


def _remove(change: Change) -> str:
    """Remove a link or a copy that was made; say why it stays."""
    path, place = change.path, target_of(change)
    if not os.path.lexists(place):
        return ""
    if not is_made(place, change):
        return "it is no longer what was placed there"
    if change.after["mode"] == "copy":
        if not os.path.isfile(path):
            return "the original is gone: its copy is kept"
        if os.path.realpath(path) == os.path.realpath(place):
            return "the original is a link to its copy by now"
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
            make_folders(missing_folders(os.path.realpath(os.path.dirname(path))))
            move_file(place, path)
    elif not os.path.lexists(path):
        return "it is gone"
    tell_library(library, place, path)
    return ""


def _undo(library: Library, change: Change, made: Collection[str]) -> OrganiseOutcome:
    """Take one change back."""
    path, place = change.path, target_of(change)
    library.journal.finish(change.id, "begun", reason=_UNDOING)
    try:
        discard_part(place)
        moved = change.after["mode"] == "move"
        reason = _move_back(library, change) if moved else _remove(change)
    except (ChangeError, OSError) as error:
        library.journal.finish(change.id, "done")
        return OrganiseOutcome(path, place, "failed", reason_of(error))
    if reason:
        library.journal.finish(change.id, "done")
        return OrganiseOutcome(path, place, "skipped", reason)
    remove_folders(os.path.dirname(place), made)
    library.journal.finish(change.id, "undone")
    return OrganiseOutcome(path, place, "undone")


def _made_folders(changes: Sequence[Change]) -> set[str]:
    """Return the folders that were made for a batch."""
    return {folder for change in changes for folder in change.before["folders"]}


def _settle(library: Library) -> tuple[OrganiseOutcome, ...]:
    """Bring to an end what a process was ended at, be it an apply or an undo."""
    outcomes = []
    for change in library.journal.changes(states=("begun",), kind="organise"):
        if change.reason == _UNDOING:
            made = _made_folders(library.journal.changes(change.batch_id))
            outcomes.append(_undo(library, change, made))
        else:
            outcomes.append(settle_one(library, change))
    return tuple(outcomes)


def undo_organise(
    library: Library, batch: int | None = None, *, progress: Progress | None = None
) -> OrganiseRun:
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
    OrganiseRun
        What came of each file. What others have changed since is skipped, and so is a file whose
        old place is taken. Folders that were made and are empty are removed. Ended at any moment,
        the same call goes on where it was.

    Raises
    ------
    ParameterError
        If there is no such batch.
    LibraryError
        If the library cannot be written, or another apply or undo is going on.
    """
    outcomes: list[OrganiseOutcome] = []
    with exclusive(library.path):
        cut_short = _settle(library)
        stands = any(one.n_to_undo for one in library.journal.batches("organise"))
        if batch is None and cut_short and not stands:
            return OrganiseRun(None, (), cut_short)
        number = library.journal.batch(batch, kind="organise").id
        every = library.journal.changes(number)
        made = _made_folders(every)
        changes = [change for change in every if change.state == "done"][::-1]
        for done, change in enumerate(changes, start=1):
            outcomes.append(_undo(library, change, made))
            if progress is not None:
                progress(done, len(changes), change.path)
    return OrganiseRun(number, tuple(outcomes), cut_short)
