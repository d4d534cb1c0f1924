"""Apply and undo for every kind of change: one run at a time, and first what was cut short."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeAlias

from earmark.changes._operation import Operation, UnknownOutcomeError
from earmark.changes._outcomes import ChangeRun, Outcome, reason_of
from earmark.errors import AudioError, ChangeError, LibraryError, TagError
from earmark.files import file_lock
from earmark.library import Library

if TYPE_CHECKING:
    from earmark.changes._plan import ChangePlan
    from earmark.types import Progress

    Failed: TypeAlias = Callable[[ChangeError], object]

__all__ = ["apply_plan", "exclusive", "undo_batch"]

_UNDOING = "being taken back"
"""Reason of a change that is begun a second time, to undo it; older libraries have it, too."""


def apply_plan(
    library: Library,
    plan: ChangePlan[Any],
    *,
    failed: Failed | None = None,
    progress: Progress | None = None,
) -> ChangeRun:
    """Change the files of a plan.

    Parameters
    ----------
    library : Library
        Its journal holds what undoing needs before a file is touched. It learns of every change.
    plan : TagPlan or OrganisePlan
        What to do.
    failed : callable or None
        Called with a `ChangeError` for each file that failed, as soon as it has.
    progress : callable or None
        Called with the number of files done, the number in all, and the path of the last one. If it
        raises an error, the run ends; what was done stays done, and can be undone.

    Returns
    -------
    ChangeRun
        The outcome of each file. One that failed is as it was, and stops no other.

    Raises
    ------
    LibraryError
        If the library cannot be written, or another apply or undo is running.
    """
    outcomes = []
    journal = library.journal
    with exclusive(library.path):
        cut_short = _settle(library, plan.operation)
        operations = plan.operations(library)
        batch = None
        try:
            for done, operation in enumerate(operations, start=1):
                if batch is None:
                    batch = journal.begin_batch(
                        operation.kind, settings=plan.settings, now=time.time()
                    )
                operation.outcome = _reported(_apply(operation, batch), failed)
                outcomes.append(operation.outcome)
                if progress is not None:
                    progress(done, len(operations), operation.path)
        finally:
            if batch is not None and journal.drop_empty(batch):
                batch = None
    return ChangeRun(batch, tuple(outcomes), cut_short)


def undo_batch(
    library: Library,
    operation: type[Operation],
    batch: int | None = None,
    *,
    failed: Failed | None = None,
    progress: Progress | None = None,
) -> ChangeRun:
    """Make files what they were before a plan was applied.

    Parameters
    ----------
    library : Library
        Its journal holds what they were.
    operation : type
        The kind of change: `WriteGenres` or `PlaceFile`.
    batch : int or None
        Number of the apply; None: the last one that has not been undone.
    failed, progress : callable or None
        As in `apply_plan`.

    Returns
    -------
    ChangeRun
        The outcome of each file, the one changed last first. Files that others have changed since
        are skipped. Stopped at any moment, the same call continues where it was.

    Raises
    ------
    ParameterError
        If there is no such batch.
    LibraryError
        If the library cannot be written, or another apply or undo is running.
    """
    outcomes = []
    journal, kind = library.journal, operation.kind
    with exclusive(library.path):
        cut_short = _settle(library, operation)
        number, every = None, []
        if (
            batch is not None
            or not cut_short
            or any(known.n_to_undo for known in journal.batches(kind))
        ):
            number = journal.batch(batch, kind=kind).id
            every = operation.recorded(library, journal.changes(number))
        # One file may have been changed twice: the last change goes first.
        to_undo = [undoing for undoing in every if undoing.change.state == "done"][::-1]
        try:
            for done, undoing in enumerate(to_undo, start=1):
                outcomes.append(_reported(_undo(undoing), failed))
                if progress is not None:
                    progress(done, len(to_undo), undoing.path)
        finally:
            if any(outcome.state == "undone" for outcome in (*cut_short, *outcomes)):
                operation.after_undo(library)
    return ChangeRun(number, tuple(outcomes), cut_short)


def _reported(outcome: Outcome, failed: Failed | None) -> Outcome:
    """Tell the caller at once about a file that failed."""
    if failed is not None and outcome.state == "failed":
        failed(ChangeError(outcome.path, outcome.reason))
    return outcome


def _apply(operation: Operation, batch: int) -> Outcome:
    """Change one file; what goes wrong with it becomes its outcome."""
    journal = operation.library.journal
    try:
        entry = operation.check()
    except (AudioError, ChangeError, TagError, OSError) as error:
        outcome = operation.result("failed", reason_of(error))
        journal.note_failed(batch, path=outcome.path, target=outcome.target, reason=outcome.reason)
        return outcome
    if entry is None:
        return operation.result("already", operation.already)
    number = journal.begin(
        batch,
        path=operation.path,
        target=operation.target,
        before=entry.before,
        after=entry.after,
    )
    operation.change = journal.change(number)
    try:
        operation.do()
    except ChangeError as error:
        journal.finish(number, "failed", reason=reason_of(error))
        return operation.result("failed", reason_of(error))
    except UnknownOutcomeError as error:
        return _left_begun(operation, error)
    except OSError as error:
        return _verify(operation, why=reason_of(error))
    journal.finish(number, "done")
    return operation.result(operation.done_state)


def _settle(library: Library, kind: type[Operation]) -> tuple[Outcome, ...]:
    """Find out what became of files at which a process was stopped, be it an apply or an undo."""
    outcomes = []
    begun = library.journal.changes(states=("begun",), kind=kind.kind)
    for batch, _ in groupby(begun, key=lambda change: change.batch_id):
        for operation in kind.recorded(library, library.journal.changes(batch)):
            if operation.change.state == "begun":
                undoing = operation.change.reason == _UNDOING
                outcomes.append(_undo(operation) if undoing else _verify(operation))
    return tuple(outcomes)


def _left_begun(operation: Operation, error: UnknownOutcomeError) -> Outcome:
    return operation.result("skipped", f"{error}: it will be checked again later")


def _verify(operation: Operation, *, why: str = "") -> Outcome:
    """Find out what became of a file that was being changed, and write that down.

    `why` is what went wrong, where that is known.
    """
    finish, number = operation.library.journal.finish, operation.change.id
    try:
        reason = operation.verify()
    except UnknownOutcomeError as error:
        return operation.result("failed", why) if why else _left_begun(operation, error)
    if not reason:
        finish(number, "done")
        return operation.result(operation.done_state)
    finish(number, "failed", reason=why or reason)
    return operation.result("failed", why or reason)


def _undo(operation: Operation) -> Outcome:
    """Undo one change; what goes wrong becomes its outcome."""
    finish, number = operation.library.journal.finish, operation.change.id
    unseen = operation.unreachable()
    if unseen:
        return operation.result("skipped", unseen)
    if operation.resumes_undo:
        finish(number, "begun", reason=_UNDOING)
    try:
        reason = operation.undo()
        outcome = operation.result("skipped" if reason else "undone", reason)
    except (ChangeError, TagError, OSError) as error:
        outcome = operation.result("failed", reason_of(error))
    if outcome.state == "undone":
        finish(number, "undone")
    elif operation.resumes_undo:
        finish(number, "done")
    return outcome


@contextmanager
def exclusive(library_path: str) -> Iterator[None]:
    """Keep other processes from changing files of a library, however this one ends."""
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
