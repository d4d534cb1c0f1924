"""The course of every apply and undo: one at a time, what was cut short first, file by file."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from earmark.changes._lock import exclusive
from earmark.changes._outcomes import Outcome, Run
from earmark.library import Change, Library
from earmark.library._journal import BatchKind
from earmark.types import Progress

__all__ = ["carry_out", "take_back"]

Settle = Callable[[Library], tuple[Outcome, ...]]


class _Row(Protocol):
    @property
    def path(self) -> str: ...


Row = TypeVar("Row", bound=_Row)


def carry_out(
    library: Library,
    rows: Sequence[Row],
    *,
    kind: BatchKind,
    about: Mapping[str, Any],
    settle: Settle,
    change: Callable[[int, Row], Outcome],
    progress: Progress | None,
) -> Run:
    """Change the files of rows.

    Parameters
    ----------
    library : Library
        Its journal gets a batch, unless there are no rows.
    rows : sequence
        Of a plan.
    kind : {"tag", "organise"}
        Of the batch.
    about : mapping
        What was asked for.
    settle : callable
        Brings to an end what an earlier run was ended at.
    change : callable
        Called with the number of the batch and a row.
    progress : callable or None
        Called with the files done, their number, and the last one's path.

    Returns
    -------
    Run
        What came of each file.

    Raises
    ------
    LibraryError
        If the library cannot be written, or another apply or undo is going on.
    """
    outcomes: list[Outcome] = []
    with exclusive(library.path):
        cut_short = settle(library)
        batch = None
        for done, row in enumerate(rows, start=1):
            if batch is None:
                batch = library.journal.begin_batch(kind, settings=about, now=time.time())
            outcome = change(batch, row)
            if outcome.state == "failed":
                library.journal.note_failed(
                    batch, path=outcome.path, target=outcome.target, reason=outcome.reason
                )
            outcomes.append(outcome)
            if progress is not None:
                progress(done, len(rows), row.path)
        if batch is not None and library.journal.drop_empty(batch):
            batch = None
    return Run(batch, tuple(outcomes), cut_short)


def take_back(
    library: Library,
    batch: int | None,
    *,
    kind: BatchKind,
    settle: Settle,
    undoing: Callable[[Sequence[Change]], Callable[[Change], Outcome]],
    progress: Progress | None,
) -> Run:
    """Take back what was done to files, the last first: one may have been changed twice.

    Parameters
    ----------
    library : Library
        Whose journal holds what was done.
    batch : int or None
        Which apply is taken back; None: the last that stands.
    kind : {"tag", "organise"}
        Of the batch.
    settle : callable
        Brings to an end what an earlier run was ended at.
    undoing : callable
        Given all changes of the batch, returns what takes one back.
    progress : callable or None
        Called with the files done, their number, and the last one's path.

    Returns
    -------
    Run
        What came of each file.

    Raises
    ------
    ParameterError
        If there is no such batch.
    LibraryError
        If the library cannot be written, or another apply or undo is going on.
    """
    outcomes: list[Outcome] = []
    with exclusive(library.path):
        cut_short = settle(library)
        stands = any(one.n_to_undo for one in library.journal.batches(kind))
        if batch is None and cut_short and not stands:
            return Run(None, (), cut_short)
        number = library.journal.batch(batch, kind=kind).id
        every = library.journal.changes(number)
        undo = undoing(every)
        changes = [change for change in every if change.state == "done"][::-1]
        for done, change in enumerate(changes, start=1):
            outcomes.append(undo(change))
            if progress is not None:
                progress(done, len(changes), change.path)
    return Run(number, tuple(outcomes), cut_short)
