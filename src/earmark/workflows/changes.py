"""Apply plans of changes to files, undo them, and list what was applied."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from earmark.arguments import checked
from earmark.changes import ChangeRun, apply_plan, undo_batch
from earmark.changes.files import OrganisePlan, PlaceFile
from earmark.changes.tags import TagPlan, WriteGenres
from earmark.errors import ParameterError
from earmark.library import Batch, BatchKind, Library
from earmark.types import PathName, Progress
from earmark.workflows.jobs import Job
from earmark.workflows.session import opened_library

__all__ = ["apply_changes", "list_batches", "undo_changes"]

_OPERATIONS: Mapping[BatchKind, type[WriteGenres | PlaceFile]] = {
    "tag": WriteGenres,
    "organise": PlaceFile,
}


@checked
def apply_changes(
    plan: TagPlan | OrganisePlan | PathName,
    *,
    kind: BatchKind | None = None,
    library: Library | PathName | None = None,
    progress: Progress | None = None,
) -> ChangeRun:
    """Change files as a plan says.

    At every moment each file is complete, either the old one or the new one, and no other file is
    ever overwritten. The library first records what an undo needs. Moved files keep their tracks in
    the library, and later scans include their new folders.

    Parameters
    ----------
    plan : TagPlan, OrganisePlan, str or path-like
        A plan, or its file, which may have been edited.
    kind : {"tag", "organise"} or None
        The kind of plan that the file must hold; None: whichever it holds.
    library : Library, str, path-like or None
        The library or its file, see `earmark.library.library_path`.
    progress : callable, Job or None
        Called with the number of files done, the number in all, and the path of the last one.

    Returns
    -------
    ChangeRun
        The outcome of each file, and the number that `undo_changes` takes.

    Raises
    ------
    PlanError
        If the plan cannot be read or contains something impossible. Then nothing was changed.
    LibraryError
        If the library cannot be used, or another apply or undo is running.

    Examples
    --------
    >>> import tempfile
    >>> from earmark.library import open_library
    >>> from earmark.workflows.tag import plan_tags
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open_library(f"{folder}/music.db", create=True) as library:
    ...         run = apply_changes(plan_tags(library=library, threshold=0.8), library=library)
    ...         run.outcomes, list_batches(library=library)
    ((), [])
    """
    what = plan if isinstance(plan, TagPlan | OrganisePlan) else _read(plan, kind)
    job: Job[ChangeRun] = Job.of(progress, "apply")
    job.phase("apply")
    with opened_library(library, progress=progress) as opened:
        return apply_plan(opened, what, failed=job.fail, progress=job)


@checked
def undo_changes(
    batch: int | None = None,
    *,
    kind: BatchKind | None = None,
    library: Library | PathName | None = None,
    progress: Progress | None = None,
) -> ChangeRun:
    """Undo a plan: bring files back to their state before it was applied.

    Genres are written back, links and copies removed, and moved files brought back.

    Parameters
    ----------
    batch : int or None
        Number of the apply, see `list_batches`; None: the last one that has not been undone.
    kind : {"tag", "organise"} or None
        The kind it must be; None: either.
    library : Library, str, path-like or None
        As in `apply_changes`.
    progress : callable, Job or None
        As in `apply_changes`.

    Returns
    -------
    ChangeRun
        The outcome of each file, where it is now; those that others have changed since are skipped.

    Raises
    ------
    ParameterError
        If there is nothing to undo, or no batch of that number and kind.
    LibraryError
        If the library cannot be used, or another apply or undo is running.
    """
    job: Job[ChangeRun] = Job.of(progress, "undo")
    job.phase("undo")
    with opened_library(library, progress=progress) as opened:
        of_kind = opened.journal.batch(batch).kind if kind is None else _known(kind)
        operation = _OPERATIONS[of_kind]
        return undo_batch(opened, operation, batch, failed=job.fail, progress=job)


@checked
def list_batches(
    kind: BatchKind | None = None, *, library: Library | PathName | None = None
) -> list[Batch]:
    """List the plans applied so far, and how much of each has been undone.

    Parameters
    ----------
    kind : {"tag", "organise"} or None
        Only those of this kind; None: all.
    library : Library, str, path-like or None
        As in `apply_changes`.

    Returns
    -------
    list of Batch
        The newest first.
    """
    with opened_library(library) as opened:
        return opened.journal.batches(kind and _known(kind))


def _read(path: PathName, kind: BatchKind | None) -> TagPlan | OrganisePlan:
    """Read a plan; without a kind, its first line says what it is."""
    if kind is None:
        with suppress(OSError), open(path, encoding="utf-8-sig", errors="replace") as file:
            begins = file.readline().lstrip('"').startswith("earmark.organise-plan/")
            kind = "organise" if begins else "tag"
    return OrganisePlan.read(path) if kind and _known(kind) == "organise" else TagPlan.read(path)


def _known(kind: BatchKind) -> BatchKind:
    if kind not in _OPERATIONS:
        raise ParameterError(f"kind={kind!r} is not one of {', '.join(_OPERATIONS)}")
    return kind
